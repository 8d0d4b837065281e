/// Ceremonies: the daemon's side of the short-lived processes that may block on a device. Starts them, queues
/// those that want a device in use, passes on what they say, and ends them: told first, killed soon after.
#pragma once

#include <chrono>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "daemon/ceremony/wire.h"
#include "daemon/mailbox.h"

namespace passkeyd {

/// What a story hears of a ceremony it started.
struct News {
  std::size_t from = 0;              ///< the number the story gave it
  std::optional<wire::Event> event;  ///< nullopt: the device is in use, the ceremony waits its turn
  std::vector<Fd> files = {};        ///< what came along, unread
};

/// True for the events after which a ceremony says nothing more.
bool is_last(const wire::Event &event);

/// One ceremony, as its story holds it. Destroying it cancels: the process is told, then killed.
class OngoingCeremony {
 public:
  virtual ~OngoingCeremony() = default;
};

class Ceremonies {
 public:
  /// Most ceremonies at once, running and waiting; one more is refused as Busy.
  static constexpr std::size_t kMost = 128;
  /// How long a ceremony that was told to end has before it is killed.
  static constexpr std::chrono::milliseconds kGrace{80};

  /// `program`: path of the ceremony executable.
  Ceremonies(sd_event *loop, std::string program);
  ~Ceremonies();
  Ceremonies(const Ceremonies &) = delete;
  Ceremonies &operator=(const Ceremonies &) = delete;

  /// Starts a ceremony, or lets it wait until `device` (a path, a TCTI string; empty: needs none) is free.
  /// `secrets` go to the process unread. All that happens is posted to `to`, which must outlive the returned
  /// object, marked with `number`; the last event always comes, at the latest `deadline` after its process
  /// began.
  std::unique_ptr<OngoingCeremony> start(wire::Request request, std::string device, std::vector<Fd> secrets,
                                         Mailbox<News> &to, std::size_t number,
                                         std::chrono::milliseconds deadline);

  /// Ceremonies running or waiting.
  [[nodiscard]] std::size_t count() const;
  /// Those of them that were killed and have not ended: their device keeps them in the kernel.
  [[nodiscard]] std::size_t overdue() const;

 private:
  class Process;
  class Handle;

  bool launch(Handle &handle);
  void ended(Process &process);
  void start_next(const std::string &device);

  sd_event *loop_;
  std::string program_;
  std::list<std::unique_ptr<Process>> running_;
  std::list<Handle *> waiting_;  ///< in the order they came
};

}  // namespace passkeyd
