"""A new PIN for this computer's passkey, by passkeyctl and by PAM; and nothing of it in a change of password."""

from people import CODE, PIN, TPM_PIN, WRONG_PIN, answer, forget_tries, gives_up, tries
from world import PASSWORD, Terminal, check, must, sudo

OLD = "Current PIN of this computer's passkey: "
NEW = "Choose a PIN for this computer's passkey: "
AGAIN = "The same PIN again: "
NEW_PIN = "161803"


def changed(command, *pins):
    """bob changes his PIN; the exit status and the screen."""
    with Terminal("bob", command) as terminal:
        for prompt, pin in zip((OLD, NEW, AGAIN), pins):
            answer(terminal, prompt, pin)
        return terminal.end(), terminal.screen


def by_passkeyctl(*pins):
    return changed(["passkeyctl", "pin"], *pins)


def by_pam(*pins):
    with open("/etc/pam.d/passkey-pin", "w", encoding="utf-8") as file:
        file.write("password required pam_passkey.so\n")
    return changed(["pamtester", "passkey-pin", "bob", "chauthtok"], *pins)


def pin_opens(pin):
    with sudo("bob") as terminal:
        answer(terminal, PIN, pin)
        if terminal.wait_for(r"(?m:^root\r?$)|Wrong PIN").startswith("root"):
            return terminal.end() == 0
        answer(terminal, PIN, "")
        answer(terminal, CODE, "")
        gives_up(terminal, "bob")
        return False


def changes_the_pin(change):
    for old, new in ((TPM_PIN, NEW_PIN), (NEW_PIN, TPM_PIN)):
        status, screen = change(old, new, new)
        check(status == 0 and "The new PIN is in force." in screen, screen)
        check(pin_opens(new), "the new PIN does not open")
        check(not pin_opens(old), "the old PIN opens")
        forget_tries()


def passkeyctl_changes_the_pin():
    changes_the_pin(by_passkeyctl)


def pam_changes_the_pin():
    changes_the_pin(by_pam)


def refuses_a_wrong_pin(change):
    status, screen = change(WRONG_PIN, NEW_PIN, NEW_PIN)
    check(status != 0 and "Wrong PIN" in screen, screen)
    check(tries("bob", "tpm") == 1, f"{tries('bob', 'tpm')} tries were counted instead of 1")
    check(not pin_opens(NEW_PIN) and pin_opens(TPM_PIN), "the PIN is not what it was")
    forget_tries()


def a_wrong_old_pin_changes_nothing_and_is_counted():
    refuses_a_wrong_pin(by_passkeyctl)
    refuses_a_wrong_pin(by_pam)


def guessing_the_old_pin_runs_into_the_same_limit_as_signing_in():
    for _ in range(5):
        by_passkeyctl(WRONG_PIN, NEW_PIN, NEW_PIN)
    status, screen = by_passkeyctl()
    check(status == 6 and "Too many failed tries" in screen, f"{status}: {screen}")
    with sudo("bob") as terminal:
        terminal.wait_for("Too many failed tries")
        answer(terminal, CODE, "")
        gives_up(terminal, "bob")


def two_different_new_pins_change_nothing_and_cost_nothing():
    for change in (by_passkeyctl, by_pam):
        status, screen = change(TPM_PIN, NEW_PIN, NEW_PIN + "0")
        check(status != 0 and "The two PINs differ." in screen, screen)
        check(tries("bob", "tpm") == 0, "a mistype was counted as a wrong PIN")
        check(not pin_opens(NEW_PIN) and pin_opens(TPM_PIN), "the PIN is not what it was")
        forget_tries()  # the new PIN was a wrong one


def elsewhere_the_module_passes_over_itself():
    """Only IGNORE jumps over the line that refuses."""
    with open("/etc/pam.d/elsewhere", "w", encoding="utf-8") as file:
        file.write("password [ignore=1 default=die] pam_passkey.so\npassword requisite pam_deny.so\n"
                   "password required pam_permit.so\n")
    with Terminal("bob", ["pamtester", "elsewhere", "bob", "chauthtok"]) as terminal:
        check(terminal.end() == 0 and "PIN" not in terminal.screen, terminal.screen)
    check(pin_opens(TPM_PIN), "the PIN is not what it was")


def a_change_of_password_is_none_of_the_pin():
    check("pam_passkey" not in open("/etc/pam.d/common-password", encoding="utf-8").read(), "the profile is in the way")
    with Terminal("bob", ["passwd"]) as terminal:
        answer(terminal, "Current password: ", PASSWORD)
        answer(terminal, "New password: ", "a newer way in")
        answer(terminal, "Retype new password: ", "a newer way in")
        check(terminal.end() == 0 and "PIN" not in terminal.screen, terminal.screen)
    must("chpasswd", input=f"bob:{PASSWORD}\n")
    check(pin_opens(TPM_PIN), "the PIN is not what it was")


PROMISES = [
    passkeyctl_changes_the_pin,
    pam_changes_the_pin,
    a_wrong_old_pin_changes_nothing_and_is_counted,
    guessing_the_old_pin_runs_into_the_same_limit_as_signing_in,
    two_different_new_pins_change_nothing_and_cost_nothing,
    elsewhere_the_module_passes_over_itself,
    a_change_of_password_is_none_of_the_pin,
]
