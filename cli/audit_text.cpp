/// Words for what happened.
#include "cli/audit_text.h"

#include <pwd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "cli/table.h"
#include "cli/when.h"
#include "client/printable.h"
#include "common/error.h"

namespace passkeyd::cli {
namespace {

struct Words {
  std::string_view name;
  const char *words;
};

/// An event or outcome that is not here is a newer daemon's, and shown by its name.
constexpr Words kEvents[] = {
    {"login", "sign-in"},
    {"enroll", "new passkey"},
    {"rename", "passkey renamed"},
    {"revoke", "passkey revoked"},
    {"suspend", "passkey suspended"},
    {"reactivate", "passkey resumed"},
    {"change-pin", "PIN changed"},
    {"forget-tries", "limits reset"},
    {"new-codes", "new backup codes"},
    {"lock", "account locked"},
    {"unlock", "account unlocked"},
    {"prune", "old records let go"},
    {"import-metadata", "metadata imported"},
    {"export", "export"},
    {"import", "import"},
    {"guest-enroll", "passkey for elsewhere made"},
    {"guest-use", "passkey for elsewhere used"},
    {"guest-remove", "passkey for elsewhere removed"},
    {"refused", "asked without right"},
};
constexpr Words kOutcomes[] = {
    {"granted", "granted"}, {"denied", "refused"}, {"done", "done"}, {"failed", "no verdict"}};

template <std::size_t N>
std::string words_of(const Words (&table)[N], const std::string &name) {
  for (const Words &row : table)
    if (row.name == name) return row.words;
  return name;
}

std::string what(const AuditLine &line) {
  const std::string event = words_of(kEvents, line.event);
  return line.event == "login" && !line.service.empty() ? event + ": " + line.service : event;
}

std::string with_what(const AuditLine &line) {
  return line.way + (line.way.empty() || line.credential.empty() ? "" : " ") + line.credential;
}

std::string name_of_uid(std::int64_t uid) {
  const passwd *found = getpwuid(static_cast<uid_t>(uid));  // the only thread, and used at once
  return found != nullptr ? printable(found->pw_name, UserName::kMaxBytes) : std::to_string(uid);
}

/// Where a sign-in comes from; who did it, where somebody else did something to an account.
std::string from(const AuditLine &line) {
  if (!line.rhost.empty()) return line.rhost;
  if (line.event == "login" || !line.caller_uid) return "";
  const bool own = line.uid && *line.uid == *line.caller_uid;
  return own ? "" : "by " + name_of_uid(*line.caller_uid);
}

/// Our own words for reasons have hyphens; an administrator's stand as they are.
std::string outcome(const AuditLine &line) {
  const std::string said = words_of(kOutcomes, line.outcome);
  if (line.reason.empty() || line.reason == "none") return said;
  std::string reason = line.reason;
  const bool ours = line.outcome != "done" && std::all_of(reason.begin(), reason.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || c == '-';
                    });
  if (ours) std::replace(reason.begin(), reason.end(), '-', ' ');
  return said + ": " + reason;
}

/// A cell of at least `width` characters (counted in bytes: that is for looks).
std::string at_least(std::size_t width, std::string cell) {
  if (cell.size() < width) cell.resize(width, ' ');
  return cell;
}

}  // namespace

std::string audit_table(std::span<const AuditLine> lines, Heading heading) {
  Table table(heading == Heading::Yes
                  ? Table::Row{"NUMBER", "TIME", "ACCOUNT", "WHAT", "WITH", "FROM", "OUTCOME"}
                  : Table::Row{});
  for (const AuditLine &line : lines)
    table.add({at_least(6, std::to_string(line.number)), when_text(line.time), at_least(10, line.user),
               at_least(18, what(line)), at_least(14, with_what(line)), at_least(8, from(line)),
               outcome(line)});
  return table.text();
}

std::string audit_json(const AuditLine &line) {
  const auto maybe = [](const std::optional<std::int64_t> &number) {
    return number ? nlohmann::json(*number) : nlohmann::json();
  };
  const nlohmann::json all = {
      {"number", line.number},
      {"time", line.time},
      {"event", line.event},
      {"user", line.user},
      {"uid", maybe(line.uid)},
      {"service", line.service},
      {"way", line.way},
      {"credential", line.credential},
      {"outcome", line.outcome},
      {"reason", line.reason},
      {"caller_uid", maybe(line.caller_uid)},
      {"caller_pid", maybe(line.caller_pid)},
      {"rhost", line.rhost},
      {"hash", line.hash},
  };
  return all.dump() + "\n";
}

}  // namespace passkeyd::cli
