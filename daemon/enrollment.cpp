/// The story of adding a passkey.
#include "daemon/enrollment.h"

#include <algorithm>

#include "daemon/authority.h"
#include "daemon/described.h"
#include "daemon/elsewhere.h"
#include "daemon/errand.h"
#include "daemon/locked.h"
#include "daemon/making.h"
#include "daemon/models.h"
#include "daemon/naming.h"
#include "daemon/policy.h"
#include "daemon/presence.h"
#include "daemon/record.h"
#include "webauthn/verify.h"

namespace passkeyd {
namespace {

bool is_active(const Credential &credential) {
  return credential.state == CredentialState::Active;
}

/// Judges what was made. What the credential is called is for later.
Result<Credential> accepted(House &house, const EnrollmentRequest &request, Made made) {
  Credential credential =
      TRY(verify_registration(std::move(made.challenge), made.registration, house.clock.boot()));
  if (made.way != Way::Tpm && !accepts(house.config.general, credential.aaguid))
    return Error{ErrorKind::ModelRefused, "accepted_aaguids does not name this model of key"};
  credential.way = made.way;
  TRY(judge_model(house, credential));
  if (made.way == Way::Usb) credential.user_handle = std::move(made.user_handle);
  credential.discoverable = request.discoverable;
  credential.state = CredentialState::Active;
  if (made.way == Way::Tpm) made.provenance.put_into(credential);
  credential.built_in_uv = made.sensor && credential.user_verification;
  return credential;
}

/// By its model where that is known for certain, otherwise as the device calls itself.
std::string suggested_name(House &house, const Credential &credential, const std::string &device,
                           const std::vector<Credential> &others) {
  const std::string model = proven_model_name(house, credential);
  const std::string &name = model.empty() ? device : model;
  return free_name(name.empty() ? "Passkey" : name, others);
}

/// A passkey is made with what is at this machine, by who is at this machine. Root may prepare one for others
/// from anywhere. One that is made elsewhere needs no hardware of this machine's, and whoever makes it has
/// just shown polkit who they are.
Task<Status> at_this_machine(House &house, const EnrollmentRequest &request, const Account &account) {
  if (request.caller.is_root() || request.elsewhere) co_return Ok{};
  LoginRequest asked{request.user, {}, {}, {}, request.caller.uid, request.caller.pid};
  const Place place = co_await find_place(house.loop, house.bus, asked, account.uid);
  if (place != Place::Local) co_return Error{ErrorKind::RemoteSession, "who enrolls is not at this machine"};
  co_return Ok{};
}

/// Whose passkey it will be. To others than root an account that does not exist is somebody else's until
/// polkit has said yes. Errors: what the caller is refused with.
Task<Result<Account>> admitted_account(House &house, const EnrollmentRequest &request) {
  const Result<Account> account = co_await look_up(house, request.user);
  if (!account && account.error().kind != ErrorKind::NotFound) co_return account.error();
  const Account about{request.user, account ? account->uid : static_cast<uid_t>(-1)};
  const Status allowed = co_await authorize(house, request.caller, request.interactive, Deed::Enroll, about);
  if (!allowed) co_return allowed.error();
  co_return account;
}

/// The last word: what was made, and how the account stands with it.
Say done(House &house, const Caller &caller, const Account &account, const Credential &added,
         const std::string &device) {
  Say said = Say(Step::Granted, message::kEnrolled)
                 .with(detail::kName, added.name)
                 .with(detail::kDevice, device)
                 .with(detail::kCredential, short_id(added.id));
  const Result<std::vector<CodeHash>> codes = house.ledger.unspent_codes(account);
  if (codes) said.details[detail::kCodesLeft] = static_cast<std::uint32_t>(codes->size());
  if (codes && codes->empty()) house.first_codes.allow(caller.bus_name, account, house.clock.boot());
  Result<Credentials> all = house.ledger.credentials_of(account.name);
  if (!all) return said;
  std::erase_if(all->rows, [&](const Credential &each) { return !is_active(each) || each.owner != account; });
  const bool one_device = std::ranges::all_of(all->rows, [&](const Credential &each) {
    return each.way == added.way && each.aaguid == added.aaguid && each.device == added.device;
  });
  said.details[detail::kPasskeys] = static_cast<std::uint32_t>(all->rows.size());
  said.details[detail::kOnlyDevice] = one_device;
  return said;
}

}  // namespace

Task<void> tell_enrollment(House &house, Face &face, EnrollmentRequest request) {
  std::optional<Account> owner;  // for the record, once it is known
  const auto fail = [&](const Error &error, const std::string &device = {}) {
    note_enrollment_failure(house, owner, request.caller, error);
    face.finish(say_error(Step::Unavailable, error, device));
  };
  const Result<Account> account = co_await admitted_account(house, request);
  if (!account && account.error().kind == ErrorKind::NotFound) co_return fail(account.error());
  if (!account) co_return face.refuse(account.error());
  request.user = account->name;
  owner = account.value();
  const Status here = co_await at_this_machine(house, request, account.value());
  if (!here) co_return fail(here.error());
  // Looked at before anything is asked, and once more before it is stored.
  const Status open = not_locked(house, request.user);
  if (!open) co_return fail(open.error());
  Result<Credentials> stored = house.ledger.credentials_of(request.user);
  if (!stored) co_return fail(stored.error());
  // What an earlier owner of the name had is none of this one's.
  std::erase_if(stored->rows, [&](const Credential &each) { return each.owner != account.value(); });
  if (!request.name.empty() && !is_free(request.name, stored->rows))
    co_return fail({ErrorKind::AlreadyExists, "the account has a passkey of that name"});

  std::string device;
  Result<Made> made = Error{ErrorKind::Internal, "nothing was made"};
  if (request.elsewhere)
    made = co_await make_elsewhere(house, face, account.value(), stored->rows, device);
  else
    made = co_await make_here(house, face, request, account.value(), stored->rows, device);
  if (!made) co_return fail(made.error(), device);
  Result<Credential> credential = accepted(house, request, std::move(made).value());
  if (!credential) co_return fail(credential.error(), device);
  credential->name = request.name;
  if (request.name.empty())
    credential->name = suggested_name(house, credential.value(), device, stored->rows);
  if (request.name.empty() && request.ask_name)
    credential->name = co_await ask_name(face, credential->name, stored->rows);
  const Status still_open = not_locked(house, request.user);
  if (!still_open) co_return fail(still_open.error());
  const Result<Credential> added = house.ledger.add(
      credential.value(), Actor{request.caller.uid, request.caller.pid, "enrollment"}, house.clock.wall());
  if (!added) co_return fail(added.error(), device);
  face.finish(done(house, request.caller, account.value(), added.value(), device));
}

}  // namespace passkeyd
