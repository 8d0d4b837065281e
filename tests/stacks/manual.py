"""The stacks of pam_passkey(8), with the very lines that the manual page has: what opens each, and what does not."""

import re

from bench import KEY2_PIN, TPM_PIN, NoKeyAsked, PluggedIn, Policy, Stack, fresh_codes, pins_sent, read, run_host
from libpam import SUCCESS, sign_in
from world import PASSWORD, TREE, check, key, key2, sudo, touch, use_password, with_touch

REST = ["account required pam_unix.so"]
CODES_ALWAYS = ("backup_codes = always",)
ENTER, PASSWORD_PROMPT = "", r"assword[^\n]*: "


# --- what the manual says ---------------------------------------------------------------------------------------------
def shown_in(heading, group):
    """The lines of that group that the manual's section shows, displays and single lines alike."""
    page = read(TREE + "/man/pam_passkey.8")
    section = page.split(f".Ss {heading}\n")[1].split("\n.S")[0]
    lines = [re.sub(r"^\.Dl ", "", line) for line in section.splitlines()]
    found = [line for line in lines if re.match(rf"{group}\s.*\.so", line)]
    check(found, f"the manual shows no {group} line under '{heading}'")
    return found


def nothing_else():
    return shown_in("A passkey, nothing else", "auth") + REST


def both(options=""):
    (passkey, password) = shown_in("A passkey and a password", "auth")
    return [f"{passkey} {options}", password] + REST


def written_by_hand():
    (line,) = [line for line in shown_in("A passkey or a password", "auth") if "sufficient" in line]
    return [line, "auth required pam_unix.so"] + REST


def refused(user, *steps):
    """sudo lets them not in. `steps`: what is waited for and then typed unseen; the password is never asked for unless
    a step waits for it."""
    with sudo(user) as terminal:
        for pattern, answer in steps:
            terminal.wait_for(pattern)
            terminal.type_unseen(answer)
        status = terminal.end()
        check(status != 0, "sudo let them in")
        if PASSWORD_PROMPT not in [pattern for pattern, _ in steps]:
            check(not re.search(PASSWORD_PROMPT, terminal.screen), "the password was asked for")


# --- a passkey, nothing else ----------------------------------------------------------------------------------------
def a_passkey_alone_opens_the_stack_that_wants_nothing_else():
    with Stack("sudo", *nothing_else()):
        check(with_touch("alice"), "the passkey does not open sudo")


def no_password_opens_the_stack_that_wants_nothing_but_a_passkey():
    fresh_codes("frank")
    with Stack("sudo", *nothing_else()), Policy("ways = tpm"):
        # Typed wherever it can be typed without costing a try of the PIN; it cannot even be a code.
        refused("frank", ("PIN[^\n]*: ", ENTER), ("Backup code[^\n]*: ", PASSWORD), ("Backup code[^\n]*: ", ENTER))


def who_has_no_passkey_does_not_get_into_a_stack_that_wants_one():
    with Stack("sudo", *nothing_else()), NoKeyAsked():
        refused("erin")


def a_backup_code_opens_the_passkey_stack_without_the_key_if_codes_are_always_asked_for():
    code = fresh_codes("alice")[0]
    with Stack("sudo", *nothing_else()), PluggedIn():
        refused("alice")  # codes after a passkey only, and no passkey is at hand
        with Policy(*CODES_ALWAYS):
            with sudo("alice") as terminal:
                terminal.wait_for("Backup code[^\n]*: ")
                terminal.type_unseen(code)
                check(terminal.end() == 0, "the code does not open sudo")
            refused("alice", ("Backup code[^\n]*: ", code), ("Backup code[^\n]*: ", ENTER))  # spent


# --- a passkey or a password ------------------------------------------------------------------------------------------
def the_profile_has_the_lines_of_the_manual():
    profile = read(TREE + "/config/pam-config")
    for group, heading in (("auth", "A passkey or a password"), ("account", "Account"), ("session", "Session")):
        line = shown_in(heading, group)[0]
        has = re.search(rf"^{group.capitalize()}:\n\s+(.*)$", profile, re.MULTILINE)[1]
        check(has.split() == line.split()[1:], f"the profile: {has}; the manual: {line}")


def passkey_or_password_by_hand_opens_with_either():
    with Stack("sudo", *written_by_hand()):
        either_opens()


def passkey_or_password_as_the_profile_has_it_opens_with_either():
    check("pam_passkey" in read("/etc/pam.d/common-auth") and "common-auth" in read("/etc/pam.d/sudo"), "no profile")
    either_opens()


def either_opens():
    check(with_touch("alice"), "the passkey does not open sudo")
    with sudo("bob") as terminal:
        terminal.wait_for("PIN[^\n]*: ")
        terminal.type_unseen(ENTER)
        use_password(terminal)
    with sudo("erin") as terminal:
        use_password(terminal)
    refused("erin", (PASSWORD_PROMPT, "not this one"))


# --- a passkey and a password -----------------------------------------------------------------------------------------
def with_both_wanted_both_together_open():
    for options in ("", "first_prompt=passkey"):
        with Stack("sudo", *both(options)), sudo("alice") as terminal:
            terminal.wait_for("Touch ")
            touch()
            use_password(terminal)


def with_both_wanted_both_together_open_also_after_the_prompt_for_both():
    with Stack("sudo", *both("first_prompt=either")):
        with sudo("alice") as terminal:
            terminal.wait_for("Password, or Enter[^\n]*: ")
            terminal.type_unseen(ENTER)
            terminal.wait_for("Touch ")
            touch()
            use_password(terminal)


def with_both_wanted_the_passkey_alone_is_refused():
    for options, first in (("", ()), ("first_prompt=either", (("Password, or Enter[^\n]*: ", ENTER),))):
        with Stack("sudo", *both(options)):
            refused("bob", *first, ("PIN[^\n]*: ", TPM_PIN), (PASSWORD_PROMPT, "not this one"))
            refused("bob", *first, ("PIN[^\n]*: ", TPM_PIN), (PASSWORD_PROMPT, ENTER))


def with_both_wanted_the_password_alone_is_refused():
    with Stack("sudo", *both()):
        refused("bob", ("PIN[^\n]*: ", ENTER))
        with PluggedIn():
            refused("alice")
    with Stack("sudo", *both("first_prompt=either")):
        key("count", "reset")
        refused("alice", (PASSWORD_PROMPT, PASSWORD))
        check("getAssertion" not in key("count"), "the key was asked although a password was typed")
        with PluggedIn():
            refused("alice")


def with_both_wanted_who_has_no_passkey_is_refused():
    for options in ("", "first_prompt=either"):
        with Stack("sudo", *both(options)), NoKeyAsked():
            refused("erin")


def with_both_wanted_a_required_line_would_let_the_password_alone_in():
    """Why the manual says not to: the account without a passkey is passed over."""
    with Stack("sudo", "auth required pam_passkey.so", "auth required pam_unix.so", *REST), sudo("erin") as terminal:
        use_password(terminal)


def with_both_wanted_a_host_of_one_answer_lets_nobody_in():
    with Stack("swaylock", *both()):
        for typed, hand in ((PASSWORD, None), (ENTER, key)):
            code = run_host("swaylock", "alice", typed, hand=hand)
            check(code not in (SUCCESS, None), f"{typed or 'Enter'}: code {code}")


def with_both_wanted_a_key_with_a_pin_asks_for_pin_touch_and_password():
    answers = [("PIN", KEY2_PIN), ("assword", PASSWORD)]
    with Stack("stacks", *both()), PluggedIn("1"):
        key2("count", "reset")
        check(sign_in("stacks", "dave", answers, hand=key2) == SUCCESS, "PIN, touch and password do not open")
        check(pins_sent(key2) == 1, f"{pins_sent(key2)} PINs were sent")


PROMISES = [
    a_passkey_alone_opens_the_stack_that_wants_nothing_else,
    no_password_opens_the_stack_that_wants_nothing_but_a_passkey,
    who_has_no_passkey_does_not_get_into_a_stack_that_wants_one,
    a_backup_code_opens_the_passkey_stack_without_the_key_if_codes_are_always_asked_for,
    the_profile_has_the_lines_of_the_manual,
    passkey_or_password_by_hand_opens_with_either,
    passkey_or_password_as_the_profile_has_it_opens_with_either,
    with_both_wanted_both_together_open,
    with_both_wanted_both_together_open_also_after_the_prompt_for_both,
    with_both_wanted_the_passkey_alone_is_refused,
    with_both_wanted_the_password_alone_is_refused,
    with_both_wanted_who_has_no_passkey_is_refused,
    with_both_wanted_a_required_line_would_let_the_password_alone_in,
    with_both_wanted_a_host_of_one_answer_lets_nobody_in,
    with_both_wanted_a_key_with_a_pin_asks_for_pin_touch_and_password,
]
