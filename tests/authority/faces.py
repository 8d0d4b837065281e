"""How these tests call the daemon: as whom, with or without polkit's agent at a terminal, and what they look at
afterwards."""

import json
import os
import signal
import sqlite3
import subprocess
import termios

from world import LEDGER, PASSWORD, TREE, Terminal, check, must, open_to_all, run, until  # noqa: F401

CALLER = open_to_all("tests/authority/caller.py")
# A security key is a proof at polkit, too; here it is left out, so that passwords can be wrong.
PASSWORDS_AT_POLKIT = "[service polkit-1]\nways = tpm\n"
PYTHON = "/usr/bin/python3"  # Debian's own: it has python3-dbus


LINE = r'\["[^\n]*\]\r?\n'  # JSON that caller.py and attempt.py print; the agent's colours may stand before it


def arguments(method, signature, *values):
    return [method, signature, *(json.dumps(value) for value in values)]


def as_user(user):
    return [] if user == "root" else ["setpriv", "--reuid", user, "--regid", user, "--init-groups"]


def answers_in(said):
    return [json.loads(line) for line in said.splitlines() if line.startswith("[")]


def call(user, method, signature, *values, interactive=False):
    """What came of it: ["ok", ...] or [ERROR, sentence]. Nobody is there to be asked."""
    options = ["--interactive"] if interactive else []
    status, said = run(*as_user(user), PYTHON, CALLER, *options, *arguments(method, signature, *values), cwd="/")
    answers = answers_in(said)
    check(status == 0 and len(answers) == 1, f"{user} {method}: {status}: {said}")
    return answers[0]


def type_at_the_agent(terminal, secret):
    """pkttyagent shows its question first, and then forgets what was typed before the echo was off."""
    terminal.wait_for(r"assword[^\n]*: ")
    until(lambda: not termios.tcgetattr(terminal.master)[3] & termios.ECHO, "the agent shows what is typed")
    terminal.type_unseen(secret)


class Asked(Terminal):
    """A call at a terminal where polkit's agent can ask."""

    def __init__(self, user, method, signature, *values):
        super().__init__(user, [PYTHON, CALLER, "--agent", *arguments(method, signature, *values)])

    def answer(self):
        return json.loads(self.wait_for(LINE))

    def prove(self, password=PASSWORD):
        type_at_the_agent(self, password)


def prove_and(user, method, signature, *values, password=PASSWORD):
    """Calls, and types the password that is asked for."""
    with Asked(user, method, signature, *values) as terminal:
        terminal.prove(password)
        return terminal.answer()


# --- what is in the ledger --------------------------------------------------------------------------------------------
def rows(query, *values):
    with sqlite3.connect(f"file:{LEDGER}?mode=ro", uri=True) as database:
        return database.execute(query, values).fetchall()


def last_record():
    """(event, user, outcome, reason, caller's uid) of the newest record."""
    return rows("SELECT event, user_name, outcome, reason, caller_uid FROM audit ORDER BY seq DESC LIMIT 1")[0]



def everything():
    """All that a refused call must not change."""
    return [rows(f"SELECT * FROM {table}") for table in ("credential", "backup_code", "account_lock", "limits")]


def passkeys(user):
    """As root sees them, by name."""
    return {each["name"]: each for each in call("root", "ListCredentials", "s", user)[1]}


def uid_of(user):
    return int(must("id", "-u", user))


# --- polkit's own life ------------------------------------------------------------------------------------------------
POLKITD = "/usr/lib/polkit-1/polkitd"


def polkit_is_there():
    return "true" in must("dbus-send", "--system", "--print-reply", "--dest=org.freedesktop.DBus", "/",
                          "org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.PolicyKit1")


class WithoutPolkit:
    def __enter__(self):
        for pid in run("pidof", POLKITD)[1].split():
            os.kill(int(pid), signal.SIGTERM)
        until(lambda: not polkit_is_there(), "polkit does not end")

    def __exit__(self, *_):
        with open("/run/world/polkitd.log", "ab") as log:
            subprocess.Popen([POLKITD, "--no-debug"], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                             start_new_session=True)
        until(polkit_is_there, "polkit does not start")
