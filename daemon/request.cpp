/// Reading request dictionaries.
#include "daemon/request.h"

#include <cstring>
#include <map>

namespace passkeyd {
namespace {

using Texts = std::map<std::string, std::string, std::less<>>;

constexpr std::size_t kMaxKeys = 32;

/// All text values of the message's a{sv}. Values of other types belong to keys of newer callers and are
/// skipped.
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
  const auto found = texts.find("user");
  if (found == texts.end()) return Error{ErrorKind::InvalidInput, "The user name is missing."};
  return UserName::parse(found->second);
}

}  // namespace

Result<LoginRequest> read_login_request(sd_bus_message *call, const Caller &caller) {
  const Texts texts = TRY(read_texts(call));
  LoginRequest request{TRY(user_of(texts)),
                       TRY(label(texts, "service", 255)),
                       TRY(label(texts, "tty", 255)),
                       TRY(label(texts, "rhost", 255)),
                       caller.uid,
                       caller.pid};
  request.remote = host_is_remote(request.remote_host) || session_is_remote(caller.pid);
  return request;
}

Result<EnrollmentRequest> read_enrollment_request(sd_bus_message *call, const Caller &caller) {
  const Texts texts = TRY(read_texts(call));
  EnrollmentRequest request{TRY(user_of(texts)), std::nullopt, TRY(label(texts, "name", 64)), caller};
  const auto way = texts.find("way");
  if (way == texts.end()) return request;
  request.way = way_of(way->second);
  if (!request.way) return Error{ErrorKind::InvalidInput, "The way must be usb or tpm."};
  return request;
}

}  // namespace passkeyd
