/// Looking after everybody at once: who has what, and recalls.
#include "tests/ledger_support.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

constexpr Aaguid kModel{1, 2, 3, 4};
constexpr Aaguid kOther{4, 3, 2, 1};

WallTime day(int number) {
  return kNow + std::chrono::hours(24) * number;
}

struct Fixture {
  TempDir dir{memory_directory()};
  Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));

  Credential add(std::uint8_t mark, const Account &owner, const Aaguid &model, int enrolled = 0) {
    Credential credential = sample(mark, owner);
    credential.aaguid = model;
    return MUST(ledger.add(credential, kAdmin, day(enrolled)));
  }
  std::string matching(const CredentialMatch &which) {
    std::string names;
    for (const Credential &each : MUST(ledger.matching(which)).rows) names += each.name + ", ";
    return names;
  }
  CredentialState state(const Credential &credential) { return MUST(ledger.find(credential.id))->state; }
};

void a_recall_finds_what_it_names_and_nothing_else() {
  Fixture f;
  f.add(1, account("alice", 1000), kModel, 0);
  f.add(2, account("alice", 1000), kOther, 0);
  f.add(3, account("bob", 1001), kModel, 5);
  const Credential gone = f.add(4, account("bob", 1001), kModel, 0);
  MUST(f.ledger.set_state(gone.row, CredentialState::Revoked, "", kAdmin, kNow));
  const Credential resting = f.add(5, account("carol", 1002), kModel, 1);
  MUST(f.ledger.set_state(resting.row, CredentialState::Suspended, "", kAdmin, kNow));
  CHECK(f.matching({.model = kModel}) == "key 1, key 3, key 5, ");
  CHECK(f.matching({.enrolled_before = day(1)}) == "key 1, key 2, ");
  CHECK(f.matching({.model = kModel, .enrolled_before = day(2)}) == "key 1, key 5, ");
  CHECK(f.matching({.model = Aaguid{9}}).empty());
  CHECK(f.matching({}).empty());
}

void a_recall_revokes_all_of_it_at_once_and_says_so() {
  Fixture f;
  const Credential first = f.add(1, account("alice", 1000), kModel);
  const Credential other = f.add(2, account("alice", 1000), kOther);
  const Credential second = f.add(3, account("bob", 1001), kModel);
  const std::vector<Credential> revoked =
      MUST(f.ledger.revoke_matching({.model = kModel}, "recalled by the maker", kAdmin, day(1)));
  CHECK(revoked.size() == 2 && revoked[0].row == first.row && revoked[1].row == second.row);
  CHECK(revoked[0].state == CredentialState::Revoked && revoked[1].owner.name.str() == "bob");
  CHECK(f.state(first) == CredentialState::Revoked && f.state(second) == CredentialState::Revoked);
  CHECK(f.state(other) == CredentialState::Active);
  CHECK(MUST(f.ledger.state_change_of(second.row)).reason == "recalled by the maker");
  const std::vector<AuditEntry> last = MUST(f.ledger.audit({.most = 2}));
  CHECK(last[0].record.event == "revoke" && last[0].record.user == "alice" && last[1].record.user == "bob");
  CHECK(MUST(f.ledger.revoke_matching({.model = kModel}, "again", kAdmin, day(1))).empty());
}

void a_recall_of_nothing_in_particular_revokes_nothing() {
  Fixture f;
  const Credential key = f.add(1, account(), kModel);
  CHECK(MUST(f.ledger.revoke_matching({}, "", kAdmin, kNow)).empty());
  CHECK(f.ledger.revoke_matching({.model = kModel}, "two\nlines", kAdmin, kNow).error().kind ==
        ErrorKind::InvalidInput);
  CHECK(f.ledger.revoke_matching({.model = kModel}, std::string(10'000, 'x'), kAdmin, kNow).error().kind ==
        ErrorKind::InvalidInput);
  CHECK(f.state(key) == CredentialState::Active);
}

void everybody_is_there_once_with_what_they_have() {
  Fixture f;
  CHECK(MUST(f.ledger.people()).empty());
  const Account alice = account("alice", 1000);
  const Credential used = f.add(1, alice, kModel, 1);
  MUST(f.ledger.decide(attempt_with(used), good(11), moment(std::chrono::hours(72))));
  Credential bare = sample(2, alice);
  bare.user_verification = false;
  MUST(f.ledger.add(bare, kAdmin, day(2)));
  const Credential resting = f.add(3, alice, kModel, 0);
  MUST(f.ledger.set_state(resting.row, CredentialState::Suspended, "", kAdmin, kNow));
  const Credential gone = f.add(4, alice, kModel, 0);
  MUST(f.ledger.set_state(gone.row, CredentialState::Revoked, "", kAdmin, kNow));
  MUST(f.ledger.replace_codes(alice, code_set(), kAdmin, kNow));
  MUST(f.ledger.decide_code(code_attempt(), code_set()[0], moment()));
  const std::vector<AccountSummary> all = MUST(f.ledger.people());
  CHECK(all.size() == 1);
  const AccountSummary &one = all[0];
  CHECK(one.account == alice && one.active == 2 && one.suspended == 1 && one.revoked == 1);
  CHECK(one.without_verification == 1 && one.codes_left == 9 && !one.locked);
  CHECK(one.last_used == day(3) && one.newest == day(2));
}

void an_account_of_another_number_is_another_and_a_lock_is_the_names() {
  Fixture f;
  f.add(1, account("bob", 1001), kModel);
  f.add(2, account("bob", 1002), kModel);
  MUST(f.ledger.replace_codes(account("alice", 1000), code_set(), kAdmin, kNow));
  MUST(f.ledger.lock(account("bob").name, LockScope::Passkeys, "", kAdmin, kNow));
  MUST(f.ledger.lock(account("zoë").name, LockScope::AllMethods, "", kAdmin, kNow));
  const std::vector<AccountSummary> all = MUST(f.ledger.people());
  CHECK(all.size() == 4);
  CHECK(all[0].account.name.str() == "alice" && all[0].codes_left == 10 && !all[0].locked && !all[0].newest);
  CHECK(all[1].account == account("bob", 1001) && all[1].locked && all[1].active == 1 && !all[1].last_used);
  CHECK(all[2].account == account("bob", 1002) && all[2].locked);
  CHECK(all[3].account.name.str() == "zoë" && all[3].account.uid == static_cast<uid_t>(-1) && all[3].locked);
}

void a_row_that_makes_no_sense_hides_nobody() {
  Fixture f;
  f.add(1, account("alice", 1000), kModel);
  f.add(2, account("bob", 1001), kModel);
  Raw raw(f.dir.ledger());
  CHECK(raw.run("DROP TRIGGER credential_identity; UPDATE credential SET user_name = 'a/b' WHERE row = 1"));
  CHECK(raw.run("INSERT INTO account_lock VALUES ('c\nd', 'all', '', 0, '', 0)"));
  const std::vector<AccountSummary> all = MUST(f.ledger.people());
  CHECK(all.size() == 1 && all[0].account.name.str() == "bob");
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(a_recall_finds_what_it_names_and_nothing_else),
      TEST(a_recall_revokes_all_of_it_at_once_and_says_so),
      TEST(a_recall_of_nothing_in_particular_revokes_nothing),
      TEST(everybody_is_there_once_with_what_they_have),
      TEST(an_account_of_another_number_is_another_and_a_lock_is_the_names),
      TEST(a_row_that_makes_no_sense_hides_nobody),
  };
  return cmocka_run_group_tests_name("ledger-people", tests, nullptr, nullptr);
}
