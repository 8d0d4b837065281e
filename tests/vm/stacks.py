"""Debian's usual stacks on a machine that was booted: what of a session pam_systemd and pam_mkhomedir make of a sign-in by
passkey. The rest is in docs/coexistence.md, and run in worlds."""

from console import AtTheConsole
from kit import PIN, check

BEGIN = "installed"


def enroll_bob(machine):
    """His passkey is in the TPM; root enrolls him."""
    machine.run("passkeyctl", "enroll", "--user", "bob", "--tpm", "--name", "This computer", "--no-backup-codes", "--pin-stdin",
                input=f"{PIN}\n{PIN}\n")


def the_profile_is_switched_on_beside_that_of_pam_mkhomedir(machine):
    enroll_bob(machine)
    machine.run("pam-auth-update", "--enable", "passkey", "mkhomedir")
    session = machine.run("cat", "/etc/pam.d/common-session")
    for module in ("pam_passkey.so", "pam_systemd.so", "pam_mkhomedir.so"):
        check(module in session, session)


def the_first_login_by_passkey_makes_the_home_and_a_session(machine):
    machine.run("rm", "--recursive", "/home/bob")
    with AtTheConsole(machine, "bob", ("PIN of this computer", PIN)) as bob:
        check("Password" not in bob.asked, bob.asked)
        check("Creating directory '/home/bob'" in bob.asked, bob.asked)
        bob.says('echo "run: $XDG_RUNTIME_DIR ($(stat -c %U $XDG_RUNTIME_DIR))"', r"run: /run/user/\d+ \(bob\)")
        (session,) = [line.split()[0] for line in machine.run("loginctl", "list-sessions", "--no-legend").splitlines()
                      if " bob " in line]
        facts = machine.run("loginctl", "show-session", session)
        for fact in ("Name=bob", "Seat=seat0", "TTY=tty1", "Service=login", "Type=tty", "Class=user", "State=active",
                     "Remote=no"):
            check(fact in facts.splitlines(), facts)
    check(machine.run("stat", "-c", "%U", "/home/bob/.profile").strip() == "bob", "nothing of /etc/skel is there")


def the_session_ends_with_the_shell(machine):
    machine.sh("while loginctl list-sessions --no-legend | grep --quiet ' bob '; do sleep 0.2; done")


PROMISES = [
    the_profile_is_switched_on_beside_that_of_pam_mkhomedir,
    the_first_login_by_passkey_makes_the_home_and_a_session,
    the_session_ends_with_the_shell,
]
