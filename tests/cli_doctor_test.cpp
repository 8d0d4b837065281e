/// passkeyctl doctor and metadata before a scripted daemon: what the service finds, in words; people, one by
/// one; and a file of metadata, handed over.
#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "cli/doctor/health_words.h"
#include "cli/doctor/paper.h"
#include "cli/doctor/people.h"
#include "cli/doctor/service.h"
#include "tests/check.h"
#include "tests/passkeyctl.h"
#include "tests/private_machine.h"
#include "tests/scripted_daemon.h"

using namespace passkeyd;
using namespace passkeyd::cli;
using namespace passkeyd::test;

namespace {

constexpr std::int64_t kDay = 86400;
constexpr std::int64_t kNow = 1000 * kDay;

Reaction list_of(std::vector<Dictionary> rows) {
  return append([rows = std::move(rows)](sd_bus_message *reply) {
    sd_bus_message_open_container(reply, 'a', "a{sv}");
    for (const Dictionary &each : rows) append_dictionary(reply, each);
    return sd_bus_message_close_container(reply);
  });
}

Reaction dictionary(Dictionary entries) {
  return append(
      [entries = std::move(entries)](sd_bus_message *reply) { return append_dictionary(reply, entries); });
}

// --- the service
// ----------------------------------------------------------------------------------------------

const Event kStatus = {"GetStatus", dictionary({{"version", PASSKEYD_VERSION}})};
const Event kNobodysKeys = {"ListAllCredentials", list_of({})};

void what_the_service_finds_is_told_in_words_with_what_to_do() {
  const PrivateBus bus;
  ScriptedDaemon daemon(
      {kStatus,
       {"GetHealth",
        list_of({{{"check", "tpm-lockout-auth"}, {"level", "warning"}, {"detail", "unset"}},
                 {{"check", "ledger-chain"},
                  {"level", "bad"},
                  {"detail", "row 7"},
                  {"first-bad", std::uint64_t{7}}},
                 {{"check", "of-tomorrow"}, {"level", "warning"}, {"detail", "the moon\x1b[31m is full"}},
                 {{"check", "ledger-disk"}, {"level", "good"}, {"detail", ""}}})},
       kNobodysKeys});
  const Ran ran = run({"doctor"});
  CHECK(ran.status == 11);
  CHECK(says(ran.out, "warning  The TPM's lockout authorisation is not set"));
  CHECK(says(ran.out, "-> tpm2_changeauth -c lockout"));
  CHECK(says(ran.out, "bad      The audit is broken"));
  CHECK(says(ran.out, "(row 7)"));
  CHECK(says(ran.out, "warning  the moon?[31m is full"));
  CHECK(says(ran.out, "good     There is room for the ledger."));
  daemon.must_be_done();
}

void programs_get_every_finding_with_its_numbers() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kStatus,
                         {"GetHealth", list_of({{{"check", "ledger-chain"},
                                                 {"level", "bad"},
                                                 {"detail", "row 7"},
                                                 {"first-bad", std::uint64_t{7}}}})},
                         kNobodysKeys});
  const auto all = nlohmann::json::parse(run({"doctor", "--json"}).out).at("findings");
  const auto chain = std::find_if(all.begin(), all.end(),
                                  [](const auto &each) { return each.at("check") == "ledger-chain"; });
  CHECK(chain != all.end() && chain->at("level") == "bad" && chain->at("numbers").at("first-bad") == 7);
  CHECK(!chain->at("what").template get<std::string>().empty() &&
        !chain->at("advice").template get<std::string>().empty());
  daemon.must_be_done();
}

void quiet_leaves_out_what_is_well() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kStatus,
                         {"GetHealth", list_of({{{"check", "config"}, {"level", "good"}, {"detail", ""}},
                                                {{"check", "clock"}, {"level", "warning"}, {"detail", ""}}})},
                         kNobodysKeys});
  const Ran ran = run({"doctor", "--quiet"});
  CHECK(says(ran.out, "The clock was set back") && !says(ran.out, "good ") && !says(ran.out, "note "));
  daemon.must_be_done();
}

void a_service_that_is_not_there_is_a_finding_and_not_the_end() {
  const Ran ran = run({"doctor"});
  CHECK(ran.status == 11);
  CHECK(says(ran.out, "The passkey service does not answer."));
  CHECK(says(ran.out, "libfido2") && ran.err.empty());
}

void what_may_not_be_seen_is_said_to_be_unseen() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kStatus, {"GetHealth", error("org.passkeyd1.Error.NotAllowed")}, kNobodysKeys});
  const Ran ran = run({"doctor"});
  CHECK(says(ran.out, "note     Could not look at what the service knows"));
  CHECK(says(ran.out, "sudo passkeyctl doctor"));
  daemon.must_be_done();
}

void a_service_of_another_version_is_noticed() {
  const Findings found = check_service(StatusReport{{"version", std::string("0.0.1")}});
  CHECK(found.size() == 1 && found[0].level == Level::Warning && says(found[0].what, "0.0.1"));
  CHECK(check_service(StatusReport{{"version", std::string(PASSKEYD_VERSION)}}).at(0).level == Level::Good);
  CHECK(check_service(StatusReport{}).at(0).level == Level::Warning);
}

/// docs/health.md has the names.
void every_check_of_the_service_has_words_of_its_own() {
  for (const char *check :
       {"tpm-present", "tpm-software", "tpm-lockout-auth", "tpm-counter", "tpm-parameters", "tpm-srk",
        "tpm-owner-auth", "tpm-credentials", "ledger-chain", "ledger-integrity", "ledger-disk", "config",
        "clock", "metadata", "rp-id", "version", "ceremonies", "landlock"}) {
    const Finding bad = in_words({.check = check, .level = Level::Bad, .detail = "d"});
    CHECK(bad.what != "d" && !bad.advice.empty() && bad.detail == "d");
    CHECK(in_words({.check = check, .level = Level::Good, .detail = "d"}).advice.empty());
  }
}

void a_level_of_tomorrow_is_looked_at() {
  const PrivateBus bus;
  ScriptedDaemon daemon(
      {kStatus,
       {"GetHealth", list_of({{{"check", "new"}, {"level", "catastrophe"}, {"detail", "x"}}})},
       kNobodysKeys});
  CHECK(says(run({"doctor", "--quiet"}).out, "warning  x"));
  daemon.must_be_done();
}

// --- people
// -----------------------------------------------------------------------------------------------------

PersonRecord well(const std::string &user) {
  return {.user = user,
          .uid = 1000,
          .uid_now = 1000,
          .active = 2,
          .codes_left = 10,
          .last_used = kNow - kDay,
          .newest = kNow - 2 * kDay};
}

/// What is said of one account that can sign in, by check.
std::vector<std::string> said_of(const PersonRecord &person, bool can_sign_in = true) {
  std::map<std::string, std::int64_t> accounts;
  if (can_sign_in) accounts[person.user] = 1000;
  std::vector<std::string> checks;
  for (const PersonReport &report : judge_people({person}, accounts, {.now = kNow}))
    for (const Finding &finding : report.findings) {
      CHECK(report.user == person.user && !finding.advice.empty());
      checks.push_back(finding.check);
    }
  return checks;
}

void each_trouble_of_an_account_is_found_alone() {
  struct Row {
    const char *check;
    void (*change)(PersonRecord &person);
  };
  const Row rows[] = {
      {"one-passkey", [](PersonRecord &person) { person.active = 1; }},
      {"no-codes", [](PersonRecord &person) { person.codes_left = 0; }},
      {"unused", [](PersonRecord &person) { person.last_used = kNow - 91 * kDay; }},
      {"unused", [](PersonRecord &person) { person.last_used.reset(), person.newest = kNow - 91 * kDay; }},
      {"suspended", [](PersonRecord &person) { person.suspended = 1; }},
      {"recalled", [](PersonRecord &person) { person.recalled = 1; }},
      {"no-verification", [](PersonRecord &person) { person.without_verification = 1; }},
      {"account-changed", [](PersonRecord &person) { person.uid_now = 1001; }},
      {"account-gone", [](PersonRecord &person) { person.uid_now.reset(); }},
      {"account-unknown", [](PersonRecord &person) { person.uid_now.reset(), person.unknown = true; }},
      {"locked", [](PersonRecord &person) { person.locked = true; }},
      {"no-passkey", [](PersonRecord &person) { person.active = 0, person.revoked = 2; }},
  };
  CHECK(said_of(well("alice")).empty());
  for (const Row &row : rows) {
    PersonRecord person = well("alice");
    row.change(person);
    if (said_of(person) != std::vector<std::string>{row.check}) throw Failed(row.check);
  }
}

void who_never_enrolled_is_found_among_the_accounts() {
  const auto reports = judge_people({well("alice")}, {{"alice", 1000}, {"bob", 1001}}, {.now = kNow});
  CHECK(reports.size() == 1 && reports[0].user == "bob" && reports[0].findings[0].check == "no-passkey");
}

void a_system_account_needs_no_passkey() {
  PersonRecord person = well("backup");
  person.active = 0;
  person.codes_left = 0;
  CHECK(said_of(person, false).empty());
}

void the_days_of_disuse_can_be_chosen() {
  PersonRecord person = well("alice");
  person.last_used = kNow - 10 * kDay;
  CHECK(judge_people({person}, {}, {.now = kNow, .unused_days = 11}).empty());
  CHECK(judge_people({person}, {}, {.now = kNow, .unused_days = 10}).size() == 1);
}

void a_name_cannot_slip_a_command_into_the_advice() {
  PersonRecord person = well("$(reboot)'x");
  person.locked = true;
  const auto reports = judge_people({person}, {}, {.now = kNow});
  CHECK(reports.at(0).findings.at(0).advice == "passkeyctl unlock '$(reboot)'\\''x'");
}

void of_a_name_that_has_changed_hands_both_owners_are_seen() {
  PersonRecord before = well("alice");
  before.uid_now = 1001;
  PersonRecord now = well("alice");
  now.uid = now.uid_now = 1001;
  for (const auto &people : {std::vector{before, now}, std::vector{now, before}}) {
    const auto reports = judge_people(people, {{"alice", 1001}}, {.now = kNow});
    CHECK(reports.size() == 1 && reports[0].findings.size() == 1);
    const Finding &finding = reports[0].findings[0];
    CHECK(finding.check == "account-changed" && !says(finding.advice, "--all"));
  }
}

void while_the_directory_is_away_nobody_is_called_gone() {
  const PrivateBus bus;
  const auto people = list_of({{{"user", "zoe"},
                                {"uid", std::uint32_t{4000}},
                                {"unknown", true},
                                {"active", std::uint32_t{2}},
                                {"codes-left", std::uint32_t{3}},
                                {"newest", std::int64_t{std::time(nullptr)}},
                                {"locked", false}}});
  ScriptedDaemon daemon({{"GetPeople", people}});
  const Ran ran = run({"doctor", "--people"});
  CHECK(says(ran.out, "could not be looked up"));
  CHECK(!says(ran.out, "gone") && !says(ran.out, "revoke zoe"));
  daemon.must_be_done();
}

void people_are_shown_each_with_their_own() {
  const PrivateBus bus;
  const auto people = list_of({{{"user", "zoe"},
                                {"uid", std::uint32_t{4000}},
                                {"active", std::uint32_t{1}},
                                {"codes-left", std::uint32_t{3}},
                                {"newest", std::int64_t{1}},
                                {"locked", false}}});
  ScriptedDaemon daemon(
      {{"GetPeople", people}, {"GetPeople", people}, {"GetPeople", error("org.passkeyd1.Error.NotAllowed")}});
  const Ran ran = run({"doctor", "--people"});
  CHECK(ran.status == 10);
  CHECK(says(ran.out, "zoe\nwarning  has passkeys or backup codes, but the account is gone."));
  CHECK(says(ran.out, "passkeyctl revoke zoe --all"));
  CHECK(says(ran.out, "root\nnote     has no passkey."));
  const auto json = nlohmann::json::parse(run({"doctor", "--people", "--json"}).out);
  const auto zoe =
      std::find_if(json.begin(), json.end(), [](const auto &each) { return each.at("user") == "zoe"; });
  CHECK(zoe != json.end() && zoe->at("findings").at(0).at("check") == "account-gone");
  CHECK(run({"doctor", "--people"}).status == 4);
  daemon.must_be_done();
}

// --- metadata
// ---------------------------------------------------------------------------------------------------

/// Answers if the file that came is sealed and says this, from its beginning.
Reaction takes_file(const std::string &text) {
  return [text](sd_bus_message *call) {
    int file = -1;
    std::string got(text.size() + 1, '\0');
    if (sd_bus_message_read(call, "h", &file) <= 0) return -EBADMSG;
    const int seals = fcntl(file, F_GET_SEALS);
    const ssize_t size = read(file, got.data(), got.size());
    const bool right =
        (seals & F_SEAL_WRITE) != 0 && size == static_cast<ssize_t>(text.size()) && got.starts_with(text);
    if (!right)
      return sd_bus_reply_method_errorf(call, "org.passkeyd1.Error.Untrusted", "not what was meant");
    return dictionary({{"number", std::uint64_t{42}},
                       {"next-update", "2026-12-01"},
                       {"models", std::uint32_t{300}},
                       {"recalled", std::uint32_t{2}},
                       {"flagged", std::uint32_t{1}}})(call);
  };
}

void a_file_of_metadata_is_handed_over_sealed_and_whole() {
  const PrivateBus bus;
  const std::string path = std::string(kScratch) + "/blob";
  write_file(path, "a.b.c");
  ScriptedDaemon daemon({{"ImportMetadata", takes_file("a.b.c")}, {"ImportMetadata", takes_file("d.e.f")}});
  const Ran ran = run({"metadata", "import", path});
  CHECK(ran.status == 0 && says(ran.out, "42") && says(ran.out, "2026-12-01") &&
        says(ran.out, "passkeyctl doctor --people"));
  const Ran piped = run({"metadata", "import", "-", "--json"}, "d.e.f");
  CHECK(piped.status == 0 && nlohmann::json::parse(piped.out).at("flagged") == 1);
  daemon.must_be_done();
}

void what_is_no_file_is_never_sent() {
  const PrivateBus bus;
  ScriptedDaemon daemon({});
  const std::string empty = std::string(kScratch) + "/empty";
  write_file(empty, "");
  CHECK(run({"metadata", "import", empty}).status == 3);
  CHECK(run({"metadata", "import", kScratch}).status == 3);
  const Ran nowhere = run({"metadata", "import", "/nowhere"});
  CHECK(nowhere.status == 3 && nowhere.err == "passkeyctl: open /nowhere: No such file or directory\n");
  CHECK(run({"metadata", "import", "/dev/zero"}).status == 3);
  CHECK(run({"metadata"}).status == 2 && run({"metadata", "import"}).status == 2);
  daemon.must_be_done();
}

void of_a_file_that_is_refused_it_is_not_said_that_it_is_a_device() {
  const PrivateBus bus;
  const std::string path = std::string(kScratch) + "/no-blob";
  write_file(path, "nothing of the kind");
  const auto refusal = [](sd_bus_message *call) {
    return sd_bus_reply_method_errorf(call, "org.passkeyd1.Error.Malformed", "no base64url");
  };
  ScriptedDaemon daemon({{"ImportMetadata", refusal}});
  const Ran ran = run({"metadata", "import", path});
  CHECK(ran.status == 3 && says(ran.err, path.c_str()) && says(ran.err, "no base64url") &&
        !says(ran.err, "device"));
  daemon.must_be_done();
}

void what_metadata_is_in_force_is_shown() {
  const PrivateBus bus;
  const auto status =
      dictionary({{"metadata-number", std::uint64_t{42}}, {"metadata-next-update", "2026-12-01"}});
  ScriptedDaemon daemon({{"GetStatus", status}, {"GetStatus", dictionary({})}});
  CHECK(run({"metadata", "status"}).out == "Number 42; a newer one is out by 2026-12-01.\n");
  CHECK(says(run({"metadata", "status"}).out, "None"));
  daemon.must_be_done();
}

}  // namespace

int main(int, char **argv) {
  program = argv[1];
  enter_private_machine();
  const CMUnitTest tests[] = {
      TEST(what_the_service_finds_is_told_in_words_with_what_to_do),
      TEST(programs_get_every_finding_with_its_numbers),
      TEST(quiet_leaves_out_what_is_well),
      TEST(a_service_that_is_not_there_is_a_finding_and_not_the_end),
      TEST(what_may_not_be_seen_is_said_to_be_unseen),
      TEST(a_service_of_another_version_is_noticed),
      TEST(every_check_of_the_service_has_words_of_its_own),
      TEST(a_level_of_tomorrow_is_looked_at),
      TEST(each_trouble_of_an_account_is_found_alone),
      TEST(who_never_enrolled_is_found_among_the_accounts),
      TEST(a_system_account_needs_no_passkey),
      TEST(the_days_of_disuse_can_be_chosen),
      TEST(a_name_cannot_slip_a_command_into_the_advice),
      TEST(of_a_name_that_has_changed_hands_both_owners_are_seen),
      TEST(while_the_directory_is_away_nobody_is_called_gone),
      TEST(people_are_shown_each_with_their_own),
      TEST(a_file_of_metadata_is_handed_over_sealed_and_whole),
      TEST(what_is_no_file_is_never_sent),
      TEST(of_a_file_that_is_refused_it_is_not_said_that_it_is_a_device),
      TEST(what_metadata_is_in_force_is_shown),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
