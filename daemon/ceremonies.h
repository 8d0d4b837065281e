/// Ceremonies: the daemon's side of the short-lived processes that may block on a device. Starts them, lets
/// wait those for which there is no room yet or whose device is in use, passes on what they say, and ends
/// them: told first, killed soon after.
#pragma once

#include <chrono>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "daemon/ceremony/wire.h"
#include "daemon/mailbox.h"
#include "daemon/shares.h"

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
  /// Most processes at once. Each takes 10 MB, and one that hashes a backup code 16 MB more, of the gigabyte
  /// that the unit has (MemoryMax= in passkeyd.service).
  static constexpr std::size_t kMostRunning = 32;
  /// Of those, most that began at one door, so that 4 are left for root's own programs; and most of one
  /// person, for whom as many keys blink at once.
  static constexpr std::size_t kMostOfNetwork = 8;
  static constexpr std::size_t kMostOfPeople = 10;
  static constexpr std::size_t kMostOfOnePerson = 8;
  /// Processes that were killed and have not ended are not counted above, up to this number in all.
  static constexpr std::size_t kMostOverdue = 96;
  /// Most that wait, of one door; one more is refused as Busy.
  static constexpr std::size_t kMostWaiting = 1024;
  /// How long one waits for its turn among all. A face waits 90 seconds for a step (client/dialogue.h).
  static constexpr std::chrono::seconds kTurn{60};
  /// How long a ceremony that was told to end has before it is killed.
  static constexpr std::chrono::milliseconds kGrace{80};
  /// How long the daemon, when it ends, waits for those that run. The kernel ends with it what is left then.
  static constexpr std::chrono::milliseconds kFarewell{1000};

  /// `program`: path of the ceremony executable.
  Ceremonies(sd_event *loop, std::string program);
  /// Tells those that run to end, and waits for it: a key must not go on blinking for nobody.
  ~Ceremonies();
  Ceremonies(const Ceremonies &) = delete;
  Ceremonies &operator=(const Ceremonies &) = delete;

  /// Starts a ceremony, or lets it wait until there is room for it and `device` (a path, a TCTI string;
  /// empty: needs none) is free. It counts for whomever the loop works for (daemon/on_behalf.h): of those
  /// that could start, the one goes first whose owner has fewest running, then the one that came first.
  /// `secrets` go to the process unread. All that happens is posted to `to`, which must outlive the returned
  /// object, marked with `number`; the last event always comes, at the latest `deadline` after its process
  /// began, which it does within `deadline` or kTurn, or never.
  std::unique_ptr<OngoingCeremony> start(wire::Request request, std::string device, std::vector<Fd> secrets,
                                         Mailbox<News> &to, std::size_t number,
                                         std::chrono::milliseconds deadline);

  /// Ceremonies running or waiting.
  [[nodiscard]] std::size_t count() const;
  [[nodiscard]] std::size_t running() const { return running_.size(); }
  /// Those of them that were killed and have not ended: their device keeps them in the kernel.
  [[nodiscard]] std::size_t overdue() const;

 private:
  class Process;
  class Handle;

  bool launch(Handle &handle);
  void ended(Process &process);
  void start_waiting();
  /// The process that has the device; nullptr: it is free.
  [[nodiscard]] const Process *user_of(const std::string &device) const;
  [[nodiscard]] bool has_room_for(const Share &share) const;
  [[nodiscard]] std::size_t running_of(const Share &share) const;
  [[nodiscard]] std::size_t waiting_at(Door door) const;

  sd_event *loop_;
  std::string program_;
  std::list<std::unique_ptr<Process>> running_;
  std::list<Handle *> waiting_;  ///< in the order they came
};

}  // namespace passkeyd
