/// The plan: which ways are open to whom, where, and how strictly.
#include "daemon/policy.h"
#include "tests/check.h"

using namespace passkeyd;

namespace {

const Account alice{MUST(UserName::parse("alice")), 1000};
const KeyInfo key{"/dev/hidraw0", "Blue key", 1, 2};

LoginRequest at_the_desk() {
  LoginRequest request{alice.name, "sudo", "", "", 0, 1};
  request.remote = false;
  return request;
}

Credential credential(Way way, bool user_verification = false) {
  Credential made{.id = {1}, .key = {}, .rp_id = MUST(RpId::parse("host")), .owner = alice};
  made.way = way;
  made.state = CredentialState::Active;
  made.user_verification = user_verification;
  return made;
}

void a_plugged_in_key_comes_before_the_tpm() {
  const Plan plan =
      plan_for(at_the_desk(), alice, {credential(Way::Tpm), credential(Way::Usb)}, {key}, Config{});
  CHECK(plan.ways.size() == 2);
  CHECK(plan.ways[0].way == Way::Usb && plan.ways[1].way == Way::Tpm);
}

void the_configuration_sets_the_order_and_what_is_allowed() {
  Config config;
  config.ways = {Way::Tpm};
  const Plan plan =
      plan_for(at_the_desk(), alice, {credential(Way::Tpm), credential(Way::Usb)}, {key}, config);
  CHECK(plan.ways.size() == 1 && plan.ways[0].way == Way::Tpm);
}

void a_key_that_is_not_plugged_in_is_not_waited_for() {
  const Plan plan = plan_for(at_the_desk(), alice, {credential(Way::Usb)}, {}, Config{});
  CHECK(plan.ways.empty());
  CHECK(plan.why_none == ErrorKind::NoDevice);
}

void no_local_authenticator_lights_up_for_a_remote_session() {
  LoginRequest request = at_the_desk();
  request.remote = true;
  const Plan plan = plan_for(request, alice, {credential(Way::Usb), credential(Way::Tpm)}, {key}, Config{});
  CHECK(plan.ways.empty());
  CHECK(plan.why_none == ErrorKind::RemoteSession);
}

void forgetting_to_say_where_the_person_is_means_remote() {
  CHECK(LoginRequest({alice.name, "", "", "", 0, 0}).remote);
}

void revoked_and_suspended_credentials_open_no_way() {
  for (const CredentialState state : {CredentialState::Revoked, CredentialState::Suspended}) {
    Credential dead = credential(Way::Usb);
    dead.state = state;
    CHECK(plan_for(at_the_desk(), alice, {dead}, {key}, Config{}).ways.empty());
  }
}

void a_credential_of_another_uid_opens_no_way() {
  const Account heir{alice.name, 1001};
  CHECK(plan_for(at_the_desk(), heir, {credential(Way::Usb)}, {key}, Config{}).ways.empty());
}

void verification_is_required_once_it_was_enrolled_with() {
  Config config;
  config.user_verification = UserVerification::Discouraged;
  const Plan strict = plan_for(at_the_desk(), alice, {credential(Way::Usb, true)}, {key}, config);
  CHECK(strict.ways[0].user_verification == UserVerification::Required);
  const Plan touch = plan_for(at_the_desk(), alice, {credential(Way::Usb)}, {key}, config);
  CHECK(touch.ways[0].user_verification == UserVerification::Discouraged);
}

void verification_is_required_where_the_administrator_says_so() {
  Config config;
  config.user_verification = UserVerification::Required;
  const Plan plan = plan_for(at_the_desk(), alice, {credential(Way::Usb)}, {key}, config);
  CHECK(plan.ways[0].user_verification == UserVerification::Required);
}

void a_tpm_passkey_always_wants_its_pin() {
  Config config;
  config.user_verification = UserVerification::Discouraged;
  const Plan plan = plan_for(at_the_desk(), alice, {credential(Way::Tpm)}, {}, config);
  CHECK(plan.ways[0].user_verification == UserVerification::Required);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(a_plugged_in_key_comes_before_the_tpm),
      TEST(the_configuration_sets_the_order_and_what_is_allowed),
      TEST(a_key_that_is_not_plugged_in_is_not_waited_for),
      TEST(no_local_authenticator_lights_up_for_a_remote_session),
      TEST(forgetting_to_say_where_the_person_is_means_remote),
      TEST(revoked_and_suspended_credentials_open_no_way),
      TEST(a_credential_of_another_uid_opens_no_way),
      TEST(verification_is_required_once_it_was_enrolled_with),
      TEST(verification_is_required_where_the_administrator_says_so),
      TEST(a_tpm_passkey_always_wants_its_pin),
  };
  return cmocka_run_group_tests_name("policy", tests, nullptr, nullptr);
}
