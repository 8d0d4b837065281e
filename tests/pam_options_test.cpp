/// The options of the module: what each does, and that nothing but them is taken.
#include <security/pam_modules.h>

#include "tests/check.h"
#include "tests/pam_host.h"
#include "tests/private_machine.h"
#include "tests/scripted_daemon.h"

using namespace passkeyd::test;

namespace {

using Said = std::vector<std::string>;

const Event kBegin = begins("user=alice service=passkey-test");

/// The code after a daemon that goes straight to this end.
HostResult after(const std::string &end, const char *message, const HostSetup &setup) {
  const PrivateBus bus;
  ScriptedDaemon daemon({kBegin, next("", end, {{"message", message}})});
  HostResult result = authenticate(setup);
  daemon.must_be_done();
  return result;
}

void an_option_that_is_wrong_asks_nobody_and_lets_nobody_in() {
  const PrivateBus bus;
  ScriptedDaemon daemon({});
  for (const char *options : {"quiett",
                              "Debug",
                              "timeout",
                              "timeout=",
                              "timeout=0",
                              "timeout=301",
                              "timeout=-5",
                              "timeout=5s",
                              "timeout=99999999999",
                              "timeout=+5",
                              "debug nodelay bogus",
                              "use_first_pass",
                              "debug=1",
                              "first_prompt",
                              "first_prompt=",
                              "first_prompt=password",
                              "host=",
                              "host=one",
                              "host=Talks",
                              "typed=",
                              "typed=pins",
                              "wait",
                              "wait=",
                              "wait=-1",
                              "wait=301",
                              "wait=1m",
                              "usernameless=yes",
                              "no_agent=yes",
                              "always",
                              "tpm_pin"})
    CHECK(authenticate({.options = options}).code == PAM_AUTHINFO_UNAVAIL);
  daemon.must_be_done();
}

void options_that_exist_are_taken() {
  for (const char *options :
       {"debug", "quiet", "nodelay", "timeout=1", "timeout=300", "debug quiet nodelay timeout=30", "wait=0",
        "first_prompt=passkey", "host=talks", "typed=password", "usernameless", "no_agent"})
    CHECK(after("granted", "welcome", {.options = options}).code == PAM_SUCCESS);
}

void the_daemon_hears_of_the_options_that_are_for_it() {
  const PrivateBus bus;
  const std::pair<const char *, const char *> options[] = {
      {"first_prompt=either", " first=either"},
      {"host=one-answer", " first=either host=one-answer"},
      {"typed=pin", " typed=pin"},
      {"wait=300", " wait=300"}};
  for (const auto &[option, request] : options) {
    ScriptedDaemon daemon(
        {begins(std::string("user=alice service=passkey-test") + request), next("", "granted")});
    CHECK(authenticate({.options = option}).code == PAM_SUCCESS);
    daemon.must_be_done();
  }
}

void nodelay_leaves_the_delay_out() {
  const HostResult result = after("denied", "denied", {.options = "nodelay"});
  CHECK(result.code == PAM_AUTH_ERR && !result.fail_delay);
}

Said said_with(const HostSetup &setup) {
  const PrivateBus bus;
  ScriptedDaemon daemon({kBegin, next("", "tell", {{"message", "working"}}),
                         next("", "tell", {{"message", "touch"}}),
                         next("", "denied", {{"message", "denied"}})});
  const HostResult result = authenticate(setup);
  CHECK(result.code == PAM_AUTH_ERR);
  daemon.must_be_done();
  return result.said;
}

void silence_leaves_out_what_nobody_needs_to_know() {
  CHECK(said_with({}).size() == 3);
  CHECK(said_with({.flags = PAM_SILENT}) ==
        (Said{"info: Touch your security key.", "error: The sign-in was refused. Sign in another way."}));
  CHECK(said_with({.options = "quiet"}).empty());
}

/// Also those that mean something in another group.
void an_option_that_means_nothing_here_is_an_error() {
  const std::pair<const char *, std::vector<const char *>> lines[] = {
      {"acct_mgmt", {"first_prompt=either"}},
      {"acct_mgmt", {"tpm_pin"}},
      {"acct_mgmt", {"alwayss"}},
      {"acct_mgmt", {"always=1"}},
      {"chauthtok", {"always"}},
      {"chauthtok", {"nodelay"}},
      {"chauthtok", {"use_authtok"}},
  };
  for (const auto &[function, options] : lines) {
    const int code = call_directly(function, options);
    CHECK(code != PAM_SUCCESS && code != PAM_IGNORE);
  }
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  module_path = argv[1];
  recorder_path = argv[2];
  enter_private_machine();
  const CMUnitTest tests[] = {
      TEST(an_option_that_is_wrong_asks_nobody_and_lets_nobody_in),
      TEST(options_that_exist_are_taken),
      TEST(the_daemon_hears_of_the_options_that_are_for_it),
      TEST(nodelay_leaves_the_delay_out),
      TEST(silence_leaves_out_what_nobody_needs_to_know),
      TEST(an_option_that_means_nothing_here_is_an_error),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
