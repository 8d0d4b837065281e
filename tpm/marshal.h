/// Marshal: tpm2-tss's MU functions over our bytes. Reading stops at the first thing that does not fit, and
/// writing cannot overflow.
#pragma once

#include <tss2/tss2_mu.h>

#include <algorithm>

#include "common/bytes.h"
#include "common/result.h"

namespace passkeyd::tpm {

class Reader {
 public:
  explicit Reader(ByteView bytes) : bytes_(bytes) {}

  /// Errors: Malformed.
  template <class T>
  Result<T> take(TSS2_RC (*unmarshal)(const std::uint8_t *, std::size_t, std::size_t *, T *)) {
    T value = {};
    if (unmarshal(bytes_.data(), bytes_.size(), &at_, &value) != TSS2_RC_SUCCESS)
      return Error{ErrorKind::Malformed, "a TPM structure does not parse"};
    return value;
  }

  [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }
  [[nodiscard]] ByteView rest() const { return bytes_.subspan(at_); }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
};

class Writer {
 public:
  template <class T>
  Writer &add(T value, TSS2_RC (*marshal)(T, std::uint8_t *, std::size_t, std::size_t *)) {
    return run([&](std::uint8_t *to, std::size_t *at) { return marshal(value, to, kRoom, at); });
  }
  template <class T>
  Writer &add(const T &value, TSS2_RC (*marshal)(const T *, std::uint8_t *, std::size_t, std::size_t *)) {
    return run([&](std::uint8_t *to, std::size_t *at) { return marshal(&value, to, kRoom, at); });
  }
  Writer &add(ByteView raw) {
    bytes_.insert(bytes_.end(), raw.begin(), raw.end());
    return *this;
  }

  /// Errors: Malformed if anything added could not be marshalled.
  Result<Bytes> take() {
    if (failed_) return Error{ErrorKind::Malformed, "a TPM structure cannot be written"};
    return std::move(bytes_);
  }

 private:
  static constexpr std::size_t kRoom = 4096;  ///< more than any structure of a TPM

  template <class Marshal>
  Writer &run(Marshal marshal) {
    const std::size_t start = bytes_.size();
    bytes_.resize(start + kRoom);
    std::size_t written = 0;
    failed_ |= marshal(bytes_.data() + start, &written) != TSS2_RC_SUCCESS;
    bytes_.resize(start + (failed_ ? 0 : written));
    return *this;
  }

  Bytes bytes_;
  bool failed_ = false;
};

}  // namespace passkeyd::tpm
