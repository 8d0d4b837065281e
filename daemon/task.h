/// Task<T>: a story told as one function although it waits in between. A C++20 coroutine that starts when
/// awaited (or by start()), runs only on the event loop's one thread, and whose frame, with everything in it,
/// is destroyed with the Task: dropping a story cancels it.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace passkeyd {

namespace detail_of_task {

/// Hands control back to whoever awaited the task that just ended.
struct ReturnToParent {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
    const std::coroutine_handle<> parent = ended.promise().parent;
    if (parent) return parent;
    return std::noop_coroutine();
  }
  void await_resume() const noexcept {}
};

struct PromiseBase {
  std::coroutine_handle<> parent;
  std::exception_ptr thrown;

  std::suspend_always initial_suspend() noexcept { return {}; }
  ReturnToParent final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { thrown = std::current_exception(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  template <class U>
  void return_value(U &&given) {
    value.emplace(std::forward<U>(given));
  }
  T take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseBase {
  void return_void() noexcept {}
  void take() noexcept {}
};

}  // namespace detail_of_task

template <class T>
class [[nodiscard]] Task {
 public:
  struct promise_type : detail_of_task::Promise<T> {
    Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
  };

  Task() = default;
  Task(Task &&other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  Task &operator=(Task &&other) noexcept {
    if (this != &other) {
      if (frame_) frame_.destroy();
      frame_ = std::exchange(other.frame_, nullptr);
    }
    return *this;
  }
  Task(const Task &) = delete;
  Task &operator=(const Task &) = delete;
  ~Task() {
    if (frame_) frame_.destroy();
  }

  /// Begins a task that nobody awaits; runs until its first wait. An exception that leaves it stays in it.
  void start() { frame_.resume(); }
  [[nodiscard]] bool done() const { return !frame_ || frame_.done(); }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> parent) noexcept {
    frame_.promise().parent = parent;
    return frame_;
  }
  T await_resume() {
    if (frame_.promise().thrown) std::rethrow_exception(frame_.promise().thrown);
    return frame_.promise().take();
  }

 private:
  explicit Task(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
  std::coroutine_handle<promise_type> frame_;
};

}  // namespace passkeyd
