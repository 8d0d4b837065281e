/// Service: the Manager object on the bus. One table says which methods there are, what deed each is, and who
/// answers; what has no row is refused.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/admission.h"
#include "daemon/bus.h"
#include "daemon/caller.h"
#include "daemon/house.h"
#include "daemon/shares.h"
#include "daemon/task.h"
#include "daemon/waiting_room.h"

namespace passkeyd {

class Service {
 public:
  explicit Service(House &house);
  ~Service();
  Service(const Service &) = delete;
  Service &operator=(const Service &) = delete;

  /// Puts the Manager on the bus. Errors: Internal.
  Status publish();

  /// How many calls have come, answered or not.
  [[nodiscard]] std::uint64_t calls() const { return calls_so_far_; }
  /// True while somebody signs in, or waits for an answer or for room.
  [[nodiscard]] bool is_busy() const;

 private:
  struct OneAttempt;
  struct OneCall;
  struct Method;
  static const Method kTable[];

  static int dispatch(sd_bus_message *call, void *self, sd_bus_error *error);
  /// Has a call stood in the waiting room already?
  enum class Waited { Yes, No };
  Status handle(sd_bus_message *call, Waited waited);
  void enter(sd_bus_message *call);

  Status begin_login(sd_bus_message *call, const Caller &caller, Waited waited);
  /// What `read` finds in the call, as `tell` tells it, out of the caller's own share.
  template <auto read, auto tell>
  Status begin_own(sd_bus_message *call, const Caller &caller, Waited waited);

  /// Makes the Attempt object, lets `story` begin on it and answers `call` with its path; or lets the call
  /// wait until there is room.
  template <class Story>
  Status begin(sd_bus_message *call, const Caller &caller, Share share, Waited waited, Story story);
  /// Lets the row's function answer, which may take its time. A caller that waits for the answer and goes
  /// away has taken the call back. Errors: Busy.
  Status answer(const Method &row, Call call);

  /// Is there room for one more, perhaps because another made way?
  bool has_room(const Share &share);
  /// True: there is room for one more. False: the call waits for it, and is handled again then. Errors: Busy.
  Result<bool> find_room(sd_bus_message *call, const Share &share, Waited waited);
  /// Ends the sign-in that has to make way for one of `newcomer`'s, if there is one.
  bool make_way(const Share &newcomer);
  /// A connection that holds a sign-in already would wait for itself.
  [[nodiscard]] bool holds_some(const std::string &bus_name) const;

  House &house_;
  WaitingRoom waiting_;
  Shares shares_;
  std::uint64_t next_number_ = 1;
  std::uint64_t calls_so_far_ = 0;
  std::map<std::uint64_t, std::unique_ptr<OneAttempt>> attempts_;  ///< by number: the oldest first
  std::list<OneCall> calls_;            ///< those that are done go with the next that comes
  std::vector<sd_bus_vtable> methods_;  ///< the table, as sd-bus wants it
  BusSlot object_;
};

}  // namespace passkeyd
