/// The rules of who is at this machine: tables of what the host and logind say, and the place that follows.
#include "daemon/place.h"
#include "tests/check.h"

using namespace passkeyd;

namespace {

constexpr uid_t kRoot = 0;
constexpr uid_t kGdm = 110;
constexpr uid_t kAlice = 1000;
constexpr uid_t kBob = 1001;

Asked asked(const std::string &service, const std::string &tty = "", const std::string &rhost = "") {
  return {service, tty, rhost, "desk", kRoot, kAlice};
}

/// One in front of the machine.
SeenSession here(uid_t uid = kAlice) {
  return {uid, false, false, true, "active", "user", "seat0", "gdm-password"};
}
SeenSession switched_away(uid_t uid = kAlice) {
  SeenSession session = here(uid);
  session.active = false;
  session.state = "online";
  return session;
}
SeenSession over_ssh(uid_t uid = kAlice) {
  return {uid, false, true, true, "active", "user", "", "sshd"};
}
SeenSession greeter() {
  SeenSession session = here(kGdm);
  session.user_type = "greeter";
  return session;
}
SeenSession cron_job() {
  return {kAlice, false, false, true, "active", "background", "", "cron"};
}

/// The caller is in the first of these.
Sightings in_session(std::vector<SeenSession> sessions) {
  sessions.front().callers = true;
  const uid_t owner = sessions.front().uid;
  return {Belongs::ToSession, owner, std::move(sessions)};
}
Sightings in_user_manager(std::vector<SeenSession> sessions) {
  return {Belongs::ToUserManager, kAlice, std::move(sessions)};
}
Sightings in_system(std::vector<SeenSession> sessions = {}) {
  return {Belongs::ToSystem, static_cast<uid_t>(-1), std::move(sessions)};
}
Sightings without_logind() {
  return {.caller = Belongs::NoLogind};
}

bool local(const Asked &who, const Sightings &seen) {
  return place_from(who, seen) == Place::Local;
}

/// The caller's session with one thing about it changed.
template <class Value>
bool local_with(Value SeenSession::*field, Value value) {
  SeenSession session = here();
  session.*field = std::move(value);
  return local(asked("sudo"), in_session({session}));
}

void what_nobody_filled_in_is_remote() {
  CHECK(!local(asked("sudo"), {}));
  CHECK(!local(asked("sudo"), in_session({SeenSession{}})));
  CHECK(!local(asked("sudo"), {.caller = Belongs::ToSession}));
  CHECK(!local({}, in_system()));
}

void sudo_in_the_session_in_front_is_local() {
  CHECK(local(asked("sudo", "/dev/pts/0"), in_session({here()})));
}

void whoever_is_at_the_machine_may_become_another() {
  Asked su = asked("su");
  su.target = kBob;
  CHECK(local(su, in_session({here()})));
}

void sudo_inside_ssh_is_remote() {
  CHECK(!local(asked("sudo", "/dev/pts/0"), in_session({over_ssh()})));
}

void ssh_from_this_machine_to_itself_is_remote_too() {
  SeenSession looped = over_ssh();
  looped.remote = false;  // logind goes by the address
  looped.seat = "seat0";
  CHECK(!local(asked("sudo"), in_session({looped})));
  CHECK(!local(asked("sudo"), in_user_manager({here(), looped})));
}

void a_session_counts_only_while_it_is_in_front() {
  CHECK(!local(asked("sudo"), in_session({switched_away()})));
  CHECK(!local_with(&SeenSession::active, false));
  CHECK(!local_with(&SeenSession::state, std::string("closing")));
  CHECK(!local_with(&SeenSession::state, std::string("online")));
}

void a_session_without_a_seat_is_remote() {
  CHECK(!local_with(&SeenSession::seat, std::string()));
}

void only_sessions_for_people_count() {
  for (const char *type : {"user", "user-early", "user-light", "user-early-light", "greeter", "lock-screen"})
    CHECK(local_with(&SeenSession::user_type, std::string(type)));
  for (const char *type : {"background", "background-light", "manager", "manager-early", "user-incomplete",
                           "none", "", "new-in-some-year"})
    CHECK(!local_with(&SeenSession::user_type, std::string(type)));
}

void a_terminal_that_could_be_attached_to_from_elsewhere_is_remote() {
  CHECK(!local(asked("sudo"), in_session({here(), over_ssh()})));
  CHECK(local(asked("sudo"), in_session({here(), switched_away(), cron_job()})));
}

void somebody_elses_remote_session_changes_nothing() {
  CHECK(local(asked("sudo"), in_session({here(), over_ssh(kBob)})));
  CHECK(local(asked("sudo"), in_user_manager({here(), over_ssh(kBob)})));
}

void the_user_manager_is_where_all_of_its_sessions_are() {
  CHECK(local(asked("sudo"), in_user_manager({here()})));
  CHECK(local(asked("sudo"), in_user_manager({switched_away(), here(), cron_job()})));
  CHECK(!local(asked("sudo"), in_user_manager({here(), over_ssh()})));
  CHECK(!local(asked("sudo"), in_user_manager({over_ssh()})));
  CHECK(!local(asked("sudo"), in_user_manager({switched_away()})));
  CHECK(!local(asked("sudo"), in_user_manager({})));
  CHECK(!local(asked("sudo"), in_user_manager({here(kBob)})));
}

void a_remote_session_counts_even_while_it_closes() {
  SeenSession closing = over_ssh();
  closing.active = false;
  closing.state = "closing";
  CHECK(!local(asked("sudo"), in_user_manager({here(), closing})));
}

void a_vnc_desktop_beside_the_real_one_makes_it_remote() {
  SeenSession vnc = here();
  vnc.seat = "";
  vnc.service = "tigervnc";
  CHECK(!local(asked("polkit-1"), in_user_manager({here(), vnc})));
}

void display_managers_and_consoles_are_local() {
  for (const char *service : {"gdm-password", "gdm-fingerprint", "sddm", "lightdm", "greetd"})
    for (const char *tty : {"tty1", "/dev/tty63", ":0", ""}) CHECK(local(asked(service, tty), in_system()));
  for (const char *tty : {"tty1", "/dev/tty63"}) CHECK(local(asked("login", tty), in_system()));
}

void who_borrows_the_consoles_service_without_a_console_is_elsewhere() {
  for (const char *tty : {"", ":0", "web"}) CHECK(!local(asked("login", tty), in_system()));
}

void a_greeter_that_names_nobody_is_local() {
  Asked unnamed = asked("gdm-password", "/dev/tty1");
  unnamed.target = std::nullopt;
  CHECK(local(unnamed, in_system()));
  unnamed.tty = "";
  CHECK(local(unnamed, in_system()));
}

void a_login_on_a_line_that_may_lead_elsewhere_is_remote() {
  for (const char *tty : {"pts/3", "/dev/pts/3", "ttyS0", "/dev/ttyS0", "hvc0", "console", "tty0", "tty64",
                          "tty", "tty1x", "tty-1", "desk:0"})
    CHECK(!local(asked("login", tty), in_system()));
}

void only_roots_word_about_the_terminal_counts() {
  Asked someone = asked("login", "tty1");
  someone.caller_uid = kAlice;
  CHECK(!local(someone, in_system()));
}

void sudo_in_a_system_service_is_remote() {
  CHECK(!local(asked("sudo"), in_system({here()})));
  CHECK(!local(asked("sudo", "/dev/pts/0"), in_system({here()})));
  CHECK(local(asked("sudo", "/dev/tty9"), in_system()));  // a debug shell
}

void a_display_manager_does_not_unlock_what_may_be_a_remote_desktop() {
  CHECK(local(asked("gdm-password"), in_system({here()})));
  CHECK(!local(asked("gdm-password"), in_system({here(), over_ssh()})));
  CHECK(local(asked("gdm-password", "/dev/tty2"), in_system({here(), over_ssh()})));
}

void polkits_helper_is_where_the_only_person_is() {
  CHECK(local(asked("polkit-1"), in_system({here()})));
  CHECK(local(asked("polkit-1"), in_system({here(), greeter(), cron_job()})));
  CHECK(!local(asked("polkit-1"), in_system()));
  CHECK(!local(asked("polkit-1"), in_system({switched_away()})));
  CHECK(!local(asked("polkit-1"), in_system({here(kBob)})));
}

void polkits_helper_is_remote_when_another_could_have_asked() {
  CHECK(!local(asked("polkit-1"), in_system({here(), over_ssh()})));
  CHECK(!local(asked("polkit-1"), in_system({here(), over_ssh(kBob)})));
  CHECK(!local(asked("polkit-1"), in_system({here(), switched_away(kBob)})));
  Asked unnamed = asked("polkit-1");
  unnamed.target = std::nullopt;
  CHECK(!local(unnamed, in_system({here()})));
}

void polkit_needs_to_hear_of_everybody_and_others_do_not() {
  CHECK(asks_about_everybody("polkit-1"));
  CHECK(!asks_about_everybody("gdm-password") && !asks_about_everybody(""));
}

void a_network_service_is_remote_whatever_else_is_said() {
  for (const char *service :
       {"sshd", "sshd-session", "cockpit", "xrdp-sesman", "vsftpd", "dovecot", "remote"})
    for (const char *rhost : {"", "localhost", "127.0.0.1"}) {
      CHECK(comes_over_the_network(asked(service, "tty1", rhost)));
      CHECK(!local(asked(service, "tty1", rhost), in_session({here()})));
      CHECK(!local(asked(service, "tty1", rhost), in_system()));
      CHECK(!local(asked(service, "tty1", rhost), without_logind()));
    }
}

void a_host_that_is_this_machine_is_no_remote_host() {
  for (const char *rhost :
       {"", "localhost", "LOCALHOST", "127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", "desk", "Desk"})
    CHECK(!comes_over_the_network(asked("sudo", "", rhost)));
}

void any_other_host_is_remote() {
  for (const char *rhost :
       {"mallory", "desk.example.org", "localhost.example.org", "128.0.0.1", "127.0.0.1.example.org", "127.1",
        "::2", "::ffff:10.0.0.1", "10.0.0.1", " localhost", "desk ", ":0"}) {
    CHECK(comes_over_the_network(asked("sudo", "", rhost)));
    CHECK(!local(asked("sudo", "", rhost), in_session({here()})));
    CHECK(!local(asked("gdm-password", "tty1", rhost), in_system()));
    CHECK(!local(asked("sudo", "", rhost), without_logind()));
  }
}

void a_machine_without_a_name_takes_none_for_its_own() {
  Asked nameless = asked("sudo", "", "desk");
  nameless.own_host = "";
  CHECK(comes_over_the_network(nameless));
}

void without_logind_the_host_and_the_service_decide() {
  CHECK(local(asked("sudo", "/dev/pts/0"), without_logind()));
  CHECK(local(asked("any-service-at-all"), without_logind()));
  CHECK(!local(asked("sudo", "", "mallory"), without_logind()));
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(what_nobody_filled_in_is_remote),
      TEST(sudo_in_the_session_in_front_is_local),
      TEST(whoever_is_at_the_machine_may_become_another),
      TEST(sudo_inside_ssh_is_remote),
      TEST(ssh_from_this_machine_to_itself_is_remote_too),
      TEST(a_session_counts_only_while_it_is_in_front),
      TEST(a_session_without_a_seat_is_remote),
      TEST(only_sessions_for_people_count),
      TEST(a_terminal_that_could_be_attached_to_from_elsewhere_is_remote),
      TEST(somebody_elses_remote_session_changes_nothing),
      TEST(the_user_manager_is_where_all_of_its_sessions_are),
      TEST(a_remote_session_counts_even_while_it_closes),
      TEST(a_vnc_desktop_beside_the_real_one_makes_it_remote),
      TEST(display_managers_and_consoles_are_local),
      TEST(who_borrows_the_consoles_service_without_a_console_is_elsewhere),
      TEST(a_greeter_that_names_nobody_is_local),
      TEST(a_login_on_a_line_that_may_lead_elsewhere_is_remote),
      TEST(only_roots_word_about_the_terminal_counts),
      TEST(sudo_in_a_system_service_is_remote),
      TEST(a_display_manager_does_not_unlock_what_may_be_a_remote_desktop),
      TEST(polkits_helper_is_where_the_only_person_is),
      TEST(polkits_helper_is_remote_when_another_could_have_asked),
      TEST(polkit_needs_to_hear_of_everybody_and_others_do_not),
      TEST(a_network_service_is_remote_whatever_else_is_said),
      TEST(a_host_that_is_this_machine_is_no_remote_host),
      TEST(any_other_host_is_remote),
      TEST(a_machine_without_a_name_takes_none_for_its_own),
      TEST(without_logind_the_host_and_the_service_decide),
  };
  return cmocka_run_group_tests_name("who is at this machine", tests, nullptr, nullptr);
}
