/// Platform credentials: one call into tpm/ each.
#include <algorithm>

#include "daemon/ceremony/performing.h"
#include "tpm/authenticator.h"

namespace passkeyd {
namespace {

const char *name_of(tpm::RootKey key) {
  return key == tpm::RootKey::Fit ? "fit" : key == tpm::RootKey::Unfit ? "unfit" : "none";
}

Status check_room(TpmAuthenticator &tpm) {
  const tpm::DictionaryAttackState state = TRY(tpm.dictionary_attack_state());
  return tpm::room_for_a_try(state);
}

/// A new PIN is typed twice, for nobody sees what they type.
Status check_repetition(const Secret &pin, const Secret &again) {
  if (pin.text() != again.text())
    return Error{ErrorKind::PinMismatch, "the new PIN and its repetition differ"};
  return Ok{};
}

}  // namespace

Result<wire::Event> ask_tpm(const tpm::Connect &connect) {
  TpmAuthenticator tpm(connect);
  TRY(check_room(tpm));
  return wire::Event(wire::TpmHasRoom{});
}

Result<wire::Event> prove_by_tpm(const wire::Prove &op, const tpm::Connect &connect, const Secrets &secrets,
                                 Cues &cues) {
  TpmAuthenticator tpm(connect);
  if (op.request.read_tries_first) TRY(check_room(tpm));
  const Secret *pin = secrets.empty() ? nullptr : &secrets.front();
  return wire::Event(wire::Proved{TRY(tpm.prove(op.request, pin, cues))});
}

Result<wire::Event> enroll_in_tpm(const wire::Enroll &op, const tpm::Connect &connect, const Secrets &secrets,
                                  Cues &cues) {
  if (secrets.size() != 2) return Error{ErrorKind::InvalidInput, "a new PIN and its repetition are needed"};
  TRY(check_repetition(secrets[0], secrets[1]));
  if (op.request.discoverable)
    return Error{ErrorKind::Unsupported, "a platform credential cannot be discoverable"};
  TpmAuthenticator tpm(connect);
  return wire::Event(wire::Enrolled{TRY(tpm.enroll(op.request, &secrets[0], cues))});
}

Result<wire::Event> change_pin(const wire::ChangePin &op, const tpm::Connect &connect,
                               const Secrets &secrets) {
  if (secrets.size() != 3)
    return Error{ErrorKind::InvalidInput, "the old PIN, a new one and its repetition are needed"};
  TRY(check_repetition(secrets[1], secrets[2]));
  TpmAuthenticator tpm(connect);
  TRY(check_room(tpm));
  return wire::Event(wire::PinChanged{TRY(tpm.change_pin(op.platform, secrets[0], secrets[1]))});
}

Result<wire::Event> activate(const wire::Activate &op, const tpm::Connect &connect) {
  TpmAuthenticator tpm(connect);
  return wire::Event(wire::Activated{TRY(tpm.activate(op.kind, op.wrapped))});
}

Result<wire::Event> examine_tpm(const wire::ExamineTpm &op, const tpm::Connect &connect) {
  TpmAuthenticator tpm(connect);
  const tpm::Examination found = TRY(tpm.examine(op.platforms));
  wire::TpmExamined told;
  told.maker = found.maker;
  told.vendor = found.vendor;
  told.firmware = found.firmware;
  told.software = found.software;
  told.owner_auth_set = found.owner_auth_set;
  told.endorsement_auth_set = found.endorsement_auth_set;
  told.lockout_auth_set = found.lockout.lockout_auth_set;
  told.in_lockout = found.lockout.in_lockout;
  told.counter = found.lockout.counter;
  told.max_tries = found.lockout.max_tries;
  told.interval = static_cast<std::uint32_t>(found.lockout.interval.count());
  told.recovery = static_cast<std::uint32_t>(found.lockout.recovery.count());
  told.root_key = name_of(found.root_key);
  const auto count = [&](tpm::Stored what) {
    return static_cast<std::uint32_t>(std::ranges::count(found.stored, what));
  };
  told.loads = count(tpm::Stored::Loads);
  told.parent_changed = count(tpm::Stored::ParentChanged);
  told.foreign = count(tpm::Stored::Foreign);
  told.broken = count(tpm::Stored::Broken);
  return wire::Event(std::move(told));
}

}  // namespace passkeyd
