/// The deciding transaction: what is granted, what wins over a good signature, and what is left behind.
#include "tests/ledger_support.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

struct Fixture {
  TempDir dir;
  Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
  Credential key = MUST(ledger.add(sample(), kAdmin, kNow));

  Credential stored() { return MUST(ledger.find(key.id)).value(); }
  Decision decide(const Attempt &attempt, const Verification &verification) {
    return MUST(ledger.decide(attempt, verification, moment(std::chrono::seconds(60))));
  }
  Decision decide(const Verification &verification) { return decide(attempt_with(key), verification); }
  AuditRecord last_record() { return MUST(ledger.audit({.user = {}, .before = {}, .most = 1}))[0].record; }
  TryAnswer begin(const TryKey &whose = pin_of()) { return MUST(ledger.begin_try(whose, moment())); }
  std::string limits() { return Raw(dir.ledger()).read("SELECT id, in_a_row FROM limits ORDER BY id"); }
};

constexpr Decision kGranted{Verdict::Granted, Refusal::None};

constexpr Decision denied(Refusal why) {
  return {Verdict::Denied, why};
}

void a_good_answer_is_granted_and_written_down() {
  Fixture f;
  CHECK(f.decide(good(11)) == kGranted);
  const Credential after = f.stored();
  CHECK(after.counter == 11 && after.backed_up && after.state == CredentialState::Active);
  CHECK(after.last_used == kNow + std::chrono::seconds(60));
  const AuditRecord record = f.last_record();
  CHECK(record.event == "login" && record.outcome == "granted" && record.reason.empty());
  CHECK(record.user == "alice" && record.uid == 1000u && record.service == "sudo" && record.way == "usb");
  CHECK(record.credential == f.key.row && record.credential_id == f.key.id);
  CHECK(record.caller_uid == 0 && record.caller_pid == 4321 &&
        record.time == kNow + std::chrono::seconds(60));
}

void nothing_said_means_denied() {
  Fixture f;
  CHECK(Decision{}.verdict == Verdict::Denied);
  CHECK(f.decide(Verification{}) == denied(Refusal::Malformed));
  CHECK(f.stored().counter == 10);
}

void a_verification_that_contradicts_itself_is_denied() {
  Fixture f;
  for (const Refusal refusal : {Refusal::SignatureWrong, Refusal::CounterWentBack, Refusal::Malformed}) {
    Verification odd = good(11);
    odd.refusal = refusal;
    CHECK(f.decide(odd) == denied(Refusal::Malformed));
  }
  Verification odd = good(11);
  odd.verdict = Verdict::Denied;
  CHECK(f.decide(odd) == denied(Refusal::Malformed));
  CHECK(f.stored().counter == 10 && f.stored().state == CredentialState::Active);
}

void every_refusal_is_on_record_and_changes_nothing_else() {
  for (int at = static_cast<int>(Refusal::Malformed); at <= static_cast<int>(Refusal::AccountLocked); ++at) {
    const auto refusal = static_cast<Refusal>(at);
    if (refusal == Refusal::CounterWentBack) continue;  // has a test of its own
    Fixture f;
    CHECK(f.decide({.verdict = Verdict::Denied, .refusal = refusal, .counter = 99}) == denied(refusal));
    CHECK(f.last_record().outcome == "denied" && f.last_record().reason == name_of(refusal));
    CHECK(f.stored().counter == 10 && !f.stored().last_used && f.stored().state == CredentialState::Active);
  }
}

void a_session_of_an_active_ssh_key_is_granted_and_its_counter_stays() {
  Fixture f;
  const Credential key = MUST(f.ledger.add(ssh_sample(7), kAdmin, kNow));
  const auto session = [&](const Attempt &attempt) {
    return MUST(f.ledger.decide_session(attempt, moment(std::chrono::seconds(60))));
  };
  CHECK(session(attempt_with(key)) == kGranted);
  const Credential after = MUST(f.ledger.find(key.id)).value();
  CHECK(after.counter == key.counter && after.last_used == kNow + std::chrono::seconds(60));
  CHECK(f.last_record().event == "login" && f.last_record().outcome == "granted" &&
        f.last_record().way == "ssh");
  CHECK(f.last_record().credential == key.row && f.last_record().reason.empty());
}

void a_session_is_denied_to_revoked_and_suspended_keys_to_other_accounts_and_to_locked_ones() {
  for (const auto state : {CredentialState::Revoked, CredentialState::Suspended}) {
    Fixture f;
    const Credential key = MUST(f.ledger.add(ssh_sample(7), kAdmin, kNow));
    MUST(f.ledger.set_state(key.row, state, "", kAdmin, kNow));
    CHECK(MUST(f.ledger.decide_session(attempt_with(key), moment())) == denied(Refusal::CredentialInactive));
    CHECK(f.last_record().outcome == "denied" && f.last_record().reason == "credential-inactive");
    CHECK(!MUST(f.ledger.find(key.id))->last_used);
  }
  Fixture f;
  const Credential key = MUST(f.ledger.add(ssh_sample(7), kAdmin, kNow));
  for (const Account &other : {account("bob"), account("alice", 1001)}) {
    Attempt attempt = attempt_with(key);
    attempt.account = other;
    CHECK(MUST(f.ledger.decide_session(attempt, moment())) == denied(Refusal::UserWrong));
  }
  MUST(f.ledger.lock(key.owner.name, LockScope::Passkeys, "", kAdmin, kNow));
  CHECK(MUST(f.ledger.decide_session(attempt_with(key), moment())) == denied(Refusal::AccountLocked));
  CHECK(!MUST(f.ledger.find(key.id))->last_used);
}

void a_revocation_during_the_touch_wins() {
  for (const auto state : {CredentialState::Revoked, CredentialState::Suspended}) {
    Fixture f;
    MUST(f.ledger.set_state(f.key.row, state, "", kAdmin, kNow));
    CHECK(f.decide(good(11)) == denied(Refusal::CredentialInactive));
    CHECK(f.stored().state == state && f.stored().counter == 10 && !f.stored().last_used);
    CHECK(f.last_record().reason == name_of(Refusal::CredentialInactive));
  }
}

void an_account_that_was_handed_on_opens_nothing() {
  Fixture f;
  Attempt attempt = attempt_with(f.key);
  attempt.account = account("alice", 1001);
  CHECK(f.decide(attempt, good(11)) == denied(Refusal::UserWrong));
  attempt.account = account("bob", 1000);
  CHECK(f.decide(attempt, good(11)) == denied(Refusal::UserWrong));
  CHECK(f.last_record().user == "bob");
  CHECK(f.stored().counter == 10);
}

void only_the_key_that_was_verified_counts() {
  Fixture f;
  const auto with = [&](auto change) {
    Attempt attempt = attempt_with(f.key);
    change(attempt.credential);
    return f.decide(attempt, good(11));
  };
  CHECK(with([](Credential &c) { c.key.cose[0] ^= 1; }) == denied(Refusal::CredentialWrong));
  CHECK(with([](Credential &c) { c.key.algorithm = Algorithm::EdDsa; }) == denied(Refusal::CredentialWrong));
  CHECK(with([](Credential &c) { c.id[0] ^= 1; }) == denied(Refusal::CredentialWrong));
  CHECK(with([](Credential &c) { c.rp_id = MUST(RpId::parse("other")); }) ==
        denied(Refusal::CredentialWrong));
  CHECK(with([](Credential &c) { c.way = Way::Tpm; }) == denied(Refusal::CredentialWrong));
  CHECK(with([](Credential &c) { c.user_handle[0] ^= 1; }) == denied(Refusal::CredentialWrong));
  CHECK(with([](Credential &c) { c.row = 99; }) == denied(Refusal::CredentialWrong));
  CHECK(with([](Credential &c) { c.row = 0; }) == denied(Refusal::CredentialWrong));
  CHECK(f.stored().counter == 10 && f.stored().state == CredentialState::Active);
}

void counters_must_grow_unless_both_are_zero() {
  struct {
    std::uint32_t stored, shown;
    Decision decision;
  } const table[] = {
      {0, 0, kGranted},
      {0, 1, kGranted},
      {1, 2, kGranted},
      {10, 0xffffffff, kGranted},
      {1, 0, denied(Refusal::CounterWentBack)},
      {1, 1, denied(Refusal::CounterWentBack)},
      {10, 9, denied(Refusal::CounterWentBack)},
      {0xffffffff, 0, denied(Refusal::CounterWentBack)},
      {0xffffffff, 0xffffffff, denied(Refusal::CounterWentBack)},
  };
  for (const auto &row : table) {
    Fixture f;
    Credential other = sample(2);
    other.counter = row.stored;
    other = MUST(f.ledger.add(other, kAdmin, kNow));
    // What the caller believed the counter to be does not matter.
    Attempt attempt = attempt_with(other);
    attempt.credential.counter = 0;
    CHECK(f.decide(attempt, good(row.shown)) == row.decision);
    const Credential after = MUST(f.ledger.find(other.id)).value();
    CHECK(after.counter == (row.decision == kGranted ? row.shown : row.stored));
    CHECK((after.state == CredentialState::Active) == (row.decision == kGranted));
  }
}

void a_possible_clone_is_suspended_whoever_noticed() {
  for (const bool verifier_noticed : {true, false}) {
    Fixture f;
    Verification back = good(10);
    if (verifier_noticed)
      back = {.verdict = Verdict::Denied, .refusal = Refusal::CounterWentBack, .counter = 3};
    CHECK(f.decide(back) == denied(Refusal::CounterWentBack));
    CHECK(f.stored().state == CredentialState::Suspended);
    CHECK(MUST(f.ledger.state_change_of(f.key.row)).reason == "possible clone");
    const auto records = MUST(f.ledger.audit({.user = {}, .before = {}, .most = 2}));
    CHECK(records[0].record.event == "login" && records[0].record.outcome == "denied");
    CHECK(records[1].record.event == "suspend" && records[1].record.reason == "possible clone");
    CHECK(f.decide(good(4000)) == denied(Refusal::CredentialInactive));
  }
}

void a_late_answer_is_no_clone() {
  Fixture f;
  CHECK(f.decide(good(12)) == kGranted);
  Attempt late = attempt_with(f.key);
  late.overtaken = true;
  CHECK(f.decide(late, good(11)) == denied(Refusal::CounterWentBack));
  CHECK(f.stored().state == CredentialState::Active && f.stored().counter == 12);
  CHECK(f.decide(good(13)) == kGranted);
}

void a_tombstone_does_not_become_suspended() {
  Fixture f;
  MUST(f.ledger.set_state(f.key.row, CredentialState::Revoked, "lost", kAdmin, kNow));
  CHECK(f.decide({.verdict = Verdict::Denied, .refusal = Refusal::CounterWentBack, .counter = 3}) ==
        denied(Refusal::CredentialInactive));
  CHECK(f.stored().state == CredentialState::Revoked);
}

void a_strangers_clone_alarm_suspends_nothing() {
  Fixture f;
  Attempt attempt = attempt_with(f.key);
  attempt.credential.key.cose[5] ^= 1;
  CHECK(f.decide(attempt, {.verdict = Verdict::Denied, .refusal = Refusal::CounterWentBack, .counter = 3}) ==
        denied(Refusal::CredentialWrong));
  CHECK(f.stored().state == CredentialState::Active);
}

void success_takes_back_its_own_try_and_ends_the_row() {
  Fixture f;
  f.begin(), f.begin();
  Attempt attempt = attempt_with(f.key);
  attempt.ticket = f.begin().ticket;
  f.begin();  // somebody else's, still under way
  CHECK(f.limits() == "1|1\n2|1\n3|1\n4|1\n");
  CHECK(f.decide(attempt, good(11)) == kGranted);
  CHECK(f.limits() == "1|0\n2|0\n4|1\n");  // the two failures stay in the day's bucket
}

void a_refused_answer_stays_counted() {
  Fixture f;
  Attempt attempt = attempt_with(f.key);
  attempt.ticket = f.begin().ticket;
  CHECK(f.decide(attempt, {.verdict = Verdict::Denied, .refusal = Refusal::SignatureWrong}).verdict ==
        Verdict::Denied);
  CHECK(f.limits() == "1|1\n");
  attempt.ticket = f.begin().ticket;
  CHECK(f.decide(attempt, good(10)) == denied(Refusal::CounterWentBack));
  CHECK(f.limits() == "1|1\n2|1\n");
}

void only_the_own_ticket_clears_anything() {
  Fixture f;
  f.begin();
  CHECK(f.decide(good(11)) == kGranted);  // a bare touch proves no PIN
  CHECK(f.limits() == "1|1\n");
  Attempt attempt = attempt_with(f.key);
  const TryKey others[] = {pin_of("bob"), pin_of("alice", Way::Tpm),
                           pin_of("alice", Way::Usb, Place::Remote)};
  std::uint32_t counter = 11;
  for (const TryKey &other : others) {
    attempt.ticket = f.begin(other).ticket;
    CHECK(f.decide(attempt, good(++counter)) == kGranted);
  }
  attempt.ticket = Ticket{99};
  CHECK(f.decide(attempt, good(++counter)) == kGranted);
  CHECK(f.limits() == "1|1\n2|1\n3|1\n4|1\n");
}

void a_moment_without_a_boot_decides_nothing() {
  Fixture f;
  Moment bad = moment();
  bad.boot_id.clear();
  const std::string before = Raw(f.dir.ledger()).everything();
  CHECK(!f.ledger.decide(attempt_with(f.key), good(11), bad));
  CHECK(Raw(f.dir.ledger()).everything() == before);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(a_good_answer_is_granted_and_written_down),
      TEST(nothing_said_means_denied),
      TEST(a_verification_that_contradicts_itself_is_denied),
      TEST(every_refusal_is_on_record_and_changes_nothing_else),
      TEST(a_session_of_an_active_ssh_key_is_granted_and_its_counter_stays),
      TEST(a_session_is_denied_to_revoked_and_suspended_keys_to_other_accounts_and_to_locked_ones),
      TEST(a_revocation_during_the_touch_wins),
      TEST(an_account_that_was_handed_on_opens_nothing),
      TEST(only_the_key_that_was_verified_counts),
      TEST(counters_must_grow_unless_both_are_zero),
      TEST(a_possible_clone_is_suspended_whoever_noticed),
      TEST(a_late_answer_is_no_clone),
      TEST(a_tombstone_does_not_become_suspended),
      TEST(a_strangers_clone_alarm_suspends_nothing),
      TEST(success_takes_back_its_own_try_and_ends_the_row),
      TEST(a_refused_answer_stays_counted),
      TEST(only_the_own_ticket_clears_anything),
      TEST(a_moment_without_a_boot_decides_nothing),
  };
  return cmocka_run_group_tests_name("ledger-decide", tests, nullptr, nullptr);
}
