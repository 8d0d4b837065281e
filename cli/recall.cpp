/// Showing first, asking, then revoking.
#include "cli/recall.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <utility>

#include "cli/confirm.h"
#include "cli/face.h"
#include "cli/sign_out.h"
#include "cli/table.h"
#include "cli/when.h"
#include "client/revocation.h"

namespace passkeyd::cli {
namespace {

constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

/// As FIDO writes it and listings show it.
std::string check_model(const std::string &text) {
  const bool fits = text.size() == kForm.size() &&
                    std::equal(text.begin(), text.end(), kForm.begin(), [](char c, char form) {
                      const bool digit =
                          (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
                      return form == '-' ? c == '-' : digit;
                    });
  return fits ? std::string() : "must be an AAGUID such as 2fc0579f-8113-47ea-b116-bb5a8db9202a";
}

std::string in_lower_case(std::string text) {
  for (char &c : text)
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

/// A date or time, nothing that moves with the clock: a recall that is run twice must be about the same
/// passkeys.
Result<std::int64_t> parse_date(const std::string &text) {
  const Result<std::int64_t> date = parse_when(text, 0);
  const bool fixed = !text.empty() && (text.front() == '@' || (text.front() >= '0' && text.front() <= '9'));
  if (!date || !fixed)
    return Error{ErrorKind::InvalidInput,
                 "must be YYYY-MM-DD, \"YYYY-MM-DD HH:MM\" (local time) or @SECONDS"};
  return date;
}

std::string check_date(const std::string &text) {
  const Result<std::int64_t> date = parse_date(text);
  return date ? std::string() : date.error().sentence;
}

Result<Recall> parse(const RecallOrder &order) {
  Recall recall;
  recall.reason = order.reason;
  if (!order.which.model.empty()) recall.model = in_lower_case(order.which.model);
  if (!order.which.enrolled_before.empty())
    recall.enrolled_before = TRY(parse_date(order.which.enrolled_before));
  return recall;
}

/// Names, with who had them at enrollment: a name may have had several owners.
using People = std::map<std::string, std::vector<CredentialRecord>>;

People people_in(const CredentialList &list) {
  People people;
  for (const CredentialRecord &each : list.records) people[each.user].push_back(each);
  return people;
}

std::string count_of(const CredentialList &list) {
  const std::size_t passkeys = list.records.size() + list.unreadable;
  const std::size_t people = people_in(list).size();
  return std::to_string(passkeys) + (passkeys == 1 ? " passkey of " : " passkeys of ") +
         std::to_string(people) + (people == 1 ? " account" : " accounts");
}

void show(const CredentialList &list) {
  Table table({"USER", "ID", "NAME", "DEVICE", "STATE", "CREATED"});
  for (const CredentialRecord &each : list.records)
    table.add({each.user, each.id, each.name, each.device, each.state, day_text(each.created)});
  std::fputs(table.text().c_str(), stdout);
  if (list.unreadable > 0) std::printf("and %zu that cannot be shown\n", list.unreadable);
  std::fflush(stdout);  // before the question
}

ExitCode none_matches() {
  std::fprintf(stderr, "passkeyctl: no passkey matches: nothing was changed\n");
  return ExitCode::NotEnrolled;
}

/// All are tried; the last trouble is the exit code.
ExitCode sign_out_all(Bus &bus, const People &people, Patience &patience) {
  ExitCode worst = ExitCode::Ok;
  for (const auto &[name, records] : people) {
    const Result<UserName> user = UserName::parse(name);
    const ExitCode code =
        user ? sign_out(bus, user.value(), patience, numbers_of(records)) : ExitCode::SessionsGoOn;
    if (code != ExitCode::Ok) worst = code;
  }
  return worst;
}

ExitCode carry_out(Bus &bus, const RecallOrder &order, const Recall &recall, Patience &patience) {
  const Result<CredentialList> gone = revoke_matching(bus, recall, patience);
  if (!gone) return report(gone.error());
  if (gone->records.empty() && gone->unreadable == 0) return none_matches();  // somebody else was faster
  std::printf("Revoked: %s.\n", count_of(gone.value()).c_str());
  return order.end_sessions ? sign_out_all(bus, people_in(gone.value()), patience) : ExitCode::Ok;
}

}  // namespace

void add_recall_options(CLI::App &command, RecallOptions &options) {
  command.add_option("--authenticator", options.model, "Everybody's of this model (administrators)")
      ->type_name("AAGUID")
      ->check(check_model);
  command
      .add_option("--enrolled-before", options.enrolled_before,
                  "Everybody's from before then (administrators)")
      ->type_name("DATE")
      ->check(check_date);
  command.add_flag("--dry-run", options.dry_run, "Only show which those are");
}

ExitCode recall(const RecallOrder &order) {
  const Result<Recall> which = parse(order);
  if (!which) return report(which.error());
  return with_authority(Patience(std::chrono::minutes(20)), [&](Bus &bus, Patience &patience) {
    const Result<CredentialList> found = matching(bus, which.value(), patience);
    if (!found) return report(found.error());
    if (found->records.empty() && found->unreadable == 0) return none_matches();
    show(found.value());
    if (order.which.dry_run) {
      std::printf("Would be revoked: %s. Nothing was changed.\n", count_of(found.value()).c_str());
      return ExitCode::Ok;
    }
    const std::string about = count_of(found.value()) +
                              ", and what matches until you answer, will open nothing any more, for ever.\n";
    const ExitCode agreed = confirm(about, "Revoke all of them?", order.yes ? Asked::Already : Asked::Yet);
    return agreed == ExitCode::Ok ? carry_out(bus, order, which.value(), patience) : agreed;
  });
}

}  // namespace passkeyd::cli
