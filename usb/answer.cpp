/// Sizes of the parts of an assertion.
#include "usb/answer.h"

#include "webauthn/authenticator_data.h"
#include "webauthn/cbor.h"

namespace passkeyd {
namespace {

constexpr std::size_t kMaxSignatureBytes = 1024;

Error malformed(const char *what) {
  return {ErrorKind::Malformed, what};
}

}  // namespace

Result<Assertion> read_assertion(const fido_assert_t *answer, std::size_t at,
                                 const std::string &client_data) {
  if (at >= fido_assert_count(answer)) return malformed("the key answered without an assertion");
  const ByteView id(fido_assert_id_ptr(answer, at), fido_assert_id_len(answer, at));
  const ByteView encoded(fido_assert_authdata_ptr(answer, at), fido_assert_authdata_len(answer, at));
  const ByteView signature(fido_assert_sig_ptr(answer, at), fido_assert_sig_len(answer, at));
  const ByteView user(fido_assert_user_id_ptr(answer, at), fido_assert_user_id_len(answer, at));

  cbor::Reader reader(encoded);
  const std::optional<ByteView> data = reader.byte_string();
  if (!data || !reader.at_end() || data->size() < AuthenticatorData::kMinBytes ||
      data->size() > AuthenticatorData::kMaxBytes)
    return malformed("the key's authenticator data has no possible size");
  if (id.size() > AuthenticatorData::kMaxIdBytes)
    return malformed("the key's credential id has no possible size");
  if (signature.empty() || signature.size() > kMaxSignatureBytes)
    return malformed("the key's signature has no possible size");
  if (user.size() > kMaxUserHandle) return malformed("the key's user handle has no possible size");
  return Assertion{.credential_id = copy_of(id),
                   .authenticator_data = copy_of(*data),
                   .signature = copy_of(signature),
                   .client_data = client_data,
                   .user_handle = copy_of(user)};
}

}  // namespace passkeyd
