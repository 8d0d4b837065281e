/// What an import does to a ledger: one rule after the other, each against a real one.
#include <set>

#include "ledger/import.h"
#include "tests/ledger_support.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

using What = ImportChange::What;

const Account kAlice = account("alice", 1000);
const Account kBob = account("bob", 1001);

HeldCredential held(const Credential &credential, const char *reason = "") {
  HeldCredential one{credential, {reason, 4242, "passkeyctl", kNow - std::chrono::hours(5)}};
  one.credential.created = kNow - std::chrono::hours(100);
  one.credential.last_used = kNow - std::chrono::hours(7);
  one.credential.platform = {};
  return one;
}

HeldCredential revoked(const Credential &credential) {
  HeldCredential one = held(credential, "lost on a train");
  one.credential.state = CredentialState::Revoked;
  return one;
}

/// An import of these, where alice and bob are people.
Import import_of(std::vector<HeldCredential> credentials, std::vector<HeldLock> locks = {}) {
  return {.rp_id = sample().rp_id,
          .credentials = std::move(credentials),
          .locks = std::move(locks),
          .accounts = {{"alice", kAlice}, {"bob", kBob}},
          .source = "signer SHA256:x head 00"};
}

HeldLock lock_of(const Account &who, LockScope scope, const char *reason = "left") {
  return {who.name, {.scope = scope, .reason = reason, .by_uid = 4242, .by = "passkeyctl", .when = kNow}};
}

/// A ledger that is in use: it has its RP ID, and carol's passkey.
struct Here {
  TempDir dir{memory_directory()};
  Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));

  explicit Here(std::string_view rp_id = "workstation") { MUST(ledger.fix_rp_id(MUST(RpId::parse(rp_id)))); }
  Credential add(const Credential &credential) { return MUST(ledger.add(credential, kAdmin, kNow)); }
  std::vector<ImportChange> take(const Import &import, ImportMode mode = ImportMode::Change) {
    return MUST(ledger.take_in(import, mode, kAdmin, kNow));
  }
  /// Of an import of one thing.
  ImportChange take_one(const Import &import) {
    std::vector<ImportChange> changes = take(import);
    CHECK(changes.size() == 1);
    return changes[0];
  }
  Credential stored(const Credential &credential) { return MUST(ledger.find(credential.id)).value(); }
  std::string everything() { return Raw(dir.ledger()).everything(); }
  std::string records(const char *event) {
    return Raw(dir.ledger())
        .read(std::string("SELECT user_name, way, reason, caller_uid FROM audit WHERE event = '") + event +
              "'");
  }
};

void is_skipped(const ImportChange &change, std::string_view why) {
  CHECK(change.what == What::Skip);
  CHECK(change.why == why);
}

// --- what comes along ---

void an_unknown_passkey_comes_along_with_all_that_is_known_of_it() {
  Here here;
  const HeldCredential there = held(sample());
  const ImportChange change = here.take_one(import_of({there}));
  CHECK(change.what == What::Add && change.works && change.why.empty());
  CHECK(change.user == "alice" && change.name == "key 1" && change.way == Way::Usb);
  CHECK(change.uid == kAlice.uid && !change.uid_was);
  const Credential stored = here.stored(sample());
  const Credential &wanted = there.credential;
  CHECK(stored.id == wanted.id && stored.key == wanted.key && stored.rp_id == wanted.rp_id);
  CHECK(stored.owner == kAlice && stored.way == wanted.way && stored.aaguid == wanted.aaguid);
  CHECK(stored.name == wanted.name && stored.device == wanted.device && stored.counter == wanted.counter);
  CHECK(stored.user_verification && stored.backup_eligible && !stored.built_in_uv && !stored.backed_up);
  CHECK(stored.max_allow_list == 8 && stored.user_handle == wanted.user_handle && stored.discoverable);
  CHECK(stored.state == CredentialState::Active && stored.created == wanted.created);
  CHECK(stored.last_used == wanted.last_used);
  const StateChange how = MUST(here.ledger.state_change_of(stored.row));
  CHECK(how.by_uid == 4242 && how.when == kNow - std::chrono::hours(5));
}

void an_ssh_key_comes_along_whatever_the_relying_party_there() {
  Here here("elsewhere");
  Credential client = sample(2, kAlice, Way::Client);
  const std::vector<ImportChange> changes =
      here.take(import_of({held(ssh_sample(1)), held(client), held(sample(3))}));
  CHECK(changes.size() == 4 && changes[0].what == What::RpId);  // nothing was bound to anything here
  for (std::size_t at = 1; at < 4; ++at) CHECK(changes[at].what == What::Add && changes[at].works);
  CHECK(here.stored(ssh_sample(1)).rp_id.is_ssh() && here.stored(ssh_sample(1)).way == Way::Ssh);
  CHECK(here.stored(client).way == Way::Client);

  Here bound("elsewhere");
  Credential own = sample(9);
  own.rp_id = MUST(RpId::parse("elsewhere"));
  bound.add(own);
  const std::vector<ImportChange> others =
      bound.take(import_of({held(ssh_sample(1)), held(client), held(sample(3))}));
  CHECK(others.size() == 3 && others[0].what == What::Add && others[0].works);
  is_skipped(others[1], import_why::kRpId);
  is_skipped(others[2], import_why::kRpId);
}

void ssh_keys_alone_bind_a_ledger_to_no_relying_party() {
  Here here("elsewhere");
  here.add(ssh_sample(1));
  CHECK(here.take(import_of({held(sample(3))}))[0].what == What::RpId);
}

void it_opens_the_account_afterwards() {
  Here here;
  here.take(import_of({held(sample())}));
  const Attempt attempt = attempt_with(here.stored(sample()));
  CHECK(MUST(here.ledger.decide(attempt, good(11), moment())).verdict == Verdict::Granted);
}

void a_counter_that_came_along_still_finds_clones() {
  Here here;
  here.take(import_of({held(sample())}));
  const Attempt attempt = attempt_with(here.stored(sample()));
  CHECK(MUST(here.ledger.decide(attempt, good(10), moment())).refusal == Refusal::CounterWentBack);
}

void it_belongs_to_whoever_has_the_name_now_and_it_is_said_that_the_number_was_another() {
  Here here;
  const ImportChange change = here.take_one(import_of({held(sample(1, account("alice", 777)))}));
  CHECK(change.what == What::Add && change.works);
  CHECK(change.uid == kAlice.uid && change.uid_was == 777U);
  CHECK(here.stored(sample()).owner == kAlice);
}

void a_suspended_passkey_stays_suspended() {
  Here here;
  HeldCredential there = held(sample(), kPossibleClone);
  there.credential.state = CredentialState::Suspended;
  const ImportChange change = here.take_one(import_of({there}));
  CHECK(change.what == What::Add && !change.works && change.why == "suspended");
  const Credential stored = here.stored(sample());
  CHECK(stored.state == CredentialState::Suspended);
  CHECK(MUST(here.ledger.state_change_of(stored.row)).reason == kPossibleClone);
}

void a_name_that_is_taken_is_made_free_and_stays_within_its_bounds() {
  Here here;
  Credential mine = sample(1);
  mine.name = std::string(61, 'x') + "\u00e9" + "y";  // 64 bytes, with a character where the cut would be
  here.add(mine);
  std::vector<HeldCredential> others;
  for (std::uint8_t mark = 2; mark < 14; ++mark) {
    others.push_back(held(sample(mark)));
    others.back().credential.name = mine.name;
  }
  std::set<std::string> names = {mine.name};
  for (const ImportChange &change : here.take(import_of(std::move(others)))) {
    CHECK(change.what == What::Add);
    CHECK(change.name.size() <= 64 && is_utf8(change.name));
    CHECK(names.insert(change.name).second);
  }
  CHECK(names.contains(std::string(60, 'x') + " (2)"));
  CHECK(names.contains(std::string(59, 'x') + " (10)"));
  CHECK(MUST(here.ledger.all_credentials()).rows.size() == 13);
}

void an_account_gets_no_more_than_it_may_have() {
  Here here;
  for (std::uint8_t mark = 1; mark < Ledger::kMaxCredentials; ++mark) here.add(sample(mark));
  const std::vector<ImportChange> changes = here.take(
      import_of({held(sample(100)), held(sample(101)), revoked(sample(102)), held(sample(103, kBob))}));
  CHECK(changes[0].what == What::Add);
  is_skipped(changes[1], "too-many");
  CHECK(changes[2].what == What::Revoke);  // a tombstone takes no room
  CHECK(changes[3].what == What::Add);
}

// --- what does not ---

void a_passkey_of_the_other_computers_tpm_must_be_enrolled_again() {
  Here here;
  is_skipped(here.take_one(import_of({held(sample(1, kAlice, Way::Tpm))})), "tpm");
  CHECK(!MUST(here.ledger.find(sample().id)));
}

void nothing_is_added_for_people_who_are_not_here() {
  Here here;
  is_skipped(here.take_one(import_of({held(sample(1, account("mallory", 666)))})), "no-account");
  CHECK(!MUST(here.ledger.find(sample().id)));
}

void what_is_here_already_stays_as_it_is() {
  Here here;
  Credential mine = here.add(sample());
  mine = MUST(here.ledger.rename(mine.row, "blue", kAdmin, kNow));
  const ImportChange change = here.take_one(import_of({held(sample())}));
  is_skipped(change, "known");
  CHECK(change.works && change.name == "blue");
  CHECK(here.stored(sample()).name == "blue" && here.stored(sample()).created == kNow);
}

void of_two_counters_the_higher_one_holds() {
  Here here;
  here.add(sample(1));
  here.add(sample(2));
  HeldCredential more = held(sample(1));
  HeldCredential less = held(sample(2));
  more.credential.counter = 500;
  less.credential.counter = 3;
  here.take(import_of({more, less}));
  CHECK(here.stored(sample(1)).counter == 500);
  CHECK(here.stored(sample(2)).counter == 10);
}

void an_import_revives_nothing() {
  Here here;
  MUST(here.ledger.set_state(here.add(sample()).row, CredentialState::Revoked, "lost", kAdmin, kNow));
  is_skipped(here.take_one(import_of({held(sample())})), "revoked");
  CHECK(here.stored(sample()).state == CredentialState::Revoked);
  HeldCredential suspended = held(sample());
  suspended.credential.state = CredentialState::Suspended;
  is_skipped(here.take_one(import_of({suspended})), "revoked");
  CHECK(here.stored(sample()).state == CredentialState::Revoked);
}

void an_import_resumes_nothing() {
  Here here;
  MUST(here.ledger.set_state(here.add(sample()).row, CredentialState::Suspended, "", kAdmin, kNow));
  const ImportChange change = here.take_one(import_of({held(sample())}));
  is_skipped(change, "known");
  CHECK(!change.works);
  CHECK(here.stored(sample()).state == CredentialState::Suspended);
}

void another_key_under_the_same_id_is_left_alone() {
  Here here;
  here.add(sample());
  HeldCredential forged = revoked(sample());
  forged.credential.key.cose = Bytes(77, 9);
  is_skipped(here.take_one(import_of({forged})), "differs");
  is_skipped(here.take_one(import_of({held(sample(1, kBob))})), "differs");
  CHECK(here.stored(sample()).state == CredentialState::Active);
  CHECK(here.stored(sample()).owner == kAlice);
}

void a_row_here_that_makes_no_sense_stops_nothing_else() {
  Here here;
  here.add(sample());
  CHECK(Raw(here.dir.ledger()).run("UPDATE credential SET state = 'open'"));
  const std::vector<ImportChange> changes = here.take(import_of({held(sample()), held(sample(2))}));
  is_skipped(changes[0], "unreadable");
  CHECK(changes[1].what == What::Add);
}

// --- revocations and locks ---

void what_was_revoked_there_is_revoked_here() {
  Here here;
  here.add(sample(1, kAlice, Way::Tpm));
  const ImportChange change = here.take_one(import_of({revoked(sample(1, kAlice, Way::Tpm))}));
  CHECK(change.what == What::Revoke && !change.works);
  const Credential stored = here.stored(sample());
  CHECK(stored.state == CredentialState::Revoked && stored.platform.empty());
  CHECK(MUST(here.ledger.state_change_of(stored.row)).reason == "lost on a train");
}

void what_was_revoked_there_can_never_be_enrolled_here() {
  Here here;
  const Account gone = account("mallory", 666);  // whether or not there is such an account
  for (const Account &owner : {kAlice, gone}) {
    const std::uint8_t mark = owner == gone ? 2 : 1;
    const ImportChange change = here.take_one(import_of({revoked(sample(mark, owner))}));
    CHECK(change.what == What::Revoke);
    CHECK(here.stored(sample(mark)).state == CredentialState::Revoked);
    const Result<Credential> again = here.ledger.add(sample(mark), kAdmin, kNow);
    CHECK(!again && again.error().kind == ErrorKind::AlreadyExists);
  }
  is_skipped(here.take_one(import_of({revoked(sample(1))})), "known");
}

void locks_are_added_and_widened_and_never_taken_away() {
  Here here;
  MUST(here.ledger.lock(account("carol", 5).name, LockScope::Passkeys, "mine", kAdmin, kNow));
  MUST(here.ledger.lock(kBob.name, LockScope::AllMethods, "mine", kAdmin, kNow));
  const std::vector<ImportChange> changes = here.take(import_of(
      {held(sample())}, {lock_of(kAlice, LockScope::Passkeys), lock_of(kBob, LockScope::Passkeys)}));
  CHECK(changes[0].what == What::Lock && changes[0].user == "alice");
  is_skipped(changes[1], "known");
  CHECK(changes[2].what == What::Add && !changes[2].works && changes[2].why == "locked");
  CHECK(MUST(here.ledger.lock_of(kAlice.name))->reason == "left");
  CHECK(MUST(here.ledger.lock_of(kBob.name))->scope == LockScope::AllMethods);
  CHECK(MUST(here.ledger.lock_of(account("carol", 5).name))->reason == "mine");
  const ImportChange wider = here.take_one(import_of({}, {lock_of(kAlice, LockScope::AllMethods)}));
  CHECK(wider.what == What::Lock);
  CHECK(MUST(here.ledger.lock_of(kAlice.name))->scope == LockScope::AllMethods);
}

// --- the relying party ---

void an_empty_ledger_takes_the_relying_party_over() {
  Here here("reinstalled");
  const std::vector<ImportChange> changes = here.take(import_of({held(sample())}));
  CHECK(changes.size() == 2);
  CHECK(changes[0].what == What::RpId && changes[0].name == "workstation");
  CHECK(changes[1].what == What::Add && changes[1].works);
  CHECK(MUST(here.ledger.fix_rp_id(MUST(RpId::parse("reinstalled")))).str() == "workstation");
  CHECK(here.records("import").find("signer SHA256:x head 00 rp-id workstation") != std::string::npos);
}

void a_ledger_in_use_keeps_its_relying_party_and_takes_nothing_of_another() {
  Here here("reinstalled");
  Credential tombstone = sample(9);
  MUST(here.ledger.set_state(here.add(tombstone).row, CredentialState::Revoked, "", kAdmin, kNow));
  is_skipped(here.take_one(import_of({held(sample())})), "rp-id");
  is_skipped(here.take_one(import_of({revoked(sample())})), "rp-id");
  CHECK(MUST(here.ledger.setting("rp-id")) == "reinstalled");
}

void a_passkey_of_a_third_relying_party_stays_out() {
  Here here("reinstalled");
  HeldCredential odd = held(sample(2));
  odd.credential.rp_id = MUST(RpId::parse("elsewhere"));
  const std::vector<ImportChange> changes = here.take(import_of({held(sample()), odd}));
  CHECK(changes[1].what == What::Add);
  is_skipped(changes[2], "rp-id");
}

// --- all of it, or nothing ---

/// One of everything.
Import mixed() {
  HeldCredential taken = held(sample(5));
  taken.credential.name = "key 1";
  HeldCredential counted = held(sample(1));
  counted.credential.counter = 99;
  return import_of(
      {counted, revoked(sample(2)), revoked(sample(3)), held(sample(4, kAlice, Way::Tpm)), taken},
      {lock_of(kBob, LockScope::AllMethods)});
}

void a_dry_run_tells_the_same_and_changes_nothing() {
  for (const bool empty : {false, true}) {
    Here here(empty ? "reinstalled" : "workstation");
    if (!empty) {
      here.add(sample(1));
      here.add(sample(2));
    }
    const std::string before = here.everything();
    const std::vector<ImportChange> dry = here.take(mixed(), ImportMode::DryRun);
    CHECK(here.everything() == before);
    const std::vector<ImportChange> wet = here.take(mixed());
    CHECK(here.everything() != before);
    CHECK(dry.size() == wet.size());
    for (std::size_t at = 0; at < dry.size(); ++at)
      CHECK(dry[at].what == wet[at].what && dry[at].why == wet[at].why && dry[at].name == wet[at].name &&
            dry[at].works == wet[at].works);
  }
}

void importing_twice_changes_nothing_more() {
  Here here;
  here.add(sample(1));
  here.take(mixed());
  const auto what_matters = [&] {
    return Raw(here.dir.ledger()).read("SELECT * FROM credential") +
           Raw(here.dir.ledger()).read("SELECT * FROM account_lock");
  };
  const std::string once = what_matters();
  for (const ImportChange &change : here.take(mixed())) CHECK(change.what == What::Skip);
  CHECK(what_matters() == once);
}

void everything_that_changed_is_on_record_with_where_it_came_from() {
  Here here;
  here.add(sample(1));
  here.add(sample(2));
  here.take(mixed());
  CHECK(here.records("import") == "||signer SHA256:x head 00|1000\n");
  CHECK(here.records("revoke") == "alice|usb|lost on a train|1000\nalice|usb|revoked elsewhere|1000\n");
  CHECK(here.records("enroll") == "alice|usb||1000\nalice|usb||1000\nalice|usb|imported|1000\n");
  CHECK(here.records("lock") == "bob|all|left|1000\n");
  CHECK(!MUST(here.ledger.verify_chain()).first_bad);
}

void one_thing_that_cannot_be_stored_keeps_everything_out() {
  Here here;
  const std::string before = here.everything();
  Import twice = mixed();
  twice.credentials.push_back(held(sample(5)));  // the id again: the file's reader refuses that before
  const Result<std::vector<ImportChange>> taken =
      here.ledger.take_in(twice, ImportMode::Change, kAdmin, kNow);
  CHECK(!taken);
  CHECK(here.everything() == before);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(an_unknown_passkey_comes_along_with_all_that_is_known_of_it),
      TEST(an_ssh_key_comes_along_whatever_the_relying_party_there),
      TEST(ssh_keys_alone_bind_a_ledger_to_no_relying_party),
      TEST(it_opens_the_account_afterwards),
      TEST(a_counter_that_came_along_still_finds_clones),
      TEST(it_belongs_to_whoever_has_the_name_now_and_it_is_said_that_the_number_was_another),
      TEST(a_suspended_passkey_stays_suspended),
      TEST(a_name_that_is_taken_is_made_free_and_stays_within_its_bounds),
      TEST(an_account_gets_no_more_than_it_may_have),
      TEST(a_passkey_of_the_other_computers_tpm_must_be_enrolled_again),
      TEST(nothing_is_added_for_people_who_are_not_here),
      TEST(what_is_here_already_stays_as_it_is),
      TEST(of_two_counters_the_higher_one_holds),
      TEST(an_import_revives_nothing),
      TEST(an_import_resumes_nothing),
      TEST(another_key_under_the_same_id_is_left_alone),
      TEST(a_row_here_that_makes_no_sense_stops_nothing_else),
      TEST(what_was_revoked_there_is_revoked_here),
      TEST(what_was_revoked_there_can_never_be_enrolled_here),
      TEST(locks_are_added_and_widened_and_never_taken_away),
      TEST(an_empty_ledger_takes_the_relying_party_over),
      TEST(a_ledger_in_use_keeps_its_relying_party_and_takes_nothing_of_another),
      TEST(a_passkey_of_a_third_relying_party_stays_out),
      TEST(a_dry_run_tells_the_same_and_changes_nothing),
      TEST(importing_twice_changes_nothing_more),
      TEST(everything_that_changed_is_on_record_with_where_it_came_from),
      TEST(one_thing_that_cannot_be_stored_keeps_everything_out),
  };
  return cmocka_run_group_tests_name("transfer-rules", tests, nullptr, nullptr);
}
