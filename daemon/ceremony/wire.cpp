/// Encoding and decoding of ceremony messages. JSON's data model in CBOR clothes, by nlohmann-json; every
/// field is fetched through one of the helpers below, which check type and size.
#include "daemon/ceremony/wire.h"

#include <nlohmann/json.hpp>

#include "common/account.h"

namespace passkeyd::wire {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxText = 4096;
constexpr std::size_t kMaxBlob = 16 * 1024;
constexpr std::size_t kMaxList = 256;

/// What field access throws on hostile input; caught where decoding starts, never seen outside this file.
struct Bad {
  std::string what;
};

Json blob(ByteView bytes) {
  return Json::binary(copy_of(bytes));
}

const Json &field(const Json &map, const char *key) {
  const auto found = map.find(key);
  if (found == map.end()) throw Bad{std::string("no field ") + key};
  return *found;
}

std::string text(const Json &map, const char *key) {
  const Json &value = field(map, key);
  if (!value.is_string()) throw Bad{std::string(key) + " is no text"};
  const auto &held = value.get_ref<const std::string &>();
  if (held.size() > kMaxText) throw Bad{std::string(key) + " is too long"};
  return held;
}

/// A text that people may be shown: cut to a sane length, and replaced if it is not printable.
std::string shown(const Json &map, const char *key) {
  std::string held = text(map, key).substr(0, 200);
  return is_printable(held) ? held : "(unprintable)";
}

Bytes bytes_from(const Json &value) {
  if (!value.is_binary()) throw Bad{"a field is no byte string"};
  const auto &held = value.get_binary();
  if (held.size() > kMaxBlob) throw Bad{"a byte string is too long"};
  return {held.begin(), held.end()};
}

Bytes bytes(const Json &map, const char *key) {
  return bytes_from(field(map, key));
}

std::int64_t number(const Json &map, const char *key, std::int64_t least, std::int64_t most) {
  const Json &value = field(map, key);
  if (!value.is_number_integer()) throw Bad{std::string(key) + " is no integer"};
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX)
    throw Bad{std::string(key) + " is too large"};
  const auto held = value.get<std::int64_t>();
  if (held < least || held > most) throw Bad{std::string(key) + " is out of range"};
  return held;
}

bool flag(const Json &map, const char *key) {
  const Json &value = field(map, key);
  if (!value.is_boolean()) throw Bad{std::string(key) + " is no boolean"};
  return value.get<bool>();
}

const Json &list(const Json &map, const char *key) {
  const Json &value = field(map, key);
  if (!value.is_array() || value.size() > kMaxList) throw Bad{std::string(key) + " is no list, or too long"};
  return value;
}

Json device_json(const KeyInfo &device) {
  return {{"path", device.path},
          {"name", device.name},
          {"vendor", device.vendor_id},
          {"product", device.product_id}};
}

KeyInfo device_from(const Json &map) {
  const Json &device = field(map, "device");
  if (!device.is_object()) throw Bad{"device is no map"};
  return {text(device, "path"), text(device, "name"),
          static_cast<std::uint16_t>(number(device, "vendor", 0, UINT16_MAX)),
          static_cast<std::uint16_t>(number(device, "product", 0, UINT16_MAX))};
}

Json list_of(const std::vector<Bytes> &items) {
  Json out = Json::array();
  for (const Bytes &item : items) out.push_back(blob(item));
  return out;
}

std::vector<Bytes> bytes_list(const Json &map, const char *key) {
  std::vector<Bytes> out;
  for (const Json &item : list(map, key)) out.push_back(bytes_from(item));
  return out;
}

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

// --- requests ---

Json to_json(const LookUpAccount &op) {
  return {{"op", "account"}, {"user", op.user}};
}
Json to_json(const DescribeKey &op) {
  return {{"op", "describe"}, {"device", device_json(op.device)}};
}
Json to_json(const ProbeKey &op) {
  return {{"op", "probe"}, {"device", device_json(op.device)}, {"rp", op.rp_id}, {"ids", list_of(op.ids)}};
}
Json to_json(const AskTpm &op) {
  return {{"op", "ask-tpm"}, {"tcti", op.tcti}};
}

Json to_json(const Prove &op) {
  Json allowed = Json::array();
  for (const auto &entry : op.request.allowed)
    allowed.push_back(
        {{"id", blob(entry.id)}, {"platform", blob(entry.platform)}, {"max", entry.max_allow_list}});
  return {{"op", "prove"},
          {"way", name_of(op.way)},
          {"device", device_json(op.device)},
          {"rp", op.request.rp_id.str()},
          {"data", op.request.client_data},
          {"uv", name_of(op.request.user_verification)},
          {"allowed", std::move(allowed)},
          {"timeout", op.request.timeout.count()},
          {"min", op.request.min_pin_tries},
          {"tries-first", op.request.read_tries_first}};
}

Json to_json(const Enroll &op) {
  return {{"op", "enroll"},
          {"way", name_of(op.way)},
          {"device", device_json(op.device)},
          {"rp", op.request.rp_id.str()},
          {"data", op.request.client_data},
          {"uv", name_of(op.request.user_verification)},
          {"user", op.request.user_name},
          {"handle", blob(op.request.user_handle)},
          {"exclude", list_of(op.request.exclude)},
          {"timeout", op.request.timeout.count()},
          {"min", op.request.min_pin_tries}};
}

constexpr std::int64_t kMaxTimeout = 600'000;  // milliseconds

Prove prove_from(const Json &map) {
  Prove op{named(way_of(text(map, "way")), "way"), device_from(map), {unwrap(RpId::parse(text(map, "rp")))}};
  op.request.client_data = text(map, "data");
  op.request.user_verification = named(user_verification_of(text(map, "uv")), "uv");
  for (const Json &entry : list(map, "allowed"))
    op.request.allowed.push_back({bytes(entry, "id"), bytes(entry, "platform"),
                                  static_cast<std::uint32_t>(number(entry, "max", 0, UINT32_MAX))});
  op.request.timeout = std::chrono::milliseconds(number(map, "timeout", 1, kMaxTimeout));
  op.request.min_pin_tries = static_cast<int>(number(map, "min", 0, 255));
  op.request.read_tries_first = flag(map, "tries-first");
  return op;
}

Enroll enroll_from(const Json &map) {
  Enroll op{named(way_of(text(map, "way")), "way"), device_from(map), {unwrap(RpId::parse(text(map, "rp")))}};
  op.request.client_data = text(map, "data");
  op.request.user_verification = named(user_verification_of(text(map, "uv")), "uv");
  op.request.user_name = text(map, "user");
  op.request.user_handle = bytes(map, "handle");
  op.request.exclude = bytes_list(map, "exclude");
  op.request.timeout = std::chrono::milliseconds(number(map, "timeout", 1, kMaxTimeout));
  op.request.min_pin_tries = static_cast<int>(number(map, "min", 0, 255));
  return op;
}

Request request_from(const Json &map) {
  const std::string op = text(map, "op");
  if (op == "account") return LookUpAccount{text(map, "user")};
  if (op == "describe") return DescribeKey{device_from(map)};
  if (op == "probe") return ProbeKey{device_from(map), text(map, "rp"), bytes_list(map, "ids")};
  if (op == "ask-tpm") return AskTpm{text(map, "tcti")};
  if (op == "prove") return prove_from(map);
  if (op == "enroll") return enroll_from(map);
  throw Bad{"unknown operation"};
}

// --- events ---

Json to_json(const Error &error) {
  Json map = {{"event", "failed"}, {"kind", name_of(error.kind)}, {"sentence", error.sentence}};
  if (error.tries_left) map["tries"] = *error.tries_left;
  return map;
}
Json to_json(const TouchCue &) {
  return {{"event", "touch"}};
}
Json to_json(const VerifyCue &) {
  return {{"event", "verify"}};
}
Json to_json(const AccountFound &found) {
  return {{"event", "account"}, {"uid", found.uid}, {"name", found.name}};
}
Json to_json(const KeyDescribed &key) {
  return {{"event", "described"}, {"pin", key.has_pin}, {"uv", key.has_uv}};
}
Json to_json(const KeyProbed &key) {
  return {{"event", "probed"}, {"holds", key.holds}};
}
Json to_json(const TpmHasRoom &) {
  return {{"event", "tpm-ready"}};
}
Json to_json(const Proved &proved) {
  if (!proved.assertion) return {{"event", "holds-none"}};
  return {{"event", "proved"},
          {"id", blob(proved.assertion->credential_id)},
          {"auth", blob(proved.assertion->authenticator_data)},
          {"signature", blob(proved.assertion->signature)},
          {"data", proved.assertion->client_data}};
}
Json to_json(const Enrolled &enrolled) {
  const Registration &made = enrolled.registration;
  return {{"event", "enrolled"},
          {"format", made.format},
          {"auth", blob(made.authenticator_data)},
          {"attestation", blob(made.attestation)},
          {"data", made.client_data},
          {"device", made.device},
          {"max", made.max_allow_list},
          {"platform", blob(made.platform)}};
}

Error failure_from(const Json &map) {
  Error error{error_kind_of(text(map, "kind")).value_or(ErrorKind::Internal), shown(map, "sentence")};
  if (map.contains("tries")) error.tries_left = static_cast<int>(number(map, "tries", 0, 255));
  return error;
}

Event event_from(const Json &map) {
  const std::string event = text(map, "event");
  if (event == "failed") return failure_from(map);
  if (event == "touch") return TouchCue{};
  if (event == "verify") return VerifyCue{};
  if (event == "account")
    return AccountFound{static_cast<uid_t>(number(map, "uid", 0, UINT32_MAX - 1)), text(map, "name")};
  if (event == "described") return KeyDescribed{flag(map, "pin"), flag(map, "uv")};
  if (event == "probed") return KeyProbed{flag(map, "holds")};
  if (event == "tpm-ready") return TpmHasRoom{};
  if (event == "holds-none") return Proved{};
  if (event == "proved")
    return Proved{
        Assertion{bytes(map, "id"), bytes(map, "auth"), bytes(map, "signature"), text(map, "data")}};
  if (event == "enrolled")
    return Enrolled{Registration{text(map, "format"), bytes(map, "auth"), bytes(map, "attestation"),
                                 text(map, "data"), shown(map, "device"),
                                 static_cast<std::uint32_t>(number(map, "max", 0, UINT32_MAX)),
                                 bytes(map, "platform")}};
  throw Bad{"unknown event"};
}

Bytes encoded(const Json &map) {
  return Json::to_cbor(map);
}

/// Looks through a message without building anything and stops where it nests deeper than any of ours: the
/// library recurses as deep as the message says, and the stack is not endless.
struct Shallow final : nlohmann::json_sax<Json> {
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t &) override { return true; }
  bool string(string_t &) override { return true; }
  bool binary(binary_t &) override { return true; }
  bool key(string_t &) override { return true; }
  bool start_object(std::size_t) override { return ++depth <= 3; }
  bool end_object() override { return --depth >= 0; }
  bool start_array(std::size_t) override { return ++depth <= 3; }
  bool end_array() override { return --depth >= 0; }
  bool parse_error(std::size_t, const std::string &, const nlohmann::detail::exception &) override {
    return false;
  }

  int depth = 0;
};

/// Parses one message with `read`, which may throw Bad. The one place where that is caught.
template <class Value, class Read>
Result<Value> decoded(ByteView message, Read read) {
  Shallow shallow;
  if (!Json::sax_parse(message.begin(), message.end(), &shallow, Json::input_format_t::cbor))
    return Error{ErrorKind::Malformed, "ceremony message is no CBOR, or nests too deep"};
  const Json map =
      Json::from_cbor(message.begin(), message.end(), /*strict=*/true, /*allow_exceptions=*/false);
  if (!map.is_object()) return Error{ErrorKind::Malformed, "ceremony message is no CBOR map"};
  try {
    return Result<Value>(read(map));
  } catch (const Bad &bad) {
    return Error{ErrorKind::Malformed, "ceremony message: " + bad.what};
  }
}

}  // namespace

Bytes encode(const Request &request) {
  return std::visit([](const auto &op) { return encoded(to_json(op)); }, request);
}

Bytes encode(const Event &event) {
  return std::visit([](const auto &what) { return encoded(to_json(what)); }, event);
}

Result<Request> decode_request(ByteView message) {
  return decoded<Request>(message, request_from);
}

Result<Event> decode_event(ByteView message) {
  return decoded<Event>(message, event_from);
}

}  // namespace passkeyd::wire
