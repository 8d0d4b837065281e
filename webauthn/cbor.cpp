/// One item at a time: libcbor's stateless decoder reports an item to a callback, which notes it down.
#include "webauthn/cbor.h"

#include <cbor.h>

#include <array>
#include <limits>

namespace passkeyd::cbor {
namespace {

enum class Kind { Other, Unsigned, Negative, ByteString, Text, Array, Map, Boolean, Null };

struct Item {
  Kind kind = Kind::Other;
  std::uint64_t number = 0;  ///< value, or number of elements; for Negative the value is -1 - number
  ByteView content;          ///< of strings
  std::size_t size = 0;      ///< encoded bytes, without the elements of arrays and maps
};

template <Kind kind, class Number>
void note_number(void *item, Number value) {
  *static_cast<Item *>(item) = Item{kind, value, {}, 0};
}

template <Kind kind>
void note_string(void *item, cbor_data data, std::size_t length) {
  *static_cast<Item *>(item) = Item{kind, 0, {data, length}, 0};
}

void note_null(void *item) {
  *static_cast<Item *>(item) = Item{Kind::Null, 0, {}, 0};
}

/// What is not named here stays Kind::Other.
cbor_callbacks noting_callbacks() {
  cbor_callbacks callbacks = cbor_empty_callbacks;
  callbacks.uint8 = note_number<Kind::Unsigned, std::uint8_t>;
  callbacks.uint16 = note_number<Kind::Unsigned, std::uint16_t>;
  callbacks.uint32 = note_number<Kind::Unsigned, std::uint32_t>;
  callbacks.uint64 = note_number<Kind::Unsigned, std::uint64_t>;
  callbacks.negint8 = note_number<Kind::Negative, std::uint8_t>;
  callbacks.negint16 = note_number<Kind::Negative, std::uint16_t>;
  callbacks.negint32 = note_number<Kind::Negative, std::uint32_t>;
  callbacks.negint64 = note_number<Kind::Negative, std::uint64_t>;
  callbacks.byte_string = note_string<Kind::ByteString>;
  callbacks.string = note_string<Kind::Text>;
  callbacks.array_start = note_number<Kind::Array, std::size_t>;
  callbacks.map_start = note_number<Kind::Map, std::size_t>;
  callbacks.boolean = note_number<Kind::Boolean, bool>;
  callbacks.null = note_null;
  return callbacks;
}

/// The item at the front of `bytes`; nullopt if there is none that we read.
std::optional<Item> item_at(ByteView bytes) {
  static const cbor_callbacks callbacks = noting_callbacks();
  Item item;
  const cbor_decoder_result result = cbor_stream_decode(bytes.data(), bytes.size(), &callbacks, &item);
  if (result.status != CBOR_DECODER_FINISHED || item.kind == Kind::Other) return std::nullopt;
  item.size = result.read;
  const std::size_t left = bytes.size() - item.size;
  if (item.kind == Kind::Array && item.number > left) return std::nullopt;
  if (item.kind == Kind::Map && item.number > left / 2) return std::nullopt;
  return item;
}

/// The item at the front of `rest`, taken off it, if it is of this kind.
std::optional<Item> take(Kind kind, ByteView &rest) {
  const std::optional<Item> item = item_at(rest);
  if (!item || item->kind != kind) return std::nullopt;
  rest = rest.subspan(item->size);
  return item;
}

}  // namespace

std::optional<std::int64_t> Reader::integer() {
  const std::optional<Item> item = item_at(rest_);
  if (!item || (item->kind != Kind::Unsigned && item->kind != Kind::Negative)) return std::nullopt;
  if (item->number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return std::nullopt;
  rest_ = rest_.subspan(item->size);
  const auto number = static_cast<std::int64_t>(item->number);
  return item->kind == Kind::Negative ? -1 - number : number;
}

std::optional<ByteView> Reader::byte_string() {
  const std::optional<Item> item = take(Kind::ByteString, rest_);
  if (!item) return std::nullopt;
  return item->content;
}

std::optional<std::string_view> Reader::text() {
  const std::optional<Item> item = take(Kind::Text, rest_);
  if (!item) return std::nullopt;
  return std::string_view(reinterpret_cast<const char *>(item->content.data()), item->content.size());
}

std::optional<bool> Reader::boolean() {
  const std::optional<Item> item = take(Kind::Boolean, rest_);
  if (!item) return std::nullopt;
  return item->number != 0;
}

std::optional<std::size_t> Reader::array() {
  const std::optional<Item> item = take(Kind::Array, rest_);
  if (!item) return std::nullopt;
  return item->number;
}

std::optional<std::size_t> Reader::map() {
  const std::optional<Item> item = take(Kind::Map, rest_);
  if (!item) return std::nullopt;
  return item->number;
}

std::optional<ByteView> Reader::any_item() {
  ByteView ahead = rest_;
  std::array<std::uint64_t, kMaxDepth + 1> open{1};  // items still to come, for each level
  std::size_t level = 0;
  while (true) {
    while (open[level] == 0) {
      if (level == 0) {
        const ByteView whole = rest_.first(rest_.size() - ahead.size());
        rest_ = ahead;
        return whole;
      }
      --level;
    }
    const std::optional<Item> item = item_at(ahead);
    if (!item) return std::nullopt;
    ahead = ahead.subspan(item->size);
    --open[level];
    if (item->kind != Kind::Array && item->kind != Kind::Map) continue;
    if (level == kMaxDepth) return std::nullopt;
    open[++level] = item->kind == Kind::Map ? item->number * 2 : item->number;
  }
}

void Writer::head(Encode encode, std::uint64_t value) {
  std::array<unsigned char, 9> buffer{};  // the longest head: one byte and a 64-bit number
  const std::size_t size = encode(value, buffer.data(), buffer.size());
  bytes_.insert(bytes_.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
}

Writer &Writer::integer(std::int64_t value) {
  if (value >= 0)
    head(cbor_encode_uint, static_cast<std::uint64_t>(value));
  else
    head(cbor_encode_negint, static_cast<std::uint64_t>(-1 - value));
  return *this;
}

Writer &Writer::byte_string(ByteView value) {
  head(cbor_encode_bytestring_start, value.size());
  bytes_.insert(bytes_.end(), value.begin(), value.end());
  return *this;
}

Writer &Writer::text(std::string_view value) {
  head(cbor_encode_string_start, value.size());
  bytes_.insert(bytes_.end(), value.begin(), value.end());
  return *this;
}

Writer &Writer::array(std::size_t elements) {
  head(cbor_encode_array_start, elements);
  return *this;
}

Writer &Writer::map(std::size_t pairs) {
  head(cbor_encode_map_start, pairs);
  return *this;
}

}  // namespace passkeyd::cbor
