/// Service: the Manager object on the bus. One table says which methods there are and who may call each; a
/// method without a row is refused, and so is a caller the row does not name.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>

#include "daemon/bus.h"
#include "daemon/caller.h"
#include "daemon/house.h"
#include "daemon/task.h"

namespace passkeyd {

/// Who may call a method. What the caller alone decides is checked before the handler runs; what depends on
/// the account asked about, by the handler.
enum class MayCall {
  Nobody,
  Root,
  RootOrSelf,  ///< the handler lets others than root see and do only what belongs to their own uid
  Anyone,      ///< says nothing about any account
};

class Service {
 public:
  /// Most attempts at once; of all people who are not root, through whatever program, so that sudo and login
  /// find room whatever they do; and of one of them.
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
  struct Method;
  /// A call whose answer takes its time.
  struct OneCall {
    uid_t person;
    Task<void> work;
  };
  static const Method kTable[];
  static const sd_bus_vtable kMethods[];

  static int dispatch(sd_bus_message *call, void *self, sd_bus_error *error);
  Status handle(sd_bus_message *call);

  Status begin_login(sd_bus_message *call, const Caller &caller);
  Status begin_enrollment(sd_bus_message *call, const Caller &caller);
  Status begin_pin_change(sd_bus_message *call, const Caller &caller);
  Status list_credentials(sd_bus_message *call, const Caller &caller);
  Status check_account(sd_bus_message *call, const Caller &caller);
  Status new_backup_codes(sd_bus_message *call, const Caller &caller);
  Status lock_user(sd_bus_message *call, const Caller &caller);
  Status unlock_user(sd_bus_message *call, const Caller &caller);
  Status export_all(sd_bus_message *call, const Caller &caller);
  Status import_all(sd_bus_message *call, const Caller &caller);
  Status get_policy(sd_bus_message *call, const Caller &caller);
  Status get_status(sd_bus_message *call, const Caller &caller);

  /// Makes the Attempt object, lets `story` begin on it and answers `call` with its path.
  template <class Story>
  Status begin(sd_bus_message *call, const Caller &caller, Story story);
  /// Answers `call` when `work` is done. Errors: Busy.
  Status answer_later(const Caller &caller, Task<void> work);
  /// Nobody keeps more than their share under way. Errors: Busy.
  [[nodiscard]] Status room_for(const Caller &caller) const;

  House &house_;
  std::uint64_t next_number_ = 1;
  std::map<std::string, std::unique_ptr<OneAttempt>> attempts_;
  std::list<OneCall> calls_;  ///< those that are done go with the next that comes
  BusSlot object_;
};

}  // namespace passkeyd
