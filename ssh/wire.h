/// SSH's wire format (RFC 4251, section 5): numbers big-endian, strings with their length before them. Takes
/// and puts items; knows nothing of what they mean.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/bytes.h"

namespace passkeyd::ssh {

/// Takes items off the front of borrowed bytes. nullopt: they are not there, and the reader stays where it
/// was.
class Reader {
 public:
  /// `bytes` must outlive the reader and what it returns.
  explicit Reader(ByteView bytes) : rest_(bytes) {}

  std::optional<std::uint8_t> byte();
  std::optional<std::uint32_t> number();
  std::optional<ByteView> string();
  /// A string as text; any bytes.
  std::optional<std::string_view> text();

  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  ByteView rest_;
};

/// Appends items.
class Writer {
 public:
  Writer &byte(std::uint8_t value);
  Writer &number(std::uint32_t value);
  Writer &string(ByteView value);
  Writer &text(std::string_view value) { return string(bytes_of(value)); }
  /// Bytes as they are, without a length.
  Writer &raw(ByteView value);

  [[nodiscard]] Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

}  // namespace passkeyd::ssh
