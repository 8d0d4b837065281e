/// TransferSlot: only so many exports and imports at once, for each holds a file's worth of memory.
#pragma once

#include <cstddef>

#include "common/error.h"

namespace passkeyd::transfer {

class TransferSlot {
 public:
  static constexpr std::size_t kMost = 2;

  /// `under_way` must outlive this object.
  explicit TransferSlot(std::size_t &under_way) : under_way_(under_way), got_(under_way < kMost) {
    if (got_) ++under_way_;
  }
  TransferSlot(const TransferSlot &) = delete;
  TransferSlot &operator=(const TransferSlot &) = delete;
  ~TransferSlot() {
    if (got_) --under_way_;
  }

  explicit operator bool() const { return got_; }
  static Error refusal() {
    return {ErrorKind::Busy, "Other exports or imports are under way. Try again in a moment."};
  }

 private:
  std::size_t &under_way_;
  bool got_;
};

}  // namespace passkeyd::transfer
