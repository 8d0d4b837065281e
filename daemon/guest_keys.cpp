/// Both stories begin alike: whose key, and is that person here?
#include "daemon/guest_keys.h"

#include <algorithm>

#include "daemon/errand.h"
#include "daemon/locked.h"
#include "daemon/making.h"
#include "daemon/presence.h"
#include "daemon/proof.h"
#include "daemon/record.h"
#include "ssh/relay.h"
#include "webauthn/base64url.h"
#include "webauthn/verify.h"

namespace passkeyd {
namespace {

/// What the records call it.
constexpr const char *kService = "guest-keys";

LoginRequest asked_by(const UserName &user, const Caller &caller) {
  LoginRequest asked{user, kService, {}, {}, caller.uid, caller.pid};
  asked.host = Host::Talks;
  return asked;
}

Actor actor_of(const Caller &caller) {
  return {caller.uid, caller.pid, kService};
}

/// One's own account, and nobody else's: not even root makes or uses keys of others.
Task<Result<Account>> own_account(House &house, UserName user, uid_t caller) {
  Result<Account> account = co_await look_up(house, std::move(user));
  const bool own = account && account->uid == caller;
  if (own || (!account && account.error().kind != ErrorKind::NotFound)) co_return account;
  co_return Error{ErrorKind::NotAllowed, "You may use only keys of your own account."};
}

/// The TPM is for who sits in front of it. `asked` outlives the task. Errors: RemoteSession, Locked.
Task<Status> open_here(House &house, const LoginRequest &asked, Account account) {
  const Place place = co_await find_place(house.loop, house.bus, asked, account.uid);
  if (place != Place::Local) co_return Error{ErrorKind::RemoteSession, "who asks is not at this machine"};
  co_return not_locked(house, account.name);
}

bool has(const std::vector<Bytes> &ids, const GuestKey &key) {
  return std::ranges::find(ids, key.credential.id) != ids.end();
}

/// Is there room for one more, and none that the machine there knows already?
Status may_make(House &house, const Account &owner, const GuestEnrollment &request) {
  const std::vector<GuestKey> keys = TRY(house.ledger.guest_keys_of(owner));
  if (std::ranges::any_of(keys, [&](const GuestKey &each) { return has(request.exclude, each); }))
    return Error{ErrorKind::AlreadyExists, "this computer is enrolled there already"};
  if (std::ssize(keys) >= GuestKey::kMaxOfOwner)
    return Error{ErrorKind::NotAllowed, "the account has too many keys for other machines"};
  return Ok{};
}

/// Has the TPM make the key; the verifier looks at it as the machine there will.
Task<Result<Registration>> make(House &house, Face &face, GuestEnrollment request) {
  Result<Preparation> prepared = co_await prepare_tpm(house, face);
  if (!prepared) co_return prepared.error();
  Result<Bytes> handle = random_handle();
  if (!handle) co_return handle.error();
  RegistrationRequest asked{request.rp_id,   request.client_data,       UserVerification::Required,
                            request.account, std::move(handle).value(), {}};
  co_return co_await registration(house, face, std::move(prepared).value(), std::move(asked));
}

Result<GuestKey> stored(House &house, const GuestEnrollment &request, const Account &owner,
                        const Registration &made) {
  Challenge challenge = TRY(Challenge::from_bytes(request.challenge, Ceremony::Create, request.rp_id, owner,
                                                  UserVerification::Required, house.clock.boot()));
  Credential credential = TRY(verify_registration(std::move(challenge), made, house.clock.boot()));
  GuestKey key{0, std::move(credential), request.account};
  TRY(not_locked(house, owner.name));
  TRY(house.ledger.add_guest_key(key, actor_of(request.caller), house.clock.wall()));
  return key;
}

/// The first key of the owner's that will do there.
Result<GuestKey> wanted_key(House &house, const Account &owner, const GuestAssertion &request) {
  for (GuestKey &each : TRY(house.ledger.guest_keys_of(owner)))
    if (each.credential.rp_id == request.rp_id && has(request.allowed, each)) return std::move(each);
  return Error{ErrorKind::NoCredential, "no key of this computer is enrolled there"};
}

/// Nothing leaves the daemon that does not verify, nor after a lock or a removal that came meanwhile.
Status may_leave(House &house, const LoginCase &use, const GuestKey &key, Proof &proof) {
  const Verification verified =
      verify(key.credential, std::move(proof.challenge), proof.assertion, house.clock.boot());
  if (verified.verdict != Verdict::Granted)
    return Error{ErrorKind::Denied, std::string(name_of(verified.refusal))};
  TRY(not_locked(house, use.account.name));
  const LoginRequest &from = use.request;
  return house.ledger.use_guest_key(key, proof.ticket, try_key_of(use, Way::Tpm),
                                    {from.caller_uid, from.caller_pid, kService}, house.moment());
}

}  // namespace

Task<void> tell_guest_enrollment(House &house, Face &face, GuestEnrollment request) {
  const Result<Account> owner = co_await own_account(house, request.user, request.caller.uid);
  if (!owner) co_return face.refuse(owner.error());
  const LoginRequest asked = asked_by(owner->name, request.caller);
  const auto fail = [&](const Error &why) {
    const char *outcome = is_denial(why.kind) ? outcome::kDenied : outcome::kFailed;
    note(house, asked, owner.value(), outcome, name_of(why.kind), event::kGuestEnroll);
    face.finish(say_error(Step::Unavailable, why));
  };
  const Status here = co_await open_here(house, asked, owner.value());
  if (!here) co_return fail(here.error());
  const Status may = may_make(house, owner.value(), request);
  if (!may) co_return fail(may.error());
  Result<Registration> made = co_await make(house, face, request);
  if (!made) co_return fail(made.error());
  const Result<GuestKey> key = stored(house, request, owner.value(), made.value());
  if (!key) co_return fail(key.error());
  const ssh::MadeRegistration answer{std::move(made).value(), true, false};
  face.finish(Say(Step::Granted, message::kGuestKeyMade)
                  .with(detail::kName, request.rp_id.str())
                  .with(detail::kCredential, short_id(key->credential.id))
                  .with(detail::kRegistration, ssh::write(answer)));
}

Task<void> tell_guest_assertion(House &house, Face &face, GuestAssertion request) {
  const Result<Account> owner = co_await own_account(house, request.user, request.caller.uid);
  if (!owner) co_return face.refuse(owner.error());
  LoginCase use{asked_by(owner->name, request.caller), owner.value(), {}, 0, house.config.general};
  use.event = event::kGuestUse;
  const auto fail = [&](const Error &why) {
    note_failure(house, use, why, event::kGuestUse);
    face.finish(say_error(is_denial(why.kind) ? Step::Denied : Step::Unavailable, why));
  };
  const Status here = co_await open_here(house, use.request, owner.value());
  if (!here) co_return fail(here.error());
  use.request.place = Place::Local;
  const Result<GuestKey> key = wanted_key(house, owner.value(), request);
  if (!key) co_return fail(key.error());
  use.for_guest = GuestChallenge{request.rp_id, request.challenge, request.origin};
  const PlannedWay way{Way::Tpm, {key->credential}, {}, UserVerification::Required};
  bool refused = false;
  Result<Proof> proof = co_await prove_by(house, face, use, way, refused);
  if (!proof) co_return fail(proof.error());
  const Status may = may_leave(house, use, key.value(), proof.value());
  if (!may) co_return fail(may.error());
  face.finish(Say(Step::Granted, message::kGuestKeyUsed)
                  .with(detail::kName, request.rp_id.str())
                  .with(detail::kCredential, short_id(key->credential.id))
                  .with(detail::kCredentialId, to_base64url(key->credential.id))
                  .with(detail::kAuthenticatorData, to_base64url(proof->assertion.authenticator_data))
                  .with(detail::kSignature, to_base64url(proof->assertion.signature)));
}

}  // namespace passkeyd
