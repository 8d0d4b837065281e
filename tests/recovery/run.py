"""Somebody cannot get in, and gets back in by what docs/recovery.md says. Prints TAP; a test's name is a promise."""

import os
import re
import shutil
import subprocess
import sys

TESTS = os.environ["WORLD_TREE"] + "/tests"
sys.path[1:1] = [TESTS + "/recovery", TESTS + "/stacks", TESTS + "/signin"]

import page  # noqa: E402
from bench import (TPM_PIN, WRONG_PIN, NoKeyAsked, PluggedIn, Policy, Stack, daemon, read, set_up_people, write)  # noqa: E402
from libpam import MAXTRIES, PERM_DENIED, SUCCESS, Host, sign_in  # noqa: E402
from locks import Locked  # noqa: E402
from world import PASSWORD, Terminal, check, keep, must, run, sudo, with_touch  # noqa: E402

CHOOSE, AGAIN = "Choose a PIN[^\n]*: ", r"[^\n]*again[^\n]*: "
TRIAL = "PIN of this[^\n]*: "
ANSWERS = {"New password: ": "a new way in", "Retype new password: ": "a new way in", CHOOSE: TPM_PIN, AGAIN: TPM_PIN,
           TRIAL: TPM_PIN}
PASSWORD_QUESTION = r"assword[^\n]*: "


def do(name, replaced=(), questions=()):
    """What the block says, in a root shell on a terminal; all that it printed. `questions`: whose ANSWERS are typed."""
    script = "\n".join(page.commands(name))
    for what, by in replaced:
        check(what in script, f"'{what}' is not in {script}")
        script = script.replace(what, by)
    with Terminal("root", ["sh", "-ec", script]) as terminal:
        for question in questions:
            terminal.wait_for(question)
            terminal.type_unseen(ANSWERS[question])
        status = terminal.end()
        check(status == 0, f"{name}: {status}: {terminal.screen}")
        return terminal.screen


def asked_for_the_password_alone(user, password=PASSWORD):
    with NoKeyAsked(), sudo(user) as terminal:
        terminal.wait_for(PASSWORD_QUESTION)
        terminal.type_unseen(password)
        check(terminal.end() == 0 and "PIN" not in terminal.screen, terminal.screen)


class Kept:
    """These files are as they were, after the block."""

    def __init__(self, *paths):
        self.texts = {path: read(path) for path in paths}

    def __enter__(self):
        pass

    def __exit__(self, *_):
        for path, text in self.texts.items():
            write(path, text)


COMMON = [f"/etc/pam.d/common-{group}" for group in ("auth", "account", "session")]


# --- an administrator, for somebody --------------------------------------------------------------------------------------
def who_has_lost_everything_gets_in_with_a_new_password():
    with Kept("/etc/shadow"):
        do("reset", replaced=[("alice", "frank")], questions=["New password: ", "Retype new password: "])
        asked_for_the_password_alone("frank", ANSWERS["New password: "])


def who_has_failed_too_often_is_asked_for_the_passkey_again():
    with Stack("stacks", "auth required pam_passkey.so"), PluggedIn(), Policy("tries_in_a_row = 1", "first_wait = 3600"):
        with Host("stacks", "bob", [("PIN", WRONG_PIN)]) as host:
            check(host.authenticate() != SUCCESS, "let in")
        check(sign_in("stacks", "bob") == MAXTRIES, "not held back")
        do("reset-limits", replaced=[("alice", "bob")])
        check(sign_in("stacks", "bob", [("PIN", TPM_PIN)]) == SUCCESS, "still held back")


def who_was_locked_by_failed_passwords_gets_in_with_the_right_one():
    with Stack("stacks", "auth requisite pam_faillock.so preauth", "auth sufficient pam_unix.so",
               "auth [default=die] pam_faillock.so authfail"):
        for _ in range(3):
            check(sign_in("stacks", "alice", [("assword", "not this one")]) != SUCCESS, "let in")
        check(sign_in("stacks", "alice") != SUCCESS, "not locked")
        do("faillock")
        check(sign_in("stacks", "alice", [("assword", PASSWORD)]) == SUCCESS, "still locked")


def whom_an_administrator_has_locked_an_administrator_lets_in_again():
    with Locked("alice", "--all-methods"), Stack("stacks", "account required pam_passkey.so always",
                                                 "account required pam_unix.so"):
        with Host("stacks", "alice") as host:
            check(host.account() == PERM_DENIED, "not locked")
        said = do("unlock")
        check("left on Friday" in said, f"the list does not say why: {said}")
        with Host("stacks", "alice") as host:
            check(host.account() == SUCCESS, "still locked")
    check(with_touch("alice"), "the passkey does not open")


# --- switching passkeys off ------------------------------------------------------------------------------------------------
def passkeys_are_switched_off_by_pam_auth_update():
    with Kept(*COMMON):
        must("pam-auth-update", "--force", "--enable", "passkey")  # and nothing changed by hand
        do("disable")
        check(not any("pam_passkey" in read(path) for path in COMMON), read(COMMON[0]))
        asked_for_the_password_alone("alice")
    check(with_touch("alice"), "the test did not put it back")


def locks_everybody_out():
    """A passkey is wanted, and there is none at hand: the password does not help."""
    with PluggedIn(), sudo("alice") as terminal:
        terminal.wait_for(PASSWORD_QUESTION)
        terminal.type_unseen(PASSWORD)
        return terminal.end() != 0


def common_files_that_were_changed_by_hand_are_made_anew():
    with Kept(*COMMON):
        write(COMMON[0], re.sub(r"\[success=2 default=ignore\](\s+pam_passkey)", r"required\1", read(COMMON[0])))
        check(locks_everybody_out(), read(COMMON[0]))
        must(*page.commands("disable")[0].split(), stdin=subprocess.DEVNULL)
        check("pam_passkey" in read(COMMON[0]), "what was changed by hand was not left alone")
        do("disable-by-force")
        for path in COMMON:
            check("pam_passkey" not in read(path), read(path))
        asked_for_the_password_alone("alice")
    check(with_touch("alice"), "the test did not put it back")


def a_line_above_those_of_pam_auth_update_becomes_a_comment():
    with Kept(*COMMON):
        must("pam-auth-update", "--force", "--disable", "passkey")
        write(COMMON[0], "auth required pam_passkey.so\n" + read(COMMON[0]))
        check(locks_everybody_out(), read(COMMON[0]))
        must("pam-auth-update", "--force", "--disable", "passkey")
        check("pam_passkey" in read(COMMON[0]), "what stands outside its block was not left alone")
        do("comment-out", replaced=[("/etc/pam.d/sudo", COMMON[0])])
        asked_for_the_password_alone("alice")


def a_line_in_a_file_of_a_service_becomes_a_comment():
    with Stack("sudo", "auth required pam_passkey.so", "auth required pam_unix.so", "account required pam_unix.so"):
        check(locks_everybody_out(), "the password is enough")
        do("comment-out")
        asked_for_the_password_alone("alice")


def from_a_live_medium_passkeys_are_switched_off_in_the_machines_files():
    with Kept(*COMMON):
        must("pam-auth-update", "--force", "--enable", "passkey")
        do("chroot", replaced=[("mount /dev/sda2 /mnt", "mount --rbind / /mnt")])
        asked_for_the_password_alone("alice")
    must("umount", "--lazy", "/mnt")


# --- what is broken ----------------------------------------------------------------------------------------------------------
def a_module_that_is_gone_is_passed_over_or_not_as_the_page_says():
    (module,) = must("find", "/usr/lib", "-name", "pam_passkey.so").split()
    rest = ["auth required pam_unix.so", "account required pam_unix.so"]
    shutil.move(module, "/run/world/away")
    try:
        asked_for_the_password_alone("alice")  # by the profile's line
        for control in ("sufficient", "optional", "[success=ok default=ignore]"):
            with Stack("sudo", f"auth {control} pam_passkey.so", *rest):
                asked_for_the_password_alone("alice")
        for control in ("required", "requisite", "[success=ok default=die]"):
            with Stack("sudo", f"auth {control} pam_passkey.so", *rest):
                check(f"auth {control} pam_passkey.so" in do("leftovers"), "not found")
                with sudo("alice") as terminal:
                    terminal.type_unseen(PASSWORD)
                    check(terminal.end() != 0, f"{control}: let in")
                do("comment-out")
                asked_for_the_password_alone("alice")
    finally:
        shutil.move("/run/world/away", module)


def a_tpm_that_was_cleared_opens_nothing_and_takes_a_new_passkey():
    must("tpm2_clear", "-T", "swtpm:path=/run/world/tpm/socket", "-c", "p")
    status, said = run("passkeyctl", "doctor")
    check(status == 11 and "Passkeys are enrolled that this TPM cannot use." in said, said)
    with PluggedIn(), sudo("bob") as terminal:
        terminal.wait_for("PIN[^\n]*: ")
        terminal.type_unseen(TPM_PIN)
        terminal.wait_for(PASSWORD_QUESTION)
        terminal.type_unseen(PASSWORD)
        check(terminal.end() == 0, terminal.screen)
    do("tpm", questions=[CHOOSE, AGAIN, TRIAL])
    with PluggedIn(), sudo("bob") as terminal:
        terminal.wait_for("PIN[^\n]*: ")
        terminal.type_unseen(TPM_PIN)
        check(terminal.end() == 0, terminal.screen)


def every_block_of_the_page_is_run_here_or_on_a_machine():
    machines = read(os.environ["WORLD_TREE"] + "/tests/vm/recovery.py")
    there = set(re.findall(r'(?:do\(machine, |page\.commands\()"([a-z-]+)"', machines))
    here = set(re.findall(r'\bdo\("([a-z-]+)"', read(__file__)))
    check(here | there == set(page.blocks()), f"{(here | there) ^ set(page.blocks())}")


PROMISES = [
    who_has_lost_everything_gets_in_with_a_new_password,
    who_has_failed_too_often_is_asked_for_the_passkey_again,
    who_was_locked_by_failed_passwords_gets_in_with_the_right_one,
    whom_an_administrator_has_locked_an_administrator_lets_in_again,
    passkeys_are_switched_off_by_pam_auth_update,
    common_files_that_were_changed_by_hand_are_made_anew,
    a_line_above_those_of_pam_auth_update_becomes_a_comment,
    a_line_in_a_file_of_a_service_becomes_a_comment,
    from_a_live_medium_passkeys_are_switched_off_in_the_machines_files,
    a_module_that_is_gone_is_passed_over_or_not_as_the_page_says,
    a_tpm_that_was_cleared_opens_nothing_and_takes_a_new_passkey,
    every_block_of_the_page_is_run_here_or_on_a_machine,
]
daemon.start()
set_up_people()
sys.exit(keep([promise for promise in PROMISES if not sys.argv[1:] or promise.__name__ in sys.argv[1:]]))
