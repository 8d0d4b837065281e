/// Asking the local passkeyd.
#include "ssh/askpass/this_computer.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>

#include "client/dialogue.h"
#include "webauthn/base64url.h"

namespace passkeyd::askpass {
namespace {

/// For the list: who signs in with a key must not wait for a passkeyd that is stuck.
constexpr std::chrono::seconds kListTime{3};
/// For the daemon's part of a ceremony, a slow TPM included; not for what the person takes to type.
constexpr std::chrono::seconds kCeremonyTime{90};

Result<UserName> own_name() {
  const passwd *entry = getpwuid(getuid());
  if (entry == nullptr) return Error{ErrorKind::NotFound, "nobody knows what you are called here"};
  return UserName::parse(entry->pw_name);
}

/// For errors the last step's message is the name of their kind.
Error error_of(const Outcome &outcome) {
  const std::optional<ErrorKind> kind = error_kind_of(outcome.details.message);
  const std::string &why = outcome.fault.empty() ? outcome.details.message : outcome.fault;
  return {kind.value_or(ErrorKind::Internal), why};
}

}  // namespace

std::unique_ptr<ThisComputer> ThisComputer::find() {
  Patience patience(kListTime);
  Result<UserName> user = own_name();
  if (!user) return nullptr;
  Result<Bus> bus = Bus::open(patience);
  if (!bus) return nullptr;
  std::unique_ptr<ThisComputer> found(
      new ThisComputer(std::move(bus).value(), std::move(user).value()));  // its constructor is its own
  Result<std::vector<GuestKeyRecord>> keys = list_guest_keys(found->bus_, found->user_, patience);
  if (!keys) return nullptr;
  found->keys_ = std::move(keys).value();
  return found;
}

/// The daemon is asked of no others.
std::vector<std::string> ThisComputer::own_of(const std::vector<Bytes> &ids) const {
  std::vector<std::string> own;
  for (const Bytes &id : ids) {
    std::string text = to_base64url(id);
    if (std::ranges::find(keys_, text, &GuestKeyRecord::credential_id) != keys_.end())
      own.push_back(std::move(text));
  }
  return own;
}

Result<bool> ThisComputer::holds(const RpId &rp_id, const std::vector<Bytes> &ids) {
  const std::vector<std::string> own = own_of(ids);
  return std::ranges::any_of(keys_, [&](const GuestKeyRecord &each) {
    return each.rp_id == rp_id.str() && std::ranges::find(own, each.credential_id) != own.end();
  });
}

Result<std::optional<Assertion>> ThisComputer::prove(const AssertionRequest &request, Conversation &person) {
  std::vector<Bytes> ids;
  for (const AssertionRequest::Allowed &each : request.allowed) ids.push_back(each.id);
  std::vector<std::string> own = own_of(ids);
  if (own.empty()) return std::optional<Assertion>();
  const GuestAssertRequest asked{user_, request.rp_id.str(), request.client_data, std::move(own)};
  Patience patience(kCeremonyTime);
  const Outcome outcome = run_guest_assertion(bus_, asked, person, patience);
  if (outcome.ending != Ending::Granted) return error_of(outcome);
  std::optional<Bytes> id = from_base64url(outcome.details.credential_id);
  std::optional<Bytes> data = from_base64url(outcome.details.authenticator_data);
  std::optional<Bytes> signature = from_base64url(outcome.details.signature);
  if (!id || !data || !signature) return Error{ErrorKind::Malformed, "passkeyd's answer is no assertion"};
  return std::optional(
      Assertion{*std::move(id), *std::move(data), *std::move(signature), request.client_data, {}});
}

Result<ssh::MadeRegistration> ThisComputer::enroll(const RegistrationRequest &request, Conversation &person) {
  const GuestEnrollRequest asked{user_, request.rp_id.str(), request.user_name, request.client_data,
                                 own_of(request.exclude)};
  Patience patience(kCeremonyTime);
  const Outcome outcome = run_guest_enrollment(bus_, asked, person, patience);
  if (outcome.ending != Ending::Granted) return error_of(outcome);
  return ssh::read_registration(outcome.details.registration);
}

}  // namespace passkeyd::askpass
