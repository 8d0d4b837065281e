/// Fields of ceremony messages: how each kind of value is written and read. JSON's data model in CBOR
/// clothes, by nlohmann-json; every field is fetched through one of these, which check type and size.
/// Internal to the wire.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/backup_code.h"
#include "common/bytes.h"
#include "common/result.h"
#include "usb/keys.h"

namespace passkeyd::wire {

using Json = nlohmann::json;

/// What reading a field throws on hostile input; caught where decoding starts, never seen outside the wire.
struct Bad {
  std::string what;
};

// --- reading; each throws Bad ---

const Json &field(const Json &map, const char *key);
std::string text(const Json &map, const char *key);
/// A text that people may be shown: cut to a sane length, and replaced if it is not printable.
std::string shown(const Json &map, const char *key);
Bytes bytes(const Json &map, const char *key);
/// A user handle: at most kMaxUserHandle bytes.
Bytes handle(const Json &map, const char *key);
std::int64_t number(const Json &map, const char *key, std::int64_t least, std::int64_t most);
bool flag(const Json &map, const char *key);
/// A list of at most `most` values.
const Json &list(const Json &map, const char *key, std::size_t most);
std::vector<Bytes> bytes_list(const Json &map, const char *key);
KeyInfo device(const Json &map);
/// Backup codes by number, each at most once, with hashes that can be yescrypt's.
std::vector<CodeHash> codes(const Json &map);

/// Most entries of a list of credentials.
inline constexpr std::size_t kMaxList = 256;

template <class T>
T unwrap(Result<T> parsed) {
  if (!parsed) throw Bad{parsed.error().sentence};
  return std::move(parsed).value();
}

template <class T>
T named(std::optional<T> parsed, const char *key) {
  if (!parsed) throw Bad{std::string("unknown ") + key};
  return *parsed;
}

// --- writing ---

Json blob(ByteView bytes);
Json list_of(const std::vector<Bytes> &items);
Json device_json(const KeyInfo &device);
Json codes_json(const std::vector<CodeHash> &codes);

// --- whole messages ---

Bytes encoded(const Json &map);
/// The map that `message` holds. Errors: Malformed, also for what nests deeper than any message of ours.
Result<Json> parsed(ByteView message);

/// Parses one message with `read`, which may throw Bad. The one place where that is caught.
template <class Value, class Read>
Result<Value> decoded(ByteView message, Read read) {
  const Json map = TRY(parsed(message));
  try {
    return Result<Value>(read(map));
  } catch (const Bad &bad) {
    return Error{ErrorKind::Malformed, "ceremony message: " + bad.what};
  }
}

}  // namespace passkeyd::wire
