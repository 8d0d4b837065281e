/// The message that an SSH agent signs: it names the sign-in, in words that a person can read.
#include "daemon/agent_proof.h"

#include <set>

#include "tests/check.h"

using namespace passkeyd;

namespace {

const RpId kMachine = MUST(RpId::parse("server.example"));
const Account alice{MUST(UserName::parse("alice")), 1000};
constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};
const Bytes kRandom(32, 0xab);

LoginRequest restart() {
  LoginRequest request{alice.name, "sudo", "/dev/pts/3", "", 0, 1};
  request.command = "sudo systemctl restart nginx";
  return request;
}

void what_is_signed_names_the_sign_in() {
  CHECK(sign_in_message(kMachine, restart(), alice, kNow, kRandom) ==
        "passkeyd sign-in\n"
        "host: server.example\n"
        "user: alice\n"
        "service: sudo\n"
        "tty: /dev/pts/3\n"
        "command: sudo systemctl restart nginx\n"
        "time: 2027-01-15T08:00:00Z\n"
        "nonce: q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s\n");
}

void whatever_is_different_makes_another_message() {
  const LoginRequest request = restart();
  std::set<std::string> messages{sign_in_message(kMachine, request, alice, kNow, kRandom)};
  messages.insert(sign_in_message(MUST(RpId::parse("other.example")), request, alice, kNow, kRandom));
  messages.insert(sign_in_message(kMachine, request, {MUST(UserName::parse("bob")), 1000}, kNow, kRandom));
  messages.insert(sign_in_message(kMachine, request, alice, kNow + std::chrono::seconds(1), kRandom));
  messages.insert(sign_in_message(kMachine, request, alice, kNow, Bytes(32, 0xac)));
  for (std::string LoginRequest::*part :
       {&LoginRequest::service, &LoginRequest::tty, &LoginRequest::command}) {
    LoginRequest other = restart();
    (other.*part).append("x");
    messages.insert(sign_in_message(kMachine, other, alice, kNow, kRandom));
  }
  CHECK(messages.size() == 8);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(what_is_signed_names_the_sign_in),
      TEST(whatever_is_different_makes_another_message),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
