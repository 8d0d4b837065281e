"""A person's first day, at the screen of a machine that was only just set up: passkeys are enrolled by their owner, enabled by
the administrator, and open what they should, where they should."""

import re

from kit import (ASKS_PASSWORD, ASKS_PIN, FAR, PASSWORD, PIN, TOUCH, answer, at_prompt, check, check_dark,
                 from_outside, session_at, sign_in, sign_in_by_pin, sign_in_by_touch, sign_out, touch_when_asked, wait_until)

BEGIN = "installed"
OFFER = r"Password, or Enter to use a passkey: *$"
CODE = r"\b(?:10|[1-9])(?:-[0-9A-Z]{5}){3}"


def alice_enrolls_her_security_key_by_herself_and_proves_to_polkit_who_she_is(machine):
    machine.plug()
    screen = sign_in(machine)
    screen.begin("passkeyctl enroll --usb")
    answer(screen, r"enroll a passkey for your account[^$]*Password: *$", PASSWORD)
    touch_when_asked(machine, screen)
    answer(screen, r'Name for this passkey, or Enter for "[^"]+": *$', "Key")
    shown = screen.wait_for(r"Now a trial sign-in")
    check(len(set(re.findall(CODE, shown))) == 10, f"ten backup codes are shown:\n{shown}")
    screen.wait_for(rf"trial sign-in[^$]*{TOUCH}")
    machine.key.touch()
    screen.wait_for(r"The trial sign-in worked\.")
    at_prompt(screen)


def and_one_in_this_computer_with_a_pin(machine):
    screen = machine.console()
    screen.begin("passkeyctl enroll --tpm --name Computer")
    answer(screen, r"Password: *$", PASSWORD)
    answer(screen, r"Choose a PIN for this computer's passkey: *$", PIN)
    answer(screen, r"The same PIN again: *$", PIN)
    answer(screen, ASKS_PIN, PIN)
    screen.wait_for(r"The trial sign-in worked\.")
    at_prompt(screen)


def nothing_asks_for_a_passkey_until_the_administrator_says_so(machine):
    screen = machine.console()
    screen.begin("sudo whoami")
    answer(screen, ASKS_PASSWORD, PASSWORD)
    shown = at_prompt(screen)
    check("root" in shown and "Touch" not in shown, shown)
    sign_out(screen)


def the_administrator_enables_them_and_doctor_has_but_advice_for_the_tpm(machine):
    screen = sign_in(machine, "carol", 2)
    screen.begin("sudo pam-auth-update --enable passkey")
    answer(screen, ASKS_PASSWORD, PASSWORD)
    at_prompt(screen, "carol")
    screen.begin("sudo passkeyctl doctor")
    answer(screen, ASKS_PASSWORD, PASSWORD)
    shown = at_prompt(screen, "carol")
    warnings = re.findall(r"warning .*", shown)
    check("0 bad, 1 warning" in shown and "TPM's lockout authorisation" in warnings[0], shown)
    sign_out(screen)


def the_console_opens_by_touch_and_logind_has_the_session_at_the_seat(machine):
    sign_in_by_touch(machine)
    session = session_at(machine, 1)
    check(session and (session["Name"], session["Seat"], session["Active"], session["Remote"], session["Service"])
          == ("alice", "seat0", "yes", "no", "login"), f"at tty1: {session}")


def sudo_takes_a_touch(machine):
    screen = machine.console()
    screen.begin("sudo whoami")
    touch_when_asked(machine, screen)
    shown = at_prompt(screen)
    check("root" in shown and "assword" not in shown, shown)


def without_the_key_sudo_takes_the_pin(machine):
    machine.unplug()
    screen = machine.console()
    screen.begin("sudo whoami")
    answer(screen, ASKS_PIN, PIN)
    shown = at_prompt(screen)
    check("root" in shown and "assword" not in shown, shown)
    machine.plug()


def sudo_that_must_not_ask_is_refused_at_once_and_the_key_does_not_blink(machine):
    screen = machine.console()
    screen.begin("sudo -n true; echo status $?")
    shown = at_prompt(screen)
    check("a password is required\nstatus 1" in shown, shown)
    check_dark(machine)


def polkit_takes_a_touch_where_it_asks_for_oneself(machine):
    screen = machine.console()
    screen.begin("passkeyctl rename Key Blue")
    answer(screen, OFFER, "")
    touch_when_asked(machine, screen)
    shown = at_prompt(screen)
    check('now called "Blue"' in shown and "Password: " not in shown, shown)


def polkit_takes_a_touch_where_it_asks_for_an_administrator(machine):
    """With systemctl's agent; of pkexec's own see docs/desktop.md."""
    machine.sh("cat >/etc/polkit-1/rules.d/40-alice.rules && systemctl restart polkit.service",
               input="polkit.addAdminRule(function() { return ['unix-user:alice']; });")
    screen = machine.console()
    screen.begin("systemctl restart cron.service; echo status $?")
    answer(screen, OFFER, "")
    touch_when_asked(machine, screen)
    shown = screen.wait_for(r"status \d+")
    check("COMPLETE" in shown and "status 0" in shown and "Password: " not in shown, shown)


def su_to_another_account_takes_what_that_one_has(machine):
    """bob has no passkey: his password. Back to alice: her touch."""
    screen = machine.console()
    screen.begin("su bob")
    answer(screen, ASKS_PASSWORD, PASSWORD)
    screen.wait_for(r"bob@machine:\S+[$] *$")
    screen.begin("su alice -c 'echo I am $USER'")
    touch_when_asked(machine, screen)
    screen.wait_for(r"\nI am alice\n")
    screen.wait_for(r"bob@machine:\S+[$] *$")
    screen.type("exit")
    at_prompt(screen)


def a_second_console_opens_by_pin_while_the_first_is_open(machine):
    machine.unplug()
    screen = sign_in_by_pin(machine, number=3)
    session = session_at(machine, 3)
    check(session and session["Name"] == "alice" and session["Seat"] == "seat0", f"at tty3: {session}")
    sign_out(screen)
    machine.plug()
    first = machine.console()
    first.go_there()
    sign_out(first)


def from_outside_the_password_opens_and_the_key_in_the_machine_is_not_asked(machine):
    with from_outside(machine, "alice") as far:
        far.wait_for(r"Passkey or password: *$", FAR)
        far.type_unseen(PASSWORD)
        far.wait_for(r"alice@machine:\S+[$]", FAR)
        check("Touch" not in far.screen, far.screen)
        far.type("sudo -n true; sudo whoami")
        far.wait_for(r"password for alice: *$", FAR)
        far.type_unseen(PASSWORD)
        far.wait_for(r"\nroot\s", FAR)
        check("Touch" not in far.screen, far.screen)
        far.wait_for(r"alice@machine:\S+[$]", FAR)  # sudo throws away what is typed before it has ended
        far.type("exit")
        far.end(FAR)


def from_outside_a_backup_code_opens_once_where_the_administrator_allows_it(machine):
    machine.sh("printf '%s\\n' '[service sshd]' 'backup_codes = always' >/etc/passkeyd/passkeyd.conf.d/ssh.conf && "
               "systemctl try-reload-or-restart passkeyd")
    code = re.search(CODE, machine.run("passkeyctl", "backup-codes", "--user", "alice", "--yes"))[0]
    for opens in (True, False):
        with from_outside(machine, "alice") as far:
            far.wait_for(r"Passkey or password: *$", FAR)
            far.type_unseen("")
            far.wait_for(r"Backup code, or Enter to skip: *$", FAR)
            far.type_unseen(code)
            if opens:
                far.wait_for(r"alice@machine:\S+[$]", FAR)
                far.type("exit")
                far.end(FAR)
            else:
                far.wait_for(r"Backup code, or Enter to skip: *$|assword: *$", FAR)


def cron_works_for_who_has_a_passkey_and_asks_nobody(machine):
    machine.sh("echo '* * * * * touch /tmp/cron-was-here' | crontab -u alice -")
    wait_until("the crontab's minute", lambda: machine.sh("test -e /tmp/cron-was-here; echo $?").strip() == "0")
    check_dark(machine)


PROMISES = [
    alice_enrolls_her_security_key_by_herself_and_proves_to_polkit_who_she_is,
    and_one_in_this_computer_with_a_pin,
    nothing_asks_for_a_passkey_until_the_administrator_says_so,
    the_administrator_enables_them_and_doctor_has_but_advice_for_the_tpm,
    the_console_opens_by_touch_and_logind_has_the_session_at_the_seat,
    sudo_takes_a_touch,
    without_the_key_sudo_takes_the_pin,
    sudo_that_must_not_ask_is_refused_at_once_and_the_key_does_not_blink,
    polkit_takes_a_touch_where_it_asks_for_oneself,
    polkit_takes_a_touch_where_it_asks_for_an_administrator,
    su_to_another_account_takes_what_that_one_has,
    a_second_console_opens_by_pin_while_the_first_is_open,
    from_outside_the_password_opens_and_the_key_in_the_machine_is_not_asked,
    from_outside_a_backup_code_opens_once_where_the_administrator_allows_it,
    cron_works_for_who_has_a_passkey_and_asks_nobody,
]
