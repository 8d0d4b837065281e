/// Sizes of CTAP requests, counted as libfido2 encodes them.
#include "usb/allow_list.h"

#include <algorithm>

namespace passkeyd {
namespace {

/// {"id": bytes, "type": "public-key"}: map 1, "id" 3, byte-string head up to 3, "type" 5, "public-key" 11.
constexpr std::size_t kDescriptorBytes = 23;
/// getAssertion without RP ID and list: command and map 2, RP ID head 4, client-data hash 35, list head 4,
/// options 10, pinUvAuthParam 35 and protocol 2.
constexpr std::size_t kAssertionBytes = 92;
/// makeCredential without the RP ID (twice: as id and as name) and list: as above, and RP map 16, user map
/// with a handle and a name of 64 bytes each 150, algorithms 25, extensions 15.
constexpr std::size_t kRegistrationBytes = 300;

std::size_t left_of_message(std::size_t taken) {
  return taken < kMessageBytes ? kMessageBytes - taken : 0;
}

}  // namespace

std::size_t assertion_room(std::size_t rp_id_bytes) {
  return left_of_message(kAssertionBytes + rp_id_bytes);
}

std::size_t registration_room(std::size_t rp_id_bytes) {
  return left_of_message(kRegistrationBytes + 2 * rp_id_bytes);
}

std::vector<IdList> cut(const IdList &ids, std::uint32_t most, std::size_t room) {
  const std::size_t limit = most == 0 ? kUnstatedAllowList : most;
  std::vector<IdList> lists;
  std::size_t used = 0;
  for (const ByteView id : ids) {
    const std::size_t size = kDescriptorBytes + id.size();
    if (lists.empty() || lists.back().size() == limit || used + size > room) {
      lists.emplace_back();
      used = 0;
    }
    lists.back().push_back(id);
    used += size;
  }
  return lists;
}

}  // namespace passkeyd
