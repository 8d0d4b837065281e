/// An administrator's lock: nothing opens while it is on, whenever it was put there.
#include "tests/ledger_support.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

struct Fixture {
  TempDir dir;
  Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
  Credential key = MUST(ledger.add(sample(), kAdmin, kNow));

  Fixture() { MUST(ledger.replace_codes(account(), code_set(), kAdmin, kNow)); }
  void lock(LockScope scope, const char *reason = "lost", const Account &whose = account()) {
    MUST(ledger.lock(whose.name, scope, reason, kAdmin, kNow));
  }
  std::optional<AccountLock> lock_of(const Account &whose = account()) {
    return MUST(ledger.lock_of(whose.name));
  }
  Credential stored() { return MUST(ledger.find(key.id)).value(); }
  Decision decide(const Verification &verification) {
    return MUST(ledger.decide(attempt_with(key), verification, moment()));
  }
  CodeDecision decide_code(const std::optional<CodeHash> &matched) {
    return MUST(ledger.decide_code(code_attempt(), matched, moment()));
  }
  AuditRecord last_record() { return MUST(ledger.audit({.user = {}, .before = {}, .most = 1}))[0].record; }
};

void a_lock_says_who_put_it_there_and_why() {
  Fixture f;
  CHECK(!f.lock_of());
  f.lock(LockScope::Passkeys, "lost the key");
  const AccountLock lock = f.lock_of().value();
  CHECK(lock.scope == LockScope::Passkeys && lock.reason == "lost the key");
  CHECK(lock.by_uid == 1000 && lock.by == "passkeyctl" && lock.when == kNow);
  CHECK(!f.lock_of(account("bob")));
}

void a_lock_that_comes_between_verification_and_decision_wins() {
  for (const LockScope scope : {LockScope::AllMethods, LockScope::Passkeys}) {
    Fixture f;
    f.lock(scope);
    CHECK((f.decide(good(11)) == Decision{Verdict::Denied, Refusal::AccountLocked}));
    CHECK(f.last_record().outcome == "denied" && f.last_record().reason == "account-locked");
    CHECK(f.stored().counter == 10 && !f.stored().last_used && f.stored().state == CredentialState::Active);
    const CodeDecision code = f.decide_code(code_set()[0]);
    CHECK(code.verdict == Verdict::Denied && code.refusal == Refusal::AccountLocked && code.left == 10);
    CHECK(f.last_record().reason == "account-locked" && f.last_record().way == "code");
  }
}

void a_locked_account_does_not_tell_codes_from_guesses() {
  Fixture f;
  f.lock(LockScope::Passkeys);
  for (const std::optional<CodeHash> &matched :
       {std::optional<CodeHash>(), std::optional<CodeHash>(code_set()[0])})
    CHECK(f.decide_code(matched).refusal == Refusal::AccountLocked);
}

void a_clone_of_a_locked_account_is_suspended_all_the_same() {
  Fixture f;
  f.lock(LockScope::AllMethods);
  CHECK(f.decide(good(3)).refusal == Refusal::CounterWentBack);
  CHECK(f.stored().state == CredentialState::Suspended);
}

void nobody_elses_account_is_locked() {
  Fixture f;
  f.lock(LockScope::AllMethods, "", account("bob"));
  CHECK(f.decide(good(11)).verdict == Verdict::Granted);
  CHECK(f.decide_code(code_set()[0]).verdict == Verdict::Granted);
}

void unlocking_opens_again_and_once() {
  Fixture f;
  f.lock(LockScope::AllMethods);
  MUST(f.ledger.unlock(account().name, kAdmin, kNow));
  CHECK(!f.lock_of());
  CHECK(f.decide(good(11)).verdict == Verdict::Granted);
  CHECK(f.decide_code(code_set()[0]).verdict == Verdict::Granted);
  CHECK(f.ledger.unlock(account().name, kAdmin, kNow).error().kind == ErrorKind::NotFound);
}

void a_second_lock_takes_the_place_of_the_first() {
  Fixture f;
  f.lock(LockScope::AllMethods, "left");
  f.lock(LockScope::Passkeys, "back, without a key");
  CHECK(f.lock_of()->scope == LockScope::Passkeys && f.lock_of()->reason == "back, without a key");
  MUST(f.ledger.unlock(account().name, kAdmin, kNow));
  CHECK(!f.lock_of());
}

void a_lock_outlives_the_daemon() {
  Fixture f;
  f.lock(LockScope::AllMethods, "", account("nobody-yet"));  // the name need not be known
  { const Ledger gone = std::move(f.ledger); }
  f.ledger = MUST(Ledger::open(f.dir.ledger(), kNow));
  CHECK(f.lock_of(account("nobody-yet")));
}

void a_reason_that_cannot_be_shown_locks_nothing() {
  Fixture f;
  for (const std::string &bad : {std::string("a\nb"), std::string("\xff"), std::string(256, 'r')})
    CHECK(f.ledger.lock(account().name, LockScope::AllMethods, bad, kAdmin, kNow).error().kind ==
          ErrorKind::InvalidInput);
  CHECK(!f.lock_of());
}

void a_lock_that_makes_no_sense_is_still_a_lock() {
  for (const char *damage : {"scope = 'some'", "scope = ''", "scope = 'PASSKEYS'", "reason = char(27)"}) {
    Fixture f;
    f.lock(LockScope::AllMethods);
    CHECK(Raw(f.dir.ledger()).run(std::string("UPDATE account_lock SET ") + damage));
    const std::optional<AccountLock> lock = f.lock_of();
    CHECK(lock && lock->scope == LockScope::AllMethods && is_printable(lock->reason));
    CHECK(f.decide(good(11)).refusal == Refusal::AccountLocked);
  }
}

void locking_is_on_record() {
  Fixture f;
  f.lock(LockScope::Passkeys, "lost");
  AuditRecord record = f.last_record();
  CHECK(record.event == "lock" && record.way == "passkeys" && record.reason == "lost");
  CHECK(record.outcome == "done" && record.user == "alice" && record.caller_uid == 1000);
  f.lock(LockScope::AllMethods);
  CHECK(f.last_record().way == "all");
  MUST(f.ledger.unlock(account().name, kAdmin, kNow));
  record = f.last_record();
  CHECK(record.event == "unlock" && record.outcome == "done" && record.user == "alice");
  const std::size_t records = MUST(f.ledger.audit({})).size();
  CHECK(!f.ledger.unlock(account().name, kAdmin, kNow));
  CHECK(MUST(f.ledger.audit({})).size() == records);
  CHECK(!MUST(f.ledger.verify_chain()).first_bad);
}

void every_scope_has_a_name_of_its_own_and_locks_all_unless_told() {
  for (const LockScope scope : {LockScope::AllMethods, LockScope::Passkeys})
    CHECK(lock_scope_of(name_of(scope)) == scope);
  CHECK(!lock_scope_of("") && !lock_scope_of("ALL"));
  CHECK(LockScope{} == LockScope::AllMethods);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(a_lock_says_who_put_it_there_and_why),
      TEST(a_lock_that_comes_between_verification_and_decision_wins),
      TEST(a_locked_account_does_not_tell_codes_from_guesses),
      TEST(a_clone_of_a_locked_account_is_suspended_all_the_same),
      TEST(nobody_elses_account_is_locked),
      TEST(unlocking_opens_again_and_once),
      TEST(a_second_lock_takes_the_place_of_the_first),
      TEST(a_lock_outlives_the_daemon),
      TEST(a_reason_that_cannot_be_shown_locks_nothing),
      TEST(a_lock_that_makes_no_sense_is_still_a_lock),
      TEST(locking_is_on_record),
      TEST(every_scope_has_a_name_of_its_own_and_locks_all_unless_told),
  };
  return cmocka_run_group_tests_name("ledger-lock", tests, nullptr, nullptr);
}
