/// What the journal is told of each record, and that config/passkeyd.catalog explains all of it.
#include "daemon/journal.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "daemon/retention.h"
#include "tests/check.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

/// The catalog's entries, by their ids.
std::map<std::string, std::string> catalog() {
  std::ifstream file(CATALOG);
  std::map<std::string, std::string> entries;
  std::string *entry = nullptr;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("-- ")) {
      const auto [at, is_new] = entries.try_emplace(line.substr(3));
      if (!is_new) fail_at(__FILE__, __LINE__, "twice in the catalog: " + line);
      entry = &at->second;
    } else if (entry != nullptr) {
      *entry += line + "\n";
    }
  }
  return entries;
}

/// A record such as every one of its kind is: what some may lack is left out.
AuditEntry bare(std::string_view event, std::string_view outcome) {
  AuditEntry entry{.seq = 7, .record = {}, .hash = {}};
  entry.record.event = event;
  entry.record.outcome = outcome;
  entry.record.service = "sudo";
  return entry;
}

/// The same with all that the kinds which are about somebody, a passkey, or a reason have.
AuditEntry full(std::string_view event, std::string_view outcome) {
  AuditEntry entry = bare(event, outcome);
  entry.record.user = "alice";
  entry.record.uid = 1000;
  entry.record.way = "usb";
  entry.record.credential = 3;
  entry.record.credential_id = Bytes(32, 1);
  entry.record.reason = "pin-wrong";
  entry.record.caller_uid = 1001;
  entry.record.caller_pid = 99;
  entry.record.rhost = "192.0.2.1";
  entry.hash.fill(0xab);
  return entry;
}

bool has(const std::vector<std::string> &fields, const std::string &field) {
  return std::find(fields.begin(), fields.end(), field) != fields.end();
}

bool names(const std::vector<std::string> &fields, const std::string &name) {
  return std::any_of(fields.begin(), fields.end(),
                     [&](const std::string &field) { return field.starts_with(name + "="); });
}

void every_kind_has_an_id_of_its_own_and_an_explanation_and_no_other_has() {
  const std::map<std::string, std::string> explained = catalog();
  std::set<std::string> ids;
  for (const MessageKind &kind : message_kinds()) {
    const std::string id(kind.id);
    CHECK(id.size() == 32 && id.find_first_not_of("0123456789abcdef") == std::string::npos);
    CHECK(ids.insert(id).second);
    if (!explained.contains(id))
      fail_at(__FILE__, __LINE__, "not in the catalog: " + std::string(kind.sentence));
  }
  for (const auto &[id, text] : explained) {
    if (!ids.contains(id)) fail_at(__FILE__, __LINE__, "in the catalog, but no kind: " + id);
    CHECK(text.starts_with("Subject: ") && text.find("\nDefined-By: passkeyd\n") != std::string::npos);
    CHECK(text.size() > 120);
  }
}

void every_event_has_a_kind() {
  for (const char *event :
       {event::kLogin, event::kEnroll, event::kRename, event::kRevoke, event::kSuspend, event::kReactivate,
        event::kChangePin, event::kForgetTries, event::kNewCodes, event::kLock, event::kUnlock, event::kPrune,
        event::kImportMetadata, event::kExport, event::kImport, event::kGuestEnroll, event::kGuestUse,
        event::kGuestRemove, event::kRefused})
    CHECK(std::any_of(message_kinds().begin(), message_kinds().end(),
                      [&](const MessageKind &kind) { return kind.event == event; }));
}

/// journalctl shows the bare name of a field that is not there.
void explanations_name_only_fields_that_are_there() {
  const std::map<std::string, std::string> explained = catalog();
  for (const MessageKind &kind : message_kinds()) {
    const AuditEntry entry = full(kind.event, kind.outcome.empty() ? outcome::kFailed : kind.outcome);
    const std::vector<std::string> fields = journal_fields(entry);
    CHECK(has(fields, "MESSAGE_ID=" + std::string(kind.id)));
    const std::string &text = explained.at(std::string(kind.id));
    for (std::size_t at = text.find('@'); at != std::string::npos; at = text.find('@', at + 1)) {
      const std::size_t end = text.find('@', at + 1);
      CHECK(end != std::string::npos);
      if (!names(fields, text.substr(at + 1, end - at - 1)))
        fail_at(__FILE__, __LINE__, "no such field: " + text.substr(at, end - at));
      at = end;
    }
  }
}

void the_sentences_are_what_they_were() {
  const auto said = [](std::string_view event, std::string_view outcome) {
    return sentence_of(full(event, outcome).record);
  };
  CHECK(said(event::kLogin, outcome::kDenied) == "login of alice for sudo: denied (pin-wrong)");
  CHECK(said(event::kLogin, outcome::kFailed) == "login of alice for sudo: failed (pin-wrong)");
  AuditRecord granted = full(event::kLogin, outcome::kGranted).record;
  granted.reason.clear();
  CHECK(sentence_of(granted) == "login of alice for sudo: granted (none)");
  granted.way = "code";
  CHECK(sentence_of(granted) == "login of alice for sudo: granted (backup code)");
  AuditRecord nameless = full(event::kLogin, outcome::kDenied).record;
  nameless.user.clear();
  CHECK(sentence_of(nameless) == "login without a name for sudo: denied (pin-wrong)");
  CHECK(said(event::kEnroll, outcome::kDone) == "enrolled a passkey (usb) for alice");
  CHECK(said(event::kEnroll, outcome::kDenied) == "enrollment for alice: denied (pin-wrong)");
  CHECK(said(event::kLock, outcome::kDone) == "alice was locked (pin-wrong)");
  CHECK(said(event::kUnlock, outcome::kDone) == "alice was unlocked");
  CHECK(said(event::kNewCodes, outcome::kDone) == "new backup codes for alice");
  CHECK(said("unheard-of", outcome::kDone) == "unheard-of of alice: done (pin-wrong)");
}

void all_that_is_known_is_a_field_and_nothing_else() {
  AuditEntry entry = full(event::kLogin, outcome::kDenied);
  const std::vector<std::string> fields = journal_fields(entry);
  for (const std::string &field :
       {std::string("PRIORITY=5"), std::string("SYSLOG_IDENTIFIER=passkeyd"),
        std::string("PASSKEYD_EVENT=login"), std::string("PASSKEYD_USER=alice"),
        std::string("PASSKEYD_UID=1000"), std::string("PASSKEYD_SERVICE=sudo"),
        std::string("PASSKEYD_WAY=usb"), "PASSKEYD_CREDENTIAL=" + short_id(Bytes(32, 1)),
        std::string("PASSKEYD_OUTCOME=denied"), std::string("PASSKEYD_REASON=pin-wrong"),
        std::string("PASSKEYD_CALLER_UID=1001"), std::string("PASSKEYD_CALLER_PID=99"),
        std::string("PASSKEYD_RHOST=192.0.2.1"), std::string("PASSKEYD_SEQ=7"),
        "PASSKEYD_HASH=" + to_hex(entry.hash)})
    if (!has(fields, field)) fail_at(__FILE__, __LINE__, "not there: " + field);
  CHECK(fields.size() == 17);
  CHECK(!names(journal_fields(bare(event::kLogin, outcome::kFailed)), "PASSKEYD_USER"));
  CHECK(!names(journal_fields(bare("unheard-of", outcome::kDone)), "MESSAGE_ID"));
  CHECK(has(journal_fields(full(event::kSuspend, outcome::kDone)), "PRIORITY=4"));
}

void braces_in_what_people_typed_are_only_braces() {
  AuditRecord record = full(event::kLock, outcome::kDone).record;
  record.reason = "{user} {";
  CHECK(sentence_of(record) == "alice was locked ({user} {)");
}

void age_counts_in_whole_days_and_never_beyond_the_newest_record() {
  using namespace std::chrono;
  const WallTime noon = sys_days(2026y / November / 25) + 12h;
  CHECK(kept_since(days(10), noon, noon) == WallTime(sys_days(2026y / November / 15)));
  CHECK(kept_since(days(10), noon, noon - days(3)) == WallTime(sys_days(2026y / November / 12)));
  CHECK(kept_since(days(10), noon + days(20000), noon) == WallTime(sys_days(2026y / November / 15)));
  CHECK(kept_since(days(10), noon, noon + days(20000)) == WallTime(sys_days(2026y / November / 15)));
  CHECK(!kept_since(days(0), noon, noon) && !kept_since(days(10), noon, std::nullopt));
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(every_kind_has_an_id_of_its_own_and_an_explanation_and_no_other_has),
      TEST(every_event_has_a_kind),
      TEST(explanations_name_only_fields_that_are_there),
      TEST(the_sentences_are_what_they_were),
      TEST(all_that_is_known_is_a_field_and_nothing_else),
      TEST(braces_in_what_people_typed_are_only_braces),
      TEST(age_counts_in_whole_days_and_never_beyond_the_newest_record),
  };
  return cmocka_run_group_tests_name("journal", tests, nullptr, nullptr);
}
