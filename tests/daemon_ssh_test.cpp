/// Which keys sshd is told of, and what the daemon makes of sshd's word about a session. The rest is tested
/// with a real sshd (ssh-keys.sh).
#include <algorithm>

#include "common/sshd.h"
#include "daemon/ssh_keys.h"
#include "daemon/ssh_session.h"
#include "daemon/system_user.h"
#include "tests/ssh_kit.h"
#include "webauthn/base64url.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

Credential enrolled(Algorithm algorithm = Algorithm::EdDsa) {
  const ssh::Key key = ssh_key(key_of(algorithm));
  Credential credential{.id = ssh::credential_id_of(key, account().name),
                        .key = key.key,
                        .rp_id = key.application,
                        .owner = account()};
  credential.way = Way::Ssh;
  credential.state = CredentialState::Active;
  return credential;
}

std::string ours(Algorithm algorithm = Algorithm::EdDsa) {
  return ssh::line_of(ssh_key(key_of(algorithm)));
}

Policy policy(UserVerification uv = UserVerification::Preferred) {
  Policy policy;
  policy.user_verification = uv;
  return policy;
}

void an_active_key_of_the_account_opens_it() {
  const std::vector<std::string> lines =
      authorized_keys({enrolled(), enrolled(Algorithm::Es256)}, account(), policy());
  CHECK(lines.size() == 2);
  CHECK(lines[0] == "touch-required " + ours() + " " + short_id(enrolled().id));
  CHECK(lines[1].starts_with("touch-required " + ours(Algorithm::Es256) + " "));
}

void no_other_key_does() {
  const auto opens = [](auto change) {
    Credential credential = enrolled();
    change(credential);
    return !authorized_keys({credential}, account(), policy()).empty();
  };
  CHECK(opens([](Credential &) {}));
  CHECK(!opens([](Credential &of) { of.state = CredentialState::Revoked; }));
  CHECK(!opens([](Credential &of) { of.state = CredentialState::Suspended; }));
  CHECK(!opens([](Credential &of) { of.owner = account("bob"); }));
  CHECK(!opens([](Credential &of) { of.owner = account("alice", 1001); }));
  CHECK(!opens([](Credential &of) { of.way = Way::Usb; }));
  CHECK(!opens([](Credential &of) { of.id.front() ^= 1; }));
}

void the_policy_says_whether_the_person_is_verified() {
  Credential verified = enrolled();
  verified.user_verification = true;
  const auto rule = [](const Credential &of, UserVerification uv) {
    const std::string line = authorized_keys({of}, account(), policy(uv)).at(0);
    return line.substr(0, line.find(' '));
  };
  CHECK(rule(enrolled(), UserVerification::Required) == "verify-required");
  CHECK(rule(enrolled(), UserVerification::Preferred) == "touch-required");
  CHECK(rule(verified, UserVerification::Preferred) == "verify-required");
  CHECK(rule(verified, UserVerification::Discouraged) == "touch-required");
}

void where_models_are_named_a_key_of_no_known_model_opens_nothing() {
  Policy choosy = policy();
  choosy.accepted_aaguids = {kAaguid};
  Credential attested = enrolled();
  attested.aaguid = kAaguid;
  CHECK(authorized_keys({enrolled()}, account(), choosy).empty());
  CHECK(authorized_keys({attested}, account(), choosy).size() == 1);
}

void who_asks_about_one_key_is_told_of_no_other() {
  const std::vector<Credential> both = {enrolled(), enrolled(Algorithm::Es256)};
  const ssh::Key one = ssh_key(key_of(Algorithm::Es256));
  const ssh::Key none = ssh_key(key_of(Algorithm::Es256), "ssh:other");
  CHECK(authorized_keys(both, account(), policy(), &one).size() == 1);
  CHECK(authorized_keys(both, account(), policy(), &one).at(0).find(ours(Algorithm::Es256)) !=
        std::string::npos);
  CHECK(authorized_keys(both, account(), policy(), &none).empty());
}

void the_keys_somebody_came_in_with_are_found_among_the_other_methods() {
  const std::string both = "publickey " + ours() + "\npassword\npublickey ssh-ed25519 AAAA\npublickey " +
                           ours(Algorithm::Es256) + "\nkeyboard-interactive\n";
  const std::vector<ssh::Key> keys = MUST(keys_in_auth_info(both));
  CHECK(keys.size() == 2 && ssh::line_of(keys[0]) == ours() &&
        ssh::line_of(keys[1]) == ours(Algorithm::Es256));
  for (const char *none :
       {"", "\n", "password\n", "publickey ssh-ed25519 AAAA\n", "publickey", "publickey \n"})
    CHECK(MUST(keys_in_auth_info(none)).empty());
  CHECK(MUST(keys_in_auth_info("publickey " + ours() + "\npublickey " + ours() + " again")).size() == 1);
}

void a_key_that_cannot_be_read_is_not_passed_over() {
  for (const char *bad :
       {"publickey sk-", "publickey sk-ssh-ed25519@openssh.com", "publickey sk-ssh-ed25519@openssh.com ",
        "publickey sk-ssh-ed25519@openssh.com AAAA", "publickey sk-ssh-ed25519@openssh.com !"})
    CHECK(!keys_in_auth_info(bad));
  CHECK(!keys_in_auth_info("publickey " + ours().substr(0, ours().size() - 4)));
}

void a_key_that_nobody_can_enroll_is_none_of_ours() {
  CHECK(MUST(keys_in_auth_info("publickey sk-new@openssh.com AAAAB3NzaC1yc2E=")).empty());
  std::string for_the_web = ssh::line_of(ssh_key(key_of(Algorithm::Es256)));
  Bytes blob = ssh_key(key_of(Algorithm::Es256)).blob;
  for (std::size_t back = 1; back <= 4; ++back) blob[blob.size() - back] = "htt:"[4 - back];
  std::string base64 = to_base64url(blob);
  std::ranges::replace(base64, '-', '+');
  std::ranges::replace(base64, '_', '/');
  for_the_web = for_the_web.substr(0, for_the_web.find(' ') + 1) + base64;
  CHECK(MUST(keys_in_auth_info("publickey " + for_the_web)).empty());
}

void more_than_anybody_signs_in_with_is_refused() {
  CHECK(!keys_in_auth_info(std::string(sshd::kMaxAuthInfo + 1, '\n')));
  std::string many;
  for (std::size_t count = 0; count <= kMostSshKeys; ++count)
    many +=
        "publickey " + ssh::line_of(ssh_key(key_of(Algorithm::EdDsa), "ssh:" + std::to_string(count))) + "\n";
  CHECK(!keys_in_auth_info(many));
}

void a_user_of_the_machine_is_known_by_its_file() {
  const Folder folder;
  CHECK(
      folder.runs("printf 'root:x:0:0::/:/bin/sh\\nbroken\\npasskeyd-ssh:x:987:987::/:/usr/sbin/nologin\\n' "
                  "> passwd; pwd"));
  std::string place = folder.read("said");
  place.pop_back();
  CHECK(system_user(sshd::kUser, place + "/passwd") == 987U);
  CHECK(!system_user("passkeyd", place + "/passwd"));
  CHECK(!system_user(sshd::kUser, place + "/none"));
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(an_active_key_of_the_account_opens_it),
      TEST(no_other_key_does),
      TEST(the_policy_says_whether_the_person_is_verified),
      TEST(where_models_are_named_a_key_of_no_known_model_opens_nothing),
      TEST(who_asks_about_one_key_is_told_of_no_other),
      TEST(the_keys_somebody_came_in_with_are_found_among_the_other_methods),
      TEST(a_key_that_cannot_be_read_is_not_passed_over),
      TEST(a_key_that_nobody_can_enroll_is_none_of_ours),
      TEST(more_than_anybody_signs_in_with_is_refused),
      TEST(a_user_of_the_machine_is_known_by_its_file),
  };
  return cmocka_run_group_tests_name("daemon-ssh", tests, nullptr, nullptr);
}
