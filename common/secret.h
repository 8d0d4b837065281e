/// Secret: a PIN, a backup code, an authorisation value. Cannot be copied or printed, wipes itself, and
/// travels between processes only as a sealed memory file.
#pragma once

#include <cstddef>
#include <string_view>

#include "common/bytes.h"
#include "common/handle.h"
#include "common/result.h"

namespace passkeyd {

class Secret {
 public:
  /// Longest secret anybody may hand us, in bytes. Longer ones are refused, not cut.
  static constexpr std::size_t kMaxBytes = 512;

  Secret() = default;
  /// Copies `bytes` in; wiping the source is its owner's work. At most kMaxBytes are kept: check first, or
  /// use parse.
  explicit Secret(ByteView bytes);
  Secret(Secret &&other) noexcept;
  Secret &operator=(Secret &&other) noexcept;
  Secret(const Secret &) = delete;
  Secret &operator=(const Secret &) = delete;
  ~Secret();

  /// Errors: InvalidInput for more than kMaxBytes or an embedded NUL.
  static Result<Secret> parse(std::string_view text);

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] ByteView bytes() const { return {bytes_, size_}; }
  [[nodiscard]] std::string_view text() const { return {reinterpret_cast<const char *>(bytes_), size_}; }
  /// NUL-terminated, for C libraries; valid as long as this object is.
  [[nodiscard]] const char *c_str() const { return reinterpret_cast<const char *>(bytes_); }

 private:
  void wipe();

  std::uint8_t bytes_[kMaxBytes + 1] = {};  // in place: nothing is left behind by a growing heap block
  std::size_t size_ = 0;
};

/// A new memory file with the secret in it, sealed against every change, offset 0, CLOEXEC. See
/// memfd_create(2).
Result<Fd> to_memfd(const Secret &secret);

/// Reads a secret from a memory file that somebody sent. Refuses (InvalidInput) what is no memory file sealed
/// against writing, shrinking and growing, and what is longer than kMaxBytes: an unsealed file could change
/// or vanish under the reader.
Result<Secret> from_memfd(const Fd &file);

}  // namespace passkeyd
