/// Several processes at once: every outcome is one that some order of them, one after the other, would have.
#include <fcntl.h>

#include <map>

#include "tests/ledger_support.h"
#include "tests/ledger_vfs.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

/// Starts `count` processes that each open the ledger, wait for the same shot, and then run `body`, whose
/// result (one character each) is collected.
template <class Body>
std::string race(const std::string &path, int count, Body body) {
  int gun[2] = {};
  int results[2] = {};
  CHECK(pipe2(gun, O_CLOEXEC) == 0 && pipe2(results, O_CLOEXEC) == 0);
  Fd gun_reader(gun[0]);
  Fd gun_writer(gun[1]);
  Fd reader(results[0]);
  Fd writer(results[1]);
  std::vector<pid_t> children;
  for (int number = 0; number < count; ++number)
    children.push_back(start_child([&] {
      gun_writer.reset();
      use_failing_disk(Fate::Dawdle);
      const auto say = [&](const std::string &what) {
        CHECK(write(writer.get(), what.data(), what.size()) == static_cast<ssize_t>(what.size()));
      };
      try {
        Ledger ledger = MUST(Ledger::open(path, kNow));
        say(".");
        char shot = 0;
        CHECK(read(gun_reader.get(), &shot, 1) == 0);  // the end of the file: it has gone off
        say(body(ledger, number));
      } catch (const Failed &) {
        say("!");  // or the others would wait for this one
        throw;
      }
      return 0;
    }));
  writer.reset();
  char c = 0;
  for (int ready = 0; ready < count; ++ready) CHECK(read(reader.get(), &c, 1) == 1 && c == '.');
  gun_writer.reset();
  std::string said;
  while (read(reader.get(), &c, 1) == 1) said += c;
  for (const pid_t child : children) CHECK(wait_for(child) == 0);
  return said;
}

std::map<char, int> tally(const std::string &said) {
  std::map<char, int> count;
  for (const char c : said) ++count[c];
  return count;
}

char letter(const Decision &decision) {
  if (decision.verdict == Verdict::Granted) return 'g';
  if (decision.refusal == Refusal::CounterWentBack) return 'c';
  return decision.refusal == Refusal::CredentialInactive ? 'i' : '?';
}

void one_answer_is_granted_once_however_many_bring_it() {
  for (int round = 0; round < 10; ++round) {
    const TempDir dir(memory_directory());
    Credential key = sample();
    key = MUST(MUST(Ledger::open(dir.ledger(), kNow)).add(key, kAdmin, kNow));
    const std::string said = race(dir.ledger(), 4, [&](Ledger &ledger, int) {
      return std::string(1, letter(MUST(ledger.decide(attempt_with(key), good(11), moment()))));
    });
    // The first is granted, the second looks like a clone and suspends, the others find it suspended.
    CHECK((tally(said) == std::map<char, int>{{'g', 1}, {'c', 1}, {'i', 2}}));
    Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
    CHECK(MUST(ledger.find(key.id))->state == CredentialState::Suspended);
    const AuditChain chain = MUST(ledger.verify_chain());
    CHECK(chain.rows == 1 + 4 + 1 && !chain.first_bad);
  }
}

void together_they_get_no_more_tries_than_one_would() {
  for (int round = 0; round < 5; ++round) {
    const TempDir dir(memory_directory());
    MUST(Ledger::open(dir.ledger(), kNow));
    const std::string said = race(dir.ledger(), 6, [&](Ledger &ledger, int) {
      std::string got;
      for (int at = 0; at < 3; ++at) {
        const TryAnswer answer = MUST(ledger.begin_try(pin_of(), moment()));
        got += answer.ticket ? static_cast<char>('0' + answer.ticket->number) : 'w';
      }
      return got;
    });
    CHECK((tally(said) == std::map<char, int>{{'1', 1}, {'2', 1}, {'3', 1}, {'4', 1}, {'5', 1}, {'w', 13}}));
  }
}

void a_revocation_and_a_login_come_one_after_the_other() {
  std::map<std::string, int> orders;
  for (int round = 0; round < 20; ++round) {
    const TempDir dir(memory_directory());
    const Credential key = MUST(MUST(Ledger::open(dir.ledger(), kNow)).add(sample(), kAdmin, kNow));
    const std::string said = race(dir.ledger(), 2, [&](Ledger &ledger, int number) {
      if (number == 0)
        return std::string(1, letter(MUST(ledger.decide(attempt_with(key), good(11), moment()))));
      MUST(ledger.set_state(key.row, CredentialState::Revoked, "lost", kAdmin, kNow));
      return std::string();
    });
    Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
    const Credential after = MUST(ledger.find(key.id)).value();
    CHECK(after.state == CredentialState::Revoked);
    std::string order;
    for (const AuditEntry &entry : MUST(ledger.audit({}))) order += entry.record.event + " ";
    CHECK(order == (said == "g" ? "enroll login revoke " : "enroll revoke login "));
    CHECK(said == "g" || said == "i");
    CHECK(after.counter == (said == "g" ? 11u : 10u));
  }
}

void one_passkey_is_revoked_once_however_many_revoke_it() {
  for (int round = 0; round < 10; ++round) {
    const TempDir dir(memory_directory());
    const Credential key = MUST(MUST(Ledger::open(dir.ledger(), kNow)).add(sample(), kAdmin, kNow));
    const std::string said = race(dir.ledger(), 4, [&](Ledger &ledger, int number) {
      if (number == 3) return std::to_string(MUST(ledger.revoke_all(account().name, "all", kAdmin, kNow)));
      const auto revoked = ledger.set_state(key.row, CredentialState::Revoked, "one", kAdmin, kNow);
      return std::string(revoked ? "1" : revoked.error().kind == ErrorKind::NotAllowed ? "0" : "?");
    });
    CHECK((tally(said) == std::map<char, int>{{'1', 1}, {'0', 3}}));
    Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
    const AuditChain chain = MUST(ledger.verify_chain());
    CHECK(chain.rows == 2 && !chain.first_bad);
  }
}

char letter(const CodeDecision &decision) {
  if (decision.verdict == Verdict::Granted) return 'g';
  return decision.refusal == Refusal::CodeWrong       ? 'w'
         : decision.refusal == Refusal::AccountLocked ? 'l'
                                                      : '?';
}

void one_backup_code_opens_once_however_many_bring_it() {
  for (int round = 0; round < 10; ++round) {
    const TempDir dir(memory_directory());
    MUST(MUST(Ledger::open(dir.ledger(), kNow)).replace_codes(account(), code_set(), kAdmin, kNow));
    const std::string said = race(dir.ledger(), 4, [&](Ledger &ledger, int) {
      // As it was read before anybody had decided.
      return std::string(1, letter(MUST(ledger.decide_code(code_attempt(), code_set()[0], moment()))));
    });
    CHECK((tally(said) == std::map<char, int>{{'g', 1}, {'w', 3}}));
    Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
    CHECK(MUST(ledger.unspent_codes(account())).size() == 9);
    const AuditChain chain = MUST(ledger.verify_chain());
    CHECK(chain.rows == 1 + 4 && !chain.first_bad);
  }
}

void a_code_and_whatever_voids_it_come_one_after_the_other() {
  const auto lock = [](Ledger &ledger) {
    MUST(ledger.lock(account().name, LockScope::Passkeys, "lost", kAdmin, kNow));
  };
  const auto replace = [](Ledger &ledger) {
    MUST(ledger.replace_codes(account(), code_set("second"), kAdmin, kNow));
  };
  for (int round = 0; round < 20; ++round) {
    const TempDir dir(memory_directory());
    MUST(MUST(Ledger::open(dir.ledger(), kNow)).replace_codes(account(), code_set(), kAdmin, kNow));
    const bool by_lock = round % 2 == 0;
    const std::string said = race(dir.ledger(), 2, [&](Ledger &ledger, int number) {
      if (number == 0)
        return std::string(1, letter(MUST(ledger.decide_code(code_attempt(), code_set()[0], moment()))));
      by_lock ? lock(ledger) : replace(ledger);
      return std::string();
    });
    CHECK(said == "g" || said == (by_lock ? "l" : "w"));
    Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
    const AuditEntry last = MUST(ledger.audit({})).back();
    CHECK((last.record.event == event::kLogin) == (said != "g"));
    CHECK(MUST(ledger.unspent_codes(account())).size() == (by_lock && said == "g" ? 9u : 10u));
  }
}

void one_authenticator_is_enrolled_once_however_many_try() {
  const TempDir dir(memory_directory());
  MUST(Ledger::open(dir.ledger(), kNow));
  const std::string said = race(dir.ledger(), 4, [&](Ledger &ledger, int number) {
    Credential mine = sample(1, account(number % 2 ? "alice" : "bob", number % 2 ? 1000 : 1001));
    const Result<Credential> added = ledger.add(mine, kAdmin, kNow);
    return std::string(added ? "y" : added.error().kind == ErrorKind::AlreadyExists ? "n" : "?");
  });
  CHECK((tally(said) == std::map<char, int>{{'y', 1}, {'n', 3}}));
  CHECK(MUST(MUST(Ledger::open(dir.ledger(), kNow)).all_credentials()).rows.size() == 1);
}

void an_old_ledger_comes_along_once_however_many_start() {
  for (int round = 0; round < 10; ++round) {
    const TempDir dir(memory_directory());
    make_from_dump(dir.ledger(), "version-1.sql");
    const std::string said = race(dir.ledger(), 4, [&](Ledger &ledger, int) {
      return std::to_string(MUST(ledger.all_credentials()).rows.size());
    });
    CHECK(said == "3333");
  }
}

void the_first_start_makes_one_ledger_however_many_start() {
  for (int round = 0; round < 10; ++round) {
    const TempDir dir(memory_directory());
    const std::string said = race(dir.ledger(), 4, [&](Ledger &ledger, int number) {
      const RpId mine = MUST(RpId::parse("machine-" + std::to_string(number)));
      return MUST(ledger.fix_rp_id(mine)).str().substr(8);
    });
    CHECK(said == std::string(4, said[0]));
  }
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(one_answer_is_granted_once_however_many_bring_it),
      TEST(together_they_get_no_more_tries_than_one_would),
      TEST(a_revocation_and_a_login_come_one_after_the_other),
      TEST(one_passkey_is_revoked_once_however_many_revoke_it),
      TEST(one_backup_code_opens_once_however_many_bring_it),
      TEST(a_code_and_whatever_voids_it_come_one_after_the_other),
      TEST(one_authenticator_is_enrolled_once_however_many_try),
      TEST(an_old_ledger_comes_along_once_however_many_start),
      TEST(the_first_start_makes_one_ledger_however_many_start),
  };
  return cmocka_run_group_tests_name("ledger-race", tests, nullptr, nullptr);
}
