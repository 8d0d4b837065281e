/// SSH's wire format, read and written.
#include "ssh/wire.h"

namespace passkeyd::ssh {

std::optional<std::uint8_t> Reader::byte() {
  if (rest_.empty()) return std::nullopt;
  const std::uint8_t value = rest_.front();
  rest_ = rest_.subspan(1);
  return value;
}

std::optional<std::uint32_t> Reader::number() {
  if (rest_.size() < 4) return std::nullopt;
  std::uint32_t value = 0;
  for (std::size_t at = 0; at < 4; ++at) value = value << 8 | rest_[at];
  rest_ = rest_.subspan(4);
  return value;
}

std::optional<ByteView> Reader::string() {
  const ByteView before = rest_;
  const std::optional<std::uint32_t> size = number();
  if (!size || *size > rest_.size()) {
    rest_ = before;
    return std::nullopt;
  }
  const ByteView value = rest_.first(*size);
  rest_ = rest_.subspan(*size);
  return value;
}

std::optional<std::string_view> Reader::text() {
  const std::optional<ByteView> value = string();
  if (!value) return std::nullopt;
  return std::string_view(reinterpret_cast<const char *>(value->data()), value->size());
}

Writer &Writer::byte(std::uint8_t value) {
  bytes_.push_back(value);
  return *this;
}

Writer &Writer::number(std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes_.push_back(static_cast<std::uint8_t>(value >> shift));
  return *this;
}

Writer &Writer::string(ByteView value) {
  return number(static_cast<std::uint32_t>(value.size())).raw(value);
}

Writer &Writer::raw(ByteView value) {
  bytes_.insert(bytes_.end(), value.begin(), value.end());
  return *this;
}

}  // namespace passkeyd::ssh
