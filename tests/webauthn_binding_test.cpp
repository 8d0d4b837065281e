/// Whose login it is: a challenge made before anybody knows, bound once; and the user handle a key speaks of.
#include <string>

#include "tests/webauthn_kit.h"

#include "tests/check.h"  // last: CMocka defines words that <ios> uses

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

constexpr UserVerification kPolicy = UserVerification::Preferred;

Challenge for_anyone() {
  return MUST(Challenge::make_for_anyone(rp_id(), kPolicy, kMadeAt));
}

/// A good answer to `challenge` by alice's key; what comes of it when that is judged against `bound`.
Refusal judged(Challenge bound, const std::string &client_data) {
  Login login(key_of(Algorithm::Es256));
  login.assertion.client_data = client_data;
  login.sign();
  return verify(login.credential, std::move(bound), login.assertion, login.now).refusal;
}

void a_challenge_for_anyone_serves_the_account_it_is_bound_to() {
  Challenge challenge = for_anyone();
  CHECK(!challenge.user() && challenge.ceremony() == Ceremony::Get);
  CHECK(challenge.user_verification() == kPolicy && challenge.made_at() == kMadeAt);
  const std::string asked = challenge.client_data();
  Challenge bound = std::move(challenge).bind(account());
  CHECK(bound.user() == account() && bound.client_data() == asked);
  CHECK(judged(std::move(bound), asked) == Refusal::None);
}

void a_challenge_for_anyone_opens_nothing_by_itself() {
  Challenge challenge = for_anyone();
  const std::string asked = challenge.client_data();
  CHECK(judged(std::move(challenge), asked) == Refusal::UserWrong);
}

void a_challenge_bound_to_another_account_is_refused() {
  for (const Account &other : {account("bob", 1000), account("alice", 1001)}) {
    Challenge challenge = for_anyone();
    const std::string asked = challenge.client_data();
    CHECK(judged(std::move(challenge).bind(other), asked) == Refusal::UserWrong);
  }
}

void nobody_is_bound_twice() {
  Challenge once = for_anyone().bind(account("bob", 1002));
  const std::string asked = once.client_data();
  Challenge twice = std::move(once).bind(account());
  CHECK(!twice.user());
  Challenge thrice = std::move(twice).bind(account());
  CHECK(!thrice.user());
  CHECK(judged(std::move(thrice), asked) == Refusal::UserWrong);

  Challenge made_for_bob =
      MUST(Challenge::make(Ceremony::Get, rp_id(), account("bob", 1002), kPolicy, kMadeAt));
  const std::string bobs = made_for_bob.client_data();
  CHECK(judged(std::move(made_for_bob).bind(account()), bobs) == Refusal::UserWrong);
}

void a_challenge_that_was_moved_away_is_answered_by_nothing() {
  Challenge challenge = for_anyone();
  const Challenge bound = std::move(challenge).bind(account());
  std::string asked = bound.client_data();
  const std::string random = asked.substr(asked.find("challenge\":\"") + 12, 43);
  asked.erase(asked.find(random), random.size());
  // NOLINTNEXTLINE(bugprone-use-after-move): what a mistake of ours would do
  CHECK(judged(std::move(challenge).bind(account()), asked) != Refusal::None);
}

void challenges_for_anyone_are_fresh() {
  CHECK(for_anyone().random().size() == Challenge::kBytes);
  CHECK(for_anyone().random() != for_anyone().random());
}

Refusal with_handles(const Bytes &stored, const Bytes &shown) {
  Login login(key_of(Algorithm::Es256));
  login.credential.user_handle = stored;
  login.assertion.user_handle = shown;
  return login.verify().refusal;
}

void a_user_handle_must_be_the_one_that_was_enrolled() {
  const Bytes own(32, 0x61), other(32, 0x62), longer(33, 0x61);
  CHECK(with_handles(own, own) == Refusal::None);
  CHECK(with_handles(own, other) == Refusal::UserHandleWrong);
  CHECK(with_handles(own, longer) == Refusal::UserHandleWrong);
  CHECK(with_handles(own, Bytes(31, 0x61)) == Refusal::UserHandleWrong);
}

void a_user_handle_that_one_side_does_not_have_is_not_compared() {
  CHECK(with_handles(Bytes(32, 0x61), {}) == Refusal::None);
  CHECK(with_handles({}, Bytes(32, 0x61)) == Refusal::None);
}

void a_user_handle_longer_than_any_is_malformed() {
  CHECK(with_handles({}, Bytes(64, 1)) == Refusal::None);
  CHECK(with_handles({}, Bytes(65, 1)) == Refusal::Malformed);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(a_challenge_for_anyone_serves_the_account_it_is_bound_to),
      TEST(a_challenge_for_anyone_opens_nothing_by_itself),
      TEST(a_challenge_bound_to_another_account_is_refused),
      TEST(nobody_is_bound_twice),
      TEST(a_challenge_that_was_moved_away_is_answered_by_nothing),
      TEST(challenges_for_anyone_are_fresh),
      TEST(a_user_handle_must_be_the_one_that_was_enrolled),
      TEST(a_user_handle_that_one_side_does_not_have_is_not_compared),
      TEST(a_user_handle_longer_than_any_is_malformed),
  };
  return cmocka_run_group_tests_name("webauthn binding", tests, nullptr, nullptr);
}
