/// Backup codes: each opens once, for whom it was made, as long as its set is the newest.
#include "tests/ledger_support.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

struct Fixture {
  TempDir dir;
  Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));

  Fixture() { replace(code_set()); }
  void replace(const std::vector<CodeHash> &codes, const Account &owner = account()) {
    MUST(ledger.replace_codes(owner, codes, kAdmin, kNow));
  }
  CodeDecision decide(const std::optional<CodeHash> &matched, const CodeAttempt &attempt = code_attempt()) {
    return MUST(ledger.decide_code(attempt, matched, moment(std::chrono::seconds(60))));
  }
  std::vector<CodeHash> unspent(const Account &owner = account()) {
    return MUST(ledger.unspent_codes(owner));
  }
  std::string rows() { return Raw(dir.ledger()).read("SELECT * FROM backup_code"); }
  std::string limits() { return Raw(dir.ledger()).read("SELECT id, in_a_row FROM limits ORDER BY id"); }
  AuditRecord last_record() { return MUST(ledger.audit({.user = {}, .before = {}, .most = 1}))[0].record; }
  Ticket begin(const TryKey &whose) { return MUST(ledger.begin_try(whose, moment())).ticket.value(); }
};

bool granted(const CodeDecision &decision) {
  CHECK((decision.verdict == Verdict::Granted) == (decision.refusal == Refusal::None));
  return decision.verdict == Verdict::Granted;
}

/// Refused as a wrong code, and no code is spent.
void is_wrong(Fixture &f, const std::optional<CodeHash> &matched,
              const CodeAttempt &attempt = code_attempt()) {
  const std::string before = f.rows();
  const CodeDecision decision = f.decide(matched, attempt);
  CHECK(!granted(decision) && decision.refusal == Refusal::CodeWrong);
  CHECK(f.rows() == before);
}

const TryKey kRemoteCode = pin_of("alice", Way::Code, Place::Remote);

void nothing_said_means_denied() {
  CHECK(CodeDecision{}.verdict == Verdict::Denied);
  Fixture f;
  is_wrong(f, std::nullopt);
  is_wrong(f, CodeHash{});
}

void a_spent_backup_code_opens_nothing() {
  Fixture f;
  std::size_t left = 10;
  for (const CodeHash &code : code_set()) {
    const CodeDecision decision = f.decide(code);
    CHECK(granted(decision) && decision.left == --left);
    CHECK(f.unspent().size() == left);
    is_wrong(f, code);
    CHECK(f.decide(code).left == left);
  }
}

void only_exactly_the_stored_code_is_spent() {
  Fixture f;
  const CodeHash third = code_set()[2];
  is_wrong(f, CodeHash{3, ""});
  is_wrong(f, CodeHash{3, code_set()[3].hash});
  is_wrong(f, CodeHash{4, third.hash});
  is_wrong(f, CodeHash{11, third.hash});
  is_wrong(f, CodeHash{0, third.hash});
  is_wrong(f, CodeHash{-1, third.hash});
  is_wrong(f, CodeHash{3, third.hash + " "});
  CHECK(granted(f.decide(third)));
  CHECK(Raw(f.dir.ledger()).read("SELECT number, spent FROM backup_code WHERE spent IS NOT NULL") ==
        "3|" + std::to_string((kNow + std::chrono::seconds(60)).time_since_epoch().count()) + "\n");
}

void a_new_set_voids_the_old_one_whole() {
  Fixture f;
  CHECK(granted(f.decide(code_set()[0])));
  f.replace(code_set("second"));
  CHECK(f.unspent() == code_set("second"));
  for (const CodeHash &old : code_set()) is_wrong(f, old);
  CHECK(granted(f.decide(code_set("second")[0])));  // the number of a code that was spent in the old set
  f.replace({code_set("third")[4]});
  CHECK(f.unspent().size() == 1);
  is_wrong(f, code_set("second")[1]);
  f.replace({});
  CHECK(f.unspent().empty() && f.rows().empty());
}

void a_code_of_a_former_owner_of_the_name_opens_nothing() {
  Fixture f;
  const Account heir = account("alice", 1001);
  CHECK(f.unspent(heir).empty());
  is_wrong(f, code_set()[0], code_attempt(heir));
  is_wrong(f, code_set()[0], code_attempt(account("bob", 1000)));
  f.replace(code_set("heir's"), heir);
  CHECK(f.unspent(heir) == code_set("heir's"));
  CHECK(f.unspent().empty());  // and the old owner's are cleared away
  is_wrong(f, code_set()[0]);
  is_wrong(f, code_set("heir's")[0]);
  CHECK(granted(f.decide(code_set("heir's")[0], code_attempt(heir))));
}

void everybody_has_a_set_of_their_own() {
  Fixture f;
  const Account bob = account("bob", 1001);
  f.replace(code_set(), bob);
  CHECK(granted(f.decide(code_set()[0])));
  CHECK(f.unspent().size() == 9 && f.unspent(bob).size() == 10);
  f.replace(code_set("second"));
  CHECK(f.unspent(bob) == code_set());
}

void what_can_be_no_set_is_refused_and_the_old_one_stays() {
  Fixture f;
  const auto with = [](CodeHash bad) {
    std::vector<CodeHash> codes = code_set("second");
    codes.back() = std::move(bad);
    return codes;
  };
  for (const CodeHash &bad : {CodeHash{9, "$y$twice"}, CodeHash{0, "$y$"}, CodeHash{11, "$y$"},
                              CodeHash{10, ""}, CodeHash{10, "a\nb"}, CodeHash{10, std::string(385, 'h')}})
    CHECK(f.ledger.replace_codes(account(), with(bad), kAdmin, kNow).error().kind == ErrorKind::InvalidInput);
  const Account nobody = account("alice", static_cast<uid_t>(-1));
  CHECK(f.ledger.replace_codes(nobody, code_set(), kAdmin, kNow).error().kind == ErrorKind::InvalidInput);
  CHECK(f.unspent() == code_set());
  CHECK(MUST(f.ledger.audit({})).size() == 1);
  f.replace(with({10, std::string(384, 'h')}));
}

void a_malformed_row_hides_no_other() {
  for (const char *damage :
       {"hash = ''", "hash = 'a' || char(10)", "number = 11", "number = -1", "hash = hex(zeroblob(1000))"}) {
    Fixture f;
    CHECK(Raw(f.dir.ledger()).run(std::string("UPDATE backup_code SET ") + damage + " WHERE number = 5"));
    const std::vector<CodeHash> codes = f.unspent();
    CHECK(codes.size() == 9 && codes[3].number == 4 && codes[4].number == 6);
    is_wrong(f, code_set()[4]);
    CHECK(f.decide(code_set()[0]).left == 8);
  }
}

void a_code_that_opened_takes_its_try_back() {
  Fixture f;
  f.begin(kRemoteCode), f.begin(kRemoteCode);
  const Ticket own = f.begin(kRemoteCode);
  CHECK(granted(f.decide(code_set()[0], code_attempt(account(), own))));
  CHECK(f.limits() == "1|0\n2|0\n");  // they stay in the day's bucket
}

void a_refused_code_stays_counted() {
  Fixture f;
  is_wrong(f, std::nullopt, code_attempt(account(), f.begin(kRemoteCode)));
  is_wrong(f, CodeHash{11, "$y$"}, code_attempt(account(), f.begin(kRemoteCode)));
  MUST(f.ledger.lock(account().name, LockScope::Passkeys, "", kAdmin, kNow));
  CHECK(!granted(f.decide(code_set()[0], code_attempt(account(), f.begin(kRemoteCode)))));
  CHECK(f.limits() == "1|1\n2|1\n3|1\n");
}

void a_code_clears_no_other_ways_tries() {
  Fixture f;
  const TryKey others[] = {pin_of("alice", Way::Usb, Place::Remote), pin_of("alice", Way::Tpm, Place::Remote),
                           pin_of("alice", Way::Code, Place::Local), pin_of("bob", Way::Code, Place::Remote)};
  for (std::size_t at = 0; at < 4; ++at)
    CHECK(granted(f.decide(code_set()[at], code_attempt(account(), f.begin(others[at])))));
  CHECK(f.limits() == "1|1\n2|1\n3|1\n4|1\n");
}

void codes_are_on_record_and_the_record_holds_none() {
  Fixture f;
  AuditRecord record = f.last_record();
  CHECK(record.event == "new-codes" && record.outcome == "done" && record.way == "code");
  CHECK(record.user == "alice" && record.uid == 1000u && record.caller_uid == 1000 &&
        record.service == "passkeyctl");
  f.decide(code_set()[0]);
  record = f.last_record();
  CHECK(record.event == "login" && record.outcome == "granted" && record.reason.empty() &&
        record.way == "code");
  CHECK(record.service == "sshd" && record.rhost == "192.0.2.1" && record.caller_pid == 4321);
  CHECK(!record.credential && record.credential_id.empty() && record.time == kNow + std::chrono::seconds(60));
  f.decide(code_set()[0]);
  record = f.last_record();
  CHECK(record.outcome == "denied" && record.reason == "code-wrong");
  CHECK(!MUST(f.ledger.verify_chain()).first_bad);
  CHECK(Raw(f.dir.ledger()).read("SELECT * FROM audit").find("$y$") == std::string::npos);
}

void a_moment_without_a_boot_decides_nothing() {
  Fixture f;
  Moment bad = moment();
  bad.boot_id.clear();
  const std::string before = Raw(f.dir.ledger()).everything();
  CHECK(!f.ledger.decide_code(code_attempt(), code_set()[0], bad));
  CHECK(Raw(f.dir.ledger()).everything() == before);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(nothing_said_means_denied),
      TEST(a_spent_backup_code_opens_nothing),
      TEST(only_exactly_the_stored_code_is_spent),
      TEST(a_new_set_voids_the_old_one_whole),
      TEST(a_code_of_a_former_owner_of_the_name_opens_nothing),
      TEST(everybody_has_a_set_of_their_own),
      TEST(what_can_be_no_set_is_refused_and_the_old_one_stays),
      TEST(a_malformed_row_hides_no_other),
      TEST(a_code_that_opened_takes_its_try_back),
      TEST(a_refused_code_stays_counted),
      TEST(a_code_clears_no_other_ways_tries),
      TEST(codes_are_on_record_and_the_record_holds_none),
      TEST(a_moment_without_a_boot_decides_nothing),
  };
  return cmocka_run_group_tests_name("ledger-codes", tests, nullptr, nullptr);
}
