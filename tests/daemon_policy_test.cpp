/// The plan: which ways are open to whom, where, in what order, and how strictly.
#include "daemon/policy.h"
#include "tests/check.h"

using namespace passkeyd;

namespace {

const Account alice{MUST(UserName::parse("alice")), 1000};
const KeyInfo key{"/dev/hidraw0", "Blue key", 1, 2};
const Aaguid kModel = {1, 2, 3};

LoginRequest at_the_desk() {
  LoginRequest request{alice.name, "sudo", "", "", 0, 1};
  request.host = Host::Talks;
  request.place = Place::Local;
  return request;
}

LoginRequest at_a_locked_screen() {
  LoginRequest request = at_the_desk();
  request.host = Host::OneAnswer;
  request.first = First::Either;
  return request;
}

LoginRequest from_afar() {
  LoginRequest request = at_the_desk();
  request.place = Place::Remote;
  return request;
}

Credential credential(Way way, bool user_verification = false) {
  Credential made{.id = {1}, .key = {}, .rp_id = MUST(RpId::parse("host")), .owner = alice};
  made.way = way;
  made.state = CredentialState::Active;
  made.user_verification = user_verification;
  made.aaguid = kModel;
  return made;
}

Policy policy_of(UserVerification uv) {
  Policy policy;
  policy.user_verification = uv;
  return policy;
}

Plan plan(const LoginRequest &request, const std::vector<Credential> &credentials,
          const std::vector<KeyInfo> &plugged = {key}, const Policy &policy = {}, std::size_t codes = 0) {
  return plan_for(request, alice, credentials, codes, plugged, policy);
}

void a_plugged_in_key_comes_before_the_tpm() {
  const Plan made = plan(at_the_desk(), {credential(Way::Tpm), credential(Way::Usb)});
  CHECK(made.ways.size() == 2);
  CHECK(made.ways[0].way == Way::Usb && made.ways[1].way == Way::Tpm);
}

void the_configuration_sets_the_order_and_what_is_allowed() {
  Policy policy;
  policy.ways = {Way::Tpm};
  const Plan made = plan(at_the_desk(), {credential(Way::Tpm), credential(Way::Usb)}, {key}, policy);
  CHECK(made.ways.size() == 1 && made.ways[0].way == Way::Tpm);
}

void a_key_that_is_not_plugged_in_is_not_waited_for() {
  const Plan made = plan(at_the_desk(), {credential(Way::Usb)}, {});
  CHECK(made.ways.empty());
  CHECK(made.why_none == ErrorKind::NoDevice);
  CHECK(made.key_missing);
  CHECK(!plan(at_the_desk(), {credential(Way::Tpm)}, {}).key_missing);
}

void no_local_authenticator_lights_up_for_a_remote_session() {
  const Plan made = plan(from_afar(), {credential(Way::Usb), credential(Way::Tpm)});
  CHECK(made.ways.empty());
  CHECK(made.why_none == ErrorKind::RemoteSession);
  CHECK(!made.key_missing);
}

/// One of alice's SSH keys, which her agent has.
Credential ssh_credential(bool user_verification = false) {
  Credential made = credential(Way::Ssh, user_verification);
  made.id = {7};
  return made;
}

LoginRequest with_agent(LoginRequest request) {
  request.agent_keys = {{7}};
  return request;
}

void a_key_that_the_agent_has_opens_a_way_wherever_the_person_is() {
  for (const Place place : {Place::Local, Place::Remote}) {
    LoginRequest request = with_agent(at_the_desk());
    request.place = place;
    const Plan made = plan(request, {ssh_credential()});
    CHECK(made.ways.size() == 1 && made.ways[0].way == Way::Ssh && made.ways[0].asks == Asks::Nothing);
  }
  const Plan made =
      plan(with_agent(from_afar()), {credential(Way::Usb), credential(Way::Tpm), ssh_credential()});
  CHECK(made.ways.size() == 1 && made.ways[0].way == Way::Ssh);
}

void at_the_desk_the_agent_comes_last() {
  const Plan made =
      plan(with_agent(at_the_desk()), {ssh_credential(), credential(Way::Tpm), credential(Way::Usb)});
  CHECK(made.ways.size() == 3 && made.ways[2].way == Way::Ssh);
}

void an_ssh_key_that_no_agent_has_opens_no_way() {
  Credential other = ssh_credential();
  other.id = {8};
  CHECK(plan(with_agent(from_afar()), {other}).ways.empty());
  CHECK(plan(at_the_desk(), {ssh_credential()}).ways.empty());
}

void a_host_that_cannot_be_asked_may_go_by_the_agent() {
  CHECK(plan(with_agent(at_a_locked_screen()), {ssh_credential(true)}).ways.size() == 1);
}

void an_ssh_key_is_of_a_model_too() {
  Policy policy;
  policy.accepted_aaguids = {{9, 9, 9}};
  CHECK(plan(with_agent(from_afar()), {ssh_credential()}, {}, policy).ways.empty());
}

void a_policy_without_ssh_goes_by_no_agent() {
  Policy policy;
  policy.ways = {Way::Usb, Way::Tpm};
  CHECK(plan(with_agent(from_afar()), {ssh_credential()}, {}, policy).ways.empty());
}

void forgetting_to_say_where_the_person_is_means_remote() {
  CHECK(LoginRequest({alice.name, "", "", "", 0, 0}).place == Place::Remote);
}

void forgetting_to_say_what_the_host_can_do_means_no_questions() {
  CHECK(LoginRequest({alice.name, "", "", "", 0, 0}).host == Host::OneAnswer);
}

void revoked_and_suspended_credentials_open_no_way() {
  for (const CredentialState state : {CredentialState::Revoked, CredentialState::Suspended}) {
    Credential dead = credential(Way::Usb);
    dead.state = state;
    CHECK(plan(at_the_desk(), {dead}).ways.empty());
  }
}

void a_credential_of_another_uid_opens_no_way() {
  const Account heir{alice.name, 1001};
  CHECK(plan_for(at_the_desk(), heir, {credential(Way::Usb)}, 0, {key}, Policy{}).ways.empty());
}

void a_model_that_is_not_accepted_opens_no_way() {
  Policy policy;
  policy.accepted_aaguids = {{9, 9, 9}};
  CHECK(plan(at_the_desk(), {credential(Way::Usb)}, {key}, policy).ways.empty());
  policy.accepted_aaguids.push_back(kModel);
  CHECK(plan(at_the_desk(), {credential(Way::Usb)}, {key}, policy).ways.size() == 1);
}

void what_was_enrolled_with_verification_is_asked_for_it_again() {
  const Plan made = plan(at_the_desk(), {credential(Way::Usb, true)});
  CHECK(made.ways[0].user_verification == UserVerification::Required);
  CHECK(made.ways[0].asks == Asks::Pin);
}

void an_administrator_may_ask_for_more_and_for_less() {
  const Plan more = plan(at_the_desk(), {credential(Way::Usb)}, {key}, policy_of(UserVerification::Required));
  CHECK(more.ways[0].user_verification == UserVerification::Required);
  const Plan less =
      plan(at_the_desk(), {credential(Way::Usb, true)}, {key}, policy_of(UserVerification::Discouraged));
  CHECK(less.ways[0].user_verification == UserVerification::Discouraged);
  CHECK(less.ways[0].asks == Asks::Nothing);
}

void a_tpm_passkey_always_wants_its_pin() {
  const Plan made = plan(at_the_desk(), {credential(Way::Tpm)}, {}, policy_of(UserVerification::Discouraged));
  CHECK(made.ways[0].user_verification == UserVerification::Required);
  CHECK(made.ways[0].asks == Asks::Pin);
}

// --- hosts that can be asked but once ---

void where_nothing_can_be_asked_only_a_touch_or_a_sensor_is_open() {
  const Plan made = plan(at_a_locked_screen(), {credential(Way::Usb), credential(Way::Tpm)});
  CHECK(made.ways.size() == 1 && made.ways[0].way == Way::Usb);
  CHECK(plan(at_a_locked_screen(), {credential(Way::Usb, true)}).ways.empty());
  Credential sensor = credential(Way::Usb, true);
  sensor.built_in_uv = true;
  CHECK(plan(at_a_locked_screen(), {sensor}).ways.size() == 1);
}

void a_typed_text_is_a_tpm_pin_only_where_somebody_opted_in() {
  LoginRequest request = at_a_locked_screen();
  CHECK(!plan(request, {credential(Way::Tpm)}).typed_pin);
  request.typed = Typed::Pin;
  CHECK(plan(request, {credential(Way::Tpm)}).typed_pin->way == Way::Tpm);
  CHECK(!plan(request, {credential(Way::Usb, true)}).typed_pin);
  request.place = Place::Remote;
  CHECK(!plan(request, {credential(Way::Tpm)}).typed_pin);
  request.place = Place::Local;
  request.first = First::Passkey;
  CHECK(!plan(request, {credential(Way::Tpm)}).typed_pin);
}

// --- backup codes ---

Plan with_codes(const LoginRequest &request, BackupCodes when, std::size_t codes = 10,
                std::vector<KeyInfo> plugged = {key}) {
  Policy policy;
  policy.backup_codes = when;
  return plan(request, {credential(Way::Usb)}, plugged, policy, codes);
}

void a_backup_code_is_asked_for_after_a_passkey_that_was_there() {
  CHECK(with_codes(at_the_desk(), BackupCodes::AfterPasskey).code);
  CHECK(!with_codes(at_the_desk(), BackupCodes::AfterPasskey, 10, {}).code);
  CHECK(!with_codes(from_afar(), BackupCodes::AfterPasskey).code);
}

void a_backup_code_is_always_asked_for_where_the_administrator_says_so() {
  CHECK(with_codes(at_the_desk(), BackupCodes::Always, 10, {}).code);
  CHECK(with_codes(from_afar(), BackupCodes::Always).code);
}

void no_backup_code_is_asked_for_without_any_or_where_it_cannot_be_typed() {
  CHECK(!with_codes(at_the_desk(), BackupCodes::Always, 0).code);
  CHECK(!with_codes(at_the_desk(), BackupCodes::Never).code);
  CHECK(!with_codes(at_a_locked_screen(), BackupCodes::Always).code);
}

// --- one passkey, and no other ---

void a_passkey_that_was_named_is_the_only_one_that_opens_a_way() {
  Credential other = credential(Way::Usb);
  other.id = {2};
  LoginRequest request = at_the_desk();
  request.credential = short_id(other.id);
  const Plan made = plan(request, {credential(Way::Usb), other, credential(Way::Tpm)});
  CHECK(made.ways.size() == 1 && made.ways[0].credentials.size() == 1);
  CHECK(made.ways[0].credentials[0].id == other.id);
}

void no_backup_code_stands_in_for_a_passkey_that_was_named() {
  LoginRequest request = at_the_desk();
  request.credential = short_id(credential(Way::Usb).id);
  CHECK(with_codes(at_the_desk(), BackupCodes::Always).code);
  CHECK(!with_codes(request, BackupCodes::Always).code);
  CHECK(!with_codes(request, BackupCodes::AfterPasskey).code);
}

void a_passkey_that_was_named_and_is_gone_is_not_found() {
  Credential revoked = credential(Way::Usb);
  revoked.state = CredentialState::Revoked;
  LoginRequest request = at_the_desk();
  request.credential = short_id(revoked.id);
  CHECK(plan(request, {revoked}).ways.empty());
  CHECK(plan(request, {revoked}).why_none == ErrorKind::NotFound);
  CHECK(plan(request, {credential(Way::Usb)}, {}).why_none == ErrorKind::NoDevice);
}

// --- at the person's own computer
// ---------------------------------------------------------------------------------

const RpId kHouse = MUST(RpId::parse("host"));

std::optional<PlannedWay> elsewhere(const std::vector<Credential> &credentials, const Policy &policy = {}) {
  return plan_for_askpass(from_afar(), alice, credentials, kHouse, policy);
}

void a_helper_elsewhere_is_asked_for_keys_and_for_what_its_computer_holds() {
  const auto planned =
      elsewhere({credential(Way::Usb), credential(Way::Tpm), credential(Way::Client), credential(Way::Ssh)});
  CHECK(planned && planned->credentials.size() == 2);
  CHECK(planned->credentials[0].way == Way::Usb && planned->credentials[1].way == Way::Client);
  CHECK(!elsewhere({credential(Way::Tpm), credential(Way::Ssh)}));
  Policy no_keys;
  no_keys.ways = {Way::Tpm};
  CHECK(!elsewhere({credential(Way::Usb)}, no_keys) && elsewhere({credential(Way::Client)}, no_keys));
}

void a_helper_elsewhere_is_not_asked_for_what_opens_nothing_here() {
  Credential revoked = credential(Way::Usb), suspended = revoked, others = revoked, of_another = revoked;
  revoked.state = CredentialState::Revoked;
  suspended.state = CredentialState::Suspended;
  others.owner = {MUST(UserName::parse("alice")), 1001};
  of_another.rp_id = MUST(RpId::parse("another"));
  CHECK(!elsewhere({revoked, suspended, others, of_another}));
  Policy other_models;
  other_models.accepted_aaguids = {Aaguid{9}};
  CHECK(!elsewhere({credential(Way::Usb)}, other_models));
}

void what_was_enrolled_with_verification_is_verified_elsewhere_too() {
  CHECK(elsewhere({credential(Way::Usb, true)})->user_verification == UserVerification::Required);
  CHECK(elsewhere({credential(Way::Usb)})->user_verification == UserVerification::Preferred);
  CHECK(
      elsewhere({credential(Way::Usb, true)}, policy_of(UserVerification::Discouraged))->user_verification ==
      UserVerification::Discouraged);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(a_plugged_in_key_comes_before_the_tpm),
      TEST(the_configuration_sets_the_order_and_what_is_allowed),
      TEST(a_key_that_is_not_plugged_in_is_not_waited_for),
      TEST(no_local_authenticator_lights_up_for_a_remote_session),
      TEST(a_key_that_the_agent_has_opens_a_way_wherever_the_person_is),
      TEST(at_the_desk_the_agent_comes_last),
      TEST(an_ssh_key_that_no_agent_has_opens_no_way),
      TEST(a_host_that_cannot_be_asked_may_go_by_the_agent),
      TEST(an_ssh_key_is_of_a_model_too),
      TEST(a_policy_without_ssh_goes_by_no_agent),
      TEST(forgetting_to_say_where_the_person_is_means_remote),
      TEST(forgetting_to_say_what_the_host_can_do_means_no_questions),
      TEST(revoked_and_suspended_credentials_open_no_way),
      TEST(a_credential_of_another_uid_opens_no_way),
      TEST(a_model_that_is_not_accepted_opens_no_way),
      TEST(what_was_enrolled_with_verification_is_asked_for_it_again),
      TEST(an_administrator_may_ask_for_more_and_for_less),
      TEST(a_tpm_passkey_always_wants_its_pin),
      TEST(where_nothing_can_be_asked_only_a_touch_or_a_sensor_is_open),
      TEST(a_typed_text_is_a_tpm_pin_only_where_somebody_opted_in),
      TEST(a_backup_code_is_asked_for_after_a_passkey_that_was_there),
      TEST(a_backup_code_is_always_asked_for_where_the_administrator_says_so),
      TEST(no_backup_code_is_asked_for_without_any_or_where_it_cannot_be_typed),
      TEST(a_passkey_that_was_named_is_the_only_one_that_opens_a_way),
      TEST(no_backup_code_stands_in_for_a_passkey_that_was_named),
      TEST(a_passkey_that_was_named_and_is_gone_is_not_found),
      TEST(a_helper_elsewhere_is_asked_for_keys_and_for_what_its_computer_holds),
      TEST(a_helper_elsewhere_is_not_asked_for_what_opens_nothing_here),
      TEST(what_was_enrolled_with_verification_is_verified_elsewhere_too),
  };
  return cmocka_run_group_tests_name("policy", tests, nullptr, nullptr);
}
