/// Reading the audit, and being told of what is new in it.
#include "tests/ledger_support.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

WallTime at(int second) {
  return kNow + std::chrono::seconds(second);
}

/// Ten records, a second apart: of alice (1000) with an even number, of bob (1001) with an odd one, the last
/// of a later bob (1002).
struct Fixture {
  TempDir dir{memory_directory()};
  Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));

  Fixture() {
    for (int number = 1; number <= 10; ++number)
      append(number, number % 2 == 0 ? "alice" : "bob", 1000U + number % 2);
    append(11, "bob", 1002);
  }
  void append(int second, const char *user, uid_t uid) {
    AuditRecord record;
    record.time = at(second);
    record.event = event::kLogin;
    record.user = user;
    record.uid = uid;
    MUST(ledger.append(record));
  }
  /// The numbers of what the query gives, in order.
  std::string numbers(const AuditQuery &query) {
    std::string all;
    for (const AuditEntry &entry : MUST(ledger.audit(query))) all += std::to_string(entry.seq) + " ";
    return all;
  }
};

void each_condition_counts_and_the_oldest_comes_first() {
  Fixture f;
  CHECK(f.numbers({}) == "1 2 3 4 5 6 7 8 9 10 11 ");
  CHECK(f.numbers({.user = "alice"}) == "2 4 6 8 10 ");
  CHECK(f.numbers({.user = "nobody"}).empty());
  CHECK(f.numbers({.uid = 1002}) == "11 ");
  CHECK(f.numbers({.user = "bob", .uid = 1001}) == "1 3 5 7 9 ");
  CHECK(f.numbers({.user = "alice", .uid = 1001}).empty());
  CHECK(f.numbers({.since = at(9)}) == "9 10 11 ");
  CHECK(f.numbers({.until = at(2)}) == "1 2 ");
  CHECK(f.numbers({.since = at(3), .until = at(5)}) == "3 4 5 ");
  CHECK(f.numbers({.after = 8}) == "9 10 11 ");
  CHECK(f.numbers({.before = 3}) == "1 2 ");
  CHECK(f.numbers({.user = "alice", .since = at(3), .after = 4, .before = 10}) == "6 8 ");
}

void the_newest_are_given_but_of_what_is_new_the_oldest() {
  Fixture f;
  CHECK(f.numbers({.most = 3}) == "9 10 11 ");
  CHECK(f.numbers({.before = 9, .most = 3}) == "6 7 8 ");
  CHECK(f.numbers({.after = 4, .most = 3}) == "5 6 7 ");
  CHECK(f.numbers({.since = at(3), .most = 2}) == "10 11 ");
  CHECK(f.numbers({.most = 0}).empty());
}

void no_more_are_given_than_may_be_asked_for() {
  Fixture f;
  for (int more = 0; more < 1000; ++more) f.append(12, "alice", 1000);
  CHECK(MUST(f.ledger.audit({.most = 5000})).size() == AuditQuery::kMost);
  CHECK(MUST(f.ledger.audit({.after = 0, .most = 5000})).back().seq == 1000);
}

/// What one account's records are costs no look at everybody's.
void ones_own_records_are_found_without_reading_all() {
  Fixture f;
  Raw raw(f.dir.ledger());
  for (const char *condition : {"user_name = 'alice'", "uid = 1000"}) {
    const std::string plan = raw.read(std::string("EXPLAIN QUERY PLAN SELECT hash FROM audit WHERE ") +
                                      condition + " ORDER BY seq DESC");
    CHECK(plan.find("USING INDEX") != std::string::npos && plan.find("TEMP B-TREE") == std::string::npos);
  }
}

struct Heard {
  std::string events;
  std::vector<AuditEntry> entries;
  auto listener() {
    return [this](const AuditEntry &entry) {
      events += entry.record.event + " ";
      entries.push_back(entry);
    };
  }
};

void every_record_is_told_once_it_is_on_the_disk_and_in_order() {
  Fixture f;
  Heard heard;
  MUST(f.ledger.watch_audit(heard.listener()));
  CHECK(heard.events.empty());  // what was there before is no news
  const Credential key = MUST(f.ledger.add(sample(), kAdmin, kNow));
  CHECK(MUST(f.ledger.decide(attempt_with(key), good(10), moment())).refusal == Refusal::CounterWentBack);
  MUST(f.ledger.note_time(moment()));
  CHECK(heard.events == "enroll login suspend ");
  CHECK(heard.entries[0].seq == 12 && heard.entries[2].seq == 14);
  CHECK(heard.entries[2].hash == MUST(f.ledger.verify_chain()).head);
  // Whoever is told finds it in the file, in the eyes of everybody else.
  std::string seen;
  MUST(f.ledger.watch_audit([&](const AuditEntry &entry) {
    seen += Raw(f.dir.ledger()).read("SELECT event FROM audit WHERE seq = " + std::to_string(entry.seq));
  }));
  MUST(f.ledger.lock(account().name, LockScope::Passkeys, "", kAdmin, kNow));
  CHECK(seen == "lock\n" && heard.entries.size() == 3);
}

void what_is_undone_is_never_told() {
  Fixture f;
  Heard heard;
  MUST(f.ledger.add(sample(), kAdmin, kNow));
  MUST(f.ledger.watch_audit(heard.listener()));
  CHECK(!f.ledger.add(sample(), kAdmin, kNow));
  CHECK(!f.ledger.unlock(account().name, kAdmin, kNow));
  {
    // A trigger that fails after the record was written: the transaction is undone with it.
    Raw raw(f.dir.ledger());
    CHECK(raw.run("CREATE TRIGGER no AFTER INSERT ON audit BEGIN SELECT raise(ROLLBACK, 'no'); END"));
    CHECK(!f.ledger.lock(account().name, LockScope::Passkeys, "", kAdmin, kNow));
    CHECK(raw.run("DROP TRIGGER no"));
  }
  CHECK(heard.entries.empty());
  MUST(f.ledger.lock(account().name, LockScope::Passkeys, "", kAdmin, kNow));
  CHECK(heard.events == "lock ");
}

void a_ledger_that_was_moved_goes_on_telling_and_of_others_too() {
  Fixture f;
  Heard heard;
  MUST(f.ledger.watch_audit(heard.listener()));
  Ledger moved = std::move(f.ledger);
  MUST(MUST(Ledger::open(f.dir.ledger(), kNow)).replace_codes(account(), code_set(), kAdmin, kNow));
  CHECK(heard.events.empty());
  MUST(moved.lock(account().name, LockScope::Passkeys, "", kAdmin, kNow));
  CHECK(heard.events == "new-codes lock ");
}

void who_is_told_and_throws_changes_nothing() {
  Fixture f;
  MUST(f.ledger.watch_audit([](const AuditEntry &) { throw std::runtime_error("no"); }));
  MUST(f.ledger.lock(account().name, LockScope::Passkeys, "", kAdmin, kNow));
  CHECK(MUST(f.ledger.lock_of(account().name)));
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(each_condition_counts_and_the_oldest_comes_first),
      TEST(the_newest_are_given_but_of_what_is_new_the_oldest),
      TEST(no_more_are_given_than_may_be_asked_for),
      TEST(ones_own_records_are_found_without_reading_all),
      TEST(every_record_is_told_once_it_is_on_the_disk_and_in_order),
      TEST(what_is_undone_is_never_told),
      TEST(a_ledger_that_was_moved_goes_on_telling_and_of_others_too),
      TEST(who_is_told_and_throws_changes_nothing),
  };
  return cmocka_run_group_tests_name("ledger-audit", tests, nullptr, nullptr);
}
