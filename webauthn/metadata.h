/// Metadata: what the FIDO Alliance says of models of authenticators (FIDO Metadata Service v3.0, section 3).
/// Bytes in, values out; where the file comes from and who may import it is decided elsewhere.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/bytes.h"
#include "common/clock.h"
#include "common/result.h"

namespace passkeyd {

/// One model. Texts are printable, at most 255 bytes.
struct Model {
  Bytes id;  ///< AAGUID (16 bytes), or key identifier of an attestation certificate (20; U2F)
  std::string description;
  std::string status;        ///< the status report that counts, such as "FIDO_CERTIFIED_L1" or "REVOKED"
  bool recalled = false;     ///< that report says: do not trust it
  std::vector<Bytes> roots;  ///< DER certificates that its attestations lead to
  bool operator==(const Model &) const = default;
};

struct MetadataState {
  std::int64_t number = 0;  ///< grows with every edition
  std::string next_update;  ///< "2026-12-01": a newer one is out by then
  bool operator==(const MetadataState &) const = default;
};

struct Metadata {
  static constexpr std::size_t kMaxModels = 8192;
  MetadataState state;
  std::vector<Model> models;
};

/// Longest BLOB that is read, in bytes; the FIDO Alliance's has some ten million.
inline constexpr std::size_t kMaxMetadata = 32UL * 1024 * 1024;

/// For whom a BLOB must be signed. The Alliance's root is one of the public web's, below which anybody may
/// have a certificate: only the name tells theirs from those.
inline constexpr const char *kMetadataHost = "mds.fidoalliance.org";

/// Reads a BLOB as the FIDO Alliance publishes it: a JWS (RFC 7515) whose certificates (x5c) must be for
/// kMetadataHost and lead to one of `roots` (DER) at the time `now`, and whose signature must verify. That a
/// certificate was revoked meanwhile is not seen: there is no network to ask. Errors: Untrusted (signature,
/// chain), Malformed (anything else about it), Unsupported (an algorithm that is not known here).
///
/// A model is recalled if any of its status reports says REVOKED, USER_VERIFICATION_BYPASS,
/// ATTESTATION_KEY_COMPROMISE, USER_KEY_REMOTE_COMPROMISE or USER_KEY_PHYSICAL_COMPROMISE, whatever came
/// after it: an update, or a new certificate for a later version, does not tell which version a key in
/// somebody's hand has. The newest of those reports counts then, and otherwise the newest of all. Entries for
/// one id are taken together: recalled if one of them is, trusted by the roots of all.
Result<Metadata> read_metadata(std::string_view blob, const std::vector<Bytes> &roots, WallTime now);

}  // namespace passkeyd
