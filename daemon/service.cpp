/// The Manager object: its table, and what each method takes from its message.
#include "daemon/service.h"

#include <algorithm>
#include <cerrno>

#include "common/log.h"
#include "daemon/administration.h"
#include "daemon/enrollment.h"
#include "daemon/errand.h"
#include "daemon/login.h"
#include "daemon/pin_change.h"
#include "daemon/reload.h"
#include "daemon/reply.h"
#include "daemon/request.h"
#include "daemon/transfer/export.h"
#include "daemon/transfer/import.h"

namespace passkeyd {

/// One Attempt object. Member order: the story goes first, then the face it speaks to.
struct Service::OneAttempt {
  OneAttempt(sd_event *loop, sd_bus *bus, const std::string &path, const Caller &caller,
             std::function<void()> gone)
      : person(caller.person), face(loop, bus, path, caller.bus_name, std::move(gone)) {}
  uid_t person;
  Face face;
  Task<void> story;
};

struct Service::Method {
  std::string_view name;
  MayCall may_call;
  Status (Service::*handler)(sd_bus_message *, const Caller &);
};

const Service::Method Service::kTable[] = {
    {"BeginLogin", MayCall::RootOrSelf, &Service::begin_login},
    {"BeginEnrollment", MayCall::Root, &Service::begin_enrollment},
    {"BeginPinChange", MayCall::RootOrSelf, &Service::begin_pin_change},
    {"ListCredentials", MayCall::RootOrSelf, &Service::list_credentials},
    {"CheckAccount", MayCall::RootOrSelf, &Service::check_account},
    {"NewBackupCodes", MayCall::Root, &Service::new_backup_codes},
    {"LockUser", MayCall::Root, &Service::lock_user},
    {"UnlockUser", MayCall::Root, &Service::unlock_user},
    {"Export", MayCall::Root, &Service::export_all},
    {"Import", MayCall::Root, &Service::import_all},
    {"GetPolicy", MayCall::Anyone, &Service::get_policy},
    {"GetStatus", MayCall::Anyone, &Service::get_status},
};

const sd_bus_vtable Service::kMethods[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD_WITH_NAMES("BeginLogin", "a{sv}", SD_BUS_PARAM(request), "o", SD_BUS_PARAM(attempt),
                             Service::dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_NAMES("BeginEnrollment", "a{sv}", SD_BUS_PARAM(request), "o", SD_BUS_PARAM(attempt),
                             Service::dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_NAMES("BeginPinChange", "a{sv}", SD_BUS_PARAM(request), "o", SD_BUS_PARAM(attempt),
                             Service::dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_NAMES("CheckAccount", "s", SD_BUS_PARAM(user), "a{sv}", SD_BUS_PARAM(standing),
                             Service::dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_NAMES("NewBackupCodes", "s", SD_BUS_PARAM(user), "hu",
                             SD_BUS_PARAM(codes) SD_BUS_PARAM(count), Service::dispatch,
                             SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_NAMES("LockUser", "sa{sv}", SD_BUS_PARAM(user) SD_BUS_PARAM(options), "",
                             SD_BUS_PARAM(), Service::dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_NAMES("UnlockUser", "s", SD_BUS_PARAM(user), "", SD_BUS_PARAM(), Service::dispatch,
                             SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_NAMES("ListCredentials", "s", SD_BUS_PARAM(user), "aa{sv}", SD_BUS_PARAM(credentials),
                             Service::dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_NAMES("Export", "", SD_BUS_PARAM(), "hs", SD_BUS_PARAM(file) SD_BUS_PARAM(signer),
                             Service::dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_NAMES("Import", "ha{sv}", SD_BUS_PARAM(file) SD_BUS_PARAM(options), "aa{sv}",
                             SD_BUS_PARAM(changes), Service::dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_NAMES("GetPolicy", "s", SD_BUS_PARAM(service), "aa{sv}", SD_BUS_PARAM(policy),
                             Service::dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_NAMES("GetStatus", "", SD_BUS_PARAM(), "a{sv}", SD_BUS_PARAM(status),
                             Service::dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END};

Service::Service(House &house) : house_(house) {}
Service::~Service() = default;

Status Service::publish() {
  sd_bus_slot *slot = nullptr;
  const int failed = sd_bus_add_object_vtable(house_.bus, &slot, bus::kPath, bus::kManager, kMethods, this);
  if (failed < 0) return errno_error("publish the manager", -failed);
  object_.reset(slot);
  return Ok{};
}

int Service::dispatch(sd_bus_message *call, void *self, sd_bus_error *) {
  const Status handled = static_cast<Service *>(self)->handle(call);
  if (!handled) return reply_error(call, handled.error());
  return 1;
}

Status Service::handle(sd_bus_message *call) {
  const Error refused{ErrorKind::NotAllowed, "You may not do this."};
  const std::string_view member = sd_bus_message_get_member(call);
  const auto row = std::find_if(std::begin(kTable), std::end(kTable),
                                [&](const Method &method) { return method.name == member; });
  if (row == std::end(kTable)) return refused;
  const Caller caller = TRY(caller_of(call));
  const bool allowed = row->may_call == MayCall::Anyone || row->may_call == MayCall::RootOrSelf ||
                       (row->may_call == MayCall::Root && caller.is_root());
  if (!allowed) return refused;
  return (this->*row->handler)(call, caller);
}

namespace {

/// A story that breaks off with an exception still ends well for whoever waits: not here, try another way.
Task<void> to_the_end(Face &face, Task<void> story) {
  bool broke = false;
  try {
    co_await story;
  } catch (const std::exception &error) {
    log_line(LogLevel::Error, std::string("an attempt broke off: ") + error.what());
    broke = true;
  }
  if (broke) face.finish(say_error(Step::Unavailable, {ErrorKind::Internal, ""}));
}

}  // namespace

Status Service::room_for(const Caller &caller) const {
  const auto under_way = [&](auto counts) {
    const auto attempts = std::count_if(attempts_.begin(), attempts_.end(),
                                        [&](const auto &each) { return counts(each.second->person); });
    const auto calls = std::count_if(calls_.begin(), calls_.end(), [&](const auto &each) {
      return !each.work.done() && counts(each.person);
    });
    return static_cast<std::size_t>(attempts + calls);
  };
  bool full = under_way([](uid_t) { return true; }) >= kMostAttempts;
  if (caller.person != 0)
    full = full || under_way([&](uid_t person) { return person == caller.person; }) >= kMostOfOneUser ||
           under_way([](uid_t person) { return person != 0; }) >= kMostOfUsers;
  if (full) return Error{ErrorKind::Busy, "Too many sign-ins are under way. Try again in a moment."};
  return Ok{};
}

Status Service::answer_later(const Caller &caller, Task<void> work) {
  std::erase_if(calls_, [](const OneCall &each) { return each.work.done(); });
  // Root's programs ask whether an account is locked before they let it in: those are never turned away. How
  // many there are at once is bounded by the ceremonies they need.
  if (!caller.is_root()) TRY(room_for(caller));
  calls_.push_back({caller.person, std::move(work)});
  calls_.back().work.start();
  return Ok{};
}

template <class Story>
Status Service::begin(sd_bus_message *call, const Caller &caller, Story story) {
  TRY(room_for(caller));
  const std::string path = std::string(bus::kPath) + "/attempt/" + std::to_string(next_number_++);
  auto attempt = std::make_unique<OneAttempt>(house_.loop, house_.bus, path, caller,
                                              [this, path] { attempts_.erase(path); });
  TRY(attempt->face.publish());
  attempt->story = to_the_end(attempt->face, story(attempt->face));
  OneAttempt &begun = *attempts_.emplace(path, std::move(attempt)).first->second;
  const int failed = sd_bus_reply_method_return(call, "o", path.c_str());
  if (failed < 0) {
    attempts_.erase(path);
    return errno_error("answer", -failed);
  }
  begun.story.start();
  return Ok{};
}

Status Service::begin_login(sd_bus_message *call, const Caller &caller) {
  LoginRequest request = TRY(read_login_request(call, caller));
  return begin(call, caller, [&](Face &face) { return tell_login(house_, face, std::move(request)); });
}

Status Service::begin_enrollment(sd_bus_message *call, const Caller &caller) {
  EnrollmentRequest request = TRY(read_enrollment_request(call, caller));
  return begin(call, caller, [&](Face &face) { return tell_enrollment(house_, face, std::move(request)); });
}

Status Service::begin_pin_change(sd_bus_message *call, const Caller &caller) {
  PinChangeRequest request = TRY(read_pin_change_request(call, caller));
  return begin(call, caller, [&](Face &face) { return tell_pin_change(house_, face, std::move(request)); });
}

Status Service::check_account(sd_bus_message *call, const Caller &caller) {
  return answer_later(caller, reply_later(keep(call), standing_of(house_, TRY(read_user(call)), caller)));
}

Status Service::new_backup_codes(sd_bus_message *call, const Caller &caller) {
  return answer_later(caller, reply_later(keep(call), new_codes(house_, TRY(read_user(call)), caller)));
}

Status Service::lock_user(sd_bus_message *call, const Caller &caller) {
  UserName user = TRY(read_user(call));
  LockOptions options = TRY(read_lock_options(call));
  return answer_later(caller, reply_later(keep(call), lock_account(house_, std::move(user), options.scope,
                                                                   std::move(options.reason), caller)));
}

Status Service::unlock_user(sd_bus_message *call, const Caller &caller) {
  return answer_later(caller, reply_later(keep(call), unlock_account(house_, TRY(read_user(call)), caller)));
}

Status Service::list_credentials(sd_bus_message *call, const Caller &caller) {
  const UserName user = TRY(read_user(call));
  Credentials stored = TRY(house_.ledger.credentials_of(user));
  log_problems(stored);
  // Others than root see what is theirs, by number; of everybody else's, not even whether there is any.
  if (!caller.is_root())
    std::erase_if(stored.rows, [&](const Credential &each) { return each.owner.uid != caller.uid; });
  return reply(call, stored.rows);
}

Status Service::export_all(sd_bus_message *call, const Caller &caller) {
  return answer_later(caller, reply_later(keep(call), export_everything(house_, caller)));
}

Status Service::import_all(sd_bus_message *call, const Caller &caller) {
  ImportOrder order = TRY(read_import_order(call));
  return answer_later(caller, reply_later(keep(call), import_everything(house_, std::move(order), caller)));
}

/// Names no account, so anyone may ask. The RP ID that counts is the ledger's, whatever the files say by now.
Status Service::get_policy(sd_bus_message *call, const Caller &) {
  const char *service = nullptr;
  if (sd_bus_message_read(call, "s", &service) < 0)
    return Error{ErrorKind::InvalidInput, "The PAM service is missing."};
  std::vector<PolicyLine> lines = house_.config.describe(service);
  for (PolicyLine &line : lines)
    if (line.key == "rp_id") line = {line.key, house_.rp_id.str(), "ledger"};
  return reply(call, lines);
}

/// Why a configuration was refused may quote it, and a file of root's may be closed to others.
Status Service::get_status(sd_bus_message *call, const Caller &caller) {
  const bool tell = caller.is_root() || house_.config_state == kConfigLoaded;
  const std::string state = tell ? house_.config_state : "refused";
  const int failed = sd_bus_reply_method_return(
      call, "a{sv}", 4, "version", "s", PASSKEYD_VERSION, "rp-id", "s", house_.rp_id.str().c_str(), "config",
      "s", state.c_str(), "attempts", "u", static_cast<std::uint32_t>(attempts_.size()));
  if (failed < 0) return errno_error("answer", -failed);
  return Ok{};
}

}  // namespace passkeyd
