"""People give themselves passkeys, with their own password, and administrators give others theirs. What comes of it the
other promises use: alice has "Blue key", dave "This computer"; carol, who is
the administrator, and bob have nothing but their passwords."""

import json

from faces import LINE, PASSWORD, PYTHON, Terminal, call, check, everything, must, open_to_all, passkeys, type_at_the_agent
from world import key, touch, transactions, usb

ATTEMPT = open_to_all("tests/authority/attempt.py")
TPM_PIN = "314159"


class Attempt(Terminal):
    """An attempt at a terminal, whose every step is a line of JSON."""

    def __init__(self, who, method, agent=True, **request):
        request = {name.replace("_", "-"): value for name, value in request.items()}
        super().__init__(who, [PYTHON, ATTEMPT, *(["--agent"] if agent else []), method, json.dumps(request)])

    def step(self):
        return json.loads(self.wait_for(LINE))

    def prove(self, password=PASSWORD):
        type_at_the_agent(self, password)

    def last(self):
        """Past whatever is told."""
        while True:
            step = self.step()
            if step[0] not in ("tell",):
                return step


def enrolled(terminal, name=""):
    """Plays the person at the key and, if asked, with a name; the details of the last word."""
    check(terminal.step()[0] == "tell", terminal.screen)
    touch()
    step = terminal.last()
    if step[0] == "ask":
        check(step[1]["message"] == "name-passkey" and step[1]["name"], step)
        terminal.type(name)
        step = terminal.last()
    check(step[0] == "granted", step)
    return step[1]


def alice_enrolls_herself_with_her_password():
    with Attempt("alice", "BeginEnrollment", user="alice", way="usb", ask_name=True) as terminal:
        terminal.wait_for("enroll a passkey for your account")
        terminal.prove()
        details = enrolled(terminal, "Blue key")
    check((details["passkeys"], details["only-device"], details["name"]) == (1, True, "Blue key"), details)
    check(passkeys("alice")["Blue key"]["state"] == "active", passkeys("alice"))


def nobody_enrolls_with_a_wrong_password():
    before, _ = everything(), key("count", "reset")
    with Attempt("alice", "BeginEnrollment", user="alice", way="usb") as terminal:
        terminal.prove("not the password")
        check(terminal.step()[0] == "NotAllowed", terminal.screen)
    check(everything() == before and transactions() == 0, "something happened all the same")


def nobody_enrolls_unasked():
    for user in ("alice", "bob", "nobody-here"):
        with Attempt("alice", "BeginEnrollment", agent=False, user=user, way="usb") as terminal:
            step = terminal.step()
            check(step[0] == "NotAllowed" and "pkttyagent" in step[1], step)


def an_administrator_enrolls_somebody_else():
    with Attempt("bob", "BeginEnrollment", user="dave", way="tpm", name="This computer") as terminal:
        terminal.wait_for("enroll a passkey for dave")
        terminal.wait_for("carol")
        terminal.prove()
        for _ in range(2):
            check(terminal.last()[0] == "ask-secret", terminal.screen)
            terminal.type_unseen(TPM_PIN)
        check(terminal.last()[0] == "granted", terminal.screen)


def the_same_key_twice_already_exists_and_is_named():
    with Attempt("root", "BeginEnrollment", agent=False, user="alice", way="usb") as terminal:
        check(terminal.step()[0] == "tell", terminal.screen)
        touch()
        step = terminal.last()
    check(step[0] == "unavailable" and step[1]["message"] == "already-exists" and step[1]["device"], step)


def a_name_that_cannot_be_is_asked_for_again_and_in_the_end_the_suggestion_stands():
    with Attempt("root", "BeginEnrollment", agent=False, user="bob", way="usb", ask_name=True) as terminal:
        check(terminal.step()[0] == "tell", terminal.screen)
        touch()
        step = terminal.last()
        suggestion = step[1]["name"]
        for wrong in ("x" * 65, "tab\vtab", "‮evil"):
            check(step[0] == "ask", step)
            terminal.type(wrong)
            told = terminal.step()
            check(told[0] == "tell" and told[1]["message"] == "invalid-input", told)
            step = terminal.step()
    check(step[0] == "granted" and step[1]["name"] == suggestion, step)
    must("passkeyctl", "list", "--user", "bob")
    check(call("root", "RevokeAll", "sa{sv}", "bob", {}) == ["ok", 1], "bob's")


def a_taken_name_is_refused_before_the_key_is_asked():
    key("count", "reset")
    with Attempt("root", "BeginEnrollment", agent=False, user="alice", way="usb", name="Blue key") as terminal:
        step = terminal.step()
    check(step[0] == "unavailable" and step[1]["message"] == "already-exists", step)
    check(transactions() == 0, "the key was asked")


def a_device_that_is_not_plugged_in_is_no_device():
    with Attempt("root", "BeginEnrollment", agent=False, user="alice", device="/dev/hidraw99") as terminal:
        step = terminal.step()
    check(step[0] == "unavailable" and step[1]["message"] == "no-device", step)


def of_two_keys_the_one_that_was_named_is_used():
    usb("plug", "1")
    try:
        ports = dict(line.split() for line in usb("list").splitlines())
        with Attempt("root", "BeginEnrollment", agent=False, user="dave", way="usb", device=ports["0"]) as terminal:
            made = enrolled(terminal)
            check((made["passkeys"], made["only-device"]) == (2, False), made)
    finally:
        usb("unplug", "1")
    check(call("root", "RevokeCredential", "ssa{sv}", "dave", made["credential"], {}) == ["ok"], "dave's")


def a_locked_account_gets_no_passkey():
    check(call("root", "LockUser", "sa{sv}", "dave", {})[0] == "ok", "not locked")
    try:
        with Attempt("root", "BeginEnrollment", agent=False, user="dave", way="usb") as terminal:
            step = terminal.step()
        check(step[0] == "unavailable" and step[1]["message"] == "locked", step)
    finally:
        check(call("root", "UnlockUser", "s", "dave")[0] == "ok", "not unlocked")


PROMISES = [
    nobody_enrolls_unasked,
    nobody_enrolls_with_a_wrong_password,
    alice_enrolls_herself_with_her_password,
    an_administrator_enrolls_somebody_else,
    the_same_key_twice_already_exists_and_is_named,
    a_taken_name_is_refused_before_the_key_is_asked,
    a_device_that_is_not_plugged_in_is_no_device,
    of_two_keys_the_one_that_was_named_is_used,
    a_name_that_cannot_be_is_asked_for_again_and_in_the_end_the_suggestion_stands,
    a_locked_account_gets_no_passkey,
]
