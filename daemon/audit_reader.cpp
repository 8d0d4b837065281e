/// Reading the audit for who asks over the bus.
#include "daemon/audit_reader.h"

#include <limits>

#include "common/steps.h"
#include "daemon/arguments.h"
#include "daemon/reply.h"
#include "daemon/turn.h"

namespace passkeyd {
namespace {

using Wake = AuditNews::Wake;

constexpr std::int64_t kMaxWait = 300;
/// Rows that are verified between two looks at the loop: a few milliseconds.
constexpr std::int64_t kRowsInATurn = 500;

/// nullopt: absent. Errors: InvalidInput if it is smaller or greater than it may be.
Result<std::optional<std::int64_t>> read_number(const Arguments &query, const char *key, std::int64_t least,
                                                std::int64_t most) {
  const std::optional<std::int64_t> number = TRY(query.number(key));
  if (number && (*number < least || *number > most))
    return Error{ErrorKind::InvalidInput, std::string(key) + " is out of range."};
  return number;
}

/// A time that whatever follows can do sums with.
Result<std::optional<WallTime>> read_time(const Arguments &query, const char *key) {
  constexpr std::int64_t kMost = 253'402'300'799;  // the end of the year 9999
  const std::optional<std::int64_t> seconds = TRY(read_number(query, key, -kMost, kMost));
  if (!seconds) return std::optional<WallTime>();
  return std::optional<WallTime>(std::chrono::seconds(*seconds));
}

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

}  // namespace

Result<AuditRequest> read_audit_request(sd_bus_message *call) {
  constexpr std::int64_t kAny = std::numeric_limits<std::int64_t>::max();
  const Arguments query = TRY(Arguments::read(call));
  AuditRequest request;
  if (const std::optional<std::string> user = TRY(query.text(option::kUser)))
    request.user = TRY(UserName::parse(*user));
  request.query.since = TRY(read_time(query, option::kSince));
  request.query.until = TRY(read_time(query, option::kUntil));
  request.query.after = TRY(read_number(query, option::kAfter, 0, kAny));
  request.query.before = TRY(read_number(query, option::kBefore, 0, kAny));
  if (const auto most = TRY(read_number(query, option::kMost, 1, option::kMostRecords)))
    request.query.most = static_cast<std::size_t>(*most);
  if (const auto wait = TRY(read_number(query, option::kWait, 0, kMaxWait)))
    request.wait = std::chrono::seconds(*wait);
  if (request.wait.count() > 0 && !request.query.after)
    return Error{ErrorKind::InvalidInput, "Only with after is there something to wait for."};
  return request;
}

Task<Result<std::vector<AuditEntry>>> read_audit(House &house, AuditRequest request) {
  Result<std::vector<AuditEntry>> found = house.ledger.audit(request.query);
  if (!found || !found->empty() || request.wait.count() == 0) co_return found;
  if (!house.audit_news.has_room(request.root))
    co_return Error{ErrorKind::Busy, "Too many wait for news of the audit."};
  Mailbox<Wake> box(house.loop);
  const AuditNews::Listener listener(house.audit_news, box);
  const Result<EventSource> timer = ring_after(house.loop, request.wait, box);
  if (!timer) co_return timer.error();
  while (found && found->empty()) {
    if (co_await box.next() == Wake::TimeUp) break;
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

Task<Status> get_audit(House &house, Call call) {
  Result<AuditRequest> request = read_audit_request(call.message.get());
  if (!request) co_return request.error();
  AuditRequest asked = std::move(request).value();
  asked.root = call.caller.is_root();
  if (asked.user) {
    const Result<Admitted> about = co_await admit(house, call, *asked.user);
    if (!about) co_return about.error();
    asked.query.user = about->user().str();
    // One's own records are those of one's own number: an earlier owner of the name may have left some.
    if (about->is_own()) asked.query.uid = call.caller.uid;
  } else {
    const Status allowed = co_await admit_to_all(house, call);
    if (!allowed) co_return allowed;
  }
  const Result<std::vector<AuditEntry>> records = co_await read_audit(house, std::move(asked));
  if (!records) co_return records.error();
  co_return reply(call.message.get(), records.value());
}

}  // namespace passkeyd
