/// Output: standard output for what shall leave no copy behind. Stdio would keep one in its buffer.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "common/result.h"

namespace passkeyd::cli {

class Output {
 public:
  /// What stdio still holds goes out first, to keep the order.
  Output();
  ~Output();
  Output(const Output &) = delete;
  Output &operator=(const Output &) = delete;

  void put(std::string_view text);

  /// Writes what is left. Errors: Io if anything of it all could not be written.
  Status finish();

  /// True if a person reads it as it comes.
  [[nodiscard]] static bool is_terminal();
  /// Columns of that terminal; 0: not known, or none.
  [[nodiscard]] static std::size_t columns();

 private:
  void flush();

  std::array<char, 4096> waiting_ = {};  ///< wiped as soon as it is out
  std::size_t size_ = 0;
  int problem_ = 0;  ///< errno of the first failure
};

}  // namespace passkeyd::cli
