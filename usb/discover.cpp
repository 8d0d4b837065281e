/// Asking a key for whatever it has for a relying party: a sign-in of which nobody said whose it is.
#include <algorithm>

#include "usb/answer.h"
#include "usb/authenticator.h"
#include "usb/cue_player.h"
#include "usb/pin.h"

namespace passkeyd {
namespace {

/// All that the key answered. Whether these credentials are enrolled is for others to know.
Result<std::vector<Assertion>> take_all(const fido_assert_t *answer, const std::string &client_data) {
  const std::size_t count = fido_assert_count(answer);
  if (count > UsbAuthenticator::kMaxDiscovered)
    return Error{ErrorKind::Unsupported, "the key names more accounts than are looked at"};
  std::vector<Assertion> all;
  for (std::size_t at = 0; at < count; ++at) {
    Assertion one = TRY(read_assertion(answer, at, client_data));
    // Without a list both must be there (CTAP 2.1, section 6.2.2): nobody else knows which, and whose, it is.
    if (one.credential_id.empty() || one.user_handle.empty())
      return Error{ErrorKind::Malformed, "the key does not say which credential it used, or whose"};
    const auto same = [&](const Assertion &other) { return other.credential_id == one.credential_id; };
    if (std::any_of(all.begin(), all.end(), same))
      return Error{ErrorKind::Malformed, "the key names a credential twice"};
    all.push_back(std::move(one));
  }
  if (all.empty()) return Error{ErrorKind::Malformed, "the key answered without an assertion"};
  return all;
}

}  // namespace

Result<std::vector<Assertion>> UsbAuthenticator::discover(const DiscoveryRequest &request, const Secret *pin,
                                                          Cues &cues) {
  if (pin != nullptr) TRY(check_pin(*pin));

  CuePlayer player(cues);
  const std::unique_ptr<Session> session = TRY(open(request.timeout, &player));
  const Verification verification = TRY(choose(*session, UserVerification::Required, pin));
  if (verification == Verification::Sensor) player.expect_sensor();
  if (verification == Verification::Pin) TRY(spare_tries(*session, request.min_pin_tries));

  const FidoAssertion answer = TRY(begin_assertion(request.rp_id, request.client_data, verification));
  const int status =
      fido_dev_get_assert(session->key(), answer.get(), pin == nullptr ? nullptr : pin->c_str());
  if (session->was_stopped()) return session->explain(status);
  if (status == FIDO_ERR_NO_CREDENTIALS) return std::vector<Assertion>();
  if (status != FIDO_OK) return explain(*session, status, verification);
  return take_all(answer.get(), request.client_data);
}

}  // namespace passkeyd
