/// Pages of the audit.
#include "cli/audit_pages.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "client/printable.h"

namespace passkeyd::cli {
namespace {

/// After so long a call comes back without news; then it is seen whether anybody still reads.
constexpr std::chrono::seconds kOneWait{60};
constexpr std::chrono::seconds kBetweenTries{2};

AuditQuestion question_of(const AuditRange &range) {
  AuditQuestion question;
  question.user = range.user;
  question.since = range.since;
  question.until = range.until;
  return question;
}

/// The number of the first of the newest `range.newest`: goes back from the end and keeps nothing. nullopt:
/// there is none.
Result<std::optional<std::int64_t>> first_of_newest(Bus &bus, const AuditRange &range, Patience &patience) {
  AuditQuestion question = question_of(range);
  std::size_t left = *range.newest;
  std::optional<std::int64_t> first;
  while (left > 0) {
    question.most = static_cast<std::uint32_t>(std::min<std::size_t>(left, option::kMostRecords));
    const std::vector<AuditLine> page = TRY(get_audit(bus, question, patience));
    if (page.empty()) break;
    first = page.front().number;
    question.before = first;
    left -= page.size();
  }
  return first;
}

/// False: whoever read our standard output is gone.
bool is_read() {
  pollfd output = {STDOUT_FILENO, 0, 0};
  return poll(&output, 1, 0) <= 0 || (output.revents & POLLERR) == 0;
}

bool is_away(const Error &error) {
  return error.kind == ErrorKind::Disconnected || error.kind == ErrorKind::Timeout;
}

/// A connection to a daemon that answers again. Tried for as long as it takes: whoever follows is there to
/// wait.
Bus back_again() {
  std::fprintf(stderr, "passkeyctl: the passkey service went away; waiting for it\n");
  for (;;) {
    Patience patience(std::chrono::seconds(30));
    Result<Bus> bus = Bus::open(patience, Interactive::Yes);
    if (bus && bus->call_manager("GetStatus", {}, patience)) {
      std::fprintf(stderr, "passkeyctl: it is back\n");
      return std::move(bus).value();
    }
    std::this_thread::sleep_for(kBetweenTries);
  }
}

}  // namespace

Result<std::int64_t> read_audit(Bus &bus, const AuditRange &range, const TakePage &take, Patience &patience) {
  std::int64_t last = 0;
  std::size_t left = SIZE_MAX;
  if (range.newest) {
    const std::optional<std::int64_t> first = TRY(first_of_newest(bus, range, patience));
    if (!first) return std::int64_t{0};
    last = *first - 1;
    left = *range.newest;
  }
  AuditQuestion question = question_of(range);
  while (left > 0) {
    question.after = last;
    question.most = static_cast<std::uint32_t>(std::min<std::size_t>(left, option::kMostRecords));
    const std::vector<AuditLine> page = TRY(get_audit(bus, question, patience));
    if (page.empty()) break;
    TRY(take(page));
    last = page.back().number;
    left -= page.size();
  }
  return last;
}

Status follow_audit(Bus &bus, const AuditRange &range, std::int64_t last, const TakePage &take) {
  AuditQuestion question = question_of(range);
  question.wait = kOneWait;
  std::optional<Bus> again;
  while (is_read()) {
    question.after = last;
    Patience patience(kOneWait + std::chrono::minutes(2));
    Result<std::vector<AuditLine>> page = get_audit(again ? *again : bus, question, patience);
    if (!page && is_away(page.error())) {
      again = back_again();
      continue;
    }
    if (!page) return std::move(page).error();
    if (page->empty()) continue;
    TRY(take(page.value()));
    last = page->back().number;
  }
  return Ok{};
}

}  // namespace passkeyd::cli
