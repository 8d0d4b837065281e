/// Manager.GetAudit and Manager.VerifyAudit.
#include "client/audit.h"

#include <algorithm>
#include <utility>

#include "client/dictionary.h"

namespace passkeyd {
namespace {

/// Polkit may have to ask the person first, and a long chain takes a while to go through.
constexpr Patience::Time kMost = std::chrono::seconds(90);

Error malformed(const char *what) {
  return {ErrorKind::Malformed, std::string("the audit: ") + what};
}

int append_time(sd_bus_message *call, const char *key, const std::optional<std::int64_t> &seconds) {
  return seconds ? sd_bus_message_append(call, "{sv}", key, "x", *seconds) : 0;
}

int append_place(sd_bus_message *call, const char *key, const std::optional<std::int64_t> &number) {
  return number ? sd_bus_message_append(call, "{sv}", key, "t", static_cast<std::uint64_t>(*number)) : 0;
}

int append_question(sd_bus_message *call, const AuditQuestion &question) {
  int code = sd_bus_message_open_container(call, 'a', "{sv}");
  if (code >= 0 && question.user) code = append_text(call, option::kUser, question.user->str());
  if (code >= 0) code = append_time(call, option::kSince, question.since);
  if (code >= 0) code = append_time(call, option::kUntil, question.until);
  if (code >= 0) code = append_place(call, option::kAfter, question.after);
  if (code >= 0) code = append_place(call, option::kBefore, question.before);
  if (code >= 0) code = sd_bus_message_append(call, "{sv}", option::kMost, "u", question.most);
  if (code >= 0 && question.wait.count() > 0)
    code = sd_bus_message_append(call, "{sv}", option::kWait, "u",
                                 static_cast<std::uint32_t>(question.wait.count()));
  return code < 0 ? code : sd_bus_message_close_container(call);
}

/// nullopt: a row without a number, or a value of the wrong type.
std::optional<AuditLine> line_of(const Dictionary &row) {
  AuditLine line;
  const bool sound = row.take("number", line.number) && row.take("time", line.time) &&
                     row.take("event", line.event) && row.take("user", line.user) &&
                     row.take("uid", line.uid) && row.take("service", line.service) &&
                     row.take("way", line.way) && row.take("credential", line.credential) &&
                     row.take("outcome", line.outcome) && row.take("reason", line.reason) &&
                     row.take("caller-uid", line.caller_uid) && row.take("caller-pid", line.caller_pid) &&
                     row.take("rhost", line.rhost) && row.take("hash", line.hash);
  if (!sound || line.number < 1) return std::nullopt;
  return line;
}

bool fits(const AuditQuestion &question, std::int64_t last, std::int64_t number) {
  return number > std::max(last, question.after.value_or(0)) &&
         (!question.before || number < *question.before);
}

}  // namespace

/// Numbers must grow from record to record and past the question's: who pages by them would go round in
/// circles.
Result<std::vector<AuditLine>> get_audit(Bus &bus, const AuditQuestion &question, Patience &patience) {
  const auto fill = [&](sd_bus_message *call) { return append_question(call, question); };
  const Message reply = TRY(bus.call_manager("GetAudit", fill, patience, kMost + question.wait));
  const std::vector<Dictionary> rows = TRY(Dictionary::read_list(reply.get(), question.most));
  std::vector<AuditLine> lines;
  for (const Dictionary &row : rows) {
    std::optional<AuditLine> line = line_of(row);
    if (!line) return malformed("a record does not parse");
    if (!fits(question, lines.empty() ? 0 : lines.back().number, line->number))
      return malformed("records come out of order");
    lines.push_back(std::move(*line));
  }
  return lines;
}

Result<ChainReport> verify_audit(Bus &bus, Patience &patience) {
  const Message reply = TRY(bus.call_manager("VerifyAudit", {}, patience, kMost));
  const Dictionary chain = TRY(Dictionary::read(reply.get()));
  ChainReport report;
  const bool sound = chain.take("rows", report.rows) && chain.take("first", report.first) &&
                     chain.take("pruned", report.pruned) && chain.take("head", report.head) &&
                     chain.take("first-bad", report.first_bad);
  // Silence must not read as "nothing is wrong".
  if (!sound || !chain.entries().contains("rows") || report.head.empty())
    return malformed("the report on the chain does not parse");
  return report;
}

}  // namespace passkeyd
