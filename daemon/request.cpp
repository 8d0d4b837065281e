/// Reading request dictionaries.
#include "daemon/request.h"

#include <charconv>
#include <cstring>
#include <map>

#include "common/steps.h"

namespace passkeyd {
namespace {

using Texts = std::map<std::string, std::string, std::less<>>;

constexpr std::size_t kMaxKeys = 32;

/// All text values of the message's a{sv}; a truth counts as "yes" or "no". Values of other types belong to
/// keys of newer callers and are skipped.
Result<Texts> read_texts(sd_bus_message *call) {
  Texts texts;
  int got = sd_bus_message_enter_container(call, 'a', "{sv}");
  for (std::size_t entries = 0; got >= 0 && (got = sd_bus_message_enter_container(call, 'e', "sv")) > 0;
       ++entries) {
    if (entries >= kMaxKeys) return Error{ErrorKind::InvalidInput, "The request has too many keys."};
    const char *key = nullptr;
    const char *contents = nullptr;
    char type = 0;
    got = sd_bus_message_read(call, "s", &key);
    if (got >= 0) got = sd_bus_message_peek_type(call, &type, &contents);
    if (got >= 0 && strcmp(contents, "s") == 0) {
      const char *value = nullptr;
      got = sd_bus_message_read(call, "v", "s", &value);
      if (got >= 0) texts[key] = value;
    } else if (got >= 0 && strcmp(contents, "b") == 0) {
      int truth = 0;
      got = sd_bus_message_read(call, "v", "b", &truth);
      if (got >= 0) texts[key] = truth != 0 ? "yes" : "no";
    } else if (got >= 0) {
      got = sd_bus_message_skip(call, "v");
    }
    if (got >= 0) got = sd_bus_message_exit_container(call);
  }
  if (got < 0) return Error{ErrorKind::InvalidInput, "The request is not of the documented form."};
  return texts;
}

/// A text for the record, empty if absent. Errors: InvalidInput if it is too long or not printable.
Result<std::string> label(const Texts &texts, std::string_view key, std::size_t most) {
  const auto found = texts.find(key);
  if (found == texts.end()) return std::string();
  if (found->second.size() > most || !is_printable(found->second))
    return Error{ErrorKind::InvalidInput, std::string(key) + " is too long or not printable."};
  return found->second;
}

Result<UserName> user_of(const Texts &texts) {
  const auto found = texts.find(request::kUser);
  if (found == texts.end()) return Error{ErrorKind::InvalidInput, "The user name is missing."};
  return UserName::parse(found->second);
}

template <class T>
struct Word {
  std::string_view word;
  T value;
};

/// One of two words, the first of them if the key is absent. Errors: InvalidInput for any other.
template <class T>
Result<T> one_of(const Texts &texts, std::string_view key, const Word<T> &usual, const Word<T> &other) {
  const auto found = texts.find(key);
  if (found == texts.end() || found->second == usual.word) return usual.value;
  if (found->second == other.word) return other.value;
  return Error{ErrorKind::InvalidInput, std::string(key) + " has a value that is not known."};
}

Result<std::chrono::seconds> wait_of(const Texts &texts) {
  const auto found = texts.find(request::kWait);
  if (found == texts.end()) return std::chrono::seconds(0);
  const std::string &text = found->second;
  int seconds = -1;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (failed != std::errc() || end != text.data() + text.size() || seconds < 0 || seconds > request::kMaxWait)
    return Error{ErrorKind::InvalidInput, "The wait is not a number of seconds that anybody would wait."};
  return std::chrono::seconds(seconds);
}

}  // namespace

Result<UserName> read_user(sd_bus_message *call) {
  const char *text = nullptr;
  if (sd_bus_message_read(call, "s", &text) < 0)
    return Error{ErrorKind::InvalidInput, "The user name is missing."};
  return UserName::parse(text);
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

Result<Hints> hints_of(const Texts &texts) {
  Hints hints;
  hints.service = TRY(label(texts, request::kService, 255));
  hints.tty = TRY(label(texts, request::kTty, 255));
  hints.remote_host = TRY(label(texts, request::kRemoteHost, 255));
  return hints;
}

}  // namespace

Result<LoginRequest> read_login_request(sd_bus_message *call, const Caller &caller) {
  const Texts texts = TRY(read_texts(call));
  std::optional<UserName> user;
  if (texts.contains(request::kUser)) user = TRY(user_of(texts));
  Hints hints = TRY(hints_of(texts));
  LoginRequest request{std::move(user),      std::move(hints.service),
                       std::move(hints.tty), std::move(hints.remote_host),
                       caller.uid,           caller.pid};
  request.first =
      TRY(one_of<First>(texts, request::kFirst, {"passkey", First::Passkey}, {"either", First::Either}));
  request.host =
      TRY(one_of<Host>(texts, request::kHost, {"talks", Host::Talks}, {"one-answer", Host::OneAnswer}));
  request.typed =
      TRY(one_of<Typed>(texts, request::kTyped, {"password", Typed::Password}, {"pin", Typed::Pin}));
  request.wait = TRY(wait_of(texts));
  return request;
}

Result<PinChangeRequest> read_pin_change_request(sd_bus_message *call, const Caller &caller) {
  const Texts texts = TRY(read_texts(call));
  UserName user = TRY(user_of(texts));
  Hints hints = TRY(hints_of(texts));
  return PinChangeRequest{std::move(user), std::move(hints.service), std::move(hints.tty),
                          std::move(hints.remote_host), caller};
}

Result<LockOptions> read_lock_options(sd_bus_message *call) {
  const Texts texts = TRY(read_texts(call));
  LockOptions options;
  options.scope = TRY(
      one_of<LockScope>(texts, "all-methods", {"no", LockScope::Passkeys}, {"yes", LockScope::AllMethods}));
  options.reason = TRY(label(texts, "reason", 255));
  return options;
}

Result<EnrollmentRequest> read_enrollment_request(sd_bus_message *call, const Caller &caller) {
  const Texts texts = TRY(read_texts(call));
  UserName user = TRY(user_of(texts));
  std::string name = TRY(label(texts, "name", 64));
  EnrollmentRequest request{std::move(user), std::nullopt, std::move(name), caller};
  request.discoverable = TRY(one_of<bool>(texts, "discoverable", {"no", false}, {"yes", true}));
  const auto way = texts.find("way");
  if (way == texts.end()) return request;
  request.way = way_of(way->second);
  if (!request.way) return Error{ErrorKind::InvalidInput, "The way must be usb or tpm."};
  if (request.way == Way::Tpm && request.discoverable)
    return Error{ErrorKind::InvalidInput, "A passkey in the TPM cannot be discoverable."};
  return request;
}

}  // namespace passkeyd
