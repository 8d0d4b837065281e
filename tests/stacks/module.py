"""The module beyond letting people in: what PAM asks of it afterwards, its options, and mistakes in them."""

from bench import TPM_PIN, Logged, NoKeyAsked, PluggedIn, Stack, count
from libpam import AUTH_ERR, AUTHINFO_UNAVAIL, AUTHTOK_ERR, SUCCESS, Host, sign_in
from world import PASSWORD, check, key, key2, run, stops_blinking_by_itself, sudo, use_password

ALONE = "auth [success=done default=die] pam_passkey.so"
OR_PASSWORD = ["auth sufficient pam_passkey.so", "auth required pam_unix.so nodelay"]
ACCOUNT = "account required pam_unix.so"
MISTAKES = ("pinverification=1", "timeout=0", "first_prompt=pin", "Debug", "always")  # the last is for account lines


# --- after the person was let in ------------------------------------------------------------------------------------------
def credentials_are_set_where_only_the_module_let_somebody_in():
    for lines in ([ALONE], ["auth required pam_passkey.so"], OR_PASSWORD):
        with Stack("stacks", *lines, ACCOUNT), Host("stacks", "alice", hand=key) as host:
            codes = [host.authenticate(), host.account(), host.set_credentials()]
            check(codes == [SUCCESS] * 3, f"{lines}: {codes}")


def credentials_are_set_where_the_password_let_somebody_in():
    with Stack("stacks", *OR_PASSWORD, ACCOUNT), Host("stacks", "erin", [("assword", PASSWORD)]) as host:
        codes = [host.authenticate(), host.account(), host.set_credentials()]
        check(codes == [SUCCESS] * 3, f"{codes}")


def a_session_line_neither_opens_nor_closes_anything():
    with Stack("stacks", ALONE, ACCOUNT, "session required pam_permit.so", "session required pam_passkey.so"):
        with Host("stacks", "alice") as host:
            check(host.open_session() == SUCCESS, "the line stands in the way")


def a_password_line_leaves_passwords_alone():
    with Stack("stacks", ALONE, "password optional pam_permit.so", "password required pam_passkey.so"):
        with NoKeyAsked(), Host("stacks", "bob") as host:
            check(host.change_password() == SUCCESS and not host.said, f"{host.said}")


# --- mistakes in options -----------------------------------------------------------------------------------------------
def a_mistaken_auth_line_lets_nobody_in_and_says_why():
    for mistake in MISTAKES:
        for line in (ALONE, "auth required pam_passkey.so", "auth sufficient pam_passkey.so"):
            with Stack("stacks", f"{line} {mistake}", ACCOUNT), NoKeyAsked(), Logged() as log:
                code = sign_in("stacks", "alice")
                check(code != SUCCESS, f"{line} {mistake}: let in")
                check(f"option '{mistake}' " in log.text() and "until this is mended" in log.text(), log.text())


def a_mistaken_auth_line_lets_in_nobody_who_has_no_passkey_either():
    """Where the account is passed over, the mistake must not be."""
    with Stack("stacks", "auth required pam_passkey.so timeuot=3", "auth required pam_permit.so"):
        check(sign_in("stacks", "erin") == AUTHINFO_UNAVAIL, "let in")


def a_mistaken_auth_line_leaves_the_password():
    for mistake in MISTAKES:
        with Stack("sudo", f"auth sufficient pam_passkey.so {mistake}", "auth required pam_unix.so", ACCOUNT):
            with NoKeyAsked(), sudo("alice") as terminal:
                use_password(terminal)


def a_mistaken_account_line_locks_nobody_out_and_says_why():
    for mistake in ("alwyas", "first_prompt=either", "timeout=soon"):
        line = f"account [perm_denied=die default=ignore] pam_passkey.so {mistake}"
        with Stack("sudo", *OR_PASSWORD, line, ACCOUNT), Logged() as log, sudo("erin") as terminal:
            use_password(terminal)
            check(f"option '{mistake}' " in log.text(), log.text())


def a_mistaken_account_line_that_is_required_passes_nobody():
    with Stack("stacks", "account required pam_passkey.so alwyas", ACCOUNT), Host("stacks", "erin") as host:
        check(host.account() == AUTHINFO_UNAVAIL, "passed")


def a_mistaken_session_line_says_why_and_stops_nobody_who_came_without_an_ssh_key():
    for control in ("optional", "required"):
        with Stack("stacks", f"session {control} pam_passkey.so always", "session required pam_permit.so"):
            with Logged() as log, Host("stacks", "erin") as host:
                code = host.open_session()
                check(code == SUCCESS, f"{control}: {code}")
                check("option 'always' means nothing" in log.text(), log.text())


def a_mistaken_password_line_changes_nothing_and_says_why():
    with Stack("passkey-pin", "password required pam_passkey.so pin"), Logged() as log:
        with Host("passkey-pin", "bob") as host:
            code = host.change_password()
            check(code == AUTHTOK_ERR and not host.said, f"{code}: {host.said}")
            check("option 'pin' is not known" in log.text(), log.text())
    check(run("passkeyctl", "test", "--user", "bob", "--pin-stdin", input=TPM_PIN + "\n")[0] == 0, "the PIN is another")


# --- options that are right ----------------------------------------------------------------------------------------------
def refuse_touch(host):
    """The person declines when the key blinks; the code of pam_authenticate."""
    key2("touch", "deny")
    try:
        return host.authenticate()
    finally:
        key2("touch", "wait")


def a_refusal_asks_pam_for_a_delay_and_nodelay_does_not():
    for option, delayed in (("", True), ("nodelay", False)):
        with Stack("stacks", f"{ALONE} {option}"), PluggedIn("1"), Host("stacks", "carol") as host:
            code = refuse_touch(host)
            check(code == AUTH_ERR, f"{code}: {host.said}")
            check(len(host.delays) == 1 and (host.delays[0] > 0) == delayed, f"'{option}': {host.delays}")


def a_success_asks_pam_for_no_delay():
    with Stack("stacks", ALONE), Host("stacks", "alice", hand=key) as host:
        check(host.authenticate() == SUCCESS and not any(host.delays), f"{host.delays}")


def quiet_shows_questions_and_nothing_else():
    with Stack("stacks", ALONE + " quiet"):
        key("touch", "auto")
        try:
            with Host("stacks", "alice") as host:
                check(host.authenticate() == SUCCESS and not host.said, f"{host.said}")
        finally:
            key("touch", "wait")
        with PluggedIn(), Host("stacks", "bob", [("PIN", TPM_PIN)]) as host:
            check(host.authenticate() == SUCCESS and len(host.said) == 1, f"{host.said}")
        with PluggedIn("1"), Host("stacks", "carol") as host:
            check(refuse_touch(host) == AUTH_ERR and not host.said, f"{host.said}")


def debug_logs_how_a_call_ends_and_the_absence_of_it_does_not():
    for option, logged in (("debug", True), ("", False)):
        with Stack("stacks", f"{ALONE} {option}"), Logged() as log:
            check(sign_in("stacks", "alice", hand=key) == SUCCESS, "not let in")
            check(("user alice was let in by credential " in log.text()) == logged, log.text())


def a_timeout_gives_up_a_touch_that_does_not_come_and_the_key_stops_blinking():
    with Stack("stacks", ALONE + " timeout=1"):
        key("count", "reset")
        check(sign_in("stacks", "alice") == AUTHINFO_UNAVAIL, "let in")
        stops_blinking_by_itself()
        check(count("cancel") == 1, key("count"))


PROMISES = [
    credentials_are_set_where_only_the_module_let_somebody_in,
    credentials_are_set_where_the_password_let_somebody_in,
    a_session_line_neither_opens_nor_closes_anything,
    a_password_line_leaves_passwords_alone,
    a_mistaken_auth_line_lets_nobody_in_and_says_why,
    a_mistaken_auth_line_lets_in_nobody_who_has_no_passkey_either,
    a_mistaken_auth_line_leaves_the_password,
    a_mistaken_account_line_locks_nobody_out_and_says_why,
    a_mistaken_account_line_that_is_required_passes_nobody,
    a_mistaken_session_line_says_why_and_stops_nobody_who_came_without_an_ssh_key,
    a_mistaken_password_line_changes_nothing_and_says_why,
    a_refusal_asks_pam_for_a_delay_and_nodelay_does_not,
    a_success_asks_pam_for_no_delay,
    quiet_shows_questions_and_nothing_else,
    debug_logs_how_a_call_ends_and_the_absence_of_it_does_not,
    a_timeout_gives_up_a_touch_that_does_not_come_and_the_key_stops_blinking,
]
