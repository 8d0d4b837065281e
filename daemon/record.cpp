/// Writing down how logins end.
#include "daemon/record.h"

#include "common/log.h"
#include "daemon/journal.h"

namespace passkeyd {

bool is_denial(ErrorKind kind) {
  return kind == ErrorKind::PinWrong || kind == ErrorKind::TouchRefused || kind == ErrorKind::UvFailed ||
         kind == ErrorKind::CodeWrong || kind == ErrorKind::Denied;
}

void log_outcome(const LoginRequest &request, const Account &account, std::string_view outcome,
                 std::string_view reason) {
  log_line(LogLevel::Notice, "login of " + account.name.str() + " for " + request.service + ": " +
                                 std::string(outcome) + " (" + std::string(reason) + ")");
}

namespace {

/// The audit tells the log (daemon/journal.h). One that cannot be written changes nothing about what
/// happened, and the log hears of it all the same.
void write_down(House &house, const AuditRecord &record) {
  const Status written = house.ledger.append(record);
  if (written) return;
  log_line(LogLevel::Error, "audit: " + log_safe(written.error().sentence));
  log_line(LogLevel::Notice, sentence_of(record));
}

/// Records an ending.
void record_ending(House &house, const LoginRequest &request, const std::optional<Account> &account,
                   const char *outcome, std::string_view reason, const char *event) {
  AuditRecord record;
  record.time = house.clock.wall();
  record.event = event;
  if (account) record.user = account->name.str();
  if (account) record.uid = account->uid;
  record.service = request.service;
  record.outcome = outcome;
  record.reason = reason;
  record.caller_uid = request.caller_uid;
  record.caller_pid = request.caller_pid;
  record.rhost = request.remote_host;
  write_down(house, record);
}

const char *outcome_of(ErrorKind kind) {
  return is_denial(kind) ? outcome::kDenied : outcome::kFailed;
}

}  // namespace

void note(House &house, const LoginRequest &request, const Account &account, const char *outcome,
          std::string_view reason, const char *event) {
  record_ending(house, request, account, outcome, reason, event);
}

void note_nobody(House &house, const LoginRequest &request, const Error &why) {
  record_ending(house, request, std::nullopt, outcome_of(why.kind), name_of(why.kind), event::kLogin);
}

void note_failure(House &house, const LoginCase &login, const Error &why, const char *event) {
  note(house, login.request, login.account, outcome_of(why.kind), name_of(why.kind), event);
  log_line(LogLevel::Info, "login of " + login.account.name.str() + ": " + log_safe(why.sentence));
}

void note_undecided(const LoginCase &login, const Error &why) {
  log_outcome(login.request, login.account, outcome::kFailed, name_of(why.kind));
  log_line(LogLevel::Error, "ledger: " + log_safe(why.sentence));
}

void note_enrollment_failure(House &house, const std::optional<Account> &account, const Caller &caller,
                             const Error &why) {
  AuditRecord record;
  record.time = house.clock.wall();
  record.event = event::kEnroll;
  if (account) record.user = account->name.str();
  if (account) record.uid = account->uid;
  record.service = "enrollment";
  record.outcome = outcome_of(why.kind);
  record.reason = name_of(why.kind);
  record.caller_uid = caller.uid;
  record.caller_pid = caller.pid;
  write_down(house, record);
  log_line(LogLevel::Info, "enrollment: " + log_safe(why.sentence));
}

}  // namespace passkeyd
