/// Who has what: one line for each account, for who looks after people.
#include <map>
#include <set>

#include "ledger/ledger.h"

namespace passkeyd {
namespace {

/// By name and number. Names are parsed when all is together.
using Summaries = std::map<std::pair<std::string, std::int64_t>, AccountSummary>;

constexpr auto kNoUid = static_cast<uid_t>(-1);

AccountSummary &summary_of(Summaries &all, const std::string &name, std::int64_t uid,
                           const UserName &parsed) {
  return all.try_emplace({name, uid}, AccountSummary{.account = {parsed, static_cast<uid_t>(uid)}})
      .first->second;
}

std::optional<WallTime> time_at(const sql::Statement &row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return WallTime(std::chrono::seconds(row.integer(column)));
}

/// Calls `take` with each row's account (columns 0 and 1); what can be no account is passed over.
template <class Take>
Status each_account(sql::Statement rows, Take take) {
  while (TRY(rows.next())) {
    const std::string name = rows.text(0);
    const Result<UserName> parsed = UserName::parse(name);
    if (parsed && std::in_range<uid_t>(rows.integer(1))) take(rows, name, rows.integer(1), parsed.value());
  }
  return Ok{};
}

Status add_passkeys(sql::Database &database, Summaries &all) {
  sql::Statement rows = TRY(database.query(
      "SELECT user_name, uid, sum(state = 'active'), sum(state = 'suspended'), sum(state = 'revoked'),"
      " sum(state = 'active' AND user_verification = 0),"
      " max(last_used), max(created) FROM credential GROUP BY user_name, uid"));
  return each_account(std::move(rows), [&](const sql::Statement &row, const std::string &name,
                                           std::int64_t uid, const UserName &parsed) {
    const auto count = [&](int column) { return static_cast<std::uint32_t>(row.integer(column)); };
    AccountSummary &summary = summary_of(all, name, uid, parsed);
    summary.active = count(2);
    summary.suspended = count(3);
    summary.revoked = count(4);
    summary.without_verification = count(5);
    summary.last_used = time_at(row, 6);
    summary.newest = time_at(row, 7);
  });
}

Status add_codes(sql::Database &database, Summaries &all) {
  sql::Statement rows = TRY(
      database.query("SELECT user_name, uid, sum(spent IS NULL AND number BETWEEN 1 AND ?) FROM backup_code"
                     " GROUP BY user_name, uid",
                     {BackupCode::kCount}));
  return each_account(std::move(rows), [&](const sql::Statement &row, const std::string &name,
                                           std::int64_t uid, const UserName &parsed) {
    summary_of(all, name, uid, parsed).codes_left = static_cast<std::uint32_t>(row.integer(2));
  });
}

/// A lock is a name's, whatever its number; one that is all there is has a line of its own.
Status add_locks(sql::Database &database, Summaries &all) {
  sql::Statement rows = TRY(database.query("SELECT user_name, ? FROM account_lock", {kNoUid}));
  return each_account(std::move(rows), [&](const sql::Statement &, const std::string &name, std::int64_t uid,
                                           const UserName &parsed) {
    const auto begin = all.lower_bound({name, 0});
    if (begin == all.end() || begin->first.first != name) summary_of(all, name, uid, parsed);
    for (auto each = all.lower_bound({name, 0}); each != all.end() && each->first.first == name; ++each)
      each->second.locked = true;
  });
}

}  // namespace

Result<std::vector<AccountSummary>> Ledger::people() {
  const sql::Transaction one_moment = TRY(sql::Transaction::begin_reading(database_));
  Summaries all;
  TRY(add_passkeys(database_, all));
  TRY(add_codes(database_, all));
  TRY(add_locks(database_, all));
  std::vector<AccountSummary> summaries;
  for (auto &[key, summary] : all) summaries.push_back(std::move(summary));
  return summaries;
}

}  // namespace passkeyd
