/// One login, one enrollment, one PIN change: the commands in their order.
#include "tpm/authenticator.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "tpm/attestation.h"
#include "tpm/conversation.h"
#include "tpm/parent.h"
#include "tpm/platform_key.h"
#include "tpm/properties.h"
#include "webauthn/authenticator_data.h"
#include "webauthn/cose.h"

namespace passkeyd {
namespace {

using tpm::Conversation;
using tpm::Parent;
using tpm::PlatformKey;
using tpm::Transient;

/// The person typed the PIN here and now, and the key cannot leave the TPM (no BE, no BS).
constexpr std::uint8_t kFlags = flag::kUserPresent | flag::kUserVerified;
/// The TPM keeps no counter a key: "never compared".
constexpr std::uint32_t kNoCounter = 0;

Status check_pin(const Secret *pin) {
  if (pin == nullptr || pin->empty())
    return Error{ErrorKind::PinRequired, "a platform credential opens only with its PIN"};
  return tpm::check_pin(*pin);
}

/// A key that is loaded and the session that loaded it. Load is authorized by the salted session although the
/// parent has no password: a wrong parent then fails here, and not at Sign, where it would look like a wrong
/// PIN and be counted as one.
struct Opened {
  ESYS_TR parent;
  Transient session;
  Transient key;
};

Result<Opened> open_key(Conversation &tpm, const PlatformKey &key, const Secret &pin) {
  const Secret auth = TRY(tpm::auth_value(key.salt, pin));
  const ESYS_TR parent = TRY(tpm.refer_to(key.parent));
  Transient session = TRY(tpm.start_session(parent));
  Transient loaded = TRY(tpm.load(parent, session, key.wrapped, key.area, auth));
  return Opened{parent, std::move(session), std::move(loaded)};
}

Result<Bytes> sign_with(const TpmAuthenticator::Connect &connect, const PlatformKey &key, const Secret &pin,
                        const Sha256 &digest) {
  Conversation tpm = TRY(Conversation::open(connect));
  Opened opened = TRY(open_key(tpm, key, pin));
  return tpm.sign(opened.key, opened.session, digest);
}

/// What a key that could not be opened means, after looking at who sits at its parent's handle now. Only on
/// failure: it costs a command.
Error explained(const TpmAuthenticator::Connect &connect, const PlatformKey &key, Error error) {
  const bool about_parent = error.kind == ErrorKind::TpmParentChanged ||
                            error.kind == ErrorKind::TpmKeyForeign || error.kind == ErrorKind::Unsupported;
  if (!about_parent) return error;
  Result<Conversation> tpm = Conversation::open(connect);
  if (!tpm) return error;
  const Result<Bytes> pinned = tpm::name_of(key.parent.area);
  const Result<std::optional<Bytes>> now = tpm::name_at(tpm.value(), key.parent.handle);
  if (!pinned || !now) return error;
  if (!now.value())
    return {ErrorKind::TpmKeyForeign,
            "the storage root key is gone: the TPM was reset or replaced; " + error.sentence};
  if (*now.value() != pinned.value())
    return {ErrorKind::TpmParentChanged,
            "the storage root key is another than at enrollment; " + error.sentence};
  if (error.kind == ErrorKind::TpmParentChanged)
    return {ErrorKind::TpmBroken,
            "the storage root key is the one of the enrollment and yet refused: it has a "
            "password now, or somebody interferes with the bus; " +
                error.sentence};
  return error;
}

bool lives_elsewhere(ErrorKind kind) {
  return kind == ErrorKind::TpmKeyForeign || kind == ErrorKind::TpmParentChanged ||
         kind == ErrorKind::Corrupt;
}

/// The key behind one allowed credential. Errors: Corrupt, also for the key of another credential.
Result<PlatformKey> key_of(const AssertionRequest::Allowed &allowed) {
  PlatformKey key = TRY(PlatformKey::parse(allowed.platform));
  if (TRY(key.credential_id()) != allowed.id)
    return Error{ErrorKind::Corrupt, "the platform blob belongs to another credential"};
  return key;
}

Result<Bytes> prove_with(const TpmAuthenticator::Connect &connect, const AssertionRequest::Allowed &allowed,
                         const Secret &pin, const Sha256 &digest) {
  const PlatformKey key = TRY(key_of(allowed));
  Result<Bytes> signature = sign_with(connect, key, pin, digest);
  if (!signature) return explained(connect, key, std::move(signature).error());
  return signature;
}

Result<std::array<std::uint8_t, tpm::kSaltBytes>> fresh_salt() {
  std::array<std::uint8_t, tpm::kSaltBytes> salt{};
  if (RAND_bytes(salt.data(), static_cast<int>(salt.size())) != 1)
    return Error{ErrorKind::Internal, "no random bytes"};
  return salt;
}

Status check_exclude(const Parent &parent, const std::vector<Bytes> &exclude) {
  for (const Bytes &id : exclude)
    if (TRY(tpm::lives_under(parent, id)))
      return Error{ErrorKind::AlreadyExists, "a credential of this TPM is enrolled already"};
  return Ok{};
}

/// A new key under a parent, opened as a login would open it.
struct Fresh {
  PlatformKey key;
  Opened opened;
};

Result<Fresh> make_key(Conversation &tpm, const Parent &parent, const Secret &pin) {
  PlatformKey key;
  key.parent = parent;
  key.salt = TRY(fresh_salt());
  const Secret auth = TRY(tpm::auth_value(key.salt, pin));
  const ESYS_TR reference = TRY(tpm.refer_to(parent));
  Transient session = TRY(tpm.start_session(reference));
  const Conversation::Made made = TRY(tpm.create(reference, session, auth));
  key.wrapped = made.wrapped;
  key.area = made.area;
  if (!tpm::is_platform_key(key.area))
    return Error{ErrorKind::Malformed, "the TPM made another kind of key than it was asked for"};
  Transient loaded = TRY(tpm.load(reference, session, key.wrapped, key.area, auth));
  return Fresh{key, {reference, std::move(session), std::move(loaded)}};
}

/// The new key's place: the shared root key if it can serve (it may have another shape, a password, or be of
/// the kind that refuses to salt sessions), our own otherwise.
Result<Fresh> make_key_somewhere(Conversation &tpm, const std::vector<Bytes> &exclude, const Secret &pin) {
  for (const TPM2_HANDLE handle : {tpm::kSharedRootKey, tpm::kOwnRootKey}) {
    const std::optional<Parent> parent = TRY(tpm::find_or_make_parent(tpm, handle));
    if (!parent) continue;
    TRY(check_exclude(*parent, exclude));
    Result<Fresh> fresh = make_key(tpm, *parent, pin);
    const bool unfit = !fresh && (fresh.error().kind == ErrorKind::Unsupported ||
                                  fresh.error().kind == ErrorKind::TpmParentChanged);
    if (!unfit || handle == tpm::kOwnRootKey) return fresh;
  }
  return Error{ErrorKind::Unsupported, "no storage root key in this TPM can serve"};
}

}  // namespace

TpmAuthenticator::TpmAuthenticator(std::string tcti, std::chrono::milliseconds limit)
    : connect_([name = std::move(tcti), limit] { return tpm::open_line(name, limit); }) {}

Result<std::optional<Assertion>> TpmAuthenticator::prove(const AssertionRequest &request, const Secret *pin,
                                                         Cues & /*cues*/) {
  const auto ours = [](const AssertionRequest::Allowed &allowed) { return !allowed.platform.empty(); };
  if (std::ranges::none_of(request.allowed, ours)) return std::optional<Assertion>();
  TRY(check_pin(pin));
  Assertion assertion;
  assertion.authenticator_data = make_authenticator_data(request.rp_id, kFlags, kNoCounter);
  assertion.client_data = request.client_data;
  const Sha256 digest = subject_of(assertion.authenticator_data, request.client_data);
  Error last;
  for (const AssertionRequest::Allowed &allowed : request.allowed) {
    if (!ours(allowed)) continue;
    Result<Bytes> signature = prove_with(connect_, allowed, *pin, digest);
    if (signature) {
      assertion.credential_id = allowed.id;
      assertion.signature = std::move(signature).value();
      return std::optional(std::move(assertion));
    }
    last = std::move(signature).error();
    if (!lives_elsewhere(last.kind)) break;
  }
  return last;
}

Result<Registration> TpmAuthenticator::enroll(const RegistrationRequest &request, const Secret *pin,
                                              Cues & /*cues*/) {
  TRY(check_pin(pin));
  Conversation tpm = TRY(Conversation::open(connect_));
  Registration registration;
  registration.device = TRY(tpm::read_product(tpm));
  Fresh fresh = TRY(make_key_somewhere(tpm, request.exclude, *pin));
  const tpm::Point point = tpm::point_of(fresh.key.area);
  const AttestedCredential attested{kAaguid, TRY(fresh.key.credential_id()), es256_cose(point.x, point.y)};
  registration.authenticator_data = make_authenticator_data(request.rp_id, kFlags, kNoCounter, attested);
  registration.client_data = request.client_data;
  const Sha256 digest = subject_of(registration.authenticator_data, request.client_data);
  const Bytes signature = TRY(tpm.sign(fresh.opened.key, fresh.opened.session, digest, tpm::Then::Continue));
  registration.format = "packed";
  registration.attestation = packed_self_attestation(Algorithm::Es256, signature);
  registration.platform = TRY(fresh.key.serialize());
  registration.proof = tpm::introduce(tpm, fresh.opened.key, fresh.opened.session, fresh.key.area, digest);
  return registration;
}

Result<Bytes> TpmAuthenticator::change_pin(ByteView platform, const Secret &old_pin, const Secret &new_pin) {
  TRY(check_pin(&old_pin));
  TRY(check_pin(&new_pin));
  PlatformKey key = TRY(PlatformKey::parse(platform));
  const auto new_salt = TRY(fresh_salt());
  const Secret new_auth = TRY(tpm::auth_value(new_salt, new_pin));
  Result<TPM2B_PRIVATE> rewrapped = [&]() -> Result<TPM2B_PRIVATE> {
    Conversation tpm = TRY(Conversation::open(connect_));
    Opened opened = TRY(open_key(tpm, key, old_pin));
    return tpm.change_auth(opened.key, opened.parent, opened.session, new_auth);
  }();
  if (!rewrapped) return explained(connect_, key, std::move(rewrapped).error());
  key.wrapped = rewrapped.value();
  key.salt = new_salt;
  return key.serialize();
}

Result<Bytes> TpmAuthenticator::activate(EndorsementKind kind, const WrappedSecret &wrapped) {
  Conversation tpm = TRY(Conversation::open(connect_));
  return tpm::activate(tpm, kind, wrapped);
}

Result<tpm::Examination> TpmAuthenticator::examine(const std::vector<Bytes> &platforms) {
  Conversation tpm = TRY(Conversation::open(connect_));
  return tpm::examine(tpm, platforms);
}

Result<tpm::DictionaryAttackState> TpmAuthenticator::dictionary_attack_state() {
  Conversation tpm = TRY(Conversation::open(connect_));
  const tpm::Permanent state = TRY(tpm::read_permanent(tpm));
  return state.lockout;
}

}  // namespace passkeyd
