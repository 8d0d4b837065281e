/// What is said of the facts, each thing broken by itself. The facts themselves are gathered in health.sh.
#include <algorithm>

#include "daemon/health.h"

#include "tests/check.h"  // last: CMocka defines words that <ios> uses

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

/// A machine with nothing to complain about.
HealthFacts healthy() {
  wire::TpmExamined tpm;
  tpm.maker = "IFX";
  tpm.vendor = "SLB9670";
  tpm.firmware = "7.85.4555.0";
  tpm.lockout_auth_set = true;
  tpm.max_tries = 32;
  tpm.interval = 600;
  tpm.recovery = 86400;
  tpm.root_key = "fit";
  tpm.loads = 3;
  HealthFacts facts;
  facts.tcti = "device:/dev/tpmrm0";
  facts.tpm = tpm;
  facts.platform_credentials = 3;
  facts.chain = AuditChain{.rows = 12};
  facts.ledger = Ok{};
  facts.room = LedgerRoom{.size = 50'000, .free = 10ULL << 30};
  facts.config_state = kConfigLoaded;
  facts.now = WallTime(std::chrono::seconds(1'790'000'000));  // 2026-09-21
  facts.newest_record = facts.now;
  facts.metadata = std::optional(MetadataState{7, "2026-09-21"});
  facts.rp_id = "host.example";
  facts.landlock = 3;
  return facts;
}

Finding finding(const HealthFacts &facts, std::string_view check) {
  const std::vector<Finding> all = findings_of(facts);
  const auto found = std::ranges::find(all, check, &Finding::check);
  if (found == all.end()) throw Failed("nothing is said of " + std::string(check));
  return *found;
}

Level level(const HealthFacts &facts, std::string_view check) {
  return finding(facts, check).level;
}

HealthFacts with_tpm(auto change) {
  HealthFacts facts = healthy();
  change(facts.tpm.value());
  return facts;
}

void a_healthy_machine_is_good_in_everything() {
  const std::vector<Finding> all = findings_of(healthy());
  CHECK(all.size() == 18);
  for (const Finding &each : all)
    if (each.level != Level::Good || each.detail.empty()) throw Failed(each.check + ": " + each.detail);
}

void no_check_speaks_twice() {
  std::vector<Finding> all = findings_of(healthy());
  std::ranges::sort(all, {}, &Finding::check);
  CHECK(std::ranges::adjacent_find(all, {}, &Finding::check) == all.end());
}

void a_missing_tpm_is_a_note_until_somebody_needs_it() {
  HealthFacts facts = healthy();
  facts.tpm = Error{ErrorKind::NoDevice, "gone"};
  CHECK(level(facts, "tpm-present") == Level::Bad);
  CHECK(finding(facts, "tpm-present").numbers.at("credentials") == 3);
  facts.platform_credentials = 0;
  CHECK(level(facts, "tpm-present") == Level::Note);
  CHECK(findings_of(facts).size() == 11);
  facts.tpm = Error{ErrorKind::TpmBroken, "failure mode"};
  CHECK(level(facts, "tpm-present") == Level::Bad);
  facts.tpm = Error{ErrorKind::Timeout, "slow"};
  CHECK(level(facts, "tpm-present") == Level::Warning);
}

void a_lockout_hierarchy_without_a_password_is_a_warning() {
  CHECK(level(with_tpm([](auto &tpm) { tpm.lockout_auth_set = false; }), "tpm-lockout-auth") ==
        Level::Warning);
}

void a_software_tpm_is_named() {
  CHECK(level(with_tpm([](auto &tpm) { tpm.software = true; }), "tpm-software") == Level::Note);
}

void the_count_of_wrong_pins_is_told_before_it_hurts() {
  const auto counted = [](std::uint32_t count, bool locked) {
    return finding(with_tpm([&](auto &tpm) {
                     tpm.counter = count;
                     tpm.in_lockout = locked;
                   }),
                   "tpm-counter");
  };
  CHECK(counted(11, false).level == Level::Good);
  CHECK(counted(12, false).level == Level::Warning);
  CHECK(counted(24, false).level == Level::Warning);
  CHECK(counted(24, false).detail.find("no PIN is sent") != std::string::npos);
  CHECK(counted(32, true).level == Level::Bad);
  CHECK(counted(5, false).numbers.at("used") == 5 && counted(5, false).numbers.at("max") == 32 &&
        counted(5, false).numbers.at("usable") == 24);
}

void odd_parameters_are_noted() {
  CHECK(level(with_tpm([](auto &tpm) { tpm.max_tries = 3; }), "tpm-parameters") == Level::Note);
  CHECK(level(with_tpm([](auto &tpm) { tpm.max_tries = 1000; }), "tpm-parameters") == Level::Note);
  CHECK(level(with_tpm([](auto &tpm) { tpm.interval = 1; }), "tpm-parameters") == Level::Note);
  CHECK(level(with_tpm([](auto &tpm) { tpm.recovery = 0; }), "tpm-parameters") == Level::Note);
}

void a_root_key_that_is_missing_unfit_or_another_is_told_apart() {
  CHECK(level(with_tpm([](auto &tpm) { tpm.root_key = "none"; }), "tpm-srk") == Level::Note);
  CHECK(level(with_tpm([](auto &tpm) { tpm.root_key = "unfit"; }), "tpm-srk") == Level::Warning);
  CHECK(level(with_tpm([](auto &tpm) { tpm.root_key = "?"; }), "tpm-srk") == Level::Warning);
  const Finding changed = finding(with_tpm([](auto &tpm) {
                                    tpm.root_key = "none";
                                    tpm.parent_changed = 2;
                                  }),
                                  "tpm-srk");
  CHECK(changed.level == Level::Bad && changed.numbers.at("parent-changed") == 2);
}

void an_owner_password_matters_while_a_root_key_has_to_be_made() {
  CHECK(level(with_tpm([](auto &tpm) { tpm.owner_auth_set = true; }), "tpm-owner-auth") == Level::Note);
  CHECK(level(with_tpm([](auto &tpm) {
                tpm.owner_auth_set = true;
                tpm.root_key = "none";
              }),
              "tpm-owner-auth") == Level::Warning);
}

void passkeys_that_do_not_load_are_counted() {
  for (std::uint32_t wire::TpmExamined::*why :
       {&wire::TpmExamined::parent_changed, &wire::TpmExamined::foreign, &wire::TpmExamined::broken}) {
    const Finding found = finding(with_tpm([&](auto &tpm) { tpm.*why = 1; }), "tpm-credentials");
    CHECK(found.level == Level::Bad && found.numbers.at("looked-at") == 4 && found.numbers.at("loads") == 3);
  }
}

void a_broken_chain_names_the_record() {
  HealthFacts facts = healthy();
  facts.chain = AuditChain{.rows = 4, .first_bad = 5};
  CHECK(level(facts, "ledger-chain") == Level::Bad &&
        finding(facts, "ledger-chain").numbers.at("first-bad") == 5);
  facts.chain = Error{ErrorKind::Io, "no"};
  CHECK(level(facts, "ledger-chain") == Level::Bad);
}

void a_damaged_ledger_is_bad() {
  HealthFacts facts = healthy();
  facts.bad_rows = 1;
  CHECK(level(facts, "ledger-integrity") == Level::Bad);
  facts = healthy();
  facts.ledger = Error{ErrorKind::Corrupt, "is damaged"};
  CHECK(level(facts, "ledger-integrity") == Level::Bad);
}

void a_full_or_read_only_disk_is_told_in_time() {
  HealthFacts facts = healthy();
  facts.room = LedgerRoom{.free = 100ULL << 20};
  CHECK(level(facts, "ledger-disk") == Level::Warning);
  facts.room = LedgerRoom{.free = 7ULL << 20};
  CHECK(level(facts, "ledger-disk") == Level::Bad);
  facts.room = LedgerRoom{.free = 10ULL << 30, .read_only = true};
  CHECK(level(facts, "ledger-disk") == Level::Bad);
  facts.room = Error{ErrorKind::Io, "no"};
  CHECK(level(facts, "ledger-disk") == Level::Warning);
}

void a_clock_that_was_set_back_is_noticed() {
  HealthFacts facts = healthy();
  facts.newest_record = facts.now + std::chrono::seconds(60);
  CHECK(level(facts, "clock") == Level::Good);
  facts.newest_record = facts.now + std::chrono::seconds(61);
  CHECK(level(facts, "clock") == Level::Warning && finding(facts, "clock").numbers.at("behind") == 61);
  facts.newest_record = std::nullopt;
  CHECK(level(facts, "clock") == Level::Good);
}

void metadata_grows_old_the_day_after_its_next_update() {
  HealthFacts facts = healthy();
  facts.metadata = std::optional(MetadataState{7, "2026-09-20"});
  CHECK(level(facts, "metadata") == Level::Warning);
  facts.metadata = std::optional<MetadataState>();
  CHECK(level(facts, "metadata") == Level::Note);
  facts.metadata = Error{ErrorKind::Corrupt, "no"};
  CHECK(level(facts, "metadata") == Level::Warning);
}

void a_refused_reload_another_rp_id_and_a_stuck_process_are_warnings() {
  HealthFacts facts = healthy();
  facts.config_state = "x.conf:3: no";
  facts.configured_rp_id = "other.example";
  facts.overdue_ceremonies = 1;
  CHECK(level(facts, "config") == Level::Warning && level(facts, "rp-id") == Level::Warning &&
        level(facts, "ceremonies") == Level::Warning);
  facts.configured_rp_id = facts.rp_id;
  CHECK(level(facts, "rp-id") == Level::Good);
}

void a_kernel_without_landlock_is_a_warning() {
  HealthFacts facts = healthy();
  CHECK(finding(facts, "landlock").numbers.at("version") == 3);
  facts.landlock = 0;
  CHECK(level(facts, "landlock") == Level::Warning);
  CHECK(level(HealthFacts{}, "landlock") == Level::Warning);
}

void what_a_tpm_says_of_itself_plays_no_tricks_on_a_terminal() {
  const Finding found = finding(with_tpm([](auto &tpm) { tpm.vendor = "\x1b[2J"; }), "tpm-present");
  CHECK(found.detail.find('\x1b') == std::string::npos);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(a_healthy_machine_is_good_in_everything),
      TEST(no_check_speaks_twice),
      TEST(a_missing_tpm_is_a_note_until_somebody_needs_it),
      TEST(a_lockout_hierarchy_without_a_password_is_a_warning),
      TEST(a_software_tpm_is_named),
      TEST(the_count_of_wrong_pins_is_told_before_it_hurts),
      TEST(odd_parameters_are_noted),
      TEST(a_root_key_that_is_missing_unfit_or_another_is_told_apart),
      TEST(an_owner_password_matters_while_a_root_key_has_to_be_made),
      TEST(passkeys_that_do_not_load_are_counted),
      TEST(a_broken_chain_names_the_record),
      TEST(a_damaged_ledger_is_bad),
      TEST(a_full_or_read_only_disk_is_told_in_time),
      TEST(a_clock_that_was_set_back_is_noticed),
      TEST(metadata_grows_old_the_day_after_its_next_update),
      TEST(a_refused_reload_another_rp_id_and_a_stuck_process_are_warnings),
      TEST(a_kernel_without_landlock_is_a_warning),
      TEST(what_a_tpm_says_of_itself_plays_no_tricks_on_a_terminal),
  };
  return cmocka_run_group_tests_name("health", tests, nullptr, nullptr);
}
