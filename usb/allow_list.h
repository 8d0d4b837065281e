/// Cutting a list of credential ids to what one CTAP message can carry: libfido2 does not.
#pragma once

#include <cstddef>
#include <vector>

#include "common/bytes.h"

namespace passkeyd {

/// Ids for a key that never said how many it takes at once (maxCredentialCountInList): what the most widely
/// sold keys take.
inline constexpr std::uint32_t kUnstatedAllowList = 8;
/// Bytes of a CTAP message that every key takes, also one that states no maxMsgSize (CTAP 2.1, section 6.4).
inline constexpr std::size_t kMessageBytes = 1024;

using IdList = std::vector<ByteView>;

/// `ids` in order, in as few lists as `most` ids a list (0: not stated) and `room` bytes of CBOR allow. Never
/// an empty list; an id too long for `room` travels alone. Borrows the ids.
std::vector<IdList> cut(const IdList &ids, std::uint32_t most, std::size_t room);

/// Bytes left for the allow-list of a getAssertion for a relying party id of `rp_id_bytes`.
std::size_t assertion_room(std::size_t rp_id_bytes);

/// Bytes left for the exclude list of a makeCredential: user and relying party take their share.
std::size_t registration_room(std::size_t rp_id_bytes);

}  // namespace passkeyd
