/// CBOR, item by item, on libcbor's streaming decoder and encoder. Nothing is allocated or recursed into on
/// the word of the input; what CTAP2 canonical CBOR forbids or WebAuthn never uses (indefinite lengths, tags,
/// floats) is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/bytes.h"

namespace passkeyd::cbor {

/// Takes items off the front of borrowed bytes. Each call says what it expects: nullopt means that something
/// else is there, or nothing, and leaves the reader where it was.
class Reader {
 public:
  /// How deep any_item() follows arrays and maps.
  static constexpr std::size_t kMaxDepth = 4;

  /// `bytes` must outlive the reader and what it returns.
  explicit Reader(ByteView bytes) : rest_(bytes) {}

  std::optional<std::int64_t> integer();
  std::optional<ByteView> byte_string();
  std::optional<std::string_view> text();
  std::optional<bool> boolean();
  /// The number of elements that follow; never more than the bytes left could hold.
  std::optional<std::size_t> array();
  /// The number of pairs that follow; never more than the bytes left could hold.
  std::optional<std::size_t> map();

  /// Takes one whole item of any kind; its encoded bytes. nullopt: malformed, or deeper than kMaxDepth.
  std::optional<ByteView> any_item();

  [[nodiscard]] ByteView rest() const { return rest_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  ByteView rest_;
};

/// Appends items in CTAP2 canonical form; the order of map keys is the caller's.
class Writer {
 public:
  Writer &integer(std::int64_t value);
  Writer &byte_string(ByteView value);
  Writer &text(std::string_view value);
  Writer &array(std::size_t elements);
  Writer &map(std::size_t pairs);

  [[nodiscard]] Bytes take() { return std::move(bytes_); }

 private:
  using Encode = std::size_t (*)(std::uint64_t, unsigned char *, std::size_t);
  void head(Encode encode, std::uint64_t value);

  Bytes bytes_;
};

}  // namespace passkeyd::cbor
