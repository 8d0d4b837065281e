/// The chain of the audit: whatever is done to what is on record shows, and letting go of old records keeps
/// it whole.
#include "ledger/audit_chain.h"

#include "tests/ledger_support.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

constexpr std::chrono::seconds kDay{86400};

struct Fixture {
  TempDir dir{memory_directory()};
  Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));

  /// `count` records, a day apart.
  explicit Fixture(int count) {
    for (int at = 0; at < count; ++at) append(at);
  }
  void append(int day, const char *user = "alice") {
    AuditRecord record;
    record.time = kNow + day * kDay;
    record.event = event::kLogin;
    record.user = user;
    record.service = "sudo";
    record.outcome = outcome::kDenied;
    MUST(ledger.append(record));
  }
  std::int64_t prune(int day) {
    return MUST(ledger.prune_audit(kNow + day * kDay, kAdmin, kNow + day * kDay));
  }
  AuditChain chain() { return MUST(ledger.verify_chain()); }
  /// As somebody would who can write the file.
  void tamper(const std::string &how) {
    Raw raw(dir.ledger());
    CHECK(raw.run("DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete;"));
    if (!raw.run(how)) fail_at(__FILE__, __LINE__, "SQLite refuses: " + how);
  }
};

struct Tamper {
  const char *how;
  std::int64_t first_bad;
};

constexpr const char *kSwap =
    "UPDATE audit SET seq = -1 WHERE seq = 8; UPDATE audit SET seq = 8 WHERE seq = 9;"
    "UPDATE audit SET seq = 9 WHERE seq = -1";

void whatever_is_done_to_the_audit_shows() {
  const Tamper tampers[] = {
      {"UPDATE audit SET outcome = 'granted' WHERE seq = 8", 8},
      {"DELETE FROM audit WHERE seq = 8", 8},
      {kSwap, 8},
      {"DELETE FROM audit WHERE seq > 8", 9},
      {"DELETE FROM audit", 1},
      {"UPDATE audit_base SET seq = 8, hash = (SELECT hash FROM audit WHERE seq = 8)", 1},
      {"UPDATE audit_base SET seq = 8, hash = (SELECT hash FROM audit WHERE seq = 8);"
       "DELETE FROM audit WHERE seq <= 8",
       1},
      {"UPDATE audit_base SET hash = x'01'", 1},
      {"UPDATE audit_base SET seq = -1", 1},
      {"DELETE FROM audit_base", 1},
  };
  for (const auto &[how, first_bad] : tampers) {
    Fixture f(10);
    const AuditChain before = f.chain();
    CHECK(before.rows == 10 && before.pruned == 0 && !before.first_bad);
    f.tamper(how);
    if (f.chain().first_bad != first_bad) fail_at(__FILE__, __LINE__, how);
  }
}

void whatever_is_done_to_what_pruning_left_shows_as_well() {
  // Of ten records five are let go; the eleventh says so, and then there are two more.
  const Tamper tampers[] = {
      {"UPDATE audit SET outcome = 'granted' WHERE seq = 8", 8},
      {"DELETE FROM audit WHERE seq = 8", 8},
      {"DELETE FROM audit WHERE seq = 6", 6},
      {kSwap, 8},
      {"DELETE FROM audit WHERE seq = 13", 13},
      {"UPDATE audit_base SET seq = 8, hash = (SELECT hash FROM audit WHERE seq = 8);"
       "DELETE FROM audit WHERE seq <= 8",
       6},
      {"UPDATE audit_base SET seq = 12, hash = (SELECT hash FROM audit WHERE seq = 12);"
       "DELETE FROM audit WHERE seq <= 12",
       1},
      {"UPDATE audit_base SET seq = 4", 5},
      {"UPDATE audit_base SET seq = 0, hash = zeroblob(32)", 1},
      {"UPDATE audit_base SET hash = zeroblob(32)", 6},
      {"UPDATE audit SET reason = replace(reason, '1-5', '1-4') WHERE seq = 11", 11},
  };
  for (const auto &[how, first_bad] : tampers) {
    Fixture f(10);
    CHECK(f.prune(5) == 5);
    f.append(11);
    f.append(12);
    const AuditChain before = f.chain();
    CHECK(before.rows == 8 && before.pruned == 5 && !before.first_bad);
    f.tamper(how);
    if (f.chain().first_bad != first_bad) fail_at(__FILE__, __LINE__, how);
  }
}

void what_is_let_go_is_a_beginning_and_on_record() {
  Fixture f(10);
  CHECK(f.prune(0) == 0 && f.chain().rows == 10);  // nothing that old, and nothing to record
  CHECK(f.prune(4) == 4);
  const std::vector<AuditEntry> left = MUST(f.ledger.audit({}));
  CHECK(left.size() == 7 && left.front().seq == 5);
  const AuditRecord &record = left.back().record;
  CHECK(record.event == "prune" && record.outcome == "done" && record.user.empty() &&
        record.caller_uid == 1000);
  CHECK(record.reason.starts_with("1-4 ") && record.reason.size() == 4 + 64);
  CHECK(f.prune(6) == 2);
  CHECK(MUST(f.ledger.audit({})).back().record.reason.starts_with("5-6 "));
  const AuditChain chain = f.chain();
  CHECK(chain.pruned == 6 && chain.rows == 6 && !chain.first_bad);
}

void all_may_go_and_the_numbers_go_on() {
  Fixture f(3);
  CHECK(f.prune(100) == 3);
  f.append(101);
  const std::vector<AuditEntry> left = MUST(f.ledger.audit({}));
  CHECK(left.size() == 2 && left[0].seq == 4 && left[0].record.event == "prune" && left[1].seq == 5);
  CHECK(!f.chain().first_bad && f.chain().pruned == 3);
  CHECK(MUST(Ledger::open(f.dir.ledger(), kNow).value().verify_chain()).rows == 2);
}

/// A clock that was set back made an old record in the middle: what comes before it stays.
void an_old_record_after_a_young_one_stays() {
  Fixture f(3);
  f.append(0);
  CHECK(f.prune(1) == 1);
  CHECK(MUST(f.ledger.audit({})).front().seq == 2 && f.prune(1) == 0);
}

void a_long_beginning_goes_in_steps() {
  Fixture f(0);
  {
    Raw raw(f.dir.ledger());
    CHECK(raw.run("PRAGMA synchronous = OFF"));
  }
  for (int at = 0; at < 2 * Ledger::kPrunedAtOnce + 5; ++at) f.append(0);
  CHECK(f.prune(1) == Ledger::kPrunedAtOnce && !f.chain().first_bad);
  CHECK(f.prune(1) == Ledger::kPrunedAtOnce && !f.chain().first_bad);
  CHECK(f.prune(1) == 5 && f.prune(1) == 0);
  CHECK(f.chain().rows == 3 && !f.chain().first_bad);
}

void what_shows_that_somebody_was_at_the_audit_is_not_let_go() {
  for (const char *how :
       {"UPDATE audit SET outcome = 'granted' WHERE seq = 2", "DELETE FROM audit WHERE seq = 3",
        "UPDATE audit_base SET seq = 1, hash = zeroblob(32)"}) {
    Fixture f(10);
    f.tamper(how);
    const std::string before = Raw(f.dir.ledger()).everything();
    const auto pruned = f.ledger.prune_audit(kNow + 5 * kDay, kAdmin, kNow);
    CHECK(!pruned && pruned.error().kind == ErrorKind::Corrupt);
    CHECK(Raw(f.dir.ledger()).everything() == before);
  }
}

void what_was_let_go_is_not_in_the_file_any_more() {
  Fixture f(0);
  for (int at = 0; at < 50; ++at) f.append(0, "somebody-long-gone");
  f.append(9);
  { MUST(Ledger::open(f.dir.ledger(), kNow)); }
  CHECK(f.prune(5) == 50);
  CHECK(Raw(f.dir.ledger()).read("PRAGMA wal_checkpoint(TRUNCATE)") == "0|0|0\n");
  CHECK(contents_of(f.dir.ledger()).find("long-gone") == std::string::npos);
}

void the_audit_gives_up_nothing_but_what_pruning_took() {
  Fixture f(10);
  CHECK(f.prune(5) == 5);
  Raw raw(f.dir.ledger());
  for (const char *change : {"DELETE FROM audit WHERE seq = 6", "DELETE FROM audit WHERE seq = 11",
                             "UPDATE audit SET outcome = 'granted' WHERE seq = 7"})
    CHECK(!raw.run(change));
}

/// Walks in pieces of `most` and calls `meanwhile` after the first.
template <class Meanwhile>
AuditChain in_pieces(Ledger &ledger, std::int64_t most, Meanwhile meanwhile) {
  ChainWalk walk;
  for (int piece = 0; !MUST(ledger.verify_more(walk, most)); ++piece)
    if (piece == 0) meanwhile();
  return walk.chain;
}

void in_pieces_it_finds_the_same() {
  Fixture f(10);
  CHECK(f.prune(3) == 3);
  for (const std::int64_t most : {1, 3, 8, 100}) {
    const AuditChain chain = in_pieces(f.ledger, most, [] {});
    CHECK(chain.rows == 8 && chain.pruned == 3 && !chain.first_bad && chain.head == f.chain().head);
  }
  CHECK(in_pieces(f.ledger, 2, [&] { f.append(20); }).rows == 9);
  const AuditChain after = in_pieces(f.ledger, 2, [&] { CHECK(f.prune(7) == 4); });
  CHECK(after.pruned == 7 && after.rows == 6 && !after.first_bad);
  f.tamper("UPDATE audit SET outcome = 'granted' WHERE seq = 10");
  for (const std::int64_t most : {1, 3, 8, 100}) CHECK(in_pieces(f.ledger, most, [] {}).first_bad == 10);
}

void a_base_is_named_in_one_way_only() {
  AuditBase base{.seq = 500, .hash = {}};
  base.hash.fill(0xab);
  AuditRecord record;
  record.reason = audit_chain::reason_for_pruning(1, base);
  CHECK(audit_chain::base_of(record) == base);
  const std::string hash(64, 'a');
  for (const std::string &reason : {std::string(), std::string("-"), std::string(" - "), "1-500" + hash,
                                    "1-500 " + hash + "a", "1-0 " + hash, "1--5 " + hash, "1-5x " + hash,
                                    "1-99999999999999999999 " + hash, "1-500  " + hash, "1 500-" + hash}) {
    record.reason = reason;
    CHECK(!audit_chain::base_of(record));
  }
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(whatever_is_done_to_the_audit_shows),
      TEST(whatever_is_done_to_what_pruning_left_shows_as_well),
      TEST(what_is_let_go_is_a_beginning_and_on_record),
      TEST(all_may_go_and_the_numbers_go_on),
      TEST(an_old_record_after_a_young_one_stays),
      TEST(a_long_beginning_goes_in_steps),
      TEST(what_shows_that_somebody_was_at_the_audit_is_not_let_go),
      TEST(what_was_let_go_is_not_in_the_file_any_more),
      TEST(the_audit_gives_up_nothing_but_what_pruning_took),
      TEST(in_pieces_it_finds_the_same),
      TEST(a_base_is_named_in_one_way_only),
  };
  return cmocka_run_group_tests_name("ledger-chain", tests, nullptr, nullptr);
}
