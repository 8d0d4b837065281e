"""Every stack that pam-auth-update makes of our profile and others, in every situation that people get into: who is let
in, what they are asked, and that everything after the sign-in works, too."""

from bed import SERVICE, Profiles, forget_failures, lines_of, service
from bench import TPM_PIN
from libpam import AUTH_ERR, PERM_DENIED, SUCCESS, Host, sign_in
from locks import SENTENCE, Down, Locked
from world import PASSWORD, check, must

ENTER, WRONG = "", "not this one"
PASSWORD_PROMPT, PIN_PROMPT = "assword", "PIN"
AS_DEBIAN_COMES = ("passkey", "unix", "systemd", "capability")
STACKS = {
    "passkey_and_unix": ("passkey", "unix"),
    "debian_as_it_comes": AS_DEBIAN_COMES,
    "with_mkhomedir": (*AS_DEBIAN_COMES, "mkhomedir"),
    "with_gnome_keyring": (*AS_DEBIAN_COMES, "gnome-keyring"),
    "with_pwquality": (*AS_DEBIAN_COMES, "pwquality"),
    "with_u2f_after": (*AS_DEBIAN_COMES, "u2f"),
    "with_u2f_before": (*AS_DEBIAN_COMES, "u2f-first"),
    "with_fprintd": (*AS_DEBIAN_COMES, "fprintd"),
    "with_sss": (*AS_DEBIAN_COMES, "pwquality", "sss"),
    "with_krb5": (*AS_DEBIAN_COMES, "krb5"),
    "with_faillock": (*AS_DEBIAN_COMES, "faillock-preauth", "faillock"),
    "with_all_of_them": (*AS_DEBIAN_COMES, "mkhomedir", "gnome-keyring", "pwquality", "u2f", "fprintd", "sss", "krb5",
                         "faillock-preauth", "faillock"),
}


def refused(user, *answers):
    """pam_faillock's "authfail" answers PAM_IGNORE, of which libpam makes PERM_DENIED where nothing else was said."""
    counted = any("authfail" in line for line in lines_of("auth"))
    code = sign_in(SERVICE, user, answers)
    check(code == (PERM_DENIED if counted else AUTH_ERR), f"code {code}")


# --- situations -----------------------------------------------------------------------------------------------------
def the_right_passkey_opens_and_all_that_follows_works():
    with Host(SERVICE, "bob", [(PIN_PROMPT, TPM_PIN)]) as host:
        codes = [host.authenticate(), host.account(), host.set_credentials(), host.open_session()]
        check(codes == [SUCCESS] * 4, f"{codes}: {host.said}")
        check(PASSWORD_PROMPT not in host.texts(), f"the password was asked for: {host.said}")


def a_passkey_dismissed_leaves_the_right_password():
    with Host(SERVICE, "bob", [(PIN_PROMPT, ENTER), (PASSWORD_PROMPT, PASSWORD)]) as host:
        codes = [host.authenticate(), host.account(), host.set_credentials(), host.open_session()]
        check(codes == [SUCCESS] * 4, f"{codes}: {host.said}")


def a_passkey_dismissed_and_a_wrong_password_are_refused():
    refused("bob", (PIN_PROMPT, ENTER), (PASSWORD_PROMPT, WRONG))


def who_has_no_passkey_is_asked_for_the_password_alone():
    with Host(SERVICE, "erin", [(PASSWORD_PROMPT, PASSWORD)]) as host:
        codes = [host.authenticate(), host.account(), host.set_credentials(), host.open_session()]
        check(codes == [SUCCESS] * 4, f"{codes}: {host.said}")
        check(PIN_PROMPT not in host.texts(), f"a passkey was asked for: {host.said}")
    refused("erin", (PASSWORD_PROMPT, WRONG))


def nobody_is_let_in_who_does_not_exist():
    check(sign_in(SERVICE, "nobody-of-that-name", [(PASSWORD_PROMPT, PASSWORD)]) != SUCCESS, "let in")


def a_daemon_that_is_down_leaves_the_password_and_nothing_else():
    with Down():
        with Host(SERVICE, "bob", [(PASSWORD_PROMPT, PASSWORD)]) as host:
            codes = [host.authenticate(), host.account(), host.set_credentials(), host.open_session()]
            check(codes == [SUCCESS] * 4, f"{codes}: {host.said}")
        refused("bob", (PASSWORD_PROMPT, WRONG))


def an_administrators_lock_of_passkeys_leaves_the_password():
    with Locked("bob"), Host(SERVICE, "bob", [(PASSWORD_PROMPT, PASSWORD)]) as host:
        codes = [host.authenticate(), host.account()]
        check(codes == [SUCCESS] * 2 and SENTENCE in host.texts(), f"{codes}: {host.said}")


def an_account_that_has_expired_is_kept_out_with_a_passkey_too():
    must("usermod", "--expiredate", "1970-01-02", "bob")
    try:
        with Host(SERVICE, "bob", [(PIN_PROMPT, TPM_PIN)]) as host:
            codes = [host.authenticate(), host.account()]
            check(codes == [SUCCESS, AUTH_ERR] and "expired" in host.texts(), f"{codes}: {host.said}")
    finally:
        must("usermod", "--expiredate", "", "bob")


SITUATIONS = [
    the_right_passkey_opens_and_all_that_follows_works,
    a_passkey_dismissed_leaves_the_right_password,
    a_passkey_dismissed_and_a_wrong_password_are_refused,
    who_has_no_passkey_is_asked_for_the_password_alone,
    nobody_is_let_in_who_does_not_exist,
    a_daemon_that_is_down_leaves_the_password_and_nothing_else,
    an_administrators_lock_of_passkeys_leaves_the_password,
    an_account_that_has_expired_is_kept_out_with_a_passkey_too,
]


def promise_of(stack, situation):
    def promise():
        with Profiles(*STACKS[stack]), service():
            for user in ("bob", "erin"):
                forget_failures(user)
            situation()
    promise.__name__ = f"{stack}_{situation.__name__}"
    return promise


# --- the order of things ----------------------------------------------------------------------------------------------
def everybody_whom_a_module_lets_in_lands_behind_the_refusal():
    """The jumps of pam-auth-update: [success=N] in each line leads to the line after pam_deny, whatever is in between."""
    for stack, profiles in STACKS.items():
        with Profiles(*profiles):
            lines = lines_of("auth")
            deny = next(at for at, line in enumerate(lines) if "pam_deny.so" in line)
            for at, line in enumerate(lines[:deny]):
                if line[1].startswith("[success="):
                    check(at + int(line[1].split("=")[1]) == deny, f"{stack}: {' '.join(line)}")


def a_passkey_is_asked_for_before_any_password():
    with Profiles(*STACKS["with_all_of_them"]):
        modules = [next(word for word in line if word.endswith(".so")) for line in lines_of("auth")]
        for module in ("pam_krb5.so", "pam_unix.so", "pam_sss.so", "pam_u2f.so", "pam_fprintd.so"):
            check(modules.index("pam_passkey.so") < modules.index(module), f"{modules}")
        check(modules.index("pam_faillock.so") < modules.index("pam_passkey.so"), f"{modules}")


def without_the_profile_of_pam_unix_the_account_stack_lets_nobody_in():
    """Why the password's profile stays on also where everybody has a passkey: it is what knows the accounts."""
    with Profiles("passkey"), service(), Host(SERVICE, "bob", [(PIN_PROMPT, TPM_PIN)]) as host:
        check(host.authenticate() == SUCCESS, f"{host.said}")
        check(host.account() == AUTH_ERR, "let in")


def the_code_of_a_refusal_is_the_one_that_it_would_be_without_us():
    for profiles in STACKS.values():
        without = tuple(name for name in profiles if name != "passkey" and not name.startswith("u2f"))
        with Profiles(*without), service():
            refused("erin", (PASSWORD_PROMPT, WRONG))
            forget_failures("erin")


PROMISES = [
    the_code_of_a_refusal_is_the_one_that_it_would_be_without_us,
    everybody_whom_a_module_lets_in_lands_behind_the_refusal,
    a_passkey_is_asked_for_before_any_password,
    without_the_profile_of_pam_unix_the_account_stack_lets_nobody_in,
    *(promise_of(stack, situation) for stack in STACKS for situation in SITUATIONS),
]
