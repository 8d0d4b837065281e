/// Enrolling, listing, renaming, revoking; and that every one of these is on record.
#include "tests/ledger_support.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

/// A ledger of its own for each test.
struct Fixture {
  TempDir dir;
  Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
  Credential add(const Credential &credential) { return MUST(ledger.add(credential, kAdmin, kNow)); }
  ErrorKind add_fails(const Credential &credential) {
    const Result<Credential> added = ledger.add(credential, kAdmin, kNow);
    CHECK(!added);
    return added.error().kind;
  }
  std::vector<AuditEntry> audit() { return MUST(ledger.audit({})); }
};

bool same(const Credential &a, const Credential &b) {
  return a.row == b.row && a.id == b.id && a.key == b.key && a.rp_id == b.rp_id && a.owner == b.owner &&
         a.way == b.way && a.aaguid == b.aaguid && a.name == b.name && a.device == b.device &&
         a.user_verification == b.user_verification && a.backup_eligible == b.backup_eligible &&
         a.backed_up == b.backed_up && a.counter == b.counter && a.max_allow_list == b.max_allow_list &&
         a.user_handle == b.user_handle && a.discoverable == b.discoverable && a.platform == b.platform &&
         a.state == b.state && a.created == b.created && a.last_used == b.last_used;
}

void an_enrolled_credential_reads_back_as_it_was() {
  Fixture f;
  for (const Way way : {Way::Usb, Way::Tpm}) {
    Credential given = sample(way == Way::Usb ? 1 : 2, account(), way);
    given.state = CredentialState::Revoked;  // not the caller's to say
    given.counter = 0xffffffff;
    const Credential stored = f.add(given);
    CHECK(stored.state == CredentialState::Active && stored.created == kNow && !stored.last_used);
    const std::optional<Credential> found = MUST(f.ledger.find(given.id));
    CHECK(found && same(*found, stored));
    given.row = stored.row;
    given.state = CredentialState::Active;
    given.created = kNow;
    CHECK(same(*found, given));
  }
  CHECK(!MUST(f.ledger.find(Bytes(32, 9))));
}

void everybody_sees_only_their_own() {
  Fixture f;
  f.add(sample(1));
  f.add(sample(2, account("bob", 1001)));
  f.add(sample(3));
  const Credentials alice = MUST(f.ledger.credentials_of(account().name));
  CHECK(alice.rows.size() == 2 && alice.rows[0].id == Bytes(32, 1) && alice.rows[1].id == Bytes(32, 3));
  CHECK(MUST(f.ledger.credentials_of(account("carol").name)).rows.empty());
  CHECK(MUST(f.ledger.all_credentials()).rows.size() == 3);
}

void a_credential_is_enrolled_once_even_if_it_was_revoked() {
  Fixture f;
  const Credential first = f.add(sample(1));
  Credential again = sample(1);
  again.name = "another name";
  CHECK(f.add_fails(again) == ErrorKind::AlreadyExists);
  again.owner = account("bob", 1001);
  CHECK(f.add_fails(again) == ErrorKind::AlreadyExists);
  MUST(f.ledger.set_state(first.row, CredentialState::Revoked, "lost", kAdmin, kNow));
  CHECK(f.add_fails(again) == ErrorKind::AlreadyExists);
  CHECK(MUST(f.ledger.all_credentials()).rows.size() == 1);
}

void a_name_is_used_once_an_account_until_its_passkey_is_revoked() {
  Fixture f;
  const Credential first = f.add(sample(1));
  Credential second = sample(2);
  second.name = first.name;
  CHECK(f.add_fails(second) == ErrorKind::AlreadyExists);
  MUST(f.ledger.set_state(first.row, CredentialState::Suspended, "", kAdmin, kNow));
  CHECK(f.add_fails(second) == ErrorKind::AlreadyExists);
  Credential of_bob = sample(3, account("bob", 1001));
  of_bob.name = first.name;
  f.add(of_bob);
  MUST(f.ledger.set_state(first.row, CredentialState::Revoked, "", kAdmin, kNow));
  f.add(second);
}

void what_could_not_be_read_back_is_not_stored() {
  const auto with = [](auto change) {
    Credential credential = sample();
    change(credential);
    return credential;
  };
  Fixture f;
  const Credential bad[] = {
      with([](Credential &c) { c.id.clear(); }),
      with([](Credential &c) { c.id.resize(1024); }),
      with([](Credential &c) { c.key.cose.clear(); }),
      with([](Credential &c) { c.key.cose.resize(1025); }),
      with([](Credential &c) { c.name.clear(); }),
      with([](Credential &c) { c.name = std::string(65, 'n'); }),
      with([](Credential &c) { c.name = "a\nb"; }),
      with([](Credential &c) { c.name = "\xff"; }),
      with([](Credential &c) { c.name = " padded"; }),
      with([](Credential &c) { c.device = std::string(513, 'd'); }),
      with([](Credential &c) { c.device = "\x1b[2J"; }),
      with([](Credential &c) { c.platform = {1}; }),
      with([](Credential &c) { c.way = Way::Tpm, c.platform.resize(8193); }),
      with([](Credential &c) { c.owner.uid = static_cast<uid_t>(-1); }),
      with([](Credential &c) { c.user_handle.resize(65); }),
      with([](Credential &c) { c.way = Way::Tpm; }),  // and discoverable
      with([](Credential &c) { c.way = Way::Code, c.discoverable = false; }),
      with([](Credential &c) { c.way = Way::Ssh, c.discoverable = false; }),  // for a machine
      with([](Credential &c) { c.rp_id = ssh_sample().rp_id; }),              // for SSH, and no SSH key
  };
  for (const Credential &credential : bad) CHECK(f.add_fails(credential) == ErrorKind::InvalidInput);
  CHECK(MUST(f.ledger.all_credentials()).rows.empty());
  CHECK(f.audit().empty());
}

void an_account_has_room_for_so_many_and_revoking_makes_room() {
  Fixture f;
  Credential last = sample();
  for (int at = 0; at < Ledger::kMaxCredentials; ++at)
    last = f.add(sample(static_cast<std::uint8_t>(at + 1)));
  CHECK(f.add_fails(sample(200)) == ErrorKind::NotAllowed);
  MUST(f.ledger.set_state(last.row, CredentialState::Revoked, "", kAdmin, kNow));
  f.add(sample(200));
}

void a_malformed_row_hides_no_other() {
  const char *const damages[] = {"algorithm = -99",
                                 "algorithm = 9999999999999",
                                 "public_key = x''",
                                 "public_key = zeroblob(2000)",
                                 "credential_id = zeroblob(1024)",
                                 "credential_id = x''",
                                 "rp_id = 'a..b'",
                                 "user_name = 'alice' || char(10)",
                                 "uid = -1",
                                 "uid = 4294967295",
                                 "way = 'carrier pigeon'",
                                 "aaguid = x'00'",
                                 "name = ''",
                                 "name = char(27)",
                                 "device = char(7)",
                                 "backed_up = 2",
                                 "counter = -1",
                                 "counter = 4294967296",
                                 "max_allow_list = -5",
                                 "platform = zeroblob(100000)",
                                 "user_handle = zeroblob(65)",
                                 "discoverable = 2",
                                 "way = 'tpm'",
                                 "way = 'code'",
                                 "state = 'excellent'"};
  for (const char *damage : damages) {
    Fixture f;
    f.add(sample(1));
    const Credential hurt = f.add(sample(2));
    f.add(sample(3));
    const std::string trigger = "DROP TRIGGER credential_identity;";
    CHECK(Raw(f.dir.ledger()).run(trigger + "UPDATE credential SET " + damage + " WHERE row = 2"));
    const Credentials all = MUST(f.ledger.all_credentials());
    if (all.rows.size() != 2 || all.problems.size() != 1) fail_at(__FILE__, __LINE__, damage);
    CHECK(all.rows[0].id == Bytes(32, 1) && all.rows[1].id == Bytes(32, 3));
    CHECK(all.problems[0].row == hurt.row && !all.problems[0].problem.empty());
    const Decision decision = MUST(f.ledger.decide(attempt_with(hurt), good(11), moment()));
    CHECK(decision.verdict == Verdict::Denied && decision.refusal == Refusal::CredentialWrong);
  }
}

void a_revoked_credential_is_a_tombstone_for_ever() {
  Fixture f;
  const Credential key = f.add(sample(1, account(), Way::Tpm));
  const Credential gone =
      MUST(f.ledger.set_state(key.row, CredentialState::Revoked, "laptop stolen", kAdmin, kNow));
  CHECK(gone.state == CredentialState::Revoked && gone.platform.empty());
  for (const auto state : {CredentialState::Active, CredentialState::Suspended, CredentialState::Revoked})
    CHECK(f.ledger.set_state(key.row, state, "", kAdmin, kNow).error().kind == ErrorKind::NotAllowed);
  CHECK(f.ledger.rename(key.row, "new", kAdmin, kNow).error().kind == ErrorKind::NotAllowed);
  CHECK(f.ledger.replace_platform(key.row, Bytes{1}, kAdmin, kNow).error().kind == ErrorKind::NotAllowed);
  Raw raw(f.dir.ledger());
  CHECK(!raw.run("DELETE FROM credential"));
  CHECK(!raw.run("UPDATE credential SET state = 'active'"));
  const StateChange why = MUST(f.ledger.state_change_of(key.row));
  CHECK(why.reason == "laptop stolen" && why.by_uid == 1000 && why.by == "passkeyctl" && why.when == kNow);
  CHECK(MUST(f.ledger.credentials_of(account().name)).rows.size() == 1);
}

void what_a_credential_is_never_changes() {
  Fixture f;
  f.add(sample());
  Raw raw(f.dir.ledger());
  for (const char *change :
       {"public_key = x'01'", "credential_id = x'01'", "user_name = 'mallory'", "uid = 0", "rp_id = 'evil'",
        "way = 'tpm'", "algorithm = -8", "row = 9", "user_handle = x'01'"})
    CHECK(!raw.run(std::string("UPDATE credential SET ") + change));
}

void a_suspended_credential_can_be_used_again_if_an_administrator_says_so() {
  Fixture f;
  const Credential key = f.add(sample());
  CHECK(MUST(f.ledger.set_state(key.row, CredentialState::Suspended, "on leave", kAdmin, kNow)).state ==
        CredentialState::Suspended);
  CHECK(MUST(f.ledger.set_state(key.row, CredentialState::Active, "back", kAdmin, kNow)).state ==
        CredentialState::Active);
  CHECK(f.ledger.set_state(99, CredentialState::Active, "", kAdmin, kNow).error().kind ==
        ErrorKind::NotFound);
  CHECK(f.ledger.set_state(key.row, CredentialState::Active, "a\nb", kAdmin, kNow).error().kind ==
        ErrorKind::InvalidInput);
}

void revoking_all_leaves_none_and_nobody_elses() {
  Fixture f;
  f.add(sample(1));
  MUST(f.ledger.set_state(f.add(sample(2)).row, CredentialState::Revoked, "", kAdmin, kNow));
  MUST(f.ledger.set_state(f.add(sample(3)).row, CredentialState::Suspended, "", kAdmin, kNow));
  f.add(sample(4, account("bob", 1001)));
  CHECK(MUST(f.ledger.revoke_all(account().name, "left", kAdmin, kNow)) == 2);
  for (const Credential &one : MUST(f.ledger.credentials_of(account().name)).rows)
    CHECK(one.state == CredentialState::Revoked);
  CHECK(MUST(f.ledger.credentials_of(account("bob").name)).rows[0].state == CredentialState::Active);
  CHECK(MUST(f.ledger.revoke_all(account().name, "left", kAdmin, kNow)) == 0);
}

void renaming_keeps_names_apart() {
  Fixture f;
  const Credential one = f.add(sample(1));
  const Credential two = f.add(sample(2));
  CHECK(MUST(f.ledger.rename(one.row, "blue key", kAdmin, kNow)).name == "blue key");
  CHECK(MUST(f.ledger.rename(one.row, "blue key", kAdmin, kNow)).name == "blue key");
  CHECK(f.ledger.rename(two.row, "blue key", kAdmin, kNow).error().kind == ErrorKind::AlreadyExists);
  CHECK(f.ledger.rename(two.row, "", kAdmin, kNow).error().kind == ErrorKind::InvalidInput);
  CHECK(f.ledger.rename(99, "x", kAdmin, kNow).error().kind == ErrorKind::NotFound);
  CHECK(MUST(f.ledger.find(one.id))->name == "blue key");
}

void a_new_pin_replaces_the_platform_blob() {
  Fixture f;
  const Credential key = f.add(sample(1, account(), Way::Tpm));
  const Credential usb = f.add(sample(2));
  MUST(f.ledger.replace_platform(key.row, Bytes(200, 7), kAdmin, kNow));
  CHECK(MUST(f.ledger.find(key.id))->platform == Bytes(200, 7));
  CHECK(f.ledger.replace_platform(usb.row, Bytes(200, 7), kAdmin, kNow).error().kind ==
        ErrorKind::NotAllowed);
  CHECK(f.ledger.replace_platform(key.row, Bytes{}, kAdmin, kNow).error().kind == ErrorKind::InvalidInput);
  CHECK(f.ledger.replace_platform(key.row, Bytes(8193), kAdmin, kNow).error().kind ==
        ErrorKind::InvalidInput);
  CHECK(f.ledger.replace_platform(99, Bytes(1), kAdmin, kNow).error().kind == ErrorKind::NotFound);
}

void every_change_is_on_record() {
  Fixture f;
  const Credential key = f.add(sample(1, account(), Way::Tpm));
  MUST(f.ledger.rename(key.row, "renamed", kAdmin, kNow));
  MUST(f.ledger.replace_platform(key.row, Bytes(10, 1), kAdmin, kNow));
  MUST(f.ledger.set_state(key.row, CredentialState::Suspended, "why not", kAdmin, kNow));
  MUST(f.ledger.set_state(key.row, CredentialState::Active, "", kAdmin, kNow));
  MUST(f.ledger.set_state(key.row, CredentialState::Revoked, "lost", kAdmin, kNow));
  MUST(f.ledger.forget_tries(account().name, kAdmin, kNow));
  std::string events;
  for (const AuditEntry &entry : f.audit()) {
    events += entry.record.event + " ";
    CHECK(entry.record.user == "alice" && entry.record.caller_uid == 1000 && entry.record.caller_pid == 77);
    CHECK(entry.record.service == "passkeyctl" && entry.record.time == kNow &&
          entry.record.outcome == "done");
    if (entry.record.event == event::kForgetTries) continue;
    CHECK(entry.record.uid == 1000u && entry.record.credential == key.row && entry.record.way == "tpm");
    CHECK(entry.record.credential_id == key.id);
  }
  CHECK(events == "enroll rename change-pin suspend reactivate revoke forget-tries ");
  CHECK(!MUST(f.ledger.verify_chain()).first_bad);
}

AuditRecord login_record(const std::string &user) {
  AuditRecord record;
  record.time = kNow;
  record.event = event::kLogin;
  record.user = user;
  record.outcome = outcome::kFailed;
  return record;
}

void the_audit_reads_back_and_in_pages() {
  Fixture f;
  AuditRecord full{.time = kNow,
                   .event = event::kLogin,
                   .user = "zoë",
                   .uid = 4294967294u,
                   .service = "sshd",
                   .way = "usb",
                   .credential = 7,
                   .credential_id = {0, 1, 255},
                   .outcome = outcome::kGranted,
                   .reason = "r",
                   .caller_uid = 5,
                   .caller_pid = 6,
                   .rhost = "192.0.2.1"};
  MUST(f.ledger.append(full));
  CHECK(MUST(f.ledger.audit({})).back().record == full);
  for (int at = 0; at < 9; ++at) MUST(f.ledger.append(login_record(at % 2 ? "bob" : "alice")));
  const auto page = MUST(f.ledger.audit({.user = {}, .before = {}, .most = 4}));
  CHECK(page.size() == 4 && page[0].seq == 7 && page[3].seq == 10);
  const auto next = MUST(f.ledger.audit({.user = {}, .before = page[0].seq, .most = 100}));
  CHECK(next.size() == 6 && next[0].seq == 1 && next[5].seq == 6);
  CHECK(MUST(f.ledger.audit({.user = "bob"})).size() == 4);
}

void hostile_texts_are_recorded_tamed_not_dropped() {
  Fixture f;
  AuditRecord record = login_record("root\n00:00 granted");
  record.rhost = std::string(254, 'x') + "\xc3\xa9" + std::string(5000, 'y');
  record.service = "\xff\x1b[31m";
  MUST(f.ledger.append(record));
  const AuditRecord kept = MUST(f.ledger.audit({})).back().record;
  CHECK(kept.user == "root?00:00 granted");
  CHECK(kept.rhost == std::string(254, 'x'));
  CHECK(kept.service == "??[31m");
  CHECK(!MUST(f.ledger.verify_chain()).first_bad);
}

void the_audit_refuses_to_forget() {
  Fixture f;
  for (int at = 0; at < 5; ++at) MUST(f.ledger.append(login_record("alice")));
  Raw raw(f.dir.ledger());
  for (const char *change :
       {"DELETE FROM audit WHERE seq = 3", "UPDATE audit SET outcome = 'granted' WHERE seq = 3",
        "DELETE FROM audit", "REPLACE INTO audit SELECT * FROM audit WHERE seq = 2",
        "INSERT INTO audit SELECT 9, time, event, user_name, uid, service, way, credential, credential_id, "
        "outcome, reason, caller_uid, caller_pid, rhost, hash FROM audit WHERE seq = 2"})
    CHECK(!raw.run(change));
}

void tampering_shows_at_the_first_bad_row() {
  const std::pair<const char *, std::int64_t> tampers[] = {
      {"UPDATE audit SET outcome = 'granted' WHERE seq = 3", 3},
      {"UPDATE audit SET time = time + 1 WHERE seq = 1", 1},
      {"UPDATE audit SET uid = 0 WHERE seq = 4", 4},
      {"UPDATE audit SET credential = 0 WHERE seq = 4", 4},
      {"UPDATE audit SET caller_uid = caller_uid + 4294967296 WHERE seq = 2", 2},
      {"UPDATE audit SET service = 'a', way = 'b' WHERE seq = 5", 5},
      {"UPDATE audit SET service = way, way = service WHERE seq = 5", 5},
      {"UPDATE audit SET hash = x'00' WHERE seq = 2", 2},
      {"DELETE FROM audit WHERE seq = 2", 2},
      {"DELETE FROM audit WHERE seq = 5", 5},
      {"DELETE FROM audit", 1},
      {"UPDATE audit SET seq = 10 - seq", 1},
  };
  for (const auto &[tamper, first_bad] : tampers) {
    Fixture f;
    for (int at = 0; at < 5; ++at) {
      AuditRecord record = login_record("alice");
      record.service = "sudo";
      MUST(f.ledger.append(record));
    }
    const AuditChain before = MUST(f.ledger.verify_chain());
    CHECK(before.rows == 5 && !before.first_bad && before.head != Sha256{});
    CHECK(Raw(f.dir.ledger())
              .run(std::string("DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete;") + tamper));
    const AuditChain after = MUST(f.ledger.verify_chain());
    if (after.first_bad != first_bad) fail_at(__FILE__, __LINE__, tamper);
  }
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(an_enrolled_credential_reads_back_as_it_was),
      TEST(everybody_sees_only_their_own),
      TEST(a_credential_is_enrolled_once_even_if_it_was_revoked),
      TEST(a_name_is_used_once_an_account_until_its_passkey_is_revoked),
      TEST(what_could_not_be_read_back_is_not_stored),
      TEST(an_account_has_room_for_so_many_and_revoking_makes_room),
      TEST(a_malformed_row_hides_no_other),
      TEST(a_revoked_credential_is_a_tombstone_for_ever),
      TEST(what_a_credential_is_never_changes),
      TEST(a_suspended_credential_can_be_used_again_if_an_administrator_says_so),
      TEST(revoking_all_leaves_none_and_nobody_elses),
      TEST(renaming_keeps_names_apart),
      TEST(a_new_pin_replaces_the_platform_blob),
      TEST(every_change_is_on_record),
      TEST(the_audit_reads_back_and_in_pages),
      TEST(hostile_texts_are_recorded_tamed_not_dropped),
      TEST(the_audit_refuses_to_forget),
      TEST(tampering_shows_at_the_first_bad_row),
  };
  return cmocka_run_group_tests_name("ledger-credentials", tests, nullptr, nullptr);
}
