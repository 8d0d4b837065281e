/// Reading the audit for who asks over the bus.
#include "daemon/audit_reader.h"

#include <cstring>
#include <limits>

#include "common/log.h"
#include "common/steps.h"
#include "daemon/bus.h"
#include "daemon/turn.h"

namespace passkeyd {
namespace {

using Wake = AuditNews::Wake;

constexpr std::size_t kMostEntries = 32;
constexpr std::uint32_t kMaxWait = 300;
/// Rows that are verified between two looks at the loop: a few milliseconds.
constexpr std::int64_t kRowsInATurn = 500;

Error malformed(const std::string &what) {
  return {ErrorKind::InvalidInput, what + " is not of the documented form."};
}

/// The variant at hand, which must hold one value of `type`.
template <class T>
Result<T> read_value(sd_bus_message *call, const char *type, const std::string &key) {
  const char *contents = nullptr;
  T value{};
  if (sd_bus_message_peek_type(call, nullptr, &contents) < 0 || std::strcmp(contents, type) != 0 ||
      sd_bus_message_read(call, "v", type, &value) < 0)
    return malformed(key);
  return value;
}

Result<std::int64_t> read_number(sd_bus_message *call, const std::string &key) {
  const auto number = TRY(read_value<std::uint64_t>(call, "t", key));
  if (number > std::numeric_limits<std::int64_t>::max()) return malformed(key);
  return static_cast<std::int64_t>(number);
}

/// A time that whatever follows can do sums with.
Result<WallTime> read_time(sd_bus_message *call, const std::string &key) {
  constexpr std::int64_t kMost = 253'402'300'799;  // the end of the year 9999
  const auto seconds = TRY(read_value<std::int64_t>(call, "x", key));
  if (seconds < -kMost || seconds > kMost) return malformed(key);
  return WallTime(std::chrono::seconds(seconds));
}

Result<std::uint32_t> read_count(sd_bus_message *call, const std::string &key, std::uint32_t least,
                                 std::uint32_t most) {
  const auto count = TRY(read_value<std::uint32_t>(call, "u", key));
  if (count < least || count > most)
    return Error{ErrorKind::InvalidInput,
                 key + " must be from " + std::to_string(least) + " to " + std::to_string(most) + "."};
  return count;
}

/// One entry; keys of newer callers are skipped.
Status read_entry(sd_bus_message *call, const std::string &key, AuditRequest &request) {
  AuditQuery &query = request.query;
  if (key == option::kUser) {
    const char *text = TRY(read_value<const char *>(call, "s", key));
    query.user = TRY(UserName::parse(text)).str();
  } else if (key == option::kSince) {
    query.since = TRY(read_time(call, key));
  } else if (key == option::kUntil) {
    query.until = TRY(read_time(call, key));
  } else if (key == option::kAfter) {
    query.after = TRY(read_number(call, key));
  } else if (key == option::kBefore) {
    query.before = TRY(read_number(call, key));
  } else if (key == option::kMost) {
    query.most = TRY(read_count(call, key, 1, option::kMostRecords));
  } else if (key == option::kWait) {
    request.wait = std::chrono::seconds(TRY(read_count(call, key, 0, kMaxWait)));
  } else if (sd_bus_message_skip(call, "v") < 0) {
    return malformed(key);
  }
  return Ok{};
}

/// Wakes a story when the caller has gone.
class CallerWatch {
 public:
  CallerWatch(sd_bus *bus, const std::string &name, Mailbox<Wake> &box) : box_(box) {
    sd_bus_track *made = nullptr;
    if (sd_bus_track_new(bus, &made, on_vanished, this) < 0) return;
    track_.reset(made);
    // A name that is gone already is never told of.
    if (sd_bus_track_add_name(made, name.c_str()) < 0) box_.post(Wake::CallerGone);
  }
  CallerWatch(const CallerWatch &) = delete;
  CallerWatch &operator=(const CallerWatch &) = delete;

 private:
  static int on_vanished(sd_bus_track *, void *self) {
    static_cast<CallerWatch *>(self)->box_.post(Wake::CallerGone);
    return 0;
  }
  Mailbox<Wake> &box_;
  BusTrack track_;
};

Result<EventSource> ring_after(sd_event *loop, std::chrono::seconds wait, Mailbox<Wake> &box) {
  sd_event_source *source = nullptr;
  const auto ring = [](sd_event_source *, std::uint64_t, void *of) {
    static_cast<Mailbox<Wake> *>(of)->post(Wake::TimeUp);
    return 0;
  };
  const auto length = static_cast<std::uint64_t>(std::chrono::microseconds(wait).count());
  const int failed = sd_event_add_time_relative(loop, &source, CLOCK_MONOTONIC, length, 0, ring, &box);
  if (failed < 0) return errno_error("timer", -failed);
  return EventSource(source);
}

int append(sd_bus_message *reply, const AuditEntry &entry) {
  const AuditRecord &record = entry.record;
  int failed = sd_bus_message_open_container(reply, 'a', "{sv}");
  const auto put = [&](const char *key, const char *type, auto value) {
    if (failed >= 0) failed = sd_bus_message_append(reply, "{sv}", key, type, value);
  };
  put("number", "t", static_cast<std::uint64_t>(entry.seq));
  put("time", "x", static_cast<std::int64_t>(record.time.time_since_epoch().count()));
  put("event", "s", record.event.c_str());
  put("outcome", "s", record.outcome.c_str());
  put("reason", "s", record.reason.c_str());
  put("user", "s", record.user.c_str());
  if (record.uid) put("uid", "u", static_cast<std::uint32_t>(*record.uid));
  put("service", "s", record.service.c_str());
  put("way", "s", record.way.c_str());
  if (!record.credential_id.empty()) put("credential", "s", short_id(record.credential_id).c_str());
  put("caller-uid", "u", static_cast<std::uint32_t>(record.caller_uid));
  put("caller-pid", "u", static_cast<std::uint32_t>(record.caller_pid));
  put("rhost", "s", record.rhost.c_str());
  put("hash", "s", to_hex(entry.hash).c_str());
  return failed >= 0 ? sd_bus_message_close_container(reply) : failed;
}

}  // namespace

Result<AuditRequest> read_audit_request(sd_bus_message *call) {
  AuditRequest request;
  int got = sd_bus_message_enter_container(call, 'a', "{sv}");
  for (std::size_t entries = 0; got >= 0 && (got = sd_bus_message_enter_container(call, 'e', "sv")) > 0;
       ++entries) {
    if (entries >= kMostEntries) return Error{ErrorKind::InvalidInput, "The query has too many keys."};
    const char *key = nullptr;
    if (sd_bus_message_read(call, "s", &key) < 0) return malformed("The query");
    TRY(read_entry(call, log_safe(key), request));
    got = sd_bus_message_exit_container(call);
  }
  if (got < 0) return malformed("The query");
  if (request.wait.count() > 0 && !request.query.after)
    return Error{ErrorKind::InvalidInput, "Only with after is there something to wait for."};
  return request;
}

Task<Result<std::vector<AuditEntry>>> read_audit(House &house, AuditRequest request,
                                                 std::optional<uid_t> only_uid, std::string caller) {
  if (only_uid) request.query.uid = only_uid;
  Result<std::vector<AuditEntry>> found = house.ledger.audit(request.query);
  if (!found || !found->empty() || request.wait.count() == 0) co_return found;
  if (!house.audit_news.has_room()) co_return Error{ErrorKind::Busy, "Too many wait for news of the audit."};
  Mailbox<Wake> box(house.loop);
  const AuditNews::Listener listener(house.audit_news, box);
  const CallerWatch watch(house.bus, caller, box);
  const Result<EventSource> timer = ring_after(house.loop, request.wait, box);
  if (!timer) co_return timer.error();
  while (found && found->empty()) {
    const Wake wake = co_await box.next();
    if (wake == Wake::TimeUp) break;
    if (wake == Wake::CallerGone) co_return Error{ErrorKind::Cancelled, "the caller has gone"};
    found = house.ledger.audit(request.query);
  }
  co_return found;
}

Task<Result<AuditChain>> verify_audit(House &house) {
  Turn turn(house.loop);
  ChainWalk walk;
  for (;;) {
    const Result<bool> over = house.ledger.verify_more(walk, kRowsInATurn);
    if (!over) co_return over.error();
    if (over.value()) co_return walk.chain;
    co_await turn.next();
  }
}

int write(sd_bus_message *reply, const std::vector<AuditEntry> &records) {
  int failed = sd_bus_message_open_container(reply, 'a', "a{sv}");
  for (const AuditEntry &entry : records)
    if (failed >= 0) failed = append(reply, entry);
  return failed >= 0 ? sd_bus_message_close_container(reply) : failed;
}

int write(sd_bus_message *reply, const AuditChain &chain) {
  const auto number = [](std::int64_t value) { return static_cast<std::uint64_t>(value); };
  int failed = sd_bus_message_open_container(reply, 'a', "{sv}");
  if (failed >= 0)
    failed = sd_bus_message_append(reply, "{sv}{sv}{sv}{sv}", "rows", "t", number(chain.rows), "first", "t",
                                   number(chain.pruned + 1), "pruned", "t", number(chain.pruned), "head", "s",
                                   to_hex(chain.head).c_str());
  if (failed >= 0 && chain.first_bad)
    failed = sd_bus_message_append(reply, "{sv}", "first-bad", "t", number(*chain.first_bad));
  return failed >= 0 ? sd_bus_message_close_container(reply) : failed;
}

}  // namespace passkeyd
