/// Writing an export. Done in pieces, so that nobody who signs in meanwhile waits for it.
#include "daemon/transfer/export.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <deque>

#include "common/log.h"
#include "daemon/transfer/contents.h"
#include "daemon/transfer/envelope.h"
#include "daemon/transfer/memory_file.h"
#include "daemon/transfer/slot.h"
#include "daemon/turn.h"

namespace passkeyd {
namespace {

using namespace transfer;

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || !is_printable(name.data())) return {};
  return name.data();
}

/// The lines of the newest records, as many as fit, with `span` cut to them.
struct History {
  std::deque<std::string> lines;
  AuditSpan span;
  std::size_t bytes = 0;
};

/// Puts the page of records before those it has in front of them. True once there is no more to be had: the
/// beginning is reached, or a gap, or the limit.
Result<bool> add_page(Ledger &ledger, std::size_t budget, std::int64_t oldest, History &history) {
  AuditSpan &span = history.span;
  std::vector<AuditEntry> page = TRY(ledger.audit({.before = span.first, .most = 500}));
  std::ranges::sort(page, std::greater(), &AuditEntry::seq);
  for (const AuditEntry &entry : page) {
    span.before = entry.hash;
    std::string line = line_of(entry);
    const bool fits = line.size() <= kMaxLine && history.bytes + line.size() <= budget &&
                      std::ssize(history.lines) < kMostAudit;
    if (entry.seq != span.first - 1 || !fits) {
      if (entry.seq != span.first - 1) span.before = {};  // that record is missing
      return true;
    }
    history.bytes += line.size();
    history.lines.push_front(std::move(line));
    span.first = entry.seq;
  }
  if (page.empty()) span.before = {};  // let go of meanwhile
  return page.empty() || span.first <= oldest;
}

Task<Result<History>> history_of(House &house, Turn &turn, AuditSpan whole, std::size_t budget) {
  History history;
  history.span = whole;
  history.span.first = whole.last + 1;
  history.span.before = whole.head;
  while (history.span.first > whole.first) {
    const Result<bool> all = add_page(house.ledger, budget, whole.first, history);
    if (!all) co_return all.error();
    if (all.value()) break;
    co_await turn.next();
  }
  if (history.span.first == whole.first) history.span.before = whole.before;
  co_return history;
}

/// Everything but the history. What could not be read back is left out.
Task<std::deque<std::string>> lines_of(Turn &turn, Holdings &held) {
  std::deque<std::string> lines;
  std::vector<HeldCredential> good;
  for (HeldCredential &each : held.credentials) {
    std::string line = line_of(each);
    const Result<Record> record = Record::parse(std::string_view(line).substr(0, line.size() - 1));
    const Result<HeldCredential> again = record ? credential_of(record.value()) : record.error();
    if (again) {
      lines.push_back(std::move(line));
      good.push_back(std::move(each));
    } else {
      log_line(LogLevel::Error, "export: credential " + std::to_string(each.credential.row) +
                                    " is left out: " + log_safe(again.error().sentence));
    }
    if (lines.size() % 100 == 99) co_await turn.next();
  }
  held.credentials = std::move(good);
  for (const HeldLock &each : held.locks) lines.push_back(line_of(each));
  co_return lines;
}

/// Writes `lines` behind the room for the envelope, and then the envelope.
Task<Result<Fd>> sealed(Turn &turn, const SigningKey &key, std::deque<std::string> lines) {
  Result<Fd> file = make_memory_file();
  if (!file) co_return file.error();
  RunningHash hash;
  std::size_t end = Envelope::size();
  while (!lines.empty()) {
    std::string piece;
    for (; !lines.empty() && piece.size() < kPiece; lines.pop_front()) piece += lines.front();
    hash.add(piece);
    const Status written = write_at(file.value(), end, piece);
    if (!written) co_return written.error();
    end += piece.size();
    co_await turn.next();
  }
  const Result<Envelope> envelope = Envelope::seal(key, hash.done());
  if (!envelope) co_return envelope.error();
  const Status written = write_at(file.value(), 0, envelope->line());
  if (!written) co_return written.error();
  const Status done = seal(file.value());
  if (!done) co_return done.error();
  co_return std::move(file).value();
}

/// That it cannot be written down keeps nobody from a backup: a full disk is when one is wanted most.
void note_export(House &house, const Actor &by, const std::string &signer) {
  AuditRecord record;
  record.time = house.clock.wall();
  record.event = event::kExport;
  record.service = by.what;
  record.outcome = outcome::kDone;
  record.reason = signer;
  record.caller_uid = by.uid;
  record.caller_pid = by.pid;
  const Status noted = house.ledger.append(record);
  if (!noted) log_line(LogLevel::Error, "audit: " + noted.error().sentence);
}

}  // namespace

Task<Result<ExportFile>> export_everything(House &house, Actor by) {
  const TransferSlot slot(house.transfers);
  if (!slot) co_return TransferSlot::refusal();
  const Result<SigningKey> key = SigningKey::find_or_make(house.state_directory);
  if (!key) co_return key.error();
  Turn turn(house.loop);
  Result<Holdings> held = house.ledger.holdings();
  if (!held) co_return held.error();
  std::deque<std::string> lines = co_await lines_of(turn, held.value());
  if (std::ssize(held->credentials) > kMostCredentials || std::ssize(held->locks) > kMostLocks)
    co_return Error{ErrorKind::Internal, "the ledger holds more than an export can"};

  std::size_t budget = kMaxFile - Envelope::size() - kMaxLine;
  for (const std::string &line : lines) budget -= std::min(budget, line.size());
  Result<History> history = co_await history_of(house, turn, held->audit, budget);
  if (!history) co_return history.error();
  held->audit = history->span;
  const Machine machine{house.rp_id, host_name(), house.clock.wall()};
  lines.push_front(line_of(machine, held.value()));
  std::ranges::move(history->lines, std::back_inserter(lines));
  history->lines.clear();

  Result<Fd> file = co_await sealed(turn, key.value(), std::move(lines));
  if (!file) co_return file.error();
  ExportFile made{std::move(file).value(), fingerprint_of(key->public_key())};
  note_export(house, by, made.signer);
  co_return made;
}

}  // namespace passkeyd
