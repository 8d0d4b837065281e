/// Writing down how logins end.
#include "daemon/record.h"

#include "common/log.h"

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

/// Records an ending. An audit that cannot be written changes nothing about it.
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
  const Status written = house.ledger.append(record);
  if (!written) log_line(LogLevel::Error, "audit: " + written.error().sentence);
}

const char *outcome_of(ErrorKind kind) {
  return is_denial(kind) ? outcome::kDenied : outcome::kFailed;
}

}  // namespace

void note(House &house, const LoginRequest &request, const Account &account, const char *outcome,
          std::string_view reason, const char *event) {
  log_outcome(request, account, outcome, reason);
  record_ending(house, request, account, outcome, reason, event);
}

void note_nobody(House &house, const LoginRequest &request, const Error &why) {
  log_line(LogLevel::Notice, "login without a name for " + request.service + ": " +
                                 std::string(outcome_of(why.kind)) + " (" + std::string(name_of(why.kind)) +
                                 ")");
  record_ending(house, request, std::nullopt, outcome_of(why.kind), name_of(why.kind), event::kLogin);
}

void note_failure(House &house, const LoginCase &login, const Error &why, const char *event) {
  note(house, login.request, login.account, outcome_of(why.kind), name_of(why.kind), event);
  log_line(LogLevel::Info, "login of " + login.account.name.str() + ": " + log_safe(why.sentence));
}

}  // namespace passkeyd
