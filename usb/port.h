/// Port: the wire to one key, under libfido2 and in place of its own (fido_dev_set_io_functions).
///
/// libfido2's transport waits 21 s for a key that another program has locked, mistakes the answer to another
/// program's INIT for a broken key, cannot say why a read failed, and can be interrupted only by a write from
/// another thread that may cut a message in two. Here one poll waits for the key, for the deadline and for
/// the word to stop; whatever ends a ceremony early, the key is told on the same thread, so that it stops
/// blinking.
#pragma once

#include <fido.h>

#include <chrono>
#include <optional>
#include <string>

#include "common/handle.h"
#include "common/result.h"
#include "usb/frame.h"
#include "usb/keys.h"

namespace passkeyd {

/// Opens a key's hidraw node, locked as libfido2 locks it (flock). Reads nothing of what the key says; never
/// waits. Errors: Busy if it is locked; NoDevice if it is gone, or another device has taken its place; Io.
Result<Fd> open_node(const KeyInfo &key);

class Port {
 public:
  using Clock = std::chrono::steady_clock;

  /// For an answer that needs no person.
  static constexpr std::chrono::milliseconds kAnswerTime{3'000};
  /// For everything a session does beside waiting for the person.
  static constexpr std::chrono::milliseconds kOverheadTime{10'000};
  /// For a key that was told to stop, to say that it has.
  static constexpr std::chrono::milliseconds kGraceTime{100};
  /// Most getNextAssertions of a session: libfido2 sends as many as the key says it has answers for.
  static constexpr std::size_t kMostFurther = 15;

  /// Hears what passes over the wire. Called on the thread that talks to the key.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void asked(Asks what) = 0;  ///< such a command is about to be sent
    virtual void touch_wanted() = 0;    ///< the key says that it waits for a touch
  };

  /// `node`: of open_node(). `person_time`: for all waits for a person together, from the first on.
  /// `stop_fd`: becomes readable when all this is to end; borrowed. `listener`: borrowed, or nullptr.
  Port(Fd node, std::chrono::milliseconds person_time, int stop_fd, Listener *listener);
  Port(const Port &) = delete;
  Port &operator=(const Port &) = delete;

  /// A device that talks through this port: FIDO_OK, or libfido2's status, with the reason in fault() where
  /// it is one of ours. The port must outlive it.
  int attach(fido_dev_t *device);

  /// Why the wire failed, if it was the wire: NoDevice, Busy, Timeout, Cancelled, Malformed, Io. The first
  /// reason stays.
  [[nodiscard]] const std::optional<Error> &fault() const { return fault_; }

 private:
  static void *hand_over(const char *path) noexcept;
  static void close(void *port) noexcept;
  static int read(void *port, unsigned char *into, std::size_t size, int ignored) noexcept;
  static int write(void *port, const unsigned char *report, std::size_t size) noexcept;

  bool wait_for_frame();
  bool begin(FrameView frame);
  void note(FrameView frame);
  void stop(ErrorKind kind, const char *why);
  void lose(int number);
  void fail(ErrorKind kind, const char *why);
  [[nodiscard]] bool stop_asked() const;
  bool put(FrameView frame);

  const std::chrono::milliseconds person_time_;
  const int stop_fd_;
  Listener *const listener_;

  Fd device_;
  std::optional<Error> fault_;
  bool stopping_ = false;         ///< the key was told to stop; what it still says is waited for, briefly
  std::size_t further_ = 0;       ///< getNextAssertions so far
  bool asked_something_ = false;  ///< a CBOR command is under way: there is something to cancel
  std::uint32_t channel_ = kBroadcast;
  Nonce nonce_{};                      ///< of our INIT: tells its answer from another program's
  const Clock::time_point last_call_;  ///< the whole session ends here
  std::optional<Clock::time_point> person_deadline_;
  Clock::time_point deadline_;
};

}  // namespace passkeyd
