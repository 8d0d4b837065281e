/// Reading: libcbor parses, this walks its tree. Writing: libcbor makes the heads, this puts them in order.
#include "tests/softkey/cbor.h"

#include <cbor.h>

#include <algorithm>
#include <limits>

#include "common/handle.h"

namespace passkeyd::softkey {
namespace {

constexpr int kMaxDepth = 8;

void give_back(cbor_item_t *item) {
  cbor_decref(&item);
}
using Item = Handle<cbor_item_t, give_back>;

std::optional<Cbor> walk(cbor_item_t *item, int depth);

std::optional<Cbor> walk_array(cbor_item_t *item, int depth) {
  if (!cbor_array_is_definite(item)) return std::nullopt;
  Cbor::Array items;
  for (std::size_t at = 0; at < cbor_array_size(item); ++at) {
    auto value = walk(cbor_array_handle(item)[at], depth + 1);
    if (!value) return std::nullopt;
    items.push_back(std::move(*value));
  }
  return Cbor(std::move(items));
}

std::optional<Cbor> walk_map(cbor_item_t *item, int depth) {
  if (!cbor_map_is_definite(item)) return std::nullopt;
  Cbor::Map pairs;
  for (std::size_t at = 0; at < cbor_map_size(item); ++at) {
    const cbor_pair &pair = cbor_map_handle(item)[at];
    auto key = walk(pair.key, depth + 1);
    auto value = walk(pair.value, depth + 1);
    if (!key || !value) return std::nullopt;
    for (const auto &[seen, ignored] : pairs)
      if (seen == *key) return std::nullopt;
    pairs.emplace_back(std::move(*key), std::move(*value));
  }
  return Cbor(std::move(pairs));
}

std::optional<Cbor> walk(cbor_item_t *item, int depth) {
  if (depth > kMaxDepth) return std::nullopt;
  switch (cbor_typeof(item)) {
    case CBOR_TYPE_UINT:
    case CBOR_TYPE_NEGINT: {
      const std::uint64_t size = cbor_get_int(item);
      if (size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
      const auto number = static_cast<std::int64_t>(size);
      return Cbor(cbor_isa_uint(item) ? number : -1 - number);
    }
    case CBOR_TYPE_BYTESTRING:
      if (!cbor_bytestring_is_definite(item)) return std::nullopt;
      return Cbor(copy_of({cbor_bytestring_handle(item), cbor_bytestring_length(item)}));
    case CBOR_TYPE_STRING:
      if (!cbor_string_is_definite(item)) return std::nullopt;
      return Cbor(
          std::string(reinterpret_cast<const char *>(cbor_string_handle(item)), cbor_string_length(item)));
    case CBOR_TYPE_ARRAY:
      return walk_array(item, depth);
    case CBOR_TYPE_MAP:
      return walk_map(item, depth);
    case CBOR_TYPE_FLOAT_CTRL:
      if (!cbor_float_ctrl_is_ctrl(item))
        return std::nullopt;  // libcbor aborts if a float is asked for its bool
      if (cbor_is_bool(item)) return Cbor(cbor_get_bool(item));
      if (cbor_is_null(item)) return Cbor();
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

/// One head: the major type and a number, in the fewest bytes.
template <class Encode>
void put_head(Bytes &out, Encode encode, std::uint64_t number) {
  std::uint8_t head[9];
  const std::size_t size = encode(number, head, sizeof head);
  out.insert(out.end(), head, head + size);
}

void put(Bytes &out, ByteView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

/// CTAP2's order: major type first, then the shorter key, then byte by byte. Heads carry type and length in
/// front, so for keys of one type "shorter encoding first" is the same as "shorter key first".
bool comes_first(const Bytes &a, const Bytes &b) {
  const int type_a = a[0] >> 5, type_b = b[0] >> 5;
  if (type_a != type_b) return type_a < type_b;
  if (a.size() != b.size()) return a.size() < b.size();
  return a < b;
}

void put_map(Bytes &out, const Cbor::Map &map) {
  std::vector<std::pair<Bytes, Bytes>> rows;
  for (const auto &[key, value] : map) rows.emplace_back(key.encode(), value.encode());
  std::sort(rows.begin(), rows.end(),
            [](const auto &a, const auto &b) { return comes_first(a.first, b.first); });
  put_head(out, cbor_encode_map_start, rows.size());
  for (const auto &[key, value] : rows) {
    put(out, key);
    put(out, value);
  }
}

}  // namespace

std::optional<Cbor> Cbor::parse(ByteView bytes) {
  cbor_load_result outcome{};
  const Item item(cbor_load(bytes.data(), bytes.size(), &outcome));
  if (!item || outcome.read != bytes.size()) return std::nullopt;
  return walk(item.get(), 0);
}

Bytes Cbor::encode() const {
  Bytes out;
  if (const auto *value = number()) {
    if (*value >= 0)
      put_head(out, cbor_encode_uint, static_cast<std::uint64_t>(*value));
    else
      put_head(out, cbor_encode_negint, static_cast<std::uint64_t>(-1 - *value));
  } else if (const auto *yes = boolean()) {
    out.push_back(*yes ? 0xf5 : 0xf4);
  } else if (const auto *string = text()) {
    put_head(out, cbor_encode_string_start, string->size());
    put(out, bytes_of(*string));
  } else if (const auto *octets = bytes()) {
    put_head(out, cbor_encode_bytestring_start, octets->size());
    put(out, *octets);
  } else if (const auto *items = array()) {
    put_head(out, cbor_encode_array_start, items->size());
    for (const Cbor &item : *items) put(out, item.encode());
  } else if (const auto *pairs = map()) {
    put_map(out, *pairs);
  } else {
    out.push_back(0xf6);
  }
  return out;
}

const Cbor *Cbor::at(const Cbor &key) const {
  if (const Map *pairs = map())
    for (const auto &[name, value] : *pairs)
      if (name == key) return &value;
  return nullptr;
}

}  // namespace passkeyd::softkey
