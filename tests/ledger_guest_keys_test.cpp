/// Keys that this machine holds for accounts elsewhere: whose they are, how many, and that no sign-in here
/// ever sees one.
#include "tests/ledger_support.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

GuestKey guest(std::uint8_t mark = 1, const Account &owner = account()) {
  Credential credential = sample(mark, owner, Way::Tpm);
  credential.rp_id = MUST(RpId::parse("server.example"));
  return {0, std::move(credential), "alice2"};
}

std::vector<GuestKey> keys_of(Ledger &ledger, const Account &owner = account()) {
  return MUST(ledger.guest_keys_of(owner));
}

ErrorKind kind_of(const Status &status) {
  CHECK(!status);
  return status.error().kind;
}

AuditRecord last_record(Ledger &ledger) {
  return MUST(ledger.audit({.most = 1})).at(0).record;
}

const TryKey kTried = pin_of("alice", Way::Tpm);

void a_key_comes_back_as_it_was_stored_for_its_owner_alone() {
  const TempDir dir;
  {
    Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
    MUST(ledger.add_guest_key(guest(), kAdmin, kNow));
    const AuditRecord record = last_record(ledger);
    CHECK(record.event == event::kGuestEnroll && record.outcome == outcome::kDone && record.way == "tpm");
    CHECK(record.uid == 1000U && record.reason == "server.example" && !record.credential);
  }
  Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
  const std::vector<GuestKey> keys = keys_of(ledger);
  CHECK(keys.size() == 1);
  const Credential &key = keys[0].credential;
  CHECK(keys[0].account == "alice2" && key.id == guest().credential.id && key.key == guest().credential.key);
  CHECK(key.rp_id == guest().credential.rp_id && key.owner == account() && key.created == kNow);
  CHECK(key.platform == guest().credential.platform && key.state == CredentialState::Active &&
        !key.last_used);
  CHECK(keys_of(ledger, account("alice", 1001)).empty() && keys_of(ledger, account("bob")).empty());
}

void no_sign_in_here_ever_sees_one() {
  const TempDir dir;
  Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
  MUST(ledger.add_guest_key(guest(), kAdmin, kNow));
  CHECK(!MUST(ledger.find(guest().credential.id)));
  CHECK(MUST(ledger.credentials_of(account().name)).rows.empty());
  CHECK(MUST(ledger.all_credentials()).rows.empty() && MUST(ledger.people()).empty());
  const Decision decided =
      MUST(ledger.decide(attempt_with(keys_of(ledger)[0].credential), good(1), moment()));
  CHECK(decided.verdict == Verdict::Denied);
}

void the_same_key_twice_already_exists_whosever_it_is() {
  const TempDir dir;
  Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
  MUST(ledger.add_guest_key(guest(), kAdmin, kNow));
  CHECK(kind_of(ledger.add_guest_key(guest(), kAdmin, kNow)) == ErrorKind::AlreadyExists);
  CHECK(kind_of(ledger.add_guest_key(guest(1, account("bob", 1001)), kAdmin, kNow)) ==
        ErrorKind::AlreadyExists);
}

void nobody_has_more_than_sixty_four() {
  const TempDir dir(memory_directory());
  Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
  for (std::uint8_t mark = 1; mark <= GuestKey::kMaxOfOwner; ++mark)
    MUST(ledger.add_guest_key(guest(mark), kAdmin, kNow));
  CHECK(kind_of(ledger.add_guest_key(guest(100), kAdmin, kNow)) == ErrorKind::NotAllowed);
  MUST(ledger.add_guest_key(guest(100, account("bob", 1001)), kAdmin, kNow));
  MUST(ledger.remove_guest_key(keys_of(ledger)[0], kAdmin, kNow));
  MUST(ledger.add_guest_key(guest(101), kAdmin, kNow));
}

void what_an_earlier_owner_of_the_name_left_goes_with_the_next_ones_first() {
  const TempDir dir;
  Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
  MUST(ledger.add_guest_key(guest(1, account("alice", 999)), kAdmin, kNow));
  MUST(ledger.add_guest_key(guest(2), kAdmin, kNow));
  CHECK(keys_of(ledger, account("alice", 999)).empty() && keys_of(ledger).size() == 1);
}

void a_use_takes_the_try_back_and_is_on_record() {
  const TempDir dir;
  Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
  MUST(ledger.add_guest_key(guest(), kAdmin, kNow));
  MUST(ledger.begin_try(kTried, moment()));
  const TryAnswer counted = MUST(ledger.begin_try(kTried, moment()));
  MUST(ledger.use_guest_key(keys_of(ledger)[0], counted.ticket, kTried, kAdmin,
                            moment(std::chrono::seconds(5))));
  CHECK(keys_of(ledger)[0].credential.last_used == kNow + std::chrono::seconds(5));
  CHECK(Raw(dir.ledger()).read("SELECT count(*), sum(in_a_row) FROM limits") == "1|0\n");
  const AuditRecord record = last_record(ledger);
  CHECK(record.event == event::kGuestUse && record.outcome == outcome::kGranted && record.user == "alice");
}

void a_key_that_is_gone_is_not_used() {
  const TempDir dir;
  Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
  MUST(ledger.add_guest_key(guest(), kAdmin, kNow));
  const GuestKey key = keys_of(ledger)[0];
  const TryAnswer counted = MUST(ledger.begin_try(kTried, moment()));
  MUST(ledger.remove_guest_key(key, kAdmin, kNow));
  CHECK(last_record(ledger).event == event::kGuestRemove);
  CHECK(kind_of(ledger.use_guest_key(key, counted.ticket, kTried, kAdmin, moment())) == ErrorKind::NotFound);
  CHECK(kind_of(ledger.remove_guest_key(key, kAdmin, kNow)) == ErrorKind::NotFound);
  CHECK(Raw(dir.ledger()).read("SELECT sum(in_a_row) FROM limits") == "1\n");
  CHECK(last_record(ledger).event == event::kGuestRemove);
}

void one_odd_row_hides_none_of_the_others() {
  const TempDir dir;
  Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
  for (std::uint8_t mark = 1; mark <= 5; ++mark) MUST(ledger.add_guest_key(guest(mark), kAdmin, kNow));
  Raw raw(dir.ledger());
  for (const char *odd : {"algorithm = 3 WHERE row = 1", "rp_id = '' WHERE row = 2",
                          "account = char(10) WHERE row = 3", "platform = x'' WHERE row = 4"})
    CHECK(raw.run(std::string("UPDATE guest_key SET ") + odd));
  CHECK(keys_of(ledger).size() == 1 && keys_of(ledger)[0].credential.id == guest(5).credential.id);
}

void what_could_not_be_read_back_is_not_stored() {
  const TempDir dir;
  Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
  const auto refused = [&](auto spoil) {
    GuestKey key = guest();
    spoil(key);
    return kind_of(ledger.add_guest_key(key, kAdmin, kNow)) == ErrorKind::InvalidInput;
  };
  CHECK(refused([](GuestKey &key) { key.account.clear(); }));
  CHECK(refused([](GuestKey &key) { key.account = std::string(256, 'x'); }));
  CHECK(refused([](GuestKey &key) { key.account = "a\nb"; }));
  CHECK(refused([](GuestKey &key) { key.credential.platform.clear(); }));
  CHECK(refused([](GuestKey &key) { key.credential.platform = Bytes(9000, 1); }));
  CHECK(refused([](GuestKey &key) { key.credential.id.clear(); }));
  CHECK(keys_of(ledger).empty());
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(a_key_comes_back_as_it_was_stored_for_its_owner_alone),
      TEST(no_sign_in_here_ever_sees_one),
      TEST(the_same_key_twice_already_exists_whosever_it_is),
      TEST(nobody_has_more_than_sixty_four),
      TEST(what_an_earlier_owner_of_the_name_left_goes_with_the_next_ones_first),
      TEST(a_use_takes_the_try_back_and_is_on_record),
      TEST(a_key_that_is_gone_is_not_used),
      TEST(one_odd_row_hides_none_of_the_others),
      TEST(what_could_not_be_read_back_is_not_stored),
  };
  return cmocka_run_group_tests_name("ledger-guest-keys", tests, nullptr, nullptr);
}
