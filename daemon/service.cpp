/// The Manager object: its table, and everybody's share of it.
#include "daemon/service.h"

#include <algorithm>
#include <cerrno>

#include "common/log.h"
#include "daemon/administration.h"
#include "daemon/answer.h"
#include "daemon/audit_reader.h"
#include "daemon/enrollment.h"
#include "daemon/guest_keys.h"
#include "daemon/guest_listing.h"
#include "daemon/guest_request.h"
#include "daemon/health.h"
#include "daemon/login.h"
#include "daemon/metadata_import.h"
#include "daemon/passkeys.h"
#include "daemon/people.h"
#include "daemon/pin_change.h"
#include "daemon/request.h"
#include "daemon/revocation.h"
#include "daemon/status.h"
#include "daemon/transfer/export.h"
#include "daemon/transfer/import.h"

namespace passkeyd {

/// One Attempt object. Member order: the story goes first, then the face it speaks to.
struct Service::OneAttempt {
  OneAttempt(House &of, const std::string &path, const Caller &caller, std::function<void()> gone)
      : house(of), person(caller.person), face(of.loop, of.bus, path, caller.bus_name, std::move(gone)) {
    ++house.attempts;
  }
  ~OneAttempt() { --house.attempts; }
  OneAttempt(const OneAttempt &) = delete;
  OneAttempt &operator=(const OneAttempt &) = delete;
  House &house;
  uid_t person;
  Face face;
  Task<void> story;
};

/// A call whose answer takes its time.
struct Service::OneCall {
  Service *service;
  uid_t person;
  Task<void> work = {};
  BusTrack caller = {};  ///< goes first: nobody hears of a call that is being ended
};

/// A row: what is called, what it is in the eyes of the authority, and who answers: `answer` does, with what
/// its admission lets it do; or `begin` makes an Attempt, whose story asks for admission itself.
struct Service::Method {
  const char *name;
  const char *in;
  const char *out;
  const char *parameters;  ///< names of those that go in, then of those that come out
  Deed deed;
  Task<Status> (*answer)(House &, Call);
  Status (Service::*begin)(sd_bus_message *, const Caller &) = nullptr;
};

#define NAMED SD_BUS_PARAM  // each ends with a zero
const Service::Method Service::kTable[] = {
    {"BeginLogin", "a{sv}", "o", NAMED(request) NAMED(attempt), Deed::Nothing, nullptr,
     &Service::begin_login},
    {"BeginEnrollment", "a{sv}", "o", NAMED(request) NAMED(attempt), Deed::Enroll, nullptr,
     &Service::begin_enrollment},
    {"BeginPinChange", "a{sv}", "o", NAMED(request) NAMED(attempt), Deed::Nothing, nullptr,
     &Service::begin_pin_change},
    {"BeginGuestEnrollment", "a{sv}", "o", NAMED(request) NAMED(attempt), Deed::Nothing, nullptr,
     &Service::begin_guest_enrollment},
    {"BeginGuestAssertion", "a{sv}", "o", NAMED(request) NAMED(attempt), Deed::Nothing, nullptr,
     &Service::begin_guest_assertion},
    {"ListGuestKeys", "s", "aa{sv}", NAMED(user) NAMED(keys), Deed::Read, list_guest_keys},
    {"RemoveGuestKey", "ss", "", NAMED(user) NAMED(id), Deed::Revoke, remove_guest_key},
    {"ListCredentials", "s", "aa{sv}", NAMED(user) NAMED(credentials), Deed::Read, list_credentials},
    {"ListAllCredentials", "", "aa{sv}", NAMED(credentials), Deed::Read, list_all_credentials},
    {"RenameCredential", "sss", "", NAMED(user) NAMED(id) NAMED(name), Deed::Rename, rename_credential},
    {"RevokeCredential", "ssa{sv}", "", NAMED(user) NAMED(id) NAMED(options), Deed::Revoke,
     revoke_credential},
    {"RevokeAll", "sa{sv}", "u", NAMED(user) NAMED(options) NAMED(count), Deed::Revoke, revoke_all},
    {"RevokeMatching", "a{sv}", "aa{sv}", NAMED(which) NAMED(credentials), Deed::Revoke, revoke_matching},
    {"ResumeCredential", "ssa{sv}", "", NAMED(user) NAMED(id) NAMED(options), Deed::Resume,
     resume_credential},
    {"CheckAccount", "s", "a{sv}", NAMED(user) NAMED(standing), Deed::Read, check_account},
    {"NewBackupCodes", "s", "hu", NAMED(user) NAMED(codes) NAMED(count), Deed::NewCodes, new_backup_codes},
    {"LockUser", "sa{sv}", "", NAMED(user) NAMED(options), Deed::Lock, lock_user},
    {"UnlockUser", "s", "", NAMED(user), Deed::Unlock, unlock_user},
    {"ResetLimits", "s", "", NAMED(user), Deed::ResetLimits, reset_limits},
    {"GetPeople", "", "aa{sv}", NAMED(accounts), Deed::Read, get_people},
    {"GetHealth", "", "aa{sv}", NAMED(findings), Deed::Examine, answer_for_all<examine>},
    {"ImportMetadata", "h", "a{sv}", NAMED(file) NAMED(summary), Deed::ImportMetadata,
     answer_for_all<read_file, import_metadata>},
    {"GetAudit", "a{sv}", "aa{sv}", NAMED(query) NAMED(records), Deed::ReadAudit, get_audit},
    {"VerifyAudit", "", "a{sv}", NAMED(chain), Deed::ReadAudit, answer_for_all<verify_audit>},
    {"Export", "", "hs", NAMED(file) NAMED(signer), Deed::Export, answer_for_all<export_everything>},
    {"Import", "ha{sv}", "aa{sv}", NAMED(file) NAMED(options) NAMED(changes), Deed::Import,
     answer_for_all<read_import_order, import_everything>},
    // These say nothing of any account, and ask nobody.
    {"GetPolicy", "s", "aa{sv}", NAMED(service) NAMED(lines), Deed::Nothing, get_policy},
    {"GetStatus", "", "a{sv}", NAMED(status), Deed::Nothing, get_status},
};
#undef NAMED

Service::Service(House &house) : house_(house) {
  const auto add = [&](sd_bus_vtable entry) { methods_.push_back(entry); };
  add(SD_BUS_VTABLE_START(0));
  for (const Method &row : kTable) {
    sd_bus_vtable entry = SD_BUS_METHOD(row.name, row.in, row.out, dispatch, SD_BUS_VTABLE_UNPRIVILEGED);
    entry.x.method.names = row.parameters;
    add(entry);
  }
  add(SD_BUS_VTABLE_END);
}

Service::~Service() = default;

Status Service::publish() {
  sd_bus_slot *slot = nullptr;
  const int failed =
      sd_bus_add_object_vtable(house_.bus, &slot, bus::kPath, bus::kManager, methods_.data(), this);
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
  const std::string_view member = sd_bus_message_get_member(call);
  const auto row =
      std::ranges::find(kTable, member, [](const Method &each) { return std::string_view(each.name); });
  if (row == std::end(kTable)) return Error{ErrorKind::NotAllowed, "Nobody may do this."};
  Caller caller = TRY(caller_of(call));
  if (row->begin != nullptr) return (this->*row->begin)(call, caller);
  const bool interactive = sd_bus_message_get_allow_interactive_authorization(call) > 0;
  return answer(*row, Call{keep(call), std::move(caller), interactive, row->deed});
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

/// The same for a call: it is answered, if with an error.
Task<void> to_the_answer(BusMessage call, Task<Status> work) {
  Status answered = Error{};
  try {
    answered = co_await work;
  } catch (const std::exception &error) {
    log_line(LogLevel::Error, std::string("a call broke off: ") + error.what());
  }
  if (!answered) reply_error(call.get(), answered.error());
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

Status Service::answer(const Method &row, Call call) {
  std::erase_if(calls_, [](const OneCall &each) { return each.work.done(); });
  // Root's programs ask whether an account is locked before they let it in: those are never turned away. How
  // many there are at once is bounded by the ceremonies they need.
  if (!call.caller.is_root()) TRY(room_for(call.caller));
  OneCall &one = calls_.emplace_back(OneCall{this, call.caller.person});
  const bool awaited = !call.caller.is_root() || sd_bus_message_get_expect_reply(call.message.get()) > 0;
  sd_bus_track *track = nullptr;
  int failed = awaited ? sd_bus_track_new(house_.bus, &track, on_vanished, &one) : 0;
  one.caller.reset(track);
  if (failed >= 0 && awaited) failed = sd_bus_track_add_name(track, call.caller.bus_name.c_str());
  if (failed < 0) {
    calls_.pop_back();
    return errno_error("watch the caller", -failed);
  }
  BusMessage message = keep(call.message.get());
  one.work = to_the_answer(std::move(message), row.answer(house_, std::move(call)));
  one.work.start();
  return Ok{};
}

int Service::on_vanished(sd_bus_track *, void *one_call) {
  std::list<OneCall> &calls = static_cast<OneCall *>(one_call)->service->calls_;
  calls.remove_if([&](const OneCall &each) { return &each == one_call; });
  return 0;
}

template <class Story>
Status Service::begin(sd_bus_message *call, const Caller &caller, Story story) {
  TRY(room_for(caller));
  const std::string path = std::string(bus::kPath) + "/attempt/" + std::to_string(next_number_++);
  auto attempt = std::make_unique<OneAttempt>(house_, path, caller, [this, path] { attempts_.erase(path); });
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

Status Service::begin_guest_enrollment(sd_bus_message *call, const Caller &caller) {
  GuestEnrollment request = TRY(read_guest_enrollment(call, caller));
  return begin(call, caller,
               [&](Face &face) { return tell_guest_enrollment(house_, face, std::move(request)); });
}

Status Service::begin_guest_assertion(sd_bus_message *call, const Caller &caller) {
  GuestAssertion request = TRY(read_guest_assertion(call, caller));
  return begin(call, caller,
               [&](Face &face) { return tell_guest_assertion(house_, face, std::move(request)); });
}

}  // namespace passkeyd
