/// Reading a metadata BLOB: first whether it is signed by whom it must be, then what it says.
#include "webauthn/metadata.h"

#include "webauthn/jws.h"
#include "webauthn/metadata_payload.h"

namespace passkeyd {

Result<Metadata> read_metadata(std::string_view blob, const std::vector<Bytes> &roots, WallTime now) {
  if (blob.size() > kMaxMetadata) return Error{ErrorKind::Malformed, "metadata: is too long"};
  // What editors and downloads put at the end is no part of it.
  while (!blob.empty() && (blob.back() == '\n' || blob.back() == '\r')) blob.remove_suffix(1);
  const std::string payload = TRY(signed_payload(blob, {kMetadataHost, roots}, now));
  return metadata_of(payload);
}

}  // namespace passkeyd
