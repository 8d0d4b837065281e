/// What travels in the prompts between a server and a passkey-askpass: whole, or not at all, however hostile
/// the other end is.
#include "ssh/relay.h"
#include "tests/check.h"
#include "tests/webauthn_kit.h"
#include "webauthn/base64url.h"
#include "webauthn/cbor.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

ssh::AssertionPrompt prompt() {
  return {"workstation.example",
          Bytes(32, 7),
          {Bytes(64, 1), Bytes(16, 2)},
          UserVerification::Required,
          std::chrono::seconds(30)};
}

Assertion answer(std::size_t client_data = 150) {
  return {Bytes(16, 2), Bytes(37, 3), Bytes(71, 4), std::string(client_data, '{'), {}};
}

ssh::RegistrationPrompt new_prompt() {
  return {"workstation.example", Bytes(32, 7),   "alice",
          Bytes(32, 9),          {Bytes(64, 1)}, UserVerification::Preferred};
}

ssh::MadeRegistration made() {
  ssh::MadeRegistration made;
  made.registration.format = "packed";
  made.registration.authenticator_data = Bytes(200, 1);
  made.registration.attestation = Bytes(100, 2);
  made.registration.client_data = "{}";
  made.registration.device = "Example Key";
  made.registration.max_allow_list = 8;
  made.sensor = true;
  return made;
}

/// `tag` and what `fill` writes, as a text.
template <class Fill>
std::string tagged(const char *tag, Fill fill) {
  cbor::Writer writer;
  fill(writer);
  return tag + to_base64url(writer.take());
}

void a_challenge_arrives_as_it_was_sent() {
  const std::string text = ssh::write(prompt());
  CHECK(text.starts_with("passkeyd1:"));
  for (const char *end : {"", " ", "\r\n"}) {
    const auto read = MUST(ssh::read_assertion_prompt(text + end));
    CHECK(read && read->rp_id == prompt().rp_id && read->challenge == prompt().challenge);
    CHECK(read->allowed == prompt().allowed && read->user_verification == UserVerification::Required);
    CHECK(read->timeout == std::chrono::seconds(30));
  }
}

void prompts_that_are_none_of_ours_are_told_from_broken_ones() {
  for (const char *text :
       {"", "Password: ", "passkeyd2:AAAA", "(alice@host) passkeyd1:AAAA", " passkeyd1:AAAA"})
    CHECK(!MUST(ssh::read_assertion_prompt(text)));
  for (const char *text : {"passkeyd1:", "passkeyd1:!", "passkeyd1:AAAA", "passkeyd1:AAAA=", "passkeyd1:gA"})
    CHECK(!ssh::read_assertion_prompt(text));
  CHECK(!ssh::read_assertion_prompt("passkeyd1:" + std::string(ssh::kMaxPrompt + 1, 'A')));
}

void a_challenge_that_is_cut_short_or_has_more_behind_it_is_malformed() {
  const std::string text = ssh::write(prompt());
  const std::size_t tag = std::string("passkeyd1:").size();
  for (std::size_t size = tag; size < text.size(); ++size)
    CHECK(!ssh::read_assertion_prompt(text.substr(0, size)));
  CHECK(!ssh::read_assertion_prompt(text + "AAAA"));
}

void a_challenge_with_one_character_changed_is_never_read_as_another_machines() {
  const std::string text = ssh::write(prompt());
  for (std::size_t at = std::string("passkeyd1:").size(); at < text.size(); ++at)
    for (const char c : {'A', '_', '9', '=', '\n', '\x7f'}) {
      std::string changed = text;
      changed[at] = c;
      const auto read = ssh::read_assertion_prompt(changed);
      if (!read || !read.value()) continue;
      CHECK(RpId::parse(read.value()->rp_id));
      CHECK(read.value()->challenge.size() >= 16 && !read.value()->allowed.empty());
    }
}

void a_challenge_out_of_bounds_is_malformed() {
  const auto with = [](auto change) {
    ssh::AssertionPrompt changed = prompt();
    change(changed);
    return static_cast<bool>(ssh::read_assertion_prompt(ssh::write(changed)));
  };
  CHECK(with([](auto &) {}));
  CHECK(!with([](auto &of) { of.rp_id = "Workstation.example"; }));
  CHECK(!with([](auto &of) { of.rp_id = "ssh:"; }));
  CHECK(!with([](auto &of) { of.rp_id = ""; }));
  CHECK(!with([](auto &of) { of.challenge = Bytes(15, 1); }));
  CHECK(!with([](auto &of) { of.challenge = Bytes(65, 1); }));
  CHECK(!with([](auto &of) { of.allowed.clear(); }));
  CHECK(!with([](auto &of) { of.allowed = {Bytes()}; }));
  CHECK(!with([](auto &of) { of.allowed = {Bytes(1024, 1)}; }));
  CHECK(with([](auto &of) { of.allowed = std::vector<Bytes>(ssh::kMaxAllowed, Bytes(1023, 1)); }));
  CHECK(!with([](auto &of) { of.allowed = std::vector<Bytes>(ssh::kMaxAllowed + 1, Bytes(1, 1)); }));
  CHECK(!with([](auto &of) { of.timeout = std::chrono::seconds(4); }));
  CHECK(!with([](auto &of) { of.timeout = std::chrono::seconds(61); }));
}

void an_answer_arrives_as_it_was_sent_and_names_its_credential_by_place() {
  const std::string text = MUST(ssh::write(answer(), prompt()));
  const Assertion read = MUST(ssh::read_assertion(text, prompt().allowed));
  CHECK(read.credential_id == Bytes(16, 2) && read.authenticator_data == Bytes(37, 3));
  CHECK(read.signature == Bytes(71, 4) && read.client_data == std::string(150, '{') &&
        read.user_handle.empty());
}

/// sshd's clients cut what is longer, in silence.
void no_answer_is_longer_than_ssh_takes_one() {
  std::size_t longest = 0;
  bool refused = false;
  for (std::size_t size = 500; size < 900; ++size) {
    const Result<std::string> text = ssh::write(answer(size), prompt());
    if (text) longest = std::max(longest, text->size());
    refused = refused || !text;
    CHECK(!text || !refused);
    CHECK(!text || ssh::read_assertion(text.value(), prompt().allowed));
  }
  CHECK(refused && longest <= ssh::kMaxAnswer && longest > ssh::kMaxAnswer - 3);
  CHECK(!ssh::read_assertion(std::string(ssh::kMaxAnswer + 1, 'A'), prompt().allowed));
}

void a_credential_that_nobody_asked_for_is_neither_sent_nor_taken() {
  Assertion other = answer();
  other.credential_id = Bytes(16, 9);
  CHECK(!ssh::write(other, prompt()));
  const std::string second = MUST(ssh::write(answer(), prompt()));
  CHECK(!ssh::read_assertion(second, {Bytes(64, 1)}));
  CHECK(!ssh::read_assertion(second, {}));
  for (const std::int64_t place : {-1, 2, 64, 1 << 30})
    CHECK(!ssh::read_assertion(
        tagged(
            "",
            [&](cbor::Writer &writer) {
              writer.array(4).integer(place).byte_string(Bytes(37, 3)).byte_string(Bytes(71, 4)).text("{}");
            }),
        prompt().allowed));
}

void an_answer_that_is_cut_short_changed_or_has_more_behind_it_is_malformed_or_another() {
  const std::string text = MUST(ssh::write(answer(), prompt()));
  for (std::size_t size = 0; size < text.size(); ++size)
    CHECK(!ssh::read_assertion(text.substr(0, size), prompt().allowed));
  CHECK(!ssh::read_assertion(text + "AAAA", prompt().allowed));
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    const Result<Assertion> read = ssh::read_assertion(changed, prompt().allowed);
    if (read) CHECK(MUST(ssh::write(read.value(), prompt())) == changed || at + 1 == text.size());
  }
}

void the_version_token_is_known_by_its_length_alone() {
  const std::string token = ssh::version_token();
  CHECK(token.size() == 200 && ssh::is_version_token(token));
  CHECK(ssh::is_version_token(std::string(200, '\x08')));  // sshd's junk for an account that it does not know
  CHECK(!ssh::is_version_token("") && !ssh::is_version_token(std::string(199, '.')));
  CHECK(!ssh::is_version_token(std::string(201, '.')));
}

void a_host_is_what_an_ssh_client_can_call_one_in_lower_case() {
  for (const char *host :
       {"box", "box.example", "my_box", "b-x", "192.0.2.1", "2001:db8::1", "::1", "fe80::1%eth0"})
    CHECK(MUST(ssh::host_of(host)) == host);
  CHECK(MUST(ssh::host_of("Box.EXAMPLE")) == "box.example");
  CHECK(ssh::host_of(std::string(253, 'a')) && !ssh::host_of(std::string(254, 'a')));
  for (const std::string &none :
       {std::string(), std::string("-oProxyCommand=x"), std::string("-"), std::string("a b"),
        std::string("a/b"), std::string("a*"), std::string("a\0b", 3), std::string("a\n"),
        std::string("b\xc3\xbcro"), std::string("alice@box"), std::string("[::1]")})
    CHECK(!ssh::host_of(none));
}

void an_enrollment_arrives_as_it_was_sent() {
  const auto asked = MUST(ssh::read_registration_prompt(ssh::write(new_prompt())));
  CHECK(asked && asked->rp_id == "workstation.example" && asked->user_name == "alice");
  CHECK(asked->challenge == Bytes(32, 7) && asked->user_handle == Bytes(32, 9));
  CHECK(asked->exclude == new_prompt().exclude && asked->user_verification == UserVerification::Preferred);
  const ssh::MadeRegistration read = MUST(ssh::read_registration(ssh::write(made())));
  CHECK(read.registration.format == "packed" && read.registration.authenticator_data == Bytes(200, 1));
  CHECK(read.registration.attestation == Bytes(100, 2) && read.registration.client_data == "{}");
  CHECK(read.registration.device == "Example Key" && read.registration.max_allow_list == 8);
  CHECK(read.sensor && !read.platform);
}

void an_enrollment_that_is_cut_short_or_none_is_malformed() {
  const std::string asked = ssh::write(new_prompt()), answered = ssh::write(made());
  for (std::size_t size = std::string("passkeyd1-new:").size(); size < asked.size(); ++size)
    CHECK(!ssh::read_registration_prompt(asked.substr(0, size)));
  for (std::size_t size = 0; size < answered.size(); ++size)
    CHECK(!ssh::read_registration(answered.substr(0, size)));
  CHECK(!MUST(ssh::read_registration_prompt(ssh::write(prompt()))));
  CHECK(!MUST(ssh::read_assertion_prompt(asked)));
  CHECK(!ssh::read_registration(asked) && !ssh::read_registration("rm -rf /"));
  CHECK(!ssh::read_registration("passkeyd1-made:" + std::string(ssh::kMaxRegistration + 1, 'A')));
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(a_challenge_arrives_as_it_was_sent),
      TEST(prompts_that_are_none_of_ours_are_told_from_broken_ones),
      TEST(a_challenge_that_is_cut_short_or_has_more_behind_it_is_malformed),
      TEST(a_challenge_with_one_character_changed_is_never_read_as_another_machines),
      TEST(a_challenge_out_of_bounds_is_malformed),
      TEST(an_answer_arrives_as_it_was_sent_and_names_its_credential_by_place),
      TEST(no_answer_is_longer_than_ssh_takes_one),
      TEST(a_credential_that_nobody_asked_for_is_neither_sent_nor_taken),
      TEST(an_answer_that_is_cut_short_changed_or_has_more_behind_it_is_malformed_or_another),
      TEST(the_version_token_is_known_by_its_length_alone),
      TEST(a_host_is_what_an_ssh_client_can_call_one_in_lower_case),
      TEST(an_enrollment_arrives_as_it_was_sent),
      TEST(an_enrollment_that_is_cut_short_or_none_is_malformed),
  };
  return cmocka_run_group_tests_name("ssh-relay", tests, nullptr, nullptr);
}
