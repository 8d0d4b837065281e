"""What polkit is asked, and what becomes of a question: answered, dismissed, taken back, never put."""

import contextlib
import json
import select
import subprocess
import time

from faces import (CALLER, PASSWORDS_AT_POLKIT, PYTHON, Asked, WithoutPolkit, arguments, as_user, call, check, everything,
                   last_record, open_to_all, passkeys, prove_and, rows, uid_of)
from world import Failed, configure, restart_daemon, touch, with_touch

AGENT = open_to_all("tests/authority/agent.py")


class Piped:
    """A program of somebody's whose lines are read as they come."""

    def __init__(self, user, *command):
        self.process = subprocess.Popen([*as_user(user), PYTHON, *command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, cwd="/", bufsize=1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def line(self, seconds=20):
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            raise Failed("nothing was said")
        return self.process.stdout.readline().rstrip("\n")

    def answer(self):
        while True:
            line = self.line()
            if line.startswith("["):
                return json.loads(line)


@contextlib.contextmanager
def asking(user, manner, method, signature, *values, times=1):
    """A call whose person has an agent of that manner; the call and the agent, once it was asked."""
    with Piped(user, CALLER, "--interactive", "--wait", "--times", str(times), *arguments(method, signature, *values)) as client:
        check(client.line() == "here", "the client is not there")
        with Piped(user, AGENT, str(client.process.pid), manner) as agent:
            check(agent.line() == "here", "the agent is not there")
            client.process.stdin.write("go\n")
            yield client, agent


def an_owner_renames_their_own_with_their_password():
    answer = prove_and("alice", "RenameCredential", "sss", "alice", "Blue key", "Azure key")
    check(answer == ["ok"], answer)
    with Asked("alice", "RenameCredential", "sss", "alice", passkeys("alice")["Azure key"]["id"], "Blue key") as terminal:
        terminal.prove()
        check(terminal.answer() == ["ok"], terminal.screen)
    check("Blue key" in passkeys("alice") and last_record()[0] == "rename", passkeys("alice"))


def a_touch_proves_it_as_well_as_a_password():
    configure("")
    restart_daemon()
    try:
        with Asked("alice", "RenameCredential", "sss", "alice", "Blue key", "Blue key") as terminal:
            terminal.prove("")  # Enter, at the one prompt for both
            touch()
            check(terminal.answer() == ["ok"], terminal.screen)
    finally:
        configure(PASSWORDS_AT_POLKIT)
        restart_daemon()


def a_wrong_password_changes_nothing():
    before = everything()
    answer = prove_and("alice", "RenameCredential", "sss", "alice", "Blue key", "Mine now", password="wrong")
    check(answer[0] == "NotAllowed" and everything() == before, answer)


def a_dismissed_question_is_cancelled_and_changes_nothing():
    before = everything()
    with asking("alice", "dismiss", "RenameCredential", "sss", "alice", "Blue key", "Mine now") as (client, agent):
        asked = agent.line()
        check(asked.startswith("asked org.passkeyd1.manage: "), asked)
        check(client.answer()[0] == "Cancelled" and everything() == before, "not cancelled")


def without_an_agent_nobody_is_asked():
    answer = call("alice", "RenameCredential", "sss", "alice", "Blue key", "Mine now", interactive=True)
    check(answer[0] == "NotAllowed" and "pkttyagent" in answer[1], answer)


def a_call_that_does_not_let_anybody_be_asked_is_refused():
    answer = call("alice", "RenameCredential", "sss", "alice", "Blue key", "Mine now")
    check(answer[0] == "NotAllowed" and "does not let you be asked" in answer[1], answer)


def an_administrators_password_does_it_for_others_and_the_dialog_says_for_whom():
    with Asked("bob", "RenameCredential", "sss", "alice", "Blue key", "Admin's word") as terminal:
        terminal.wait_for("rename a passkey of alice")
        terminal.wait_for("carol")
        terminal.prove()
        check(terminal.answer() == ["ok"], terminal.screen)
    event, user, _, _, by = last_record()
    check((event, user, by) == ("rename", "alice", uid_of("bob")), last_record())
    check(call("root", "RenameCredential", "sss", "alice", "Admin's word", "Blue key") == ["ok"], "root may not")


def a_stranger_learns_nothing_and_is_on_record():
    before = everything()
    for user in ("alice", "dave", "nobody-here"):
        answers = [call("bob", "ListCredentials", "s", user), call("bob", "CheckAccount", "s", user),
                   call("bob", "RevokeCredential", "ssa{sv}", user, "Blue key", {})]
        check(all(answer[0] == "NotAllowed" for answer in answers), answers)
        check(user not in json.dumps(answers) and "Blue" not in json.dumps(answers), answers)
    check(everything() == before, "something changed")
    event, user, outcome, _, by = last_record()
    check((event, user, outcome, by) == ("refused", "nobody-here", "denied", uid_of("bob")), last_record())


def who_tries_what_nobody_may_for_themself_is_on_record():
    for method, *rest in (("UnlockUser",), ("ResetLimits",), ("ResumeCredential", "Blue key", {})):
        answer = call("alice", method, "ssa{sv}" if rest else "s", "alice", *rest)
        check(answer[0] == "NotAllowed", answer)
        check(last_record() == ("refused", "alice", "denied", "not-allowed", uid_of("alice")), last_record())
    before = rows("SELECT count(*) FROM audit")
    answer = call("alice", "RevokeCredential", "ssa{sv}", "alice", "Blue key", {})
    check(answer[0] == "NotAllowed" and rows("SELECT count(*) FROM audit") == before, "one's own is no offence")


def nobody_fills_the_disk_by_asking():
    def refused():
        return rows("SELECT count(*) FROM audit WHERE event = 'refused' AND caller_uid = ?", uid_of("dave"))[0][0]
    for _ in range(15):
        answer = call("dave", "ListAllCredentials", "")
        check(answer[0] == "NotAllowed", answer)
    check(refused() == 10, f"{refused()} records")


def a_killed_client_takes_its_question_back():
    with asking("alice", "ignore", "RenameCredential", "sss", "alice", "Blue key", "Mine now") as (client, agent):
        agent.line()
        client.process.kill()
        check(agent.line() == "taken back", "the question stays")


def who_leaves_questions_open_can_still_sign_in():
    with asking("alice", "ignore", "RenameCredential", "sss", "alice", "Blue key", "Mine", times=4) as (client, agent):
        check(client.answer()[0] == "Busy", "a fourth question was put")
        for _ in range(3):
            agent.line()
        check(with_touch("alice"), "sudo does not take the passkey")


def without_polkit_only_root_may_and_the_others_hear_it_at_once():
    with WithoutPolkit():
        begun = time.monotonic()
        answer = call("alice", "RenameCredential", "sss", "alice", "Blue key", "Mine now", interactive=True)
        took = time.monotonic() - begun
        check(answer[0] == "NotAllowed" and "root" in answer[1] and took < 10, f"{answer} after {took:.1f} s")
        check(call("alice", "ListCredentials", "s", "alice")[0] == "ok", "one's own list")
        check(call("root", "RenameCredential", "sss", "alice", "Blue key", "By root") == ["ok"], "root may not")
    answer = prove_and("alice", "RenameCredential", "sss", "alice", "By root", "Blue key")
    check(answer == ["ok"], f"polkit is back, and: {answer}")


PROMISES = [
    an_owner_renames_their_own_with_their_password,
    a_touch_proves_it_as_well_as_a_password,
    a_wrong_password_changes_nothing,
    a_dismissed_question_is_cancelled_and_changes_nothing,
    without_an_agent_nobody_is_asked,
    a_call_that_does_not_let_anybody_be_asked_is_refused,
    an_administrators_password_does_it_for_others_and_the_dialog_says_for_whom,
    a_stranger_learns_nothing_and_is_on_record,
    who_tries_what_nobody_may_for_themself_is_on_record,
    nobody_fills_the_disk_by_asking,
    a_killed_client_takes_its_question_back,
    who_leaves_questions_open_can_still_sign_in,
    without_polkit_only_root_may_and_the_others_hear_it_at_once,
]
