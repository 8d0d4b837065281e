/// Result<T>: a value, or the Error that stands in its place. TRY unwraps one or returns the error to the
/// caller.
#pragma once

#include <type_traits>
#include <utility>
#include <variant>

#include "common/error.h"

namespace passkeyd {

/// What a Result<Ok> carries when there is nothing to carry.
struct Ok {};

template <class T>
class [[nodiscard]] Result {
 public:
  using Value = T;

  Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit on purpose
  Result(Error error) : held_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit on purpose

  [[nodiscard]] explicit operator bool() const { return held_.index() == 0; }

  /// The value. Only after a check: a Result without one throws std::bad_variant_access.
  [[nodiscard]] T &value() & { return std::get<0>(held_); }
  [[nodiscard]] const T &value() const & { return std::get<0>(held_); }
  [[nodiscard]] T &&value() && { return std::get<0>(std::move(held_)); }
  T *operator->() { return &value(); }
  const T *operator->() const { return &value(); }

  /// The error. Only after a check.
  [[nodiscard]] const Error &error() const & { return std::get<1>(held_); }
  [[nodiscard]] Error &&error() && { return std::get<1>(std::move(held_)); }

 private:
  std::variant<T, Error> held_;
};

using Status = Result<Ok>;

}  // namespace passkeyd

/// The value of a Result, or: return its error from this function. Not within a braced initializer beside other
/// members: g++ 12 does not destroy those when the statement expression returns.
#define TRY(expression)                                    \
  __extension__({                                          \
    auto try_result = (expression);                        \
    if (!try_result) return std::move(try_result).error(); \
    std::move(try_result).value();                         \
  })
