/// Platform credentials: one call into tpm/ each.
#include "daemon/ceremony/performing.h"
#include "tpm/authenticator.h"

namespace passkeyd {
namespace {

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

Result<wire::Event> ask_tpm(const wire::AskTpm &op) {
  TpmAuthenticator tpm(op.tcti);
  TRY(check_room(tpm));
  return wire::Event(wire::TpmHasRoom{});
}

Result<wire::Event> prove_by_tpm(const wire::Prove &op, const Secrets &secrets, Cues &cues) {
  TpmAuthenticator tpm(op.device.path);
  if (op.request.read_tries_first) TRY(check_room(tpm));
  const Secret *pin = secrets.empty() ? nullptr : &secrets.front();
  return wire::Event(wire::Proved{TRY(tpm.prove(op.request, pin, cues))});
}

Result<wire::Event> enroll_in_tpm(const wire::Enroll &op, const Secrets &secrets, Cues &cues) {
  if (secrets.size() != 2) return Error{ErrorKind::InvalidInput, "a new PIN and its repetition are needed"};
  TRY(check_repetition(secrets[0], secrets[1]));
  if (op.request.discoverable)
    return Error{ErrorKind::Unsupported, "a platform credential cannot be discoverable"};
  TpmAuthenticator tpm(op.device.path);
  return wire::Event(wire::Enrolled{TRY(tpm.enroll(op.request, &secrets[0], cues))});
}

Result<wire::Event> change_pin(const wire::ChangePin &op, const Secrets &secrets) {
  if (secrets.size() != 3)
    return Error{ErrorKind::InvalidInput, "the old PIN, a new one and its repetition are needed"};
  TRY(check_repetition(secrets[1], secrets[2]));
  TpmAuthenticator tpm(op.tcti);
  TRY(check_room(tpm));
  return wire::Event(wire::PinChanged{TRY(tpm.change_pin(op.platform, secrets[0], secrets[1]))});
}

}  // namespace passkeyd
