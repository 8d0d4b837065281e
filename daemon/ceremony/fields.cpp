/// Types and sizes of the fields of ceremony messages.
#include "daemon/ceremony/fields.h"

#include <algorithm>

#include "common/account.h"
#include "webauthn/credential.h"

namespace passkeyd::wire {
namespace {

constexpr std::size_t kMaxText = 4096;
constexpr std::size_t kMaxBlob = 16 * 1024;
/// yescrypt's hashes have 73 characters; ones of other parameters are a little longer.
constexpr std::size_t kMaxHash = 128;

Bytes bytes_from(const Json &value) {
  if (!value.is_binary()) throw Bad{"a field is no byte string"};
  const auto &held = value.get_binary();
  if (held.size() > kMaxBlob) throw Bad{"a byte string is too long"};
  return {held.begin(), held.end()};
}

/// "$y$" and crypt(5)'s alphabet: nothing else may choose how long hashing takes, or reach the ledger.
bool can_be_hash(std::string_view hash) {
  constexpr std::string_view kAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz$";
  return hash.starts_with("$y$") && hash.size() <= kMaxHash &&
         hash.find_first_not_of(kAlphabet) == std::string_view::npos;
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

}  // namespace

const Json &field(const Json &map, const char *key) {
  if (!map.is_object()) throw Bad{"an entry is no map"};
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

std::string shown(const Json &map, const char *key) {
  std::string held = text(map, key).substr(0, 200);
  return is_printable(held) ? held : "(unprintable)";
}

Bytes bytes(const Json &map, const char *key) {
  return bytes_from(field(map, key));
}

Bytes handle(const Json &map, const char *key) {
  Bytes held = bytes(map, key);
  if (held.size() > kMaxUserHandle) throw Bad{std::string(key) + " is too long"};
  return held;
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

const Json &list(const Json &map, const char *key, std::size_t most) {
  const Json &value = field(map, key);
  if (!value.is_array() || value.size() > most) throw Bad{std::string(key) + " is no list, or too long"};
  return value;
}

std::vector<Bytes> bytes_list(const Json &map, const char *key) {
  std::vector<Bytes> out;
  for (const Json &item : list(map, key, kMaxList)) out.push_back(bytes_from(item));
  return out;
}

KeyInfo device(const Json &map) {
  const Json &held = field(map, "device");
  return {text(held, "path"), text(held, "name"),
          static_cast<std::uint16_t>(number(held, "vendor", 0, UINT16_MAX)),
          static_cast<std::uint16_t>(number(held, "product", 0, UINT16_MAX))};
}

std::vector<CodeHash> codes(const Json &map) {
  std::vector<CodeHash> out;
  for (const Json &entry : list(map, "codes", BackupCode::kCount)) {
    CodeHash code{static_cast<int>(number(entry, "number", 1, BackupCode::kCount)), text(entry, "hash")};
    const auto same = [&](const CodeHash &other) { return other.number == code.number; };
    if (std::any_of(out.begin(), out.end(), same)) throw Bad{"a code comes twice"};
    if (!can_be_hash(code.hash)) throw Bad{"hash is no yescrypt hash"};
    out.push_back(std::move(code));
  }
  return out;
}

Json blob(ByteView bytes) {
  return Json::binary(copy_of(bytes));
}

Json list_of(const std::vector<Bytes> &items) {
  Json out = Json::array();
  for (const Bytes &item : items) out.push_back(blob(item));
  return out;
}

Json device_json(const KeyInfo &device) {
  return {{"path", device.path},
          {"name", device.name},
          {"vendor", device.vendor_id},
          {"product", device.product_id}};
}

Json codes_json(const std::vector<CodeHash> &codes) {
  Json out = Json::array();
  for (const CodeHash &code : codes) out.push_back({{"number", code.number}, {"hash", code.hash}});
  return out;
}

Bytes encoded(const Json &map) {
  return Json::to_cbor(map);
}

Result<Json> parsed(ByteView message) {
  Shallow shallow;
  if (!Json::sax_parse(message.begin(), message.end(), &shallow, Json::input_format_t::cbor))
    return Error{ErrorKind::Malformed, "ceremony message is no CBOR, or nests too deep"};
  Json map = Json::from_cbor(message.begin(), message.end(), /*strict=*/true, /*allow_exceptions=*/false);
  if (!map.is_object()) return Error{ErrorKind::Malformed, "ceremony message is no CBOR map"};
  return Result<Json>(std::move(map));
}

}  // namespace passkeyd::wire
