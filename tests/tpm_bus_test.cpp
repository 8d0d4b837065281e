/// What somebody on the bus between processor and TPM can learn and do.
#include <algorithm>
#include <array>
#include <cstdio>

#include "tests/tpm_fixture.h"
#include "tpm/areas.h"
#include "tpm/platform_key.h"
#include "tpm/process.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

std::uint32_t number(const Bytes &bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  CHECK(at + size <= bytes.size());
  for (std::size_t byte = at; byte < at + size; ++byte) value = value << 8 | bytes[byte];
  return value;
}

/// The attributes of a command's first session.
std::uint32_t session_attributes(const Tap::Exchange &exchange, std::size_t handles) {
  const std::size_t nonce = 10 + 4 * handles + 4 + 4;  // header, handles, authorization size, session handle
  return number(exchange.command, nonce + 2 + number(exchange.command, nonce, 2), 1);
}

Secret value_of(const Bytes &platform, std::string_view pin) {
  const tpm::PlatformKey key = MUST(tpm::PlatformKey::parse(platform));
  return MUST(tpm::auth_value(key.salt, MUST(Secret::parse(pin))));
}

void neither_the_pin_nor_what_is_made_of_it_is_ever_on_the_bus() {
  Swtpm tpm;
  tpm.set_dictionary_attack_parameters(32, 600, 86400);
  Person anna{tpm};
  const Credential credential = anna.enroll();
  CHECK(anna.can_log_in(credential));
  const Bytes changed = MUST(tpm.authenticator().change_pin(credential.platform, anna.secret(),
                                                            MUST(Secret::parse("correct horse"))));
  anna.pin = "wrong pin";
  CHECK(anna.failure(credential) == ErrorKind::PinWrong);

  CHECK(tpm.tap.count(TPM2_CC_Create) == 1 && tpm.tap.count(TPM2_CC_ObjectChangeAuth) == 1);
  const tpm::PlatformKey key = MUST(tpm::PlatformKey::parse(credential.platform));
  CHECK(tpm.tap.saw({key.area.publicArea.unique.ecc.x.buffer, 32}));  // the tap does see things
  for (const std::string_view pin : {"472913", "correct horse", "wrong pin"}) {
    CHECK(!tpm.tap.saw(bytes_of(pin)));
    for (const Bytes &platform : {credential.platform, changed})
      CHECK(!tpm.tap.saw(value_of(platform, pin).bytes().first(8)));
  }
}

void every_session_is_salted_to_the_parent_and_ready_to_encrypt() {
  Swtpm tpm;
  const Person anna{tpm};
  const Credential credential = anna.enroll();
  CHECK(anna.can_log_in(credential));
  MUST(tpm.authenticator().change_pin(credential.platform, anna.secret(),
                                      MUST(Secret::parse("correct horse"))));
  std::size_t seen = 0;
  for (const Tap::Exchange &exchange : tpm.tap.exchanges) {
    if (exchange.code() != TPM2_CC_StartAuthSession) continue;
    ++seen;
    const Bytes &command = exchange.command;
    CHECK(number(command, 10, 4) == 0x81000001);
    CHECK(number(command, 14, 4) == TPM2_RH_NULL);  // not bound
    std::size_t at = 18;
    CHECK(number(command, at, 2) >= 16);  // nonce
    at += 2 + number(command, at, 2);
    CHECK(number(command, at, 2) > 32);  // encrypted salt
    at += 2 + number(command, at, 2);
    CHECK(number(command, at, 1) == TPM2_SE_HMAC);
    CHECK(number(command, at + 1, 2) == TPM2_ALG_AES && number(command, at + 3, 2) == 128);
    CHECK(number(command, at + 5, 2) == TPM2_ALG_CFB && number(command, at + 7, 2) == TPM2_ALG_SHA256);
  }
  CHECK(seen == 3);
}

void the_commands_that_carry_a_new_pin_are_encrypted() {
  Swtpm tpm;
  const Person anna{tpm};
  const Credential credential = anna.enroll();
  MUST(tpm.authenticator().change_pin(credential.platform, anna.secret(),
                                      MUST(Secret::parse("correct horse"))));
  CHECK(anna.can_log_in(credential));
  bool certified = false;
  for (const Tap::Exchange &exchange : tpm.tap.exchanges) {
    if (exchange.code() == TPM2_CC_Create)
      CHECK(session_attributes(exchange, 1) == (TPMA_SESSION_CONTINUESESSION | TPMA_SESSION_DECRYPT));
    if (exchange.code() == TPM2_CC_ObjectChangeAuth)
      CHECK(session_attributes(exchange, 2) == TPMA_SESSION_DECRYPT);
    if (exchange.code() == TPM2_CC_Load)
      CHECK(session_attributes(exchange, 1) == TPMA_SESSION_CONTINUESESSION);
    // What uses the session last ends it: at an enrollment that is the certification.
    if (exchange.code() == TPM2_CC_Sign)
      CHECK(session_attributes(exchange, 1) == (certified ? 0 : TPMA_SESSION_CONTINUESESSION));
    if (exchange.code() != TPM2_CC_Certify) continue;
    CHECK(!certified && session_attributes(exchange, 2) == 0);
    certified = true;
  }
  CHECK(certified);
}

void a_login_with_any_byte_of_an_answer_changed_is_refused() {
  Swtpm tpm;
  tpm.set_dictionary_attack_parameters(10'000, 600, 86400);
  const Person anna{tpm};
  const Credential credential = anna.enroll();
  CHECK(anna.can_log_in(credential));
  tpm.tap.clear();
  CHECK(anna.can_log_in(credential));
  const std::vector<Tap::Exchange> good = tpm.tap.exchanges;
  CHECK(good.size() == 3);
  std::size_t tried = 0;
  for (std::size_t answer = 0; answer < good.size(); ++answer) {
    for (std::size_t byte = 0; byte < good[answer].answer.size(); ++byte) {
      tpm.tap.clear();
      tpm.tap.meddle = [&](std::size_t number_of, Bytes &bytes) {
        if (number_of == answer) bytes[byte] ^= static_cast<std::uint8_t>(1 << (byte + answer) % 8);
      };
      const Result<Verification> login = anna.log_in(credential);
      const std::string place = "answer " + std::to_string(answer) + " byte " + std::to_string(byte) + ": ";
      if (login) fail_at(__FILE__, __LINE__, place + "nobody noticed");
      const ErrorKind kind = login.error().kind;
      if (kind != ErrorKind::TpmBroken && kind != ErrorKind::Busy && kind != ErrorKind::Unsupported)
        fail_at(__FILE__, __LINE__, place + std::string(name_of(kind)));
      ++tried;
    }
  }
  tpm.tap.meddle = nullptr;
  CHECK(tried > 250);
  CHECK(anna.can_log_in(credential));
  CHECK(tpm.state().counter == 0);  // a meddler cannot bring about a lockout that way
}

/// Whether the TPM's statement for the key holds.
bool is_good(const Registration &made, const Credential &credential) {
  const Sha256 subject = subject_of(made.authenticator_data, made.client_data);
  return made.proof->problem.empty() && check_statement(*made.proof, credential.key.cose, subject);
}

void an_enrollment_with_a_byte_of_an_answer_changed_fails_or_is_good() {
  Swtpm tpm;
  const Person anna{tpm};
  static_cast<void>(anna.enroll());  // makes the root key
  tpm.tap.clear();
  static_cast<void>(anna.enroll());
  const std::vector<Tap::Exchange> good = tpm.tap.exchanges;
  std::printf("commands of one enrollment: %zu\n", good.size());
  CHECK(good.size() == 12);
  TpmAuthenticator authenticator = tpm.authenticator();
  std::size_t refused = 0, proven = 0;
  for (std::size_t answer = 0; answer < good.size(); ++answer) {
    for (std::size_t byte = 0; byte < good[answer].answer.size(); byte += 11) {
      tpm.tap.clear();
      tpm.tap.meddle = [&](std::size_t number_of, Bytes &bytes) {
        if (number_of == answer && byte < bytes.size()) bytes[byte] ^= 0x10;
      };
      Challenge asked = anna.challenge(Ceremony::Create);
      const RegistrationRequest request{.rp_id = anna.rp_id, .client_data = asked.client_data()};
      SilentCues cues;
      const Secret pin = anna.secret();
      const Result<Registration> made = authenticator.enroll(request, &pin, cues);
      tpm.tap.meddle = nullptr;
      refused += !made;
      if (!made) continue;
      Credential credential = MUST(verify_registration(std::move(asked), made.value(), BootTime{0}));
      credential.state = CredentialState::Active;
      CHECK(anna.can_log_in(credential));
      const bool good_proof = is_good(made.value(), credential);
      CHECK(!good_proof || good[answer].code() != TPM2_CC_Certify);
      proven += good_proof;
    }
  }
  std::printf("meddled enrollments: %zu refused, %zu with a good proof\n", refused, proven);
  CHECK(refused > 50);
  CHECK(proven > 0);  // what was changed says nothing of the key: tickets, or the endorsement key
}

void an_answer_without_its_authorization_is_refused() {
  Swtpm tpm;
  const Person anna{tpm};
  const Credential credential = anna.enroll();
  tpm.tap.clear();
  tpm.tap.meddle = [&](std::size_t at, Bytes &answer) {
    if (tpm.tap.exchanges[at].code() != TPM2_CC_Sign) return;
    const std::uint32_t parameters = number(answer, 10, 4);
    Bytes stripped = {0x80, 0x01, 0, 0, 0, static_cast<std::uint8_t>(10 + parameters), 0, 0, 0, 0};
    stripped.insert(stripped.end(), answer.begin() + 14, answer.begin() + 14 + static_cast<long>(parameters));
    answer = stripped;
  };
  CHECK(anna.failure(credential) == ErrorKind::TpmBroken);
}

void a_meddler_can_feign_a_wrong_pin_but_no_login() {
  Swtpm tpm;
  const Person anna{tpm};
  const Credential credential = anna.enroll();
  tpm.tap.clear();
  tpm.tap.meddle = [&](std::size_t at, Bytes &answer) {
    if (tpm.tap.exchanges[at].code() == TPM2_CC_Sign) answer = {0x80, 0x01, 0, 0, 0, 10, 0, 0, 0x09, 0x8e};
  };
  CHECK(anna.failure(credential) == ErrorKind::PinWrong);
  tpm.tap.meddle = nullptr;
  CHECK(anna.can_log_in(credential));
}

void a_session_refused_by_an_untouched_root_key_is_called_broken() {
  Swtpm tpm;
  const Person anna{tpm};
  const Credential credential = anna.enroll();
  tpm.tap.clear();
  tpm.tap.meddle = [&](std::size_t at, Bytes &answer) {
    if (tpm.tap.exchanges[at].code() == TPM2_CC_Load) answer = {0x80, 0x01, 0, 0, 0, 10, 0, 0, 0x09, 0xa2};
  };
  CHECK(anna.failure(credential) == ErrorKind::TpmBroken);
}

void a_root_key_that_cannot_salt_is_left_for_our_own() {
  Swtpm tpm;
  const Person anna{tpm};
  bool refused = false;
  tpm.tap.meddle = [&](std::size_t at, Bytes &answer) {
    const Tap::Exchange &exchange = tpm.tap.exchanges[at];
    if (exchange.code() != TPM2_CC_StartAuthSession || number(exchange.command, 10, 4) != 0x81000001) return;
    answer = {0x80, 0x01, 0, 0, 0, 10, 0, 0, 0x02, 0xc4};
    refused = true;
  };
  const Credential credential = anna.enroll();
  CHECK(refused);
  CHECK(MUST(tpm::PlatformKey::parse(credential.platform)).parent.handle == tpm::kOwnRootKey);
  CHECK(anna.can_log_in(credential));
  CHECK(anna.can_log_in(anna.enroll()));  // our own is found again
}

}  // namespace

int main() {
  tpm::harden_process();
  const CMUnitTest tests[] = {
      TEST(neither_the_pin_nor_what_is_made_of_it_is_ever_on_the_bus),
      TEST(every_session_is_salted_to_the_parent_and_ready_to_encrypt),
      TEST(the_commands_that_carry_a_new_pin_are_encrypted),
      TEST(a_login_with_any_byte_of_an_answer_changed_is_refused),
      TEST(an_enrollment_with_a_byte_of_an_answer_changed_fails_or_is_good),
      TEST(an_answer_without_its_authorization_is_refused),
      TEST(a_meddler_can_feign_a_wrong_pin_but_no_login),
      TEST(a_session_refused_by_an_untouched_root_key_is_called_broken),
      TEST(a_root_key_that_cannot_salt_is_left_for_our_own),
  };
  return cmocka_run_group_tests_name("tpm-bus", tests, nullptr, nullptr);
}
