/// Changing a PIN.
#include "daemon/pin_change.h"

#include <algorithm>

#include "daemon/errand.h"
#include "daemon/login_case.h"
#include "daemon/questions.h"
#include "daemon/record.h"

namespace passkeyd {
namespace {

constexpr std::chrono::seconds kMachineTime{30};  ///< a slow TPM may take seconds

LoginRequest login_request(const PinChangeRequest &request) {
  LoginRequest asked{request.user,        request.service,    request.tty,
                     request.remote_host, request.caller.uid, request.caller.pid};
  asked.host = Host::Talks;
  return asked;
}

Task<Result<std::vector<Fd>>> ask_pins(Face &face, const std::string &device) {
  std::vector<Fd> pins;
  for (const char *question :
       {message::kOldPinPlatform, message::kNewPinPlatform, message::kRepeatPinPlatform}) {
    Result<Fd> pin = co_await ask_hidden(face, question, device);
    if (!pin) co_return pin.error();
    pins.push_back(std::move(pin).value());
  }
  co_return pins;
}

/// The TPM's passkey; asks only if there are several.
Task<Result<Credential>> choose(Face &face, const LoginCase &login) {
  std::vector<Credential> own;
  std::copy_if(login.credentials.begin(), login.credentials.end(), std::back_inserter(own),
               [&](const Credential &each) {
                 return each.way == Way::Tpm && each.state == CredentialState::Active &&
                        each.owner == login.account;
               });
  if (own.empty()) co_return Error{ErrorKind::NotFound, "the account has no passkey in the TPM"};
  if (own.size() == 1) co_return own.front();
  std::vector<std::string> names;
  for (const Credential &each : own) names.push_back(each.name);
  Say question = Say(Step::Choose, message::kChooseDevice).with(detail::kOptions, std::move(names));
  const Answer answer = co_await face.ask(std::move(question));
  if (!answer.choice || *answer.choice >= own.size())
    co_return Error{ErrorKind::Cancelled, "none was chosen"};
  co_return own[*answer.choice];
}

/// Counts the try at the old PIN, has the TPM change it, and puts the new blob in place of the old one.
Task<Status> change(House &house, const LoginCase &login, const Credential &credential,
                    std::vector<Fd> pins) {
  const Result<TryAnswer> counted =
      house.ledger.begin_try(try_key_of(login, Way::Tpm), house.moment(), house.config.limits);
  if (!counted) co_return counted.error();
  if (!counted->ticket) co_return limited(counted->wait);
  ++house.tpm_tries;
  wire::Request request = wire::ChangePin{house.config.tcti, credential.platform};
  Result<Returned<wire::PinChanged>> changed = co_await errand<wire::PinChanged>(
      house, std::move(request), house.config.tcti, std::move(pins), kMachineTime);
  if (changed || changed.error().kind != ErrorKind::PinWrong) {
    const Status undone = house.ledger.undo_try(*counted->ticket);
    if (!undone) co_return undone.error();
  }
  if (!changed) co_return changed.error();
  const LoginRequest &from = login.request;
  co_return house.ledger.replace_platform(credential.row, changed->value.platform,
                                          {from.caller_uid, from.caller_pid, from.service},
                                          house.clock.wall());
}

}  // namespace

Task<void> tell_pin_change(House &house, Face &face, PinChangeRequest request) {
  const std::optional<LoginCase> login = co_await open_case(house, face, login_request(request));
  if (!login) co_return;
  const auto fail = [&](const Error &why) {
    note_failure(house, *login, why, event::kChangePin);
    face.finish(say_error(is_denial(why.kind) ? Step::Denied : Step::Unavailable, why));
  };
  if (login->request.place != Place::Local)
    co_return fail({ErrorKind::RemoteSession, "nobody is at this machine"});
  const Result<Credential> credential = co_await choose(face, *login);
  if (!credential) co_return fail(credential.error());
  const Status allowed = may_try(house, *login, Way::Tpm);
  if (!allowed) co_return fail(allowed.error());
  Result<std::vector<Fd>> pins = co_await ask_pins(face, credential->name);
  if (!pins) co_return fail(pins.error());
  const Status changed = co_await change(house, *login, credential.value(), std::move(pins).value());
  if (!changed) co_return fail(changed.error());
  face.finish(Say(Step::Granted, message::kPinChanged).with(detail::kName, credential->name));
}

}  // namespace passkeyd
