"""Debian's usual stacks on a machine that was booted: what of a session pam_systemd and pam_mkhomedir make of a sign-in by
passkey. The rest is in docs/coexistence.md, and run in worlds."""

from kit import ASKS_PIN, PIN, answer, arrive, at_prompt, check, enroll_tpm, session, sign_out, wait_until

BEGIN = "installed"


def the_profile_is_switched_on_beside_that_of_pam_mkhomedir(machine):
    enroll_tpm(machine, "bob")
    machine.run("pam-auth-update", "--enable", "passkey", "mkhomedir")
    session = machine.run("cat", "/etc/pam.d/common-session")
    for module in ("pam_passkey.so", "pam_systemd.so", "pam_mkhomedir.so"):
        check(module in session, session)


def the_first_login_by_passkey_makes_the_home_and_a_session(machine):
    machine.run("rm", "--recursive", "/home/bob")
    screen = arrive(machine, "bob")
    answer(screen, ASKS_PIN, PIN)
    shown = at_prompt(screen, "bob")
    check("Password" not in shown and "Creating directory '/home/bob'" in shown, shown)
    screen.begin('echo "run: $XDG_RUNTIME_DIR ($(stat -c %U $XDG_RUNTIME_DIR))"')
    screen.wait_for(r"run: /run/user/\d+ \(bob\)")
    told = session(machine, Name="bob")
    wanted = {"Seat": "seat0", "TTY": "tty1", "Service": "login", "Type": "tty", "Class": "user", "State": "active",
              "Remote": "no"}
    check(told and wanted.items() <= told.items(), told)
    sign_out(screen)
    check(machine.run("stat", "-c", "%U", "/home/bob/.profile").strip() == "bob", "nothing of /etc/skel is there")


def the_session_ends_with_the_shell(machine):
    wait_until("bob has no session", lambda: session(machine, Name="bob") is None)


PROMISES = [
    the_profile_is_switched_on_beside_that_of_pam_mkhomedir,
    the_first_login_by_passkey_makes_the_home_and_a_session,
    the_session_ends_with_the_shell,
]
