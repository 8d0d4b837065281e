/// Counting tries: written down before they are made, taken back when they were none.
#include "ledger/tries.h"

#include <algorithm>

#include "ledger/ledger.h"

namespace passkeyd {
namespace {

/// What the ledger's clock shows at `now`, without writing it down.
Result<AgeRecord> clock_at(sql::Database &database, const Moment &now) {
  if (now.boot_id.empty() || now.boot_id.size() > Moment::kMaxBootId || now.boot < BootTime::zero())
    return Error{ErrorKind::InvalidInput, "a moment without a boot"};
  sql::Statement rows = TRY(database.query("SELECT boot_id, boot, age FROM clock WHERE one = 1"));
  if (!TRY(rows.next())) return Error{ErrorKind::Corrupt, database.path() + ": the clock's row is missing"};
  return advance({rows.text(0), BootTime(rows.integer(1)), Age(rows.integer(2))}, now);
}

Result<std::vector<CountedTry>> counted(sql::Database &database, const TryKey &key) {
  sql::Statement rows =
      TRY(database.query("SELECT age, in_a_row FROM limits WHERE user_name = ? AND way = ? AND place = ?",
                         {key.user.str(), name_of(key.way), name_of(key.place)}));
  std::vector<CountedTry> tries;
  while (TRY(rows.next())) tries.push_back({Age(rows.integer(0)), rows.integer(1) != 0});
  return tries;
}

/// Whether a try by this way failed, and no success has come after it. A security key is not known before it
/// is opened: another account's failures may have been at the very same one.
Result<bool> failed_lately(sql::Database &database, const TryKey &key, const std::vector<CountedTry> &tries) {
  if (std::any_of(tries.begin(), tries.end(), [](const CountedTry &each) { return each.in_a_row; }))
    return true;
  if (key.way != Way::Usb) return false;
  return TRY(database.number("SELECT EXISTS (SELECT 1 FROM limits WHERE way = ? AND in_a_row <> 0)",
                             {name_of(key.way)})) != 0;
}

/// Drops what no longer makes a difference to the rule, nor would to any other that may be in force tomorrow;
/// so the table stays small.
Status forget_old(sql::Database &database, const TryKey &key, const LimitRule &rule, Age now) {
  const std::size_t keep = std::max(tries_that_matter(rule), tries_that_matter(kLongestMemory));
  TRY(
      database.run("DELETE FROM limits WHERE user_name = ?1 AND way = ?2 AND place = ?3 AND age <= ?4"
                   " AND (in_a_row = 0 OR id NOT IN (SELECT id FROM limits WHERE user_name = ?1 AND way = ?2 "
                   "AND place = ?3"
                   " AND in_a_row <> 0 ORDER BY id DESC LIMIT ?5))",
                   {key.user.str(), name_of(key.way), name_of(key.place), (now - Age(rule.day)).count(),
                    static_cast<std::int64_t>(keep)}));
  return Ok{};
}

}  // namespace

Result<Age> tries::look_at_clock(sql::Database &database, const Moment &now) {
  const AgeRecord clock = TRY(clock_at(database, now));
  TRY(database.run("UPDATE clock SET boot_id = ?, boot = ?, age = ? WHERE one = 1",
                   {clock.boot_id, clock.boot.count(), clock.age.count()}));
  return clock.age;
}

Status tries::succeeded(sql::Database &database, const Ticket &ticket, const TryKey &key) {
  const std::int64_t own =
      TRY(database.run("DELETE FROM limits WHERE id = ? AND user_name = ? AND way = ? AND place = ?",
                       {ticket.number, key.user.str(), name_of(key.way), name_of(key.place)}));
  if (own == 1)
    TRY(database.run(
        "UPDATE limits SET in_a_row = 0 WHERE user_name = ? AND way = ? AND place = ? AND id < ?",
        {key.user.str(), name_of(key.way), name_of(key.place), ticket.number}));
  return Ok{};
}

Result<TryAnswer> Ledger::begin_try(const TryKey &key, const Moment &now, const LimitRule &rule) {
  sql::Transaction change = TRY(sql::Transaction::begin(database_));
  const Age age = TRY(tries::look_at_clock(database_, now));
  const std::vector<CountedTry> tries = TRY(counted(database_, key));
  const std::chrono::seconds wait = wait_before_next(rule, tries, age);
  if (wait > std::chrono::seconds::zero())
    return TryAnswer{std::nullopt, wait, true};  // nothing to write down

  TRY(forget_old(database_, key, rule, age));
  const std::int64_t number =
      TRY(database_.number("SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'limits'"));
  const Ticket ticket{number};
  const bool after_failure = TRY(failed_lately(database_, key, tries));
  TRY(database_.run("INSERT INTO limits VALUES (?, ?, ?, ?, ?, 1)",
                    {ticket.number, key.user.str(), name_of(key.way), name_of(key.place), age.count()}));
  TRY(change.commit());
  return TryAnswer{ticket, std::chrono::seconds::zero(), after_failure};
}

Status Ledger::undo_try(const Ticket &ticket) {
  TRY(database_.run("DELETE FROM limits WHERE id = ?", {ticket.number}));
  return Ok{};
}

Result<std::chrono::seconds> Ledger::wait_for_try(const TryKey &key, const Moment &now,
                                                  const LimitRule &rule) {
  const AgeRecord clock = TRY(clock_at(database_, now));
  const std::vector<CountedTry> tries = TRY(counted(database_, key));
  return wait_before_next(rule, tries, clock.age);
}

Status Ledger::forget_tries(const UserName &user, const Actor &by, WallTime now) {
  sql::Transaction change = TRY(sql::Transaction::begin(database_));
  TRY(database_.run("DELETE FROM limits WHERE user_name = ?", {user.str()}));
  AuditRecord record = AuditRecord::of(event::kForgetTries, user, by, now);
  record.outcome = outcome::kDone;
  TRY(audit::append(database_, std::move(record)));
  return change.commit();
}

Status Ledger::note_time(const Moment &now) {
  reserve_.keep();  // in case it was needed, and there is room again
  sql::Transaction change = TRY(sql::Transaction::begin(database_));
  TRY(tries::look_at_clock(database_, now));
  return change.commit();
}

}  // namespace passkeyd
