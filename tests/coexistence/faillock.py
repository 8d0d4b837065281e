"""Beside pam_faillock: whom failed passwords have locked, what counts as a failure, and what forgets them. The order of the
lines decides; each order that administrators write is here, with what it does."""

import re

from bed import SERVICE, Profiles, failures, forget_failures, service, shown
from bench import TPM_PIN, WRONG_PIN, NoKeyAsked
from libpam import SUCCESS, Host, sign_in
from matrix import ENTER, PASSWORD_PROMPT, PIN_PROMPT, STACKS, WRONG
from world import PASSWORD, check, key, sudo, touch

DENY = 3  # failures that lock, as pam_faillock has it when nobody says otherwise
BY_PROFILE = STACKS["with_faillock"]
LOCKED_OUT = "The account is locked due to 3 failed logins."


def by_hand(order, replace=None, without=None):
    """A stack of the page, by the name that it has there. `replace`: a text by another; `without`: no such lines."""
    lines = [line.replace(*(replace or ("", ""))) for line in shown(f"pam {order}")]
    return service(*(line for line in lines if not (without and re.match(without, line))))


def requisite_first(**how):
    return by_hand("both-are-locked", **how)


def passkey_first():
    return by_hand("only-the-password-is-locked")


class LockedOut:
    """This person's passwords have failed so often that pam_faillock locks the account while the block runs."""

    def __init__(self, user="bob"):
        self.user = user

    def __enter__(self):
        forget_failures(self.user)
        with requisite_first(without="auth.*pam_passkey"):
            for _ in range(DENY):
                check(sign_in(SERVICE, self.user, [(PASSWORD_PROMPT, WRONG)]) != SUCCESS, "a wrong password is right")
        check(failures(self.user) == DENY, f"{failures(self.user)} failures")

    def __exit__(self, *_):
        forget_failures(self.user)


# --- who is locked -------------------------------------------------------------------------------------------------
def by_the_profiles_a_locked_account_is_asked_for_nothing_and_told_why():
    with LockedOut(), Profiles(*BY_PROFILE), service(), Host(SERVICE, "bob") as host:
        check(host.authenticate() != SUCCESS, "let in")
        check(LOCKED_OUT in host.texts(), f"{host.said}")


def by_the_profiles_a_locked_accounts_key_is_left_alone():
    with LockedOut("alice"), Profiles(*BY_PROFILE), service(), NoKeyAsked():
        check(sign_in(SERVICE, "alice") != SUCCESS, "let in")


def requisite_preauth_before_the_passkey_locks_both():
    with LockedOut(), requisite_first(), Host(SERVICE, "bob") as host:
        check(host.authenticate() != SUCCESS, "let in")
        check(LOCKED_OUT in host.texts(), f"{host.said}")


def required_preauth_before_the_passkey_locks_both_and_asks_for_both_in_vain():
    """Why the page says requisite: passkey and password are asked for, are right, and do not open."""
    with LockedOut(), requisite_first(replace=("requisite", "required")):
        check(sign_in(SERVICE, "bob", [(PIN_PROMPT, TPM_PIN), (PASSWORD_PROMPT, PASSWORD)]) != SUCCESS, "let in")


def a_passkey_before_preauth_opens_what_failed_passwords_have_locked():
    with LockedOut(), passkey_first():
        with Host(SERVICE, "bob", [(PIN_PROMPT, TPM_PIN)]) as host:
            codes = [host.authenticate(), host.account()]
            check(codes == [SUCCESS] * 2, f"{codes}: {host.said}")
        check(sign_in(SERVICE, "bob", [(PIN_PROMPT, ENTER)]) != SUCCESS, "no password was asked for, and let in")


def a_passkey_before_preauth_opens_beside_the_account_line_too_and_that_forgets_the_failures():
    lines = shown("pam only-the-password-is-locked")
    with LockedOut(), service(*lines[:4], "account required pam_faillock.so", *lines[4:]):
        with Host(SERVICE, "bob", [(PIN_PROMPT, TPM_PIN)]) as host:
            codes = [host.authenticate(), host.account()]
            check(codes == [SUCCESS] * 2, f"{codes}: {host.said}")
        check(failures("bob") == 0, f"{failures('bob')} failures")


def an_administrator_lets_a_locked_account_in_again():
    with LockedOut(), Profiles(*BY_PROFILE), service():
        forget_failures("bob")
        check(sign_in(SERVICE, "bob", [(PIN_PROMPT, TPM_PIN)]) == SUCCESS, "still locked")


# --- what counts ---------------------------------------------------------------------------------------------------
def what_happens_to_a_passkey_is_no_failed_password():
    forget_failures("bob")
    with Profiles(*BY_PROFILE), service():
        for pins in ((ENTER,), (WRONG_PIN, ENTER)):
            answers = [(PIN_PROMPT, pin) for pin in pins] + [(PASSWORD_PROMPT, PASSWORD)]
            check(sign_in(SERVICE, "bob", answers) == SUCCESS, "not let in")
            check(failures("bob") == 0, f"{failures('bob')} failures")
        check(sign_in(SERVICE, "bob", [(PIN_PROMPT, TPM_PIN)]) == SUCCESS, "not let in")
        check(failures("bob") == 0, f"{failures('bob')} failures")


def a_wrong_password_counts_once_whatever_came_before_it():
    forget_failures("bob")
    with Profiles(*BY_PROFILE), service():
        check(sign_in(SERVICE, "bob", [(PIN_PROMPT, ENTER), (PASSWORD_PROMPT, WRONG)]) != SUCCESS, "let in")
        check(failures("bob") == 1, f"{failures('bob')} failures")
    forget_failures("bob")


def the_account_line_forgets_failures_after_a_sign_in_by_passkey():
    with Profiles(*BY_PROFILE), service():
        check(sign_in(SERVICE, "bob", [(PIN_PROMPT, ENTER), (PASSWORD_PROMPT, WRONG)]) != SUCCESS, "let in")
        with Host(SERVICE, "bob", [(PIN_PROMPT, TPM_PIN)]) as host:
            check(host.authenticate() == SUCCESS and failures("bob") == 1, f"{failures('bob')} failures")
            check(host.account() == SUCCESS and failures("bob") == 0, f"{failures('bob')} failures")


def without_the_account_line_a_sign_in_by_passkey_forgets_no_failures():
    with requisite_first(without="account.*faillock"):
        check(sign_in(SERVICE, "bob", [(PIN_PROMPT, ENTER), (PASSWORD_PROMPT, WRONG)]) != SUCCESS, "let in")
        with Host(SERVICE, "bob", [(PIN_PROMPT, TPM_PIN)]) as host:
            codes = [host.authenticate(), host.account()]
            check(codes == [SUCCESS] * 2, f"{codes}: {host.said}")
        check(failures("bob") == 1, f"{failures('bob')} failures")
    forget_failures("bob")


def authfail_right_after_the_passkey_counts_whom_it_should_not_and_asks_for_no_password():
    """The order not to write: a key that is not at hand counts as a wrong password, and the password is never asked for."""
    forget_failures("bob")
    (preauth, passkey, password, authfail, *account) = shown("pam both-are-locked")
    with service(preauth, passkey, authfail, password, *account):
        check(sign_in(SERVICE, "bob", [(PIN_PROMPT, ENTER)]) != SUCCESS, "let in")
        check(failures("bob") == 1, f"{failures('bob')} failures")
    forget_failures("bob")


def sudo_by_touch_works_beside_failures_that_do_not_lock_yet():
    forget_failures("alice")
    with Profiles(*BY_PROFILE):
        with sudo("alice") as terminal:
            terminal.wait_for("Touch ")
            key("touch", "refuse")
            terminal.wait_for(r"assword[^\n]*: ")
            terminal.type_unseen(WRONG)
            check(terminal.end() != 0, "let in")
        check(failures("alice") == 1, f"{failures('alice')} failures")
        with sudo("alice") as terminal:
            terminal.wait_for("Touch ")
            touch()
            check(terminal.end() == 0 and "assword" not in terminal.screen, "the passkey does not open sudo")
        check(failures("alice") == 0, f"{failures('alice')} failures")


PROMISES = [
    by_the_profiles_a_locked_account_is_asked_for_nothing_and_told_why,
    by_the_profiles_a_locked_accounts_key_is_left_alone,
    requisite_preauth_before_the_passkey_locks_both,
    required_preauth_before_the_passkey_locks_both_and_asks_for_both_in_vain,
    a_passkey_before_preauth_opens_what_failed_passwords_have_locked,
    a_passkey_before_preauth_opens_beside_the_account_line_too_and_that_forgets_the_failures,
    an_administrator_lets_a_locked_account_in_again,
    what_happens_to_a_passkey_is_no_failed_password,
    a_wrong_password_counts_once_whatever_came_before_it,
    the_account_line_forgets_failures_after_a_sign_in_by_passkey,
    without_the_account_line_a_sign_in_by_passkey_forgets_no_failures,
    authfail_right_after_the_passkey_counts_whom_it_should_not_and_asks_for_no_password,
    sudo_by_touch_works_beside_failures_that_do_not_lock_yet,
]
