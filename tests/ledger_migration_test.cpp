/// How ledgers of older versions come along: with all they hold, and with the guards of the newest.
#include "ledger/schema.h"
#include "tests/ledger_support.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

/// Both dumps are of the same ledger; version 2 has had a little more happen to it.
void holds_what_version_1_held(Ledger &ledger) {
  const Credentials all = MUST(ledger.all_credentials());
  CHECK(all.rows.size() >= 3 && all.problems.empty());
  CHECK(all.rows[0].owner.name.str() == "alice" && all.rows[0].counter == 11);
  CHECK(all.rows[0].state == CredentialState::Active && all.rows[0].key.cose == Bytes(77, 1));
  CHECK(all.rows[1].way == Way::Tpm && all.rows[1].platform == Bytes(300, 2));
  CHECK(all.rows[2].state == CredentialState::Revoked);
  for (std::size_t at = 0; at < 3; ++at)
    CHECK(all.rows[at].user_handle.empty() && !all.rows[at].discoverable);
  CHECK(MUST(ledger.fix_rp_id(MUST(RpId::parse("other")))).str() == "workstation");
  const AuditChain chain = MUST(ledger.verify_chain());
  CHECK(chain.rows >= 5 && !chain.first_bad);
}

void a_version_1_ledger_opens_with_all_it_holds() {
  const TempDir dir;
  make_from_dump(dir.ledger(), "version-1.sql");
  Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
  holds_what_version_1_held(ledger);
  CHECK(MUST(ledger.all_credentials()).rows.size() == 3 && MUST(ledger.verify_chain()).rows == 5);
  CHECK(MUST(ledger.wait_for_try(pin_of(), moment())) == std::chrono::seconds(0));
  CHECK(Raw(dir.ledger()).read("SELECT count(*) FROM limits") == "1\n");
  CHECK(!MUST(ledger.lock_of(account().name)) && MUST(ledger.unspent_codes(account())).empty());
}

void what_version_1_enrolled_still_opens_and_new_passkeys_join_it() {
  const TempDir dir;
  make_from_dump(dir.ledger(), "version-1.sql");
  Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
  const Credential old = MUST(ledger.find(Bytes(32, 1))).value();
  CHECK(MUST(ledger.decide(attempt_with(old), good(12), moment())).verdict == Verdict::Granted);
  const Credential added = MUST(ledger.add(sample(4), kAdmin, kNow));
  CHECK(added.row == 4);  // numbers go on where they were
  CHECK(MUST(ledger.find(added.id))->user_handle == sample(4).user_handle);
  CHECK(MUST(ledger.set_state(2, CredentialState::Revoked, "", kAdmin, kNow)).platform.empty());
}

void a_version_2_ledger_opens_with_all_it_holds() {
  const TempDir dir;
  make_from_dump(dir.ledger(), "version-2.sql");
  Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
  holds_what_version_1_held(ledger);
  const Credential fourth = MUST(ledger.find(Bytes(32, 4))).value();
  CHECK(fourth.user_handle == sample(4).user_handle && fourth.discoverable);
  std::vector<CodeHash> codes = code_set();
  codes.erase(codes.begin());
  CHECK(MUST(ledger.unspent_codes(account())) == codes);
  const AccountLock lock = MUST(ledger.lock_of(account("bob").name)).value();
  CHECK(lock.scope == LockScope::Passkeys && lock.reason == "on leave" && lock.by_uid == 1000);
}

void a_version_3_ledger_opens_with_all_it_holds() {
  const TempDir dir;
  make_from_dump(dir.ledger(), "version-3.sql");
  Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
  const Credential fifth = MUST(ledger.find(Bytes(32, 5))).value();
  CHECK(fifth.attestation == Attestation::Trusted && fifth.attested_by == "Example Root");
  CHECK((fifth.certificates == Bytes{0x30, 1, 5}));
  CHECK(MUST(ledger.find(Bytes(32, 1)))->attestation == Attestation::Unknown);
  CHECK(MUST(ledger.model_of(Bytes(16, 1))) == metadata(7, 2).models[0]);
  CHECK(MUST(ledger.metadata_state()) == metadata(7, 2).state);
  const AuditChain chain = MUST(ledger.verify_chain());
  CHECK(chain.pruned == 3 && chain.rows > 5 && !chain.first_bad);
  CHECK(MUST(ledger.lock_of(account("carol").name))->reason == "left");
  CHECK(MUST(ledger.people()).size() == 3);
}

void a_version_4_ledger_opens_with_all_it_holds() {
  const TempDir dir;
  make_from_dump(dir.ledger(), "version-4.sql");
  Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
  CHECK(MUST(ledger.find(Bytes(32, 5)))->attestation == Attestation::Trusted);
  const std::vector<GuestKey> keys = MUST(ledger.guest_keys_of(account()));
  CHECK(keys.size() == 1 && keys[0].account == "alice2" &&
        keys[0].credential.rp_id.str() == "server.example");
  CHECK(keys[0].credential.id == Bytes(32, 6) && keys[0].credential.platform == Bytes(300, 6));
  CHECK(keys[0].credential.last_used == WallTime(std::chrono::seconds(1'700'190'000)));
  CHECK(!MUST(ledger.verify_chain()).first_bad);
}

void an_old_ledger_gets_the_guards_of_the_newest() {
  const TempDir dir;
  make_from_dump(dir.ledger(), "version-1.sql");
  MUST(Ledger::open(dir.ledger(), kNow));
  Raw raw(dir.ledger());
  CHECK(raw.read("PRAGMA user_version") == std::to_string(schema::steps().size()) + "\n");
  for (const char *change :
       {"UPDATE credential SET user_handle = x'01' WHERE row = 1",
        "UPDATE credential SET uid = 0 WHERE row = 1", "UPDATE credential SET discoverable = 1 WHERE row = 3",
        "DELETE FROM credential", "DELETE FROM audit", "UPDATE audit SET outcome = 'granted'"})
    CHECK(!raw.run(change));
}

void migrations_run_once_each_and_undo_what_fails() {
  const TempDir dir;
  {
    Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
    for (std::uint8_t mark = 1; mark <= 20; ++mark) MUST(ledger.add(sample(mark), kAdmin, kNow));
  }
  const auto with = [](const char *next) {
    std::vector<const char *> all(schema::steps().begin(), schema::steps().end());
    all.push_back(next);
    return all;
  };
  const auto newest = static_cast<std::int64_t>(schema::steps().size());
  const auto broken = with("CREATE TABLE extra (a) STRICT");  // STRICT wants a type: fails
  const auto half = with("CREATE TABLE extra (a TEXT) STRICT; INSERT INTO nowhere VALUES (1)");
  const auto working =
      with("CREATE TABLE extra (a TEXT) STRICT; INSERT INTO extra SELECT name FROM credential");
  {
    sql::Database database = MUST(sql::Database::open(dir.ledger()));
    MUST(schema::check_health(database, schema::steps()));
    CHECK(!schema::migrate(database, broken));
    CHECK(!schema::migrate(database, half));
    CHECK(MUST(database.number("PRAGMA user_version")) == newest);
    CHECK(MUST(database.number("SELECT count(*) FROM sqlite_schema WHERE name = 'extra'")) == 0);
    MUST(schema::check_health(database, working));
    MUST(schema::migrate(database, working));
    MUST(schema::migrate(database, working));
    CHECK(MUST(database.number("PRAGMA user_version")) == newest + 1);
    CHECK(MUST(database.number("SELECT count(*) FROM extra")) == 20);
    MUST(schema::check_health(database, working));
  }
  const Result<Ledger> opened = Ledger::open(dir.ledger(), kNow);
  CHECK(!opened && opened.error().kind == ErrorKind::Corrupt);
  CHECK(opened.error().sentence.find("newer passkeyd") != std::string::npos);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(a_version_1_ledger_opens_with_all_it_holds),
      TEST(what_version_1_enrolled_still_opens_and_new_passkeys_join_it),
      TEST(a_version_2_ledger_opens_with_all_it_holds),
      TEST(a_version_3_ledger_opens_with_all_it_holds),
      TEST(a_version_4_ledger_opens_with_all_it_holds),
      TEST(an_old_ledger_gets_the_guards_of_the_newest),
      TEST(migrations_run_once_each_and_undo_what_fails),
  };
  return cmocka_run_group_tests_name("ledger-migration", tests, nullptr, nullptr);
}
