/// Asking the local passkeyd.
#include "ssh/askpass/platform.h"

#include <algorithm>

#include "client/dialogue.h"
#include "client/guest.h"
#include "ssh/relay.h"
#include "webauthn/base64url.h"

namespace passkeyd {
namespace {

/// What the outcome is called in words is its message, which for errors is the name of the kind.
Error error_of(const Outcome &outcome) {
  const std::optional<ErrorKind> kind = error_kind_of(outcome.details.message);
  const std::string &why = outcome.fault.empty() ? outcome.details.message : outcome.fault;
  return {kind.value_or(ErrorKind::Internal), why};
}

}  // namespace

Result<bool> PlatformAuthenticator::holds_any() {
  return !TRY(list_guest_keys(bus_, user_, patience_)).empty();
}

/// Those of `ids` that are here: the daemon is asked of no others.
Result<std::vector<std::string>> PlatformAuthenticator::own_of(const std::vector<Bytes> &ids) {
  const std::vector<GuestKeyRecord> keys = TRY(list_guest_keys(bus_, user_, patience_));
  std::vector<std::string> own;
  for (const Bytes &id : ids) {
    std::string text = to_base64url(id);
    if (std::ranges::find(keys, text, &GuestKeyRecord::credential_id) != keys.end())
      own.push_back(std::move(text));
  }
  return own;
}

Result<std::optional<Assertion>> PlatformAuthenticator::prove(const AssertionRequest &request, const Secret *,
                                                              Cues &) {
  std::vector<Bytes> ids;
  for (const AssertionRequest::Allowed &each : request.allowed) ids.push_back(each.id);
  std::vector<std::string> own = TRY(own_of(ids));
  if (own.empty()) return std::optional<Assertion>();
  const GuestAssertRequest asked{user_, request.rp_id.str(), request.client_data, std::move(own)};
  const Outcome outcome = run_guest_assertion(bus_, asked, conversation_, patience_);
  if (outcome.ending != Ending::Granted) return error_of(outcome);
  std::optional<Bytes> id = from_base64url(outcome.details.credential_id);
  std::optional<Bytes> data = from_base64url(outcome.details.authenticator_data);
  std::optional<Bytes> signature = from_base64url(outcome.details.signature);
  if (!id || !data || !signature) return Error{ErrorKind::Malformed, "passkeyd's answer is no assertion"};
  return std::optional(
      Assertion{*std::move(id), *std::move(data), *std::move(signature), request.client_data, {}});
}

Result<Registration> PlatformAuthenticator::enroll(const RegistrationRequest &request, const Secret *,
                                                   Cues &) {
  std::vector<std::string> own = TRY(own_of(request.exclude));
  const GuestEnrollRequest asked{user_, request.rp_id.str(), request.user_name, request.client_data,
                                 std::move(own)};
  const Outcome outcome = run_guest_enrollment(bus_, asked, conversation_, patience_);
  if (outcome.ending != Ending::Granted) return error_of(outcome);
  ssh::MadeRegistration made = TRY(ssh::read_registration(outcome.details.registration));
  return std::move(made.registration);
}

}  // namespace passkeyd
