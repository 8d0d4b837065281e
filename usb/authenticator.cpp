/// Logging in with a key: which verification, one assertion, what its answer is worth.
#include "usb/authenticator.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "usb/answer.h"
#include "usb/cue_player.h"
#include "usb/errors.h"
#include "usb/pin.h"

namespace passkeyd {
namespace {

Error malformed(const char *what) {
  return {ErrorKind::Malformed, what};
}

/// The smallest limit that any of the credentials was enrolled with: they may come from different keys.
std::uint32_t smallest_limit(const std::vector<AssertionRequest::Allowed> &allowed) {
  std::uint32_t smallest = 0;
  for (const AssertionRequest::Allowed &entry : allowed)
    if (entry.max_allow_list != 0 && (smallest == 0 || entry.max_allow_list < smallest))
      smallest = entry.max_allow_list;
  return smallest;
}

/// The assertion, of one of the credentials that were `asked` for.
Result<Assertion> take(const fido_assert_t *answer, const IdList &asked, const std::string &client_data) {
  Assertion assertion = TRY(read_assertion(answer, 0, client_data));
  // A key may leave the id out where only one was possible (CTAP 2.1, section 6.2.2).
  if (assertion.credential_id.empty()) {
    if (asked.size() != 1) return malformed("the key does not say which credential it used");
    assertion.credential_id = copy_of(asked.front());
  }
  const bool known = std::any_of(asked.begin(), asked.end(), [&](ByteView one) {
    return std::ranges::equal(one, assertion.credential_id);
  });
  if (!known) return malformed("the key used a credential that nobody asked for");
  return assertion;
}

}  // namespace

UsbAuthenticator::UsbAuthenticator(KeyInfo key)
    : key_(std::move(key)), stop_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void UsbAuthenticator::cancel() noexcept {
  const int kept = errno;  // a signal handler must not change it
  const std::uint64_t one = 1;
  // Fails only where it was called 2^64 times before, or where open() refuses for want of an eventfd.
  [[maybe_unused]] const ssize_t written = write(stop_.get(), &one, sizeof one);
  errno = kept;
}

Result<std::unique_ptr<Session>> UsbAuthenticator::open(std::chrono::milliseconds person_time,
                                                        Port::Listener *listener) {
  if (!stop_) return Error{ErrorKind::Io, "no eventfd to cancel by"};
  Result<Fd> node = node_ ? std::move(*node_) : open_node(key_);
  node_.reset();
  return Session::open(TRY(std::move(node)), person_time, stop_.get(), listener);
}

Result<UsbAuthenticator::Verification> UsbAuthenticator::choose(const Session &session,
                                                                UserVerification wanted, const Secret *pin) {
  if (pin != nullptr) {
    if (!session.has_pin()) return Error{ErrorKind::PinNotSet, "the key has no PIN"};
    return Verification::Pin;
  }
  if (wanted == UserVerification::Discouraged) return Verification::None;
  if (session.has_sensor()) return Verification::Sensor;
  if (wanted == UserVerification::Preferred) return Verification::None;
  if (session.has_pin()) return Error{ErrorKind::PinRequired, "verification needs the key's PIN"};
  return Error{ErrorKind::PinNotSet, "the key has neither a PIN nor a sensor"};
}

Status UsbAuthenticator::spare_tries(const Session &session, int min_tries) {
  const int tries = TRY(session.pin_tries());
  if (tries <= min_tries)
    return Error{ErrorKind::PinTriesLow, "so few PIN tries are left that none is used", tries};
  return Ok{};
}

Error UsbAuthenticator::explain(const Session &session, int status, Verification verification) {
  Error error = session.explain(status);
  if (error.kind == ErrorKind::PinBlocked) error.tries_left = 0;
  const bool ask = error.kind == ErrorKind::PinWrong || error.kind == ErrorKind::PinSoftBlocked;
  if (ask && verification == Verification::Pin)
    if (const Result<int> tries = session.pin_tries()) error.tries_left = tries.value();
  return error;
}

Result<FidoAssertion> UsbAuthenticator::begin_assertion(const RpId &rp_id, const std::string &json,
                                                        Verification verification) {
  FidoAssertion asked(fido_assert_new());
  if (!asked) return Error{ErrorKind::Internal, "out of memory"};
  const ByteView client_data = bytes_of(json);
  int status = fido_assert_set_clientdata(asked.get(), client_data.data(), client_data.size());
  if (status == FIDO_OK) status = fido_assert_set_rp(asked.get(), rp_id.str().c_str());
  // With a PIN, the proof of it is the verification: the option "uv" must then be absent.
  if (status == FIDO_OK && verification == Verification::Sensor)
    status = fido_assert_set_uv(asked.get(), FIDO_OPT_TRUE);
  if (status != FIDO_OK) return error_of(status);
  return asked;
}

Result<std::optional<Assertion>> UsbAuthenticator::prove(const AssertionRequest &request, const Secret *pin,
                                                         Cues &cues) {
  if (request.allowed.empty()) return Error{ErrorKind::InvalidInput, "no credential is allowed"};
  if (pin != nullptr) TRY(check_pin(*pin));

  CuePlayer player(cues);
  const std::unique_ptr<Session> session = TRY(open(request.timeout, &player));
  const Verification verification = TRY(choose(*session, request.user_verification, pin));
  if (verification == Verification::Sensor) player.expect_sensor();
  if (verification == Verification::Pin && request.read_tries_first)
    TRY(spare_tries(*session, request.min_pin_tries));

  IdList ids;
  for (const AssertionRequest::Allowed &entry : request.allowed) ids.emplace_back(entry.id);
  const std::size_t room = assertion_room(request.rp_id.str().size());
  for (const IdList &list : cut(ids, smallest_limit(request.allowed), room)) {
    const FidoAssertion answer = TRY(begin_assertion(request.rp_id, request.client_data, verification));
    int status = FIDO_OK;
    for (const ByteView id : list)
      if (status == FIDO_OK) status = fido_assert_allow_cred(answer.get(), id.data(), id.size());
    if (status == FIDO_OK)
      status = fido_dev_get_assert(session->key(), answer.get(), pin == nullptr ? nullptr : pin->c_str());

    if (session->was_stopped()) return session->explain(status);
    if (status == FIDO_OK) return std::optional(TRY(take(answer.get(), list, request.client_data)));
    if (status != FIDO_ERR_NO_CREDENTIALS) return explain(*session, status, verification);
  }
  return std::optional<Assertion>();
}

Result<bool> UsbAuthenticator::holds(const RpId &rp_id, const std::vector<Bytes> &ids) {
  const std::unique_ptr<Session> session = TRY(open(Port::kAnswerTime, nullptr));
  return session->holds(rp_id.str(), IdList(ids.begin(), ids.end()));
}

}  // namespace passkeyd
