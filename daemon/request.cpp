/// Reading request dictionaries.
#include "daemon/request.h"

#include <fcntl.h>

#include <algorithm>

#include "common/steps.h"
#include "daemon/arguments.h"
#include "ledger/credential_row.h"

namespace passkeyd {
namespace {

/// Digits of a short id.
constexpr std::size_t kShortId = 10;

Result<UserName> user_of(const Arguments &texts) {
  const std::optional<std::string> found = TRY(texts.text(request::kUser));
  if (!found) return Error{ErrorKind::InvalidInput, "The user name is missing."};
  return UserName::parse(*found);
}

Result<std::chrono::seconds> wait_of(const Arguments &texts) {
  const std::int64_t seconds = TRY(texts.number(request::kWait)).value_or(0);
  if (seconds < 0 || seconds > request::kMaxWait)
    return Error{ErrorKind::InvalidInput, "The wait is not a number of seconds that anybody would wait."};
  return std::chrono::seconds(seconds);
}

/// The short id of the only passkey that will do.
Result<std::optional<std::string>> credential_of(const Arguments &texts) {
  std::optional<std::string> id = TRY(texts.text(request::kCredential));
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (id && (id->size() != kShortId || !std::ranges::all_of(*id, is_digit)))
    return Error{ErrorKind::InvalidInput, "The passkey must be given by its short id."};
  return id;
}

}  // namespace

Result<UserName> read_user(sd_bus_message *call) {
  const char *text = nullptr;
  if (sd_bus_message_read(call, "s", &text) < 0)
    return Error{ErrorKind::InvalidInput, "The user name is missing."};
  return UserName::parse(text);
}

Result<Fd> read_file(sd_bus_message *call) {
  int lent = -1;
  if (sd_bus_message_read(call, "h", &lent) < 0)
    return Error{ErrorKind::InvalidInput, "The file is missing."};
  Fd file(fcntl(lent, F_DUPFD_CLOEXEC, 0));
  if (!file) return errno_error("keep the file", errno);
  return file;
}

Result<std::string> read_id(sd_bus_message *call) {
  const char *text = nullptr;
  if (sd_bus_message_read(call, "s", &text) < 0)
    return Error{ErrorKind::InvalidInput, "It is not said which passkey."};
  const std::string_view id = text;
  if (credential_row::problem_with_name(id))
    return Error{ErrorKind::InvalidInput, "That is neither the id nor the name of a passkey."};
  return std::string(id);
}

Result<std::string> read_name(sd_bus_message *call) {
  const char *text = nullptr;
  if (sd_bus_message_read(call, "s", &text) < 0)
    return Error{ErrorKind::InvalidInput, "The name is missing."};
  if (const std::optional<std::string> problem = credential_row::problem_with_name(text))
    return Error{ErrorKind::InvalidInput, *problem};
  return std::string(text);
}

Result<std::string> read_reason(sd_bus_message *call) {
  const Arguments texts = TRY(Arguments::read(call));
  return texts.label(option::kReason, option::kMaxReason);
}

// Each part is read into a name of its own before the whole is built: g++ 12 does not destroy the members
// that a braced initializer has made when a TRY in it returns.

namespace {

/// What every request says of where it comes from.
struct Hints {
  std::string service;
  std::string tty;
  std::string remote_host;
};

Result<Hints> hints_of(const Arguments &texts) {
  Hints hints;
  hints.service = TRY(texts.label(request::kService, 255));
  hints.tty = TRY(texts.label(request::kTty, 255));
  hints.remote_host = TRY(texts.label(request::kRemoteHost, 255));
  return hints;
}

}  // namespace

Result<LoginRequest> read_login_request(sd_bus_message *call, const Caller &caller) {
  const Arguments texts = TRY(Arguments::read(call));
  std::optional<UserName> user;
  if (texts.has(request::kUser)) user = TRY(user_of(texts));
  Hints hints = TRY(hints_of(texts));
  LoginRequest request{std::move(user),      std::move(hints.service),
                       std::move(hints.tty), std::move(hints.remote_host),
                       caller.uid,           caller.pid};
  request.first =
      TRY(texts.one_of<First>(request::kFirst, {"passkey", First::Passkey}, {"either", First::Either}));
  request.host =
      TRY(texts.one_of<Host>(request::kHost, {"talks", Host::Talks}, {"one-answer", Host::OneAnswer}));
  request.typed =
      TRY(texts.one_of<Typed>(request::kTyped, {"password", Typed::Password}, {"pin", Typed::Pin}));
  request.wait = TRY(wait_of(texts));
  request.credential = TRY(credential_of(texts));
  if (request.credential && !request.user)
    return Error{ErrorKind::InvalidInput, "A passkey was named, and not whose it is."};
  // Where one passkey is to be seen working there is nothing to choose at a first prompt.
  if (request.credential) request.first = First::Passkey;
  return request;
}

Result<PinChangeRequest> read_pin_change_request(sd_bus_message *call, const Caller &caller) {
  const Arguments texts = TRY(Arguments::read(call));
  UserName user = TRY(user_of(texts));
  Hints hints = TRY(hints_of(texts));
  return PinChangeRequest{std::move(user), std::move(hints.service), std::move(hints.tty),
                          std::move(hints.remote_host), caller};
}

Result<LockOptions> read_lock_options(sd_bus_message *call) {
  const Arguments texts = TRY(Arguments::read(call));
  LockOptions options;
  options.scope = TRY(texts.one_of<LockScope>(option::kAllMethods, {"no", LockScope::Passkeys},
                                              {"yes", LockScope::AllMethods}));
  options.reason = TRY(texts.label(option::kReason, option::kMaxReason));
  return options;
}

Result<EnrollmentRequest> read_enrollment_request(sd_bus_message *call, const Caller &caller) {
  const Arguments texts = TRY(Arguments::read(call));
  UserName user = TRY(user_of(texts));
  std::string name = TRY(texts.label(request::kName, credential_row::kMaxName));
  EnrollmentRequest request{std::move(user), std::nullopt, std::move(name), caller};
  request.interactive = sd_bus_message_get_allow_interactive_authorization(call) > 0;
  request.device = TRY(texts.label(request::kDevice, 255));
  request.ask_name = TRY(texts.one_of<bool>(request::kAskName, {"no", false}, {"yes", true}));
  request.discoverable = TRY(texts.one_of<bool>(request::kDiscoverable, {"no", false}, {"yes", true}));
  request.elsewhere = TRY(texts.one_of<bool>(request::kElsewhere, {"no", false}, {"yes", true}));
  const std::optional<std::string> way = TRY(texts.text(request::kWay));
  if (request.elsewhere && (way || request.discoverable || !request.device.empty()))
    return Error{ErrorKind::InvalidInput, "What is made elsewhere is chosen there."};
  if (!way) return request;
  request.way = way_of(*way);
  if (request.way != Way::Usb && request.way != Way::Tpm)
    return Error{ErrorKind::InvalidInput, "The way must be usb or tpm."};
  if (request.way == Way::Tpm && request.discoverable)
    return Error{ErrorKind::InvalidInput, "A passkey in the TPM cannot be discoverable."};
  if (request.way == Way::Tpm && !request.device.empty())
    return Error{ErrorKind::InvalidInput, "Only security keys are chosen by device."};
  return request;
}

Result<RevokeOrder> read_revoke_order(sd_bus_message *call) {
  constexpr const char *kKnown[] = {option::kAuthenticator, option::kEnrolledBefore, option::kReason,
                                    option::kDryRun, nullptr};
  const Arguments texts = TRY(Arguments::read(call));
  // A restriction that is overlooked would revoke more than was meant.
  TRY(texts.only(kKnown));
  RevokeOrder order;
  if (const std::optional<std::string> model = TRY(texts.text(option::kAuthenticator))) {
    order.which.model = aaguid_of(*model);
    if (!order.which.model) return Error{ErrorKind::InvalidInput, "The authenticator must be an AAGUID."};
  }
  if (const std::optional<std::int64_t> before = TRY(texts.number(option::kEnrolledBefore))) {
    if (*before < 0) return Error{ErrorKind::InvalidInput, "Nothing was enrolled before 1970."};
    order.which.enrolled_before = WallTime(std::chrono::seconds(*before));
  }
  if (!order.which.model && !order.which.enrolled_before)
    return Error{ErrorKind::InvalidInput, "Say which: by authenticator, by time of enrollment, or both."};
  order.reason = TRY(texts.label(option::kReason, option::kMaxReason));
  order.dry_run = TRY(texts.one_of<bool>(option::kDryRun, {"no", false}, {"yes", true}));
  return order;
}

}  // namespace passkeyd
