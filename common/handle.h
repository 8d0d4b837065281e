/// Handle and Fd: C resources that look like values. One line a library: `using Key = Handle<fido_dev_t,
/// close_key>;`
#pragma once

#include <unistd.h>

#include <memory>
#include <utility>

namespace passkeyd {

template <class T, void (*release)(T *)>
struct Releaser {
  void operator()(T *held) const { release(held); }
};

/// Owns a T* and gives it back through `release`, which takes a T* (wrap libraries that want a T**).
template <class T, void (*release)(T *)>
using Handle = std::unique_ptr<T, Releaser<T, release>>;

/// Owns a file descriptor. Empty is -1.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) : number_(number) {}
  Fd(Fd &&other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd &operator=(Fd &&other) noexcept {
    if (this != &other) reset(std::exchange(other.number_, -1));
    return *this;
  }
  Fd(const Fd &) = delete;
  Fd &operator=(const Fd &) = delete;
  ~Fd() { reset(); }

  [[nodiscard]] int get() const { return number_; }
  [[nodiscard]] int release() { return std::exchange(number_, -1); }
  explicit operator bool() const { return number_ >= 0; }

  void reset(int number = -1) {
    if (number_ >= 0) ::close(number_);
    number_ = number;
  }

 private:
  int number_ = -1;
};

}  // namespace passkeyd
