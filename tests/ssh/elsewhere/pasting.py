"""A passkey made on another computer comes in as a text: through a terminal, with the password at polkit's agent; and
nothing comes in that was not made for this account, this time."""

import json
import os
import pwd
import termios

from faces import call, everything, last_record, passkeys, type_at_the_agent, until
from logind.scripted import Logind
from near import Attempt, elsewhere, made, near
from world import PASSWORD, Terminal, check, with_touch

ALICE = pwd.getpwnam("alice").pw_uid
OVER_SSH = f"session uid={ALICE} pid=* remote=yes seat= service=sshd\n"
PASTE = "Paste here"


def takes_long_lines(terminal):
    until(lambda: not termios.tcgetattr(terminal.master)[3] & termios.ICANON, "the terminal cuts long lines")


def paste(terminal, text):
    """As a terminal does it: as much as there is room for, while the program reads."""
    takes_long_lines(terminal)
    rest = text.encode() + b"\n"
    while rest:
        rest = rest[os.write(terminal.master, rest[:1024]):]


def enrolls(user, *options, pad="0"):
    """The person at passkeyctl, who pastes; the whole screen."""
    with Terminal(user, ["passkeyctl", "enroll", "--elsewhere", "--no-backup-codes", *options]) as terminal:
        type_at_the_agent(terminal, PASSWORD)
        prompt = terminal.wait_for(r"passkeyd1-new:[A-Za-z0-9_-]+(?=\r)")
        terminal.wait_for(PASTE)
        answer = made(prompt, pad)
        paste(terminal, answer)
        check(terminal.end() == 0, terminal.screen)
        return terminal.screen, answer


def refused(step, why):
    check(step[0] == "unavailable" and step[1]["message"] == why, step)


def only_looks(before):
    check(everything() == before, "something changed all the same")


# --- in --------------------------------------------------------------------------------------------------------------
def alice_enrolls_the_key_of_another_computer_with_her_password():
    screen, _ = enrolls("alice", "--name", "Laptop key")
    check('The passkey "Laptop key" is ready to use.' in screen and "sign in from there" in screen, screen)
    check("trial" not in screen, screen)
    mine = passkeys("alice")["Laptop key"]
    check((mine["way"], mine["state"]) == ("usb", "active"), mine)
    check(last_record()[:3] == ("enroll", "alice", "done"), last_record())


def plugged_in_here_it_opens_here_too():
    check(with_touch("alice"), "sudo does not take it")


def an_answer_longer_than_a_terminals_line_arrives_whole():
    screen, answer = enrolls("bob", "--name", "Long", pad="3900")
    check(len(answer) > 5000, f"only {len(answer)} bytes")  # terminals make lines of 4095
    check(passkeys("bob")["Long"]["state"] == "active", screen)


def who_comes_over_ssh_may():
    with Logind(OVER_SSH), Terminal("alice", ["passkeyctl", "enroll", "--usb"]) as terminal:
        type_at_the_agent(terminal, PASSWORD)
        check(terminal.end() == 3 and "sits at this computer" in terminal.screen, terminal.screen)
    check(call("root", "RevokeCredential", "ssa{sv}", "alice", "Laptop key", {}) == ["ok"], "not revoked")
    with Logind(OVER_SSH):
        screen, _ = enrolls("alice", "--name", "From afar")
    check(passkeys("alice")["From afar"]["state"] == "active", screen)


def what_is_pasted_wrongly_can_be_pasted_again():
    with elsewhere("dave") as attempt:
        prompt = attempt.prompt()
        answer = made(prompt)
        for wrong in (answer[:-10], "sorry?"):
            attempt.answer(wrong)
            told = attempt.step()
            check(told[0] == "tell" and told[1]["message"] == "invalid-input", told)
            check(attempt.prompt() == prompt, "another prompt")
        attempt.answer(answer)
        check(attempt.step()[0] == "granted", "not granted")
    check(call("root", "RevokeAll", "sa{sv}", "dave", {})[0] == "ok", "not revoked")


# --- out -------------------------------------------------------------------------------------------------------------
def garbage_enrolls_nothing():
    before = everything()
    with elsewhere("dave") as attempt:
        for wrong in ("passkeyd1-made:", "passkeyd1-made:AAAA", "x" * 15000):
            attempt.prompt()
            attempt.answer(wrong)
            step = attempt.step()
            if step[0] != "tell":
                break
        refused(step, "invalid-input")
    only_looks(before)


def an_answer_that_is_too_long_is_not_read():
    before = everything()
    with elsewhere("dave") as attempt:
        attempt.prompt()
        attempt.answer("x" * 20000)
        check(attempt.step()[0] == "InvalidInput", "20 kB were taken")
    with Terminal("alice", ["passkeyctl", "enroll", "--elsewhere"]) as terminal:
        type_at_the_agent(terminal, PASSWORD)
        terminal.wait_for(PASTE)
        paste(terminal, "x" * 40000)
        check(terminal.end() == 3 and "not accepted" in terminal.screen, terminal.screen)
    only_looks(before)


def an_answer_to_an_earlier_request_is_refused():
    before = everything()
    with elsewhere("dave") as first:
        late = made(first.prompt())
    with elsewhere("dave") as second:
        second.prompt()
        second.answer(late)
        refused(second.step(), "invalid-input")
    only_looks(before)


def an_answer_serves_once():
    with elsewhere("dave") as first:
        answer = made(first.prompt())
        first.answer(answer)
        check(first.step()[0] == "granted", "not granted")
    before = everything()
    with elsewhere("dave") as second:
        second.prompt()
        second.answer(answer)
        refused(second.step(), "invalid-input")
    only_looks(before)
    check(call("root", "RevokeAll", "sa{sv}", "dave", {})[0] == "ok", "not revoked")


def an_answer_to_another_accounts_request_is_refused():
    before = everything()
    with elsewhere("dave") as daves, elsewhere("carol") as carols:
        theirs = made(daves.prompt())
        carols.prompt()
        carols.answer(theirs)
        refused(carols.step(), "invalid-input")
    only_looks(before)


def a_key_that_is_enrolled_is_excluded_where_it_is():
    with elsewhere("alice") as attempt:
        prompt = attempt.prompt()
        answer = near("make", "0", lines=(prompt, ""), usb=True, touched=True)
        check(answer.startswith("error already-exists"), answer)
        attempt.answer("")
        refused(attempt.step(), "cancelled")


def a_locked_account_gets_none_before_or_after():
    with elsewhere("dave") as attempt:
        answer = made(attempt.prompt())
        check(call("root", "LockUser", "sa{sv}", "dave", {})[0] == "ok", "not locked")
        try:
            before = everything()
            attempt.answer(answer)
            refused(attempt.step(), "locked")
            with elsewhere("dave") as another:
                refused(another.step(), "locked")
            only_looks(before)
        finally:
            check(call("root", "UnlockUser", "s", "dave")[0] == "ok", "not unlocked")


def nobody_does_it_for_somebody_else_or_unasked():
    for by, user in (("bob", "alice"), ("alice", "alice"), ("bob", "nobody-here")):
        with elsewhere(user, by=by) as attempt:
            step = attempt.step()
            check(step[0] == "NotAllowed" and "prompt" not in json.dumps(step), step)


def what_is_made_elsewhere_is_not_chosen_here():
    for more in ({"way": "usb"}, {"discoverable": True}, {"device": "/dev/hidraw0"}):
        with elsewhere("dave", **more) as attempt:
            check(attempt.step()[0] == "InvalidInput", more)
    for way in ("ssh", "client", "code"):
        with Attempt("root", "BeginEnrollment", user="dave", way=way) as attempt:
            check(attempt.step()[0] == "InvalidInput", way)


FIRST = [alice_enrolls_the_key_of_another_computer_with_her_password]
PROMISES = [
    plugged_in_here_it_opens_here_too,
    an_answer_longer_than_a_terminals_line_arrives_whole,
    who_comes_over_ssh_may,
    what_is_pasted_wrongly_can_be_pasted_again,
    garbage_enrolls_nothing,
    an_answer_that_is_too_long_is_not_read,
    an_answer_to_an_earlier_request_is_refused,
    an_answer_serves_once,
    an_answer_to_another_accounts_request_is_refused,
    a_key_that_is_enrolled_is_excluded_where_it_is,
    a_locked_account_gets_none_before_or_after,
    nobody_does_it_for_somebody_else_or_unasked,
    what_is_made_elsewhere_is_not_chosen_here,
]
