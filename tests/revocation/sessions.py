"""--end-sessions: who is signed out, and that sudo forgets them. Logind is a script with a table (tests/logind/table.h);
sudo and its records are real."""

import os
import pwd

from everyone import must_revoke, revoke, the_id, working
from logind.scripted import Logind
from world import Terminal, check, must, touch

ALICE = pwd.getpwnam("alice").pw_uid
RECORDS = ("/run/sudo/ts/alice", f"/run/sudo/ts/{ALICE}")  # newer versions go by the number
HERE = f"session uid={ALICE} pid=*\n"
AWAY = f"session uid={ALICE}\nsession uid={ALICE} remote=yes seat= service=sshd\n"


def ended(logind):
    return [call for call in logind.calls() if call.startswith("Terminate")]


def sudo_remembers():
    return any(os.path.exists(record) for record in RECORDS)


class SudoRemembers:
    """While the block runs, sudo lets people go on for five minutes without asking."""

    def __enter__(self):
        self.rewrite("timestamp_timeout=0", "timestamp_timeout=5")

    def __exit__(self, *_):
        self.rewrite("timestamp_timeout=5", "timestamp_timeout=0")

    @staticmethod
    def rewrite(before, after):
        with open("/etc/sudoers", encoding="utf-8") as file:
            text = file.read()
        check(before in text, text)
        with open("/etc/sudoers", "w", encoding="utf-8") as file:
            file.write(text.replace(before, after))


def revoking_with_end_sessions_ends_those_of_the_account():
    with Logind(AWAY) as logind:
        said = must_revoke("alice", the_id("alice"), "--end-sessions")
        check(ended(logind) == [f"TerminateUser {ALICE}"] and "2 sessions of alice were ended" in said, said)


def a_lock_with_end_sessions_ends_those_of_the_account():
    with Logind(AWAY) as logind:
        must("passkeyctl", "lock", "alice", "--all-methods", "--end-sessions")
        check(ended(logind) == [f"TerminateUser {ALICE}"], "the sessions go on")
    must("passkeyctl", "unlock", "alice")


def sudo_asks_again_after_a_revocation_with_end_sessions():
    script = "sudo true && echo ready; read go; sudo -n true && echo still || echo forgotten"
    with SudoRemembers(), Logind(HERE) as logind, Terminal("alice", ["sh", "-c", script]) as terminal:
        terminal.wait_for("Touch ")
        touch()
        terminal.wait_for("ready")
        check(sudo_remembers(), "sudo has no record")
        logind.set(AWAY)
        must_revoke("alice", "--all", "--end-sessions")
        check(not sudo_remembers(), "the record is there")
        terminal.type("")
        check(terminal.wait_for("still|forgotten") == "forgotten", "sudo let her on")


def without_logind_the_revocation_stands_and_the_rest_is_told():
    status, said = revoke("alice", "--all", "--end-sessions")
    check(status == 8 and "not all sessions of alice were ended" in said, f"{status}: {said}")
    check(not working("alice"), "it is not revoked")


PROMISES = [
    revoking_with_end_sessions_ends_those_of_the_account,
    a_lock_with_end_sessions_ends_those_of_the_account,
    sudo_asks_again_after_a_revocation_with_end_sessions,
    without_logind_the_revocation_stands_and_the_rest_is_told,
]
