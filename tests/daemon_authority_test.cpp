/// What the authority counts, and what new passkeys are called. Who may what is tested with a real polkit
/// (authority.sh).
#include "daemon/naming.h"
#include "daemon/open_questions.h"
#include "daemon/refusals.h"
#include "tests/check.h"

using namespace passkeyd;

namespace {

constexpr uid_t kAlice = 1000, kBob = 1001;

Credential named(const std::string &name, CredentialState state = CredentialState::Active) {
  const Account alice{MUST(UserName::parse("alice")), kAlice};
  Credential made{.id = {1}, .key = {}, .rp_id = MUST(RpId::parse("host")), .owner = alice};
  made.name = name;
  made.state = state;
  return made;
}

void each_person_has_room_for_three_questions_and_gets_it_back() {
  OpenQuestions questions;
  const OpenQuestions::Open first(questions, kAlice), second(questions, kAlice);
  CHECK(!questions.full_for(kAlice));
  {
    const OpenQuestions::Open third(questions, kAlice);
    CHECK(questions.full_for(kAlice) && !questions.full_for(kBob));
    CHECK(first.number() != second.number() && second.number() != third.number());
  }
  CHECK(!questions.full_for(kAlice));
}

void nobody_is_recorded_more_often_than_their_allowance() {
  Refusals refusals;
  const BootTime now = std::chrono::hours(5);
  for (std::size_t count = 0; count < Refusals::kMostOfOneUser; ++count)
    CHECK(refusals.may_record(kAlice, now));
  CHECK(!refusals.may_record(kAlice, now));
  CHECK(refusals.may_record(kBob, now));
  CHECK(!refusals.may_record(kAlice, now + Refusals::kWindow - std::chrono::seconds(1)));
  CHECK(refusals.may_record(kAlice, now + Refusals::kWindow));
}

void all_together_are_not_recorded_more_often_than_that_either() {
  Refusals refusals;
  std::size_t recorded = 0;
  for (uid_t uid = 1; uid <= 10 * Refusals::kMost; ++uid)
    if (refusals.may_record(uid, {})) ++recorded;
  CHECK(recorded == Refusals::kMost);
}

void a_name_that_is_taken_gets_a_number() {
  CHECK(free_name("Key", {}) == "Key");
  CHECK(free_name("Key", {named("Key")}) == "Key 2");
  CHECK(free_name("Key", {named("Key"), named("Key 2")}) == "Key 3");
  CHECK(free_name("Key", {named("Key", CredentialState::Revoked)}) == "Key");
  CHECK(free_name("Key", {named("Key", CredentialState::Suspended)}) == "Key 2");
}

void a_name_that_is_too_long_is_cut_at_a_character_and_still_free() {
  const std::string wide = "\xe9\x8d\xb5";  // three bytes
  std::string longest;
  while (longest.size() < 255) longest += wide;
  const std::string cut = free_name(longest, {});
  CHECK(cut.size() == 63 && is_printable(cut));
  const std::string second = free_name(longest, {named(cut)});
  CHECK(second.size() <= 64 && second.ends_with(" 2") && is_printable(second));
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(each_person_has_room_for_three_questions_and_gets_it_back),
      TEST(nobody_is_recorded_more_often_than_their_allowance),
      TEST(all_together_are_not_recorded_more_often_than_that_either),
      TEST(a_name_that_is_taken_gets_a_number),
      TEST(a_name_that_is_too_long_is_cut_at_a_character_and_still_free),
  };
  return cmocka_run_group_tests_name("authority", tests, nullptr, nullptr);
}
