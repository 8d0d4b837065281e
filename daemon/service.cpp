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
#include "daemon/on_behalf.h"
#include "daemon/passkeys.h"
#include "daemon/people.h"
#include "daemon/pin_change.h"
#include "daemon/presence.h"
#include "daemon/request.h"
#include "daemon/revocation.h"
#include "daemon/ssh_keys.h"
#include "daemon/ssh_session.h"
#include "daemon/status.h"
#include "daemon/transfer/export.h"
#include "daemon/transfer/import.h"

namespace passkeyd {

/// One Attempt object. Member order: the story goes first, then the face it speaks to.
struct Service::OneAttempt {
  OneAttempt(House &of, Shares::Claim claimed, const std::string &path, const Caller &caller,
             std::function<void()> gone)
      : house(of),
        claim(std::move(claimed)),
        face(of.loop, of.bus, of.departures, path, caller.bus_name, std::move(gone)) {
    ++house.attempts;
  }
  ~OneAttempt() { --house.attempts; }
  OneAttempt(const OneAttempt &) = delete;
  OneAttempt &operator=(const OneAttempt &) = delete;
  House &house;
  Shares::Claim claim;
  Face face;
  Task<void> story;
};

/// A call whose answer takes its time.
struct Service::OneCall {
  explicit OneCall(std::string from) : bus_name(std::move(from)) {}
  std::string bus_name;
  Task<void> work = {};
  std::optional<Departures::Watch> caller = {};  ///< goes first: nobody hears of a call that is being ended
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
  Status (Service::*begin)(sd_bus_message *, const Caller &, Waited) = nullptr;
};

#define NAMED SD_BUS_PARAM  // each ends with a zero
const Service::Method Service::kTable[] = {
    {"BeginLogin", "a{sv}", "o", NAMED(request) NAMED(attempt), Deed::Nothing, nullptr,
     &Service::begin_login},
    {"BeginEnrollment", "a{sv}", "o", NAMED(request) NAMED(attempt), Deed::Enroll, nullptr,
     &Service::begin_own<read_enrollment_request, tell_enrollment>},
    {"BeginPinChange", "a{sv}", "o", NAMED(request) NAMED(attempt), Deed::Nothing, nullptr,
     &Service::begin_own<read_pin_change_request, tell_pin_change>},
    {"BeginGuestEnrollment", "a{sv}", "o", NAMED(request) NAMED(attempt), Deed::Nothing, nullptr,
     &Service::begin_own<read_guest_enrollment, tell_guest_enrollment>},
    {"BeginGuestAssertion", "a{sv}", "o", NAMED(request) NAMED(attempt), Deed::Nothing, nullptr,
     &Service::begin_own<read_guest_assertion, tell_guest_assertion>},
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
    {"AddSshKey", "ssa{sv}", "a{sv}", NAMED(user) NAMED(line) NAMED(options) NAMED(credential), Deed::Enroll,
     add_ssh_key},
    {"GetAuthorizedKeys", "ss", "as", NAMED(user) NAMED(key) NAMED(lines), Deed::SshKeys,
     get_authorized_keys},
    {"CheckSshSession", "ssa{sv}", "", NAMED(user) NAMED(auth_info) NAMED(hints), Deed::SshSession,
     check_ssh_session},
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

Service::Service(House &house)
    : house_(house),
      waiting_(
          house.loop, house.departures,
          [this](const Share &share) { return shares_.room_for(share) == Room::Yes; },
          [this](sd_bus_message *call) { enter(call); }),
      shares_([this] { waiting_.somebody_left(); }) {
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
  ++static_cast<Service *>(self)->calls_so_far_;
  const Status handled = static_cast<Service *>(self)->handle(call, Waited::No);
  if (!handled) return reply_error(call, handled.error());
  return 1;
}

void Service::enter(sd_bus_message *call) {
  Status handled = Ok{};
  if (const int failed = sd_bus_message_rewind(call, 1); failed < 0)
    handled = errno_error("read a call again", -failed);
  if (handled) handled = handle(call, Waited::Yes);
  if (!handled) reply_error(call, handled.error());
}

Status Service::handle(sd_bus_message *call, Waited waited) {
  const std::string_view member = sd_bus_message_get_member(call);
  const auto row =
      std::ranges::find(kTable, member, [](const Method &each) { return std::string_view(each.name); });
  if (row == std::end(kTable)) return Error{ErrorKind::NotAllowed, "Nobody may do this."};
  Caller caller = TRY(caller_of(call));
  if (row->begin != nullptr) return (this->*row->begin)(call, caller, waited);
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

/// The same for a call: it is answered, if with an error. Its place is free from then on.
Task<void> to_the_answer(BusMessage call, Shares::Claim claim, Task<Status> work) {
  Status answered = Error{};
  try {
    answered = co_await work;
  } catch (const std::exception &error) {
    log_line(LogLevel::Error, std::string("a call broke off: ") + error.what());
  }
  if (!answered) reply_error(call.get(), answered.error());
  claim.release();
}

/// What of a full door goes first: whose holder has most; then what was never answered; then the older.
struct WaysWorth {
  std::size_t held = 0;
  bool unanswered = false;
  bool operator<(const WaysWorth &other) const {
    return held != other.held ? held < other.held : unanswered < other.unanswered;
  }
};

}  // namespace

bool Service::make_way(const Share &newcomer) {
  auto going = attempts_.end();
  WaysWorth most;
  for (auto each = attempts_.begin(); each != attempts_.end(); ++each) {
    const Share &holder = each->second->claim.share();
    const Waits waits = each->second->face.waits();
    const bool unanswered = waits == Waits::ForTheFirstAnswer;
    // Among strangers behind one address only what nobody has answered yet goes for what is no better.
    const bool may = unanswered || (waits == Waits::ForAnAnswer && holder.member != newcomer.member);
    if (!may || !shares_.yields(holder, newcomer)) continue;
    const WaysWorth worth{shares_.count(holder), unanswered};
    if (going != attempts_.end() && !(most < worth)) continue;
    going = each;
    most = worth;
  }
  if (going == attempts_.end()) return false;
  attempts_.erase(going);
  return true;
}

bool Service::holds_some(const std::string &bus_name) const {
  return std::ranges::any_of(attempts_,
                             [&](const auto &each) { return each.second->face.owner() == bus_name; }) ||
         std::ranges::any_of(
             calls_, [&](const OneCall &each) { return !each.work.done() && each.bus_name == bus_name; });
}

bool Service::is_busy() const {
  return !attempts_.empty() || waiting_.count() > 0 ||
         std::ranges::any_of(calls_, [](const OneCall &each) { return !each.work.done(); });
}

bool Service::has_room(const Share &share) {
  const Room room = shares_.room_for(share);
  return room == Room::Yes || (room == Room::IfOneMakesWay && make_way(share));
}

Result<bool> Service::find_room(sd_bus_message *call, const Share &share, Waited waited) {
  if (has_room(share)) return true;
  if (waited == Waited::Yes || holds_some(sd_bus_message_get_sender(call))) return too_many();
  TRY(waiting_.take(call, share));
  return false;
}

Status Service::answer(const Method &row, Call call) {
  std::erase_if(calls_, [](const OneCall &each) { return each.work.done(); });
  // Root's programs ask whether an account is locked before they let it in, and sshd's for keys: those are
  // never turned away, and do not stand behind the ceremonies of people. How many there are at once is
  // bounded by the ceremonies they need.
  const bool trusted = is_trusted(house_, call.caller, call.deed);
  Share share = trusted ? Share{Door::Machine} : share_of_person(call.caller.uid, call.caller.person);
  if (!trusted) {
    // These do not wait: nobody has looked at how large they are.
    if (!has_room(share)) return too_many();
  }
  const OnBehalf whose(share);
  OneCall &one = calls_.emplace_back(call.caller.bus_name);
  const bool awaited = !call.caller.is_root() || sd_bus_message_get_expect_reply(call.message.get()) > 0;
  if (awaited)
    one.caller.emplace(house_.departures, one.bus_name, [this, &one] {
      calls_.remove_if([&](const OneCall &each) { return &each == &one; });
    });
  BusMessage message = keep(call.message.get());
  one.work = to_the_answer(std::move(message), Shares::Claim(shares_, std::move(share)),
                           row.answer(house_, std::move(call)));
  one.work.start();
  return Ok{};
}

template <class Story>
Status Service::begin(sd_bus_message *call, const Caller &caller, Share share, Waited waited, Story story) {
  const bool room = TRY(find_room(call, share, waited));
  if (!room) return Ok{};
  const OnBehalf whose(share);
  const std::uint64_t number = next_number_++;
  const std::string path = std::string(bus::kPath) + "/attempt/" + std::to_string(number);
  auto attempt = std::make_unique<OneAttempt>(house_, Shares::Claim(shares_, std::move(share)), path, caller,
                                              [this, number] { attempts_.erase(number); });
  TRY(attempt->face.publish());
  attempt->story = to_the_end(attempt->face, story(attempt->face));
  OneAttempt &begun = *attempts_.emplace(number, std::move(attempt)).first->second;
  const int failed = sd_bus_reply_method_return(call, "o", path.c_str());
  if (failed < 0) {
    attempts_.erase(number);
    return errno_error("answer", -failed);
  }
  begun.story.start();
  return Ok{};
}

Status Service::begin_login(sd_bus_message *call, const Caller &caller, Waited waited) {
  LoginRequest request = TRY(read_login_request(call, caller));
  // Only root's word says where somebody comes from; for everybody else it is themselves who ask.
  const bool strangers = caller.is_root() && comes_over_the_network(request);
  // Whoever started that service may have left it an agent of their own.
  if (comes_over_the_network(request)) request.agent.reset();
  Share share = strangers ? share_of_source(request.remote_host) : share_of_person(caller.uid, caller.person);
  return begin(call, caller, std::move(share), waited,
               [&](Face &face) { return tell_login(house_, face, std::move(request)); });
}

template <auto read, auto tell>
Status Service::begin_own(sd_bus_message *call, const Caller &caller, Waited waited) {
  auto request = TRY(read(call, caller));
  return begin(call, caller, share_of_person(caller.uid, caller.person), waited,
               [&](Face &face) { return tell(house_, face, std::move(request)); });
}

}  // namespace passkeyd
