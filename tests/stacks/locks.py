"""An administrator keeps somebody out: what a lock stops, what it leaves, and that nothing else locks anybody out."""

from bench import TPM_PIN, Logged, NoKeyAsked, PluggedIn, Policy, Stack, daemon, fresh_codes
from libpam import PERM_DENIED, SUCCESS, Host, sign_in
from world import PASSWORD, check, key, must, run, sudo, touch, use_password, with_touch

SENTENCE = "An administrator has locked this account."
REASON = "left on Friday"


class Locked:
    """The account is locked while the block runs; unlocking takes effect at once."""

    def __init__(self, user, *how):
        self.user, self.how = user, how

    def __enter__(self):
        must("passkeyctl", "lock", self.user, "--reason", REASON, *self.how)

    def __exit__(self, *_):
        run("passkeyctl", "unlock", self.user)


class Down:
    """The daemon is not there, and nothing starts it, while the block runs."""

    def __enter__(self):
        daemon.stop()

    def __exit__(self, *_):
        daemon.start()


def pamtester(service, user, *operations):
    return run("pamtester", service, user, *operations, input="")


def a_lock_stops_passkeys_and_leaves_the_password():
    with Locked("alice"), NoKeyAsked(), sudo("alice") as terminal:
        terminal.wait_for(SENTENCE)
        use_password(terminal)
    check(with_touch("alice"), "unlocking did not help")


def a_lock_stops_backup_codes():
    codes = fresh_codes("alice")
    with Stack("stacks", "auth required pam_passkey.so"), PluggedIn(), Policy("backup_codes = always"):
        with Locked("alice"):
            check(sign_in("stacks", "alice") == PERM_DENIED, "let in")  # and not even asked for one
        check(sign_in("stacks", "alice", [("Backup code", codes[0])]) == SUCCESS, "unlocking did not help")


def a_login_that_waits_for_a_touch_is_denied_when_the_lock_comes():
    fresh_codes("alice")
    with sudo("alice") as terminal:
        terminal.wait_for("Touch ")
        key("wait", "blinking")
        with Locked("alice"):
            touch()
            terminal.wait_for(SENTENCE)  # and no backup code, which could not open either
            use_password(terminal)


def a_code_that_is_being_typed_opens_nothing_and_is_not_spent_when_the_lock_comes():
    code = fresh_codes("alice")[0]
    with Stack("sudo", "auth [success=done default=die] pam_passkey.so", "account required pam_unix.so"), PluggedIn(), \
            Policy("backup_codes = always"):
        with sudo("alice") as terminal:
            terminal.wait_for("Backup code[^\n]*: ")
            with Locked("alice"):
                terminal.type_unseen(code)
                check(terminal.end() != 0, "the code opened sudo")
        with sudo("alice") as terminal:
            terminal.wait_for("Backup code[^\n]*: ")
            terminal.type_unseen(code)
            check(terminal.end() == 0, "the code was spent")


def a_lock_of_passkeys_alone_is_no_business_of_the_account_line():
    with Locked("bob"), Host("sudo", "bob", [("assword", PASSWORD)]) as host:
        check(host.authenticate() == SUCCESS and host.account() == SUCCESS, f"{host.said}")


def a_lock_that_comes_after_the_passkey_stops_the_account_line():
    with Host("sudo", "bob", [("PIN", TPM_PIN)]) as host:
        check(host.authenticate() == SUCCESS, f"{host.said}")
        with Locked("bob"):
            check(host.account() == PERM_DENIED, "let in")
        check(host.account() == SUCCESS, "unlocking did not help")


def a_lock_of_all_methods_stops_the_password_too():
    with Locked("alice", "--all-methods"):
        with NoKeyAsked(), sudo("alice") as terminal:
            terminal.wait_for(r"assword[^\n]*: ")
            terminal.type_unseen(PASSWORD)
            check(terminal.end() != 0, "the password opened sudo")
            check(terminal.screen.count(SENTENCE) >= 1, terminal.screen)
        with Logged() as log, Host("sudo", "alice", [("assword", PASSWORD)]) as host:
            check(host.authenticate() == SUCCESS, "it is the account line that refuses, after the password")
            check(host.account() == PERM_DENIED, "let in")
            check(f"alice is locked by an administrator: {REASON}" in log.text(), log.text())
    with PluggedIn(), sudo("alice") as terminal:
        use_password(terminal)
    check(with_touch("alice"), "unlocking did not help")


def a_lock_of_all_methods_holds_for_who_has_no_passkey():
    with Locked("erin", "--all-methods"), sudo("erin") as terminal:
        terminal.wait_for(r"assword[^\n]*: ")
        terminal.type_unseen(PASSWORD)
        check(terminal.end() != 0 and SENTENCE in terminal.screen, terminal.screen)
    with sudo("erin") as terminal:
        use_password(terminal)


def others_are_not_locked():
    with Locked("erin", "--all-methods"):
        check(with_touch("alice"), "alice is locked, too")


def a_lock_outlives_a_restart_of_the_daemon():
    with Locked("alice"):
        with Down():
            pass
        with NoKeyAsked(), sudo("alice") as terminal:
            terminal.wait_for(SENTENCE)
            use_password(terminal)


def a_daemon_that_is_down_locks_nobody_out():
    with Locked("alice", "--all-methods"), Down():
        for user in ("alice", "erin"):
            with sudo(user) as terminal:
                use_password(terminal)
    with Stack("stacks", "account [perm_denied=die default=ignore] pam_passkey.so always", "account required pam_unix.so"), \
            Down():
        check(pamtester("stacks", "erin", "acct_mgmt")[0] == 0, "locked out")


def who_never_met_an_auth_line_is_asked_about_only_with_the_option_always():
    line = "account [perm_denied=die default=ignore] pam_passkey.so"
    with Locked("alice", "--all-methods"):
        status, said = pamtester("sudo", "alice", "acct_mgmt")  # by the profile
        check(status == 0, said)
        with Stack("stacks", line + " always", "account required pam_unix.so"):
            status, said = pamtester("stacks", "alice", "acct_mgmt")
            check(status != 0 and SENTENCE in said, f"{status}: {said}")
            with Host("stacks", "alice") as host:
                check(host.account() == PERM_DENIED, f"{host.said}")
            check(pamtester("stacks", "erin", "acct_mgmt")[0] == 0, "others are locked, too")
    with Locked("alice"), Stack("stacks", line + " always", "account required pam_unix.so"):
        check(pamtester("stacks", "alice", "acct_mgmt")[0] == 0, "a lock of passkeys stopped who came by other means")


def only_root_locks_and_unlocks():
    as_alice = ("setpriv", "--reuid", "alice", "--regid", "alice", "--init-groups", "passkeyctl")
    with Locked("alice"):
        check(run(*as_alice, "unlock", "alice")[0] == 4, "alice unlocked herself")
        with sudo("alice") as terminal:
            terminal.wait_for(SENTENCE)
            use_password(terminal)
    check(run(*as_alice, "lock", "erin")[0] == 4, "alice locked somebody")
    with Host("sudo", "erin", [("assword", PASSWORD)]) as host:
        check(host.authenticate() == SUCCESS and host.account() == SUCCESS, f"{host.said}")


def the_list_shows_a_lock_and_its_reason_until_it_is_taken_away():
    with Locked("alice"):
        said = must("passkeyctl", "list", "--user", "alice")
        check("locked" in said and REASON in said, said)
    said = must("passkeyctl", "list", "--user", "alice")
    check("locked" not in said and REASON not in said, said)
    check(run("passkeyctl", "unlock", "alice")[0] == 5, "there was still a lock")


PROMISES = [
    a_lock_stops_passkeys_and_leaves_the_password,
    a_lock_stops_backup_codes,
    a_login_that_waits_for_a_touch_is_denied_when_the_lock_comes,
    a_code_that_is_being_typed_opens_nothing_and_is_not_spent_when_the_lock_comes,
    a_lock_of_passkeys_alone_is_no_business_of_the_account_line,
    a_lock_that_comes_after_the_passkey_stops_the_account_line,
    a_lock_of_all_methods_stops_the_password_too,
    a_lock_of_all_methods_holds_for_who_has_no_passkey,
    others_are_not_locked,
    a_lock_outlives_a_restart_of_the_daemon,
    a_daemon_that_is_down_locks_nobody_out,
    who_never_met_an_auth_line_is_asked_about_only_with_the_option_always,
    only_root_locks_and_unlocks,
    the_list_shows_a_lock_and_its_reason_until_it_is_taken_away,
]
