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
#include "daemon/task.h"

namespace passkeyd {

class Service {
 public:
  /// Most attempts and calls at once; of all people who are not root, through whatever program, so that sudo
  /// and login find room whatever they do; and of one of them.
  static constexpr std::size_t kMostAttempts = 256;
  static constexpr std::size_t kMostOfUsers = 192;
  static constexpr std::size_t kMostOfOneUser = 8;

  explicit Service(House &house);
  ~Service();
  Service(const Service &) = delete;
  Service &operator=(const Service &) = delete;

  /// Puts the Manager on the bus. Errors: Internal.
  Status publish();

 private:
  struct OneAttempt;
  struct OneCall;
  struct Method;
  static const Method kTable[];

  static int dispatch(sd_bus_message *call, void *self, sd_bus_error *error);
  static int on_vanished(sd_bus_track *track, void *one_call);
  Status handle(sd_bus_message *call);

  Status begin_login(sd_bus_message *call, const Caller &caller);
  Status begin_enrollment(sd_bus_message *call, const Caller &caller);
  Status begin_pin_change(sd_bus_message *call, const Caller &caller);
  Status begin_guest_enrollment(sd_bus_message *call, const Caller &caller);
  Status begin_guest_assertion(sd_bus_message *call, const Caller &caller);

  /// Makes the Attempt object, lets `story` begin on it and answers `call` with its path.
  template <class Story>
  Status begin(sd_bus_message *call, const Caller &caller, Story story);
  /// Lets the row's function answer, which may take its time. A caller that waits for the answer and goes
  /// away has taken the call back. Errors: Busy.
  Status answer(const Method &row, Call call);
  /// Nobody keeps more than their share under way. Errors: Busy.
  [[nodiscard]] Status room_for(const Caller &caller) const;

  House &house_;
  std::uint64_t next_number_ = 1;
  std::map<std::string, std::unique_ptr<OneAttempt>> attempts_;
  std::list<OneCall> calls_;            ///< those that are done go with the next that comes
  std::vector<sd_bus_vtable> methods_;  ///< the table, as sd-bus wants it
  BusSlot object_;
};

}  // namespace passkeyd
