"""Beside the modules that Debian's own services have around the common files: what pam_unix says of accounts, pam_wheel and
pam_succeed_if in front, pam_access, and the session that login makes."""

import os
import shutil

from bed import SERVICE, Profiles, service
from bench import TPM_PIN, NoKeyAsked, PluggedIn, Stack, read, write
from libpam import AUTH_ERR, PERM_DENIED, SUCCESS, Host, sign_in
from matrix import AS_DEBIAN_COMES, ENTER, PASSWORD_PROMPT, PIN_PROMPT
from world import PASSWORD, Terminal, check, must

NEW_AUTHTOK_REQD = 12
PIN_QUESTION, PASSWORD_QUESTION = r"PIN[^\n]*: ", r"assword[^\n]*: "
OPENS = (SUCCESS, SUCCESS)


def codes_of(answers, user="bob"):
    """Of the auth and the account stack."""
    with Host(SERVICE, user, answers) as host:
        return host.authenticate(), host.account()


class Changed:
    """A file says this, or this more, while the block runs."""

    def __init__(self, path, text=None, more=""):
        self.path, self.before = path, read(path) if os.path.exists(path) else None
        self.text = text if text is not None else (self.before or "") + more

    def __enter__(self):
        write(self.path, self.text)

    def __exit__(self, *_):
        if self.before is None:
            os.unlink(self.path)
        else:
            write(self.path, self.before)


def at_the_console(answers, command, status=0):
    """login on a terminal of its own: answers to its questions, a command at the shell; what the screen showed."""
    with Terminal("root", ["login", "bob"]) as terminal:
        for question, answer in answers:
            terminal.wait_for(question)
            terminal.type_unseen(answer)
        terminal.wait_for(r"bob@demo:[^\n]*\$ ")  # what is typed before is thrown away
        terminal.type(command + "; exit")
        check(terminal.end() == status, terminal.screen)
        return terminal.screen


# --- pam_unix --------------------------------------------------------------------------------------------------------
def passwords_here_are_hashed_as_debian_does():
    for user in ("bob", "erin"):
        check(must("getent", "shadow", user).split(":")[1].startswith("$y$"), "no yescrypt")


def a_password_that_is_locked_leaves_the_passkey():
    """passwd -l is about the password: who should stay out is locked by passkeyctl, or the account expired."""
    with Profiles(*AS_DEBIAN_COMES), service():
        must("passwd", "--lock", "bob")
        try:
            check(codes_of([(PIN_PROMPT, TPM_PIN)]) == OPENS, "the passkey does not open")
            check(sign_in(SERVICE, "bob", [(PIN_PROMPT, ENTER), (PASSWORD_PROMPT, PASSWORD)]) == AUTH_ERR, "the password opens")
        finally:
            must("passwd", "--unlock", "bob")


def a_password_that_has_expired_is_to_be_changed_after_a_passkey_too():
    with Profiles(*AS_DEBIAN_COMES), service():
        must("chage", "--lastday", "0", "bob")
        try:
            check(codes_of([(PIN_PROMPT, TPM_PIN)]) == (SUCCESS, NEW_AUTHTOK_REQD), "not to be changed")
        finally:
            must("chage", "--lastday", "-1", "bob")


def login_changes_an_expired_password_and_wants_the_old_one_though_a_passkey_came_first():
    with Profiles(*AS_DEBIAN_COMES, "pwquality"), Changed("/etc/security/pwquality.conf", "dictcheck = 0\nminlen = 12\n"), \
            Changed("/etc/shadow"):
        must("chage", "--lastday", "0", "bob")
        screen = at_the_console([(PIN_QUESTION, TPM_PIN), ("Current password: ", PASSWORD), ("New password: ", "short"),
                                 ("New password: ", "a longer new way"), ("Retype new password: ", "a longer new way")],
                                "echo in as $USER")
        check("BAD PASSWORD" in screen and "in as bob" in screen, screen)
        at_the_console([(PIN_QUESTION, ENTER), (PASSWORD_QUESTION, "a longer new way")], "true")


# --- in front ----------------------------------------------------------------------------------------------------------
def su_with_wheel():
    """Debian's own, with the line that it has as a comment."""
    return read("/etc/pam.d/su").replace("# auth       required   pam_wheel.so\n", "auth required pam_wheel.so\n").splitlines()


def who_is_not_in_wheel_does_not_get_through_su_by_a_passkey_either():
    lines = su_with_wheel()
    check("auth required pam_wheel.so" in lines, f"{lines}")
    with Profiles(*AS_DEBIAN_COMES), Stack("su", *lines), PluggedIn():
        with Terminal("erin", ["su", "bob", "-c", "whoami"]) as terminal:
            terminal.wait_for(PIN_QUESTION)
            terminal.type_unseen(TPM_PIN)
            check(terminal.end() != 0, terminal.screen)
        with Changed("/etc/group", read("/etc/group").replace("root:x:0:\n", "root:x:0:erin\n")):
            with Terminal("erin", ["su", "bob", "-c", "whoami"]) as terminal:
                terminal.wait_for(PIN_QUESTION)
                terminal.type_unseen(TPM_PIN)
                check(terminal.end() == 0, terminal.screen)


def succeed_if_can_keep_passkeys_to_a_group():
    lines = ["auth [success=ignore default=1] pam_succeed_if.so quiet user = bob", "auth sufficient pam_passkey.so",
             "auth required pam_unix.so", "account required pam_unix.so"]
    with service(*lines):
        check(codes_of([(PIN_PROMPT, TPM_PIN)]) == OPENS, "the passkey does not open")
        with NoKeyAsked():
            check(codes_of([(PASSWORD_PROMPT, PASSWORD)], "alice") == OPENS, "the password does not open")


def nologin_keeps_people_out_before_a_passkey_is_asked_for():
    with Profiles(*AS_DEBIAN_COMES), Changed("/run/nologin", "Back at noon.\n"):
        with Terminal("root", ["login", "bob"]) as terminal:
            terminal.wait_for("Back at noon.")
            check("PIN" not in terminal.screen, terminal.screen)


# --- behind ------------------------------------------------------------------------------------------------------------
def access_keeps_out_whom_a_passkey_let_in():
    with Profiles(*AS_DEBIAN_COMES), Changed("/etc/security/access.conf", "-:bob:ALL\n"):
        with service("@include common-auth", "account required pam_access.so", "@include common-account"):
            check(codes_of([(PIN_PROMPT, TPM_PIN)]) == (SUCCESS, PERM_DENIED), "let in")
            check(codes_of([(PASSWORD_PROMPT, PASSWORD)], "erin") == OPENS, "others are kept out, too")


def login_by_passkey_has_the_limits_the_environment_and_the_news_of_any_login():
    with Profiles(*AS_DEBIAN_COMES), Changed("/etc/security/limits.d/coexist.conf", "bob - nofile 765\n"), \
            Changed("/etc/environment", "COEXIST=together\n"), Changed("/etc/motd", "News of the day\n"):
        at_the_console([(PIN_QUESTION, TPM_PIN)], "true")
        screen = at_the_console([(PIN_QUESTION, TPM_PIN)], "echo $COEXIST with $(ulimit -n) files")
        for words in ("News of the day", "Last login: ", "together with 765 files"):
            check(words in screen, f"no '{words}': {screen}")


def mkhomedir_makes_the_home_at_the_first_login_by_passkey():
    shutil.rmtree("/home/bob")
    with Profiles(*AS_DEBIAN_COMES, "mkhomedir"):
        screen = at_the_console([(PIN_QUESTION, TPM_PIN)], "echo at $(pwd), $(stat -c %U .)")
        check("Creating directory '/home/bob'" in screen and "at /home/bob, bob" in screen, screen)
    check(os.path.exists("/home/bob/.profile"), "nothing of /etc/skel is there")


PROMISES = [
    passwords_here_are_hashed_as_debian_does,
    a_password_that_is_locked_leaves_the_passkey,
    a_password_that_has_expired_is_to_be_changed_after_a_passkey_too,
    login_changes_an_expired_password_and_wants_the_old_one_though_a_passkey_came_first,
    who_is_not_in_wheel_does_not_get_through_su_by_a_passkey_either,
    succeed_if_can_keep_passkeys_to_a_group,
    nologin_keeps_people_out_before_a_passkey_is_asked_for,
    access_keeps_out_whom_a_passkey_let_in,
    login_by_passkey_has_the_limits_the_environment_and_the_news_of_any_login,
    mkhomedir_makes_the_home_at_the_first_login_by_passkey,
]
