/// What is signed where it is not our client data with our own origin: statements, for SSH's agents, and
/// client data that names the host as an SSH client knows it.
#include <string>

#include "tests/webauthn_kit.h"
#include "webauthn/base64url.h"

#include "tests/check.h"  // last: CMocka defines words that <ios> uses

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

constexpr UserVerification kPolicy = UserVerification::Preferred;

std::string naming(ByteView random) {
  return "sign-in with " + to_base64url(random);
}

Challenge stated() {
  return MUST(Challenge::make_stated(rp_id(), account(), kPolicy, naming, kMadeAt));
}

Challenge asked_for() {
  return MUST(Challenge::make(Ceremony::Get, rp_id(), account(), kPolicy, kMadeAt));
}

/// What comes of an assertion by alice's key over `signed_text`.
Refusal judged(Challenge challenge, const std::string &signed_text) {
  Login login(key_of(Algorithm::Es256));
  login.assertion.client_data = signed_text;
  login.sign();
  return verify(login.credential, std::move(challenge), login.assertion, login.now).refusal;
}

void a_statement_is_wanted_back_byte_for_byte() {
  Challenge challenge = stated();
  const std::string text = challenge.client_data();
  CHECK(text == naming(challenge.random()) && challenge.statement() == text);
  CHECK(judged(std::move(challenge), text) == Refusal::None);
  for (std::size_t at = 0; at < text.size(); ++at) {
    Challenge again = stated();
    std::string altered = again.client_data();
    altered[at] = static_cast<char>(altered[at] ^ 1);
    CHECK(judged(std::move(again), altered) == Refusal::ChallengeWrong);
  }
  Challenge longer = stated();
  const std::string with_more = longer.client_data() + " ";
  CHECK(judged(std::move(longer), with_more) == Refusal::ChallengeWrong);
}

void a_statement_of_another_sign_in_is_refused() {
  const std::string old = stated().client_data();
  CHECK(judged(stated(), old) == Refusal::ChallengeWrong);
}

void client_data_is_no_answer_to_a_statement_nor_the_reverse() {
  Challenge challenge = stated();
  const std::string json = client_data_json(Ceremony::Get, challenge.random(), challenge.rp_id().origin());
  CHECK(judged(std::move(challenge), json) == Refusal::ChallengeWrong);
  Challenge ours = asked_for();
  const std::string text = naming(ours.random());
  CHECK(judged(std::move(ours), text) == Refusal::Malformed);
}

void a_statement_that_says_the_same_every_time_is_never_made() {
  const auto stale = [](ByteView) { return std::string("let me in"); };
  CHECK(Challenge::make_stated(rp_id(), account(), kPolicy, stale, kMadeAt).error().kind ==
        ErrorKind::Internal);
}

void a_statement_that_was_moved_away_is_answered_by_nothing() {
  Challenge challenge = stated();
  const Challenge taken = std::move(challenge);
  // NOLINTNEXTLINE(bugprone-use-after-move): what a mistake of ours would do
  CHECK(judged(std::move(challenge), taken.client_data()) != Refusal::None);
}

void what_was_made_before_it_was_asked_for_signs_nobody_in() {
  Challenge challenge = MUST(Challenge::over("made earlier", rp_id(), account(), kPolicy, kMadeAt));
  CHECK(challenge.ceremony() == Ceremony::Create);
  CHECK(judged(std::move(challenge), "made earlier") == Refusal::ClientData);
}

void only_origins_that_were_expected_are_taken() {
  const auto from = [](const std::string &origin, std::vector<std::string> expected) {
    Challenge challenge = asked_for();
    if (!expected.empty()) challenge.expect_origins(std::move(expected));
    const std::string json = client_data_json(Ceremony::Get, challenge.random(), origin);
    return judged(std::move(challenge), json);
  };
  const std::vector<std::string> names = {"ssh://server", "ssh://server.example"};
  CHECK(from("ssh://server", names) == Refusal::None);
  CHECK(from("ssh://server.example", names) == Refusal::None);
  for (const char *other : {"ssh://evil.example", "ssh://server.example.evil", "ssh://serve", "ssh://Server",
                            "https://workstation.example", "ssh://", "server"})
    CHECK(from(other, names) == Refusal::OriginWrong);
  CHECK(from("https://workstation.example", {}) == Refusal::None);
  CHECK(from("ssh://server", {}) == Refusal::OriginWrong);
}

void an_ssh_application_is_no_domain_and_no_domain_is_one() {
  CHECK(MUST(RpId::of_ssh("ssh:")).is_ssh() && MUST(RpId::of_ssh("ssh:work")).str() == "ssh:work");
  CHECK(!rp_id().is_ssh() && !RpId::parse("ssh:"));
  for (const char *other : {"", "ssh", "https://x", "ssh: x", "ssh:\n", "SSH:"}) CHECK(!RpId::of_ssh(other));
  CHECK(!RpId::of_ssh("ssh:" + std::string(250, 'x')));
  CHECK(MUST(RpId::from_stored("ssh:work")) == MUST(RpId::of_ssh("ssh:work")));
  CHECK(MUST(RpId::from_stored("workstation.example")) == rp_id());
  CHECK(!RpId::from_stored("not a name"));
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(a_statement_is_wanted_back_byte_for_byte),
      TEST(a_statement_of_another_sign_in_is_refused),
      TEST(client_data_is_no_answer_to_a_statement_nor_the_reverse),
      TEST(a_statement_that_says_the_same_every_time_is_never_made),
      TEST(a_statement_that_was_moved_away_is_answered_by_nothing),
      TEST(what_was_made_before_it_was_asked_for_signs_nobody_in),
      TEST(only_origins_that_were_expected_are_taken),
      TEST(an_ssh_application_is_no_domain_and_no_domain_is_one),
  };
  return cmocka_run_group_tests_name("webauthn statement", tests, nullptr, nullptr);
}
