/// The rule that makes guessing slow, as tables; and the ledger's count of tries across clocks and restarts.
#include "tests/ledger_support.h"

using namespace passkeyd;
using namespace passkeyd::test;
using namespace std::chrono_literals;

namespace {

/// `count` failures in a row, a second apart, the last at `last`.
std::vector<CountedTry> in_a_row(std::size_t count, Age last) {
  std::vector<CountedTry> tries;
  for (std::size_t at = 0; at < count; ++at) tries.push_back({last - std::chrono::seconds(at), true});
  return tries;
}

constexpr LimitRule kNoBucket{.per_day = 1000};

void five_in_a_row_are_free_then_waits_double_up_to_an_hour() {
  const std::pair<std::size_t, std::chrono::seconds> table[] = {
      {0, 0s},   {1, 0s},    {4, 0s},     {5, 30s},    {6, 60s},    {7, 120s},   {8, 240s},
      {9, 480s}, {10, 960s}, {11, 1920s}, {12, 3600s}, {13, 3600s}, {500, 3600s}};
  for (const auto &[failures, wait] : table)
    CHECK(wait_before_next(kNoBucket, in_a_row(failures, 1000h), 1000h) == wait);
  CHECK(tries_that_matter(kPinTries) == 12);
}

void a_wait_is_rounded_up_and_ends_when_it_is_over() {
  const auto tries = in_a_row(5, 1000h);
  CHECK(wait_before_next(kNoBucket, tries, 1000h + 1ns) == 30s);
  CHECK(wait_before_next(kNoBucket, tries, 1000h + 29s + 1ns) == 1s);
  CHECK(wait_before_next(kNoBucket, tries, 1000h + 30s - 1ns) == 1s);
  CHECK(wait_before_next(kNoBucket, tries, 1000h + 30s) == 0s);
}

void eight_a_day_whatever_succeeds_between_them() {
  std::vector<CountedTry> tries;
  for (int at = 0; at < 8; ++at) tries.push_back({1000h + at * 1h, false});
  CHECK(wait_before_next(kPinTries, tries, 1010h) == 14h);
  CHECK(wait_before_next(kPinTries, tries, 1024h - 1ns) == 1s);
  CHECK(wait_before_next(kPinTries, tries, 1024h) == 0s);  // the first is a day old; one place is free
  tries.pop_back();
  CHECK(wait_before_next(kPinTries, tries, 1010h) == 0s);
  for (int at = 0; at < 4; ++at) tries.push_back({1009h, false});  // more than fit, by another rule
  CHECK(wait_before_next(kPinTries, tries, 1010h) == 17h);         // four must go: the one of hour 1003
}

void the_longer_of_the_two_waits_counts() {
  CHECK(wait_before_next(kPinTries, in_a_row(8, 1000h), 1000h) == 24h - 7s);
  LimitRule strict = kPinTries;
  strict.first_wait = strict.longest_wait = 48h;
  CHECK(wait_before_next(strict, in_a_row(8, 1000h), 1000h) == 48h);
}

void odd_rules_neither_loop_nor_overflow() {
  CHECK(wait_before_next({.free_in_a_row = 0, .per_day = 10}, {}, 1h) == 0s);
  CHECK(wait_before_next({.free_in_a_row = 0, .per_day = 0}, in_a_row(1, 1000h), 1000h) == 24h);
  CHECK(wait_before_next({.first_wait = 0s, .per_day = 1000}, in_a_row(50, 1000h), 1000h) == 0s);
  CHECK(wait_before_next({.first_wait = 90s, .longest_wait = 60s}, in_a_row(5, 1000h), 1000h) == 60s);
  CHECK(tries_that_matter({.first_wait = 0s}) >= 5);
  // A try from the future (a restored file) has waited for nothing yet.
  CHECK(wait_before_next(kNoBucket, in_a_row(5, 1000h), 1h) == 30s);
}

void rules_at_the_ends_of_what_may_be_configured_hold() {
  const auto wait_of = [](const LimitRule &rule, std::size_t failures) {
    return wait_before_next(rule, in_a_row(failures, 1000h), 1000h);
  };
  const LimitRule strictest{.free_in_a_row = 1, .first_wait = 3600s, .longest_wait = 86400s, .per_day = 1};
  CHECK(wait_of(strictest, 0) == 0s && wait_of(strictest, 1) == 24h && wait_of(strictest, 500) == 24h);
  CHECK(tries_that_matter(strictest) == 6);
  const LimitRule mildest{.free_in_a_row = 20, .first_wait = 1s, .longest_wait = 1s, .per_day = 1000};
  CHECK(wait_of(mildest, 19) == 0s && wait_of(mildest, 20) == 1s && wait_of(mildest, 999) == 1s);
  CHECK(wait_of(mildest, 1000) == 24h - 999s);
  CHECK(tries_that_matter(mildest) == 20);
  const LimitRule steepest{.free_in_a_row = 20, .first_wait = 1s, .longest_wait = 86400s, .per_day = 1000};
  CHECK(wait_of(steepest, 20) == 1s && wait_of(steepest, 36) == 65536s && wait_of(steepest, 37) == 86400s);
  CHECK(wait_of(steepest, 900) == 86400s);
  for (const std::size_t free : {1u, 5u, 20u})
    for (const auto first : {1s, 30s, 3600s})
      for (const auto longest : {1s, 3600s, 86400s})
        CHECK(tries_that_matter({.free_in_a_row = free, .first_wait = first, .longest_wait = longest}) <=
              tries_that_matter(kLongestMemory));
}

void running_time_only_ever_grows() {
  const AgeRecord start{"boot-1", 100s, 1000s};
  struct {
    Moment now;
    Age age;
  } const table[] = {
      {{kNow, 100s, "boot-1"}, 1000s},
      {{kNow, 160s, "boot-1"}, 1060s},
      {{kNow + 1000000h, 160s, "boot-1"}, 1060s},  // the wall clock was set forward
      {{kNow - 1000000h, 160s, "boot-1"}, 1060s},  // or back
      {{kNow, 40s, "boot-1"}, 1000s},              // a snapshot was restored
      {{kNow, 40s, "boot-2"}, 1040s},              // restarted: at least the time since then
      {{kNow + 1000000h, 40s, "boot-2"}, 1040s},
      {{kNow, 0s, "boot-2"}, 1000s},
  };
  for (const auto &row : table) {
    CHECK(advance(start, row.now).age == row.age);
    CHECK(advance(start, row.now).boot == row.now.boot && advance(start, row.now).boot_id == row.now.boot_id);
  }
}

void this_machine_knows_its_moment() {
  const SystemClock clock;
  const Moment one = MUST(moment_of(clock));
  const Moment two = MUST(moment_of(clock));
  CHECK(one.boot_id.size() == 36 && one.boot_id == two.boot_id && two.boot >= one.boot);
}

struct Fixture {
  TempDir dir;
  Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
  /// Begins a try that nobody takes back; the seconds to wait if it may not begin.
  std::chrono::seconds guess_wrong(const Moment &now, const TryKey &key = pin_of()) {
    const TryAnswer answer = MUST(ledger.begin_try(key, now));
    CHECK(answer.ticket.has_value() == (answer.wait == 0s));
    return answer.wait;
  }
  std::chrono::seconds wait(const Moment &now, const TryKey &key = pin_of()) {
    return MUST(ledger.wait_for_try(key, now));
  }
  void reopen() {
    { const Ledger gone = std::move(ledger); }
    ledger = MUST(Ledger::open(dir.ledger(), kNow));
  }
};

void a_try_counts_before_it_is_made() {
  Fixture f;
  for (int at = 0; at < 5; ++at) {
    CHECK(f.wait(moment()) == 0s);
    CHECK(f.guess_wrong(moment()) == 0s);
    f.reopen();  // a crash here gives nothing back
  }
  CHECK(f.wait(moment()) == 30s);
  CHECK(f.guess_wrong(moment(10s)) == 20s);
  CHECK(f.guess_wrong(moment(30s)) == 0s);
  CHECK(f.guess_wrong(moment(30s)) == 60s);
}

void a_refused_try_costs_nothing() {
  Fixture f;
  for (int at = 0; at < 5; ++at) f.guess_wrong(moment());
  const std::string before = Raw(f.dir.ledger()).everything();
  for (int at = 0; at < 5; ++at) CHECK(f.guess_wrong(moment(3s)) == 27s);
  CHECK(Raw(f.dir.ledger()).everything() == before);
}

void a_fault_gives_the_try_back_once() {
  Fixture f;
  for (int at = 0; at < 4; ++at) f.guess_wrong(moment());
  const Ticket fifth = MUST(f.ledger.begin_try(pin_of(), moment())).ticket.value();
  CHECK(f.wait(moment()) == 30s);
  MUST(f.ledger.undo_try(fifth));
  MUST(f.ledger.undo_try(fifth));
  CHECK(f.wait(moment()) == 0s);
  const Ticket again = MUST(f.ledger.begin_try(pin_of(), moment())).ticket.value();
  CHECK(again.number > fifth.number);  // an old ticket never takes back a new try
  MUST(f.ledger.undo_try(fifth));
  CHECK(f.wait(moment()) == 30s);
}

void accounts_ways_and_places_are_counted_apart() {
  Fixture f;
  const TryKey remote = pin_of("alice", Way::Usb, Place::Remote);
  for (int at = 0; at < 5; ++at) f.guess_wrong(moment(), remote);
  CHECK(f.guess_wrong(moment(), remote) == 30s);
  CHECK(f.wait(moment(), pin_of()) == 0s);  // nobody on the network locks out the person at the desk
  CHECK(f.wait(moment(), pin_of("alice", Way::Tpm, Place::Remote)) == 0s);
  CHECK(f.wait(moment(), pin_of("bob", Way::Usb, Place::Remote)) == 0s);
}

void a_key_is_worth_asking_from_anybodys_failure_to_their_success() {
  Fixture f;
  const auto worth_asking = [&](const TryKey &key) {
    const TryAnswer answer = MUST(f.ledger.begin_try(key, moment()));
    MUST(f.ledger.undo_try(answer.ticket.value()));
    return answer.after_failure;
  };
  CHECK(!worth_asking(pin_of("bob")));
  f.guess_wrong(moment());
  CHECK(worth_asking(pin_of()));
  CHECK(worth_asking(pin_of("bob")));
  CHECK(!worth_asking(pin_of("bob", Way::Tpm)));  // its count is asked for while the PIN is typed
  Attempt attempt = attempt_with(MUST(f.ledger.add(sample(), kAdmin, kNow)));
  attempt.ticket = MUST(f.ledger.begin_try(pin_of(), moment())).ticket;
  CHECK(MUST(f.ledger.decide(attempt, good(11), moment())).verdict == Verdict::Granted);
  CHECK(!worth_asking(pin_of("bob")));
}

void success_ends_the_row_but_does_not_refill_the_day() {
  Fixture f;
  Credential key = MUST(f.ledger.add(sample(), kAdmin, kNow));
  std::uint32_t counter = 10;
  const auto succeed = [&](const Moment &now) {
    Attempt attempt = attempt_with(key);
    attempt.ticket = MUST(f.ledger.begin_try(pin_of(), now)).ticket;
    if (!attempt.ticket) return false;
    return MUST(f.ledger.decide(attempt, good(++counter), now)).verdict == Verdict::Granted;
  };
  for (int at = 0; at < 4; ++at) CHECK(f.guess_wrong(moment()) == 0s);
  CHECK(succeed(moment()));
  for (int at = 0; at < 3; ++at) CHECK(f.guess_wrong(moment()) == 0s);
  for (int at = 0; at < 20; ++at) CHECK(succeed(moment(1s)));  // a right PIN is never limited...
  CHECK(f.guess_wrong(moment(1s)) == 0s);
  CHECK(!succeed(moment(1s)));  // ...until the eighth wrong one of the day
  CHECK(f.wait(moment(2s)) == 24h - 2s);
  CHECK(succeed(moment(24h)));
}

void no_clock_shortens_a_wait_and_no_restart_clears_it() {
  Fixture f;
  for (int at = 0; at < 7; ++at) f.guess_wrong(moment(std::chrono::hours(at)));
  const auto begun = moment(10h);
  CHECK(f.guess_wrong(begun) == 0s);  // the eighth
  for (const auto jump : {-50000h, 50000h}) {
    Moment odd = begun;
    odd.wall += jump;
    CHECK(f.wait(odd) == 14h);
  }
  f.reopen();
  CHECK(f.wait({kNow, 0s, "boot-2"}) == 14h);
  CHECK(f.wait({kNow + 50000h, 1h, "boot-2"}) == 13h);
  MUST(f.ledger.note_time({kNow, 8h, "boot-2"}));  // an evening, then switched off
  CHECK(f.wait({kNow, 1h, "boot-3"}) == 5h);       // and the next day
  CHECK(f.wait({kNow, 0s, "boot-2"}) == 6h);       // a boot clock that went back
  CHECK(f.guess_wrong({kNow, 6h, "boot-3"}) == 0s);
}

void the_table_stays_small() {
  Fixture f;
  for (int at = 0; at < 100; ++at) CHECK(f.guess_wrong(moment(at * 5h)) == 0s);
  const int rows = std::stoi(Raw(f.dir.ledger()).read("SELECT count(*) FROM limits"));
  // What the most patient rule would look at, and the few of the last day.
  CHECK(rows >= 37 && rows <= 45);
  CHECK(f.guess_wrong(moment(99 * 5h + 1800s)) ==
        1800s);  // and the row of a hundred failures is not forgotten
}

void another_rule_finds_all_it_needs() {
  const LimitRule forgetful{.free_in_a_row = 1, .first_wait = 1s, .longest_wait = 1s, .per_day = 1000};
  LimitRule patient = kLongestMemory;
  patient.per_day = 1000;
  Fixture f;
  for (int at = 0; at < 60; ++at) {
    const Moment now = moment(at * 25h);
    CHECK(MUST(f.ledger.wait_for_try(pin_of(), now, patient)) == 0s);
    CHECK(MUST(f.ledger.begin_try(pin_of(), now, forgetful)).ticket);
    const auto as_if_never_forgotten =
        wait_before_next(patient, in_a_row(static_cast<std::size_t>(at + 1), 1h), 1h);
    CHECK(MUST(f.ledger.wait_for_try(pin_of(), now, patient)) == as_if_never_forgotten);
  }
}

void a_days_failures_are_kept_for_the_day_whatever_the_rule() {
  const LimitRule many{.free_in_a_row = 20, .first_wait = 1s, .longest_wait = 1s, .per_day = 1000};
  const LimitRule one{.free_in_a_row = 20, .first_wait = 1s, .longest_wait = 1s, .per_day = 1};
  Fixture f;
  for (int at = 0; at < 1000; ++at) CHECK(MUST(f.ledger.begin_try(pin_of(), moment(at * 2s), many)).ticket);
  CHECK(MUST(f.ledger.begin_try(pin_of(), moment(2000s), many)).wait == 24h - 2000s);
  CHECK(MUST(f.ledger.begin_try(pin_of(), moment(2000s), one)).wait == 24h - 2s);  // all thousand must go
  CHECK(MUST(f.ledger.begin_try(pin_of(), moment(24h + 1998s), one)).ticket);
  CHECK(MUST(f.ledger.begin_try(pin_of(), moment(24h + 1999s), one)).wait == 24h - 1s);
}

void backup_codes_are_counted_apart_from_pins_and_by_place() {
  Fixture f;
  const TryKey remote = pin_of("alice", Way::Code, Place::Remote);
  for (int at = 0; at < 5; ++at) CHECK(f.guess_wrong(moment(), remote) == 0s);
  CHECK(f.guess_wrong(moment(), remote) == 30s);
  CHECK(f.wait(moment(), pin_of("alice", Way::Code, Place::Local)) == 0s);
  for (const Way way : {Way::Usb, Way::Tpm})
    for (const Place place : {Place::Local, Place::Remote})
      CHECK(f.wait(moment(), pin_of("alice", way, place)) == 0s);
  MUST(f.ledger.forget_tries(account().name, kAdmin, kNow));
  CHECK(f.wait(moment(), remote) == 0s);
}

void an_administrator_lets_people_try_again() {
  Fixture f;
  for (int at = 0; at < 5; ++at) f.guess_wrong(moment());
  for (int at = 0; at < 5; ++at) f.guess_wrong(moment(), pin_of("bob"));
  MUST(f.ledger.forget_tries(account().name, kAdmin, kNow));
  CHECK(f.wait(moment()) == 0s);
  CHECK(f.wait(moment(), pin_of("bob")) == 30s);
}

void a_moment_without_a_boot_gets_no_ticket() {
  Fixture f;
  for (const Moment &bad :
       {Moment{kNow, 1h, ""}, Moment{kNow, 1h, std::string(65, 'b')}, Moment{kNow, -1s, "b"}})
    CHECK(!f.ledger.begin_try(pin_of(), bad));
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(five_in_a_row_are_free_then_waits_double_up_to_an_hour),
      TEST(a_wait_is_rounded_up_and_ends_when_it_is_over),
      TEST(eight_a_day_whatever_succeeds_between_them),
      TEST(the_longer_of_the_two_waits_counts),
      TEST(odd_rules_neither_loop_nor_overflow),
      TEST(rules_at_the_ends_of_what_may_be_configured_hold),
      TEST(running_time_only_ever_grows),
      TEST(this_machine_knows_its_moment),
      TEST(a_try_counts_before_it_is_made),
      TEST(a_refused_try_costs_nothing),
      TEST(a_fault_gives_the_try_back_once),
      TEST(accounts_ways_and_places_are_counted_apart),
      TEST(a_key_is_worth_asking_from_anybodys_failure_to_their_success),
      TEST(success_ends_the_row_but_does_not_refill_the_day),
      TEST(no_clock_shortens_a_wait_and_no_restart_clears_it),
      TEST(the_table_stays_small),
      TEST(another_rule_finds_all_it_needs),
      TEST(a_days_failures_are_kept_for_the_day_whatever_the_rule),
      TEST(backup_codes_are_counted_apart_from_pins_and_by_place),
      TEST(an_administrator_lets_people_try_again),
      TEST(a_moment_without_a_boot_gets_no_ticket),
  };
  return cmocka_run_group_tests_name("ledger-limits", tests, nullptr, nullptr);
}
