"""Who is here: by what logind says of the program that asks, a key lights up or the password comes at once. Logind is a
script with a table (tests/logind/table.h); sudo, the daemon and the key are real."""

import os
import pwd

from bench import NoKeyAsked, Policy, Stack, count, fresh_codes
from libpam import AUTHINFO_UNAVAIL, SUCCESS, sign_in
from logind.scripted import Logind
from world import check, key, sudo, use_password, with_touch

ALICE, SOMEBODY, GREETER = (pwd.getpwnam(name).pw_uid for name in ("alice", "carol", "dave"))
HERE = f"session uid={ALICE} pid=*\n"
OVER_SSH = f"session uid={ALICE} pid=* remote=yes seat= service=sshd\n"
AT_HOME, FROM_AFAR = f"session uid={ALICE}\n", f"session uid={ALICE} remote=yes seat= service=sshd\n"
TERMINAL_OF_DESKTOP = f"user uid={ALICE} pid=*\n"
PASSKEY_ONLY = ("auth required pam_passkey.so first_prompt=passkey",)


def sudo_asks_for_a_touch(table):
    with Logind(table) as logind:
        key("count", "reset")
        check(with_touch("alice"), f"no passkey by this table:\n{table}")
        check(count("total") == 3, f"{count('total')} transactions")
        check(logind.calls(), "logind was not asked")


def sudo_wants_the_password_at_once(table):
    """At once: not a word comes before, and no key has been asked a single thing."""
    with Logind(table) as logind, NoKeyAsked(), sudo("alice") as terminal:
        use_password(terminal)
        check("asskey" not in terminal.screen and "ouch" not in terminal.screen, terminal.screen)
        check(logind.calls(), "logind was not asked")


# --- sessions -------------------------------------------------------------------------------------------------------
def someone_at_the_screen_touches_their_key():
    sudo_asks_for_a_touch(HERE)


def sudo_inside_ssh_lights_no_key_and_takes_the_password():
    sudo_wants_the_password_at_once(OVER_SSH)


def a_session_that_was_switched_away_lights_no_key():
    sudo_wants_the_password_at_once(f"session uid={ALICE} pid=* active=no state=online\n")


def coming_back_to_a_session_brings_the_passkey_back():
    with Logind(f"session uid={ALICE} pid=* active=no state=online\n") as logind:
        with NoKeyAsked(), sudo("alice") as terminal:
            use_password(terminal)
        logind.set(HERE)
        check(with_touch("alice"), "the passkey stayed away")


def a_session_without_a_seat_lights_no_key():
    sudo_wants_the_password_at_once(f"session uid={ALICE} pid=* seat= type=x11 service=vnc\n")
    sudo_wants_the_password_at_once(f"session uid={ALICE} pid=* seat= type=tty service=login\n")  # a serial line


def a_screen_here_does_not_count_while_the_account_is_also_in_from_elsewhere():
    sudo_wants_the_password_at_once(HERE + FROM_AFAR)


def the_sessions_of_others_do_not_count():
    sudo_asks_for_a_touch(HERE + f"session uid={SOMEBODY} remote=yes seat= service=sshd\n")
    sudo_wants_the_password_at_once(OVER_SSH + f"session uid={SOMEBODY}\n")


# --- terminals of a desktop -----------------------------------------------------------------------------------------
def a_terminal_of_the_desktop_asks_for_a_touch():
    sudo_asks_for_a_touch(TERMINAL_OF_DESKTOP + AT_HOME)
    sudo_asks_for_a_touch(TERMINAL_OF_DESKTOP + f"session uid={ALICE} type=wayland service=gdm-password\n")


def a_terminal_of_the_desktop_lights_no_key_while_its_user_is_in_over_ssh():
    sudo_wants_the_password_at_once(TERMINAL_OF_DESKTOP + AT_HOME + FROM_AFAR)


def a_user_manager_without_anybody_at_the_screen_lights_no_key():
    sudo_wants_the_password_at_once(TERMINAL_OF_DESKTOP)
    sudo_wants_the_password_at_once(TERMINAL_OF_DESKTOP + FROM_AFAR)


def sessions_that_belong_to_nobody_do_not_cost_the_passkey():
    """cron's, and the user manager's own."""
    nobodys = "".join(f"session uid={ALICE} seat= class={kind} service={service}\n"
                      for kind, service in (("background", "cron"), ("manager", "systemd-user")))
    sudo_asks_for_a_touch(HERE + nobodys)
    sudo_asks_for_a_touch(TERMINAL_OF_DESKTOP + AT_HOME + nobodys)


def a_text_console_beside_the_desktop_does_not_cost_the_passkey():
    sudo_asks_for_a_touch(HERE + f"session uid={ALICE} active=no state=online type=tty\n")


# --- a logind that is not well ----------------------------------------------------------------------------------------
def a_logind_that_hangs_leaves_the_password_and_lights_no_key():
    for method in ("GetSessionByPID", "ListSessions", "GetAll"):
        sudo_wants_the_password_at_once(HERE + f"hang {method}\n")


def a_logind_that_talks_nonsense_leaves_the_password_and_lights_no_key():
    for table in ("nonsense GetSessionByPID", "nonsense ListSessions", "nonsense GetAll", "refuse GetSessionByPID",
                  "refuse GetAll", "lack Remote", "mistype Seat", "crowd 5000"):
        sudo_wants_the_password_at_once(HERE + table + "\n")


def a_logind_that_was_here_and_is_gone_leaves_the_password_and_lights_no_key():
    os.makedirs("/run/systemd/seats")
    try:
        with NoKeyAsked(), sudo("alice") as terminal:
            use_password(terminal)
    finally:
        os.rmdir("/run/systemd/seats")
    check(with_touch("alice"), "a machine that never had a logind goes without the passkey")


# --- services without a session -----------------------------------------------------------------------------------------
def polkit_asks_for_a_touch(table):
    return signs_in_as_service("polkit-1", table, None)


def signs_in_as_service(service, table, tty):
    """True if a touch opens that service, False if no key was asked; the program is in no session."""
    with Stack(service, *PASSKEY_ONLY), Logind(table):
        key("count", "reset")
        asked = [("Passkey or password", "")] if service == "sshd" else []  # everybody is
        code = sign_in(service, "alice", asked, hand=key, tty=tty)
        check((code, count("total")) in ((SUCCESS, 3), (AUTHINFO_UNAVAIL, 0)), f"code {code}, {key('count')}")
        return code == SUCCESS


def polkits_helper_asks_whoever_sits_at_the_screen_alone():
    check(polkit_asks_for_a_touch(AT_HOME), "not the one who is here")
    check(polkit_asks_for_a_touch(AT_HOME + f"session uid={GREETER} class=greeter active=no state=online\n"), "greeters count")


def polkits_helper_lights_no_key_when_somebody_else_may_have_asked():
    for table, who in ((f"session uid={SOMEBODY}\n", "the target is not here"), ("", "nobody is here"),
                       (AT_HOME + FROM_AFAR, "the target is elsewhere, too"),
                       (AT_HOME + f"session uid={SOMEBODY} remote=yes seat= service=sshd\n", "somebody is in over ssh"),
                       (AT_HOME + f"session uid={SOMEBODY} active=no state=online\n", "somebody's desktop waits behind"),
                       (f"session uid={ALICE} active=no state=online\n", "switched away")):
        check(not polkit_asks_for_a_touch(table), who)


def display_managers_and_consoles_ask_before_there_is_a_session():
    for service, tty in (("gdm-fingerprint", "/dev/tty1"), ("lightdm", ":0"), ("login", "/dev/tty2")):
        check(signs_in_as_service(service, "", tty), f"{service} on {tty}")


def programs_of_the_system_without_a_session_light_no_key():
    for service, tty in (("sudo", None), ("su", "/dev/pts/3"), ("login", "/dev/ttyS0"), ("login", "/dev/pts/3"),
                         ("sshd", "ssh"), ("cockpit", None)):
        check(not signs_in_as_service(service, AT_HOME, tty), f"{service} on {tty}")


def a_screen_lock_in_the_persons_own_session_asks_for_a_touch():
    with Stack("stacks", *PASSKEY_ONLY), Logind(HERE):
        check(sign_in("stacks", "alice", hand=key, tty=":0") == SUCCESS, "no passkey")


# --- what is left to someone elsewhere ----------------------------------------------------------------------------------
def someone_elsewhere_is_asked_for_a_backup_code_if_the_policy_has_it_so():
    code = fresh_codes("alice")[0]
    with Stack("stacks", *PASSKEY_ONLY), Logind(OVER_SSH), NoKeyAsked():
        check(sign_in("stacks", "alice") == AUTHINFO_UNAVAIL, "let in")
        with Policy("backup_codes = always"):
            check(sign_in("stacks", "alice", [("Backup code", code)]) == SUCCESS, "the code did not open")


PROMISES = [
    someone_at_the_screen_touches_their_key,
    sudo_inside_ssh_lights_no_key_and_takes_the_password,
    a_session_that_was_switched_away_lights_no_key,
    coming_back_to_a_session_brings_the_passkey_back,
    a_session_without_a_seat_lights_no_key,
    a_screen_here_does_not_count_while_the_account_is_also_in_from_elsewhere,
    the_sessions_of_others_do_not_count,
    a_terminal_of_the_desktop_asks_for_a_touch,
    a_terminal_of_the_desktop_lights_no_key_while_its_user_is_in_over_ssh,
    a_user_manager_without_anybody_at_the_screen_lights_no_key,
    sessions_that_belong_to_nobody_do_not_cost_the_passkey,
    a_text_console_beside_the_desktop_does_not_cost_the_passkey,
    a_logind_that_hangs_leaves_the_password_and_lights_no_key,
    a_logind_that_talks_nonsense_leaves_the_password_and_lights_no_key,
    a_logind_that_was_here_and_is_gone_leaves_the_password_and_lights_no_key,
    polkits_helper_asks_whoever_sits_at_the_screen_alone,
    polkits_helper_lights_no_key_when_somebody_else_may_have_asked,
    display_managers_and_consoles_ask_before_there_is_a_session,
    programs_of_the_system_without_a_session_light_no_key,
    a_screen_lock_in_the_persons_own_session_asks_for_a_touch,
    someone_elsewhere_is_asked_for_a_backup_code_if_the_policy_has_it_so,
]
