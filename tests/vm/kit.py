"""What suites do with a machine: people at its screen and far away, the hand at the key."""

import json
import pathlib
import re
import select
import sys
import time

TREE = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TREE / "tools/vm.d"), str(TREE / "tools/demo.d")]
from hardware import start  # noqa: E402, F401
from machine import BUILD, PASSWORD, Failed, Machine  # noqa: E402, F401
from person import Terminal  # noqa: E402

PIN = "314159"  # of alice's passkey in the TPM
TOUCH = r"Touch your passkeyd Software Key"
ASKS_PIN = r"PIN of this computer's passkey, or Enter to skip: *$"
ASKS_CODE = r"Backup code, or Enter to skip: *$"
LONGEST = 240  # seconds that anything is waited for
ASKS_PASSWORD = r"[Pp]assword( for \w+)?: *$"


def check(condition, what):
    if not condition:
        raise Failed(what)


# --- at the screen ----------------------------------------------------------------------------------------------------


def arrive(machine, person="alice", number=1):
    """Goes to a virtual terminal where nobody is signed in, and says who comes; the terminal."""
    screen = machine.console(number)
    screen.go_there()
    screen.wait_for(r"machine login: *$")
    screen.type(person)
    return screen


def at_prompt(screen, person="alice"):
    """Once the shell of that person waits; what stands before it."""
    return screen.wait_for(rf"{person}@machine:\S+[$#] *$")


def touch_when_asked(machine, screen):
    screen.wait_for(TOUCH)
    machine.key.touch()


def check_dark(machine):
    """Nobody is asked for a touch."""
    check("idle" in machine.key.control("state").split(), "the key blinks")


def answer(screen, question, text):
    screen.wait_for(question)
    screen.type(text)


def go_on_to_the_password(screen, person="alice", skip=()):
    """`skip`: the questions before it, which the person leaves with Enter."""
    for question in skip:
        answer(screen, question, "")
    answer(screen, ASKS_PASSWORD, PASSWORD)
    at_prompt(screen, person)


def sign_in(machine, person="alice", number=1, skip=()):
    """With the password; `skip` as above."""
    screen = arrive(machine, person, number)
    go_on_to_the_password(screen, person, skip)
    return screen


def sign_in_by_touch(machine, person="alice", number=1):
    screen = arrive(machine, person, number)
    touch_when_asked(machine, screen)
    shown = at_prompt(screen, person)
    check("assword" not in shown, shown)
    return screen


def sign_in_by_pin(machine, person="alice", number=1):
    """The key is not at hand."""
    screen = arrive(machine, person, number)
    answer(screen, ASKS_PIN, PIN)
    shown = at_prompt(screen, person)
    check("assword" not in shown, shown)
    return screen


def the_password_alone_is_asked_for(machine, person="alice", password=PASSWORD):
    """And opens."""
    screen = arrive(machine, person)
    answer(screen, ASKS_PASSWORD, password)
    shown = at_prompt(screen, person)
    check("PIN" not in shown and "Touch" not in shown, shown)
    sign_out(screen)


def sign_out(screen):
    """From a shell's prompt; returns when somebody else may come."""
    screen.type("exit")
    screen.wait_for(r"machine login: *$")


# --- enrolling, as root does for somebody ------------------------------------------------------------------------------

ENROLL = ("passkeyctl", "enroll", "--no-test", "--no-backup-codes")


def enroll_key(machine, person="alice", name="Key"):
    """The security key that is plugged in."""
    touching = machine.key.touch_soon()
    machine.run(*ENROLL, "--user", person, "--usb", "--name", name)
    touching.join()


def enroll_tpm(machine, person="alice", name="Computer"):
    machine.run(*ENROLL, "--user", person, "--tpm", "--name", name, "--pin-stdin", input=f"{PIN}\n{PIN}\n")


# --- from far away ----------------------------------------------------------------------------------------------------

FAR = 120  # seconds for whatever appears far away
SSH = ["-o", "UserKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR"]


def from_outside(machine, person, *command):
    """ssh into the machine from another one."""
    return Terminal("root", ["ssh", "-t", "-p", str(machine.ssh_port), *SSH, f"{person}@127.0.0.1", *command],
                    (f"{person}@elsewhere:~$ ", " ".join(("ssh machine", *command))))


def administrator(machine, command):
    """carol runs something as root over ssh; what it showed, and its status."""
    with from_outside(machine, "carol", f"sudo {command}") as far:
        far.wait_for(r"assword: *$", FAR)
        far.type_unseen(PASSWORD)
        far.wait_for(r"for carol: *$", FAR)
        far.type_unseen(PASSWORD)
        status = far.end(FAR)
        return far.screen, status


# --- what the machine says of itself ----------------------------------------------------------------------------------


def passkeys(machine, person="alice"):
    """By name; what docs/json.md says of each."""
    said = machine.run("passkeyctl", "list", "--user", person, "--revoked", "--json")
    return {each["name"]: each for each in json.loads(said)}


def id_of(machine, name):
    return passkeys(machine)[name]["id"]


def audit(machine, person="alice"):
    """What happened, oldest first; docs/json.md."""
    said = machine.run("passkeyctl", "audit", "--user", person, "--json")
    return [json.loads(line) for line in said.splitlines()]


def session(machine, **wanted):
    """What logind says of the session that has these properties, as in session(machine, Name="alice", Type="x11"); None: there is
    none, or it is on its way out."""
    for each in json.loads(machine.run("loginctl", "list-sessions", "--output=json")):
        lines = machine.run("loginctl", "show-session", each["session"], status=None).splitlines()
        told = dict(line.split("=", 1) for line in lines if "=" in line)
        if wanted.items() <= told.items() and told.get("State") != "closing":
            return told
    return None


def session_at(machine, number):
    """The same, at a virtual terminal."""
    return session(machine, TTY=f"tty{number}")


def wait_until(what, condition):
    """For what nobody announces; what the condition came to."""
    deadline = time.monotonic() + LONGEST
    while not (found := condition()):
        check(time.monotonic() < deadline, f"never: {what}")
        select.select([], [], [], 0.5)
    return found


LEDGER = "/var/lib/passkeyd/ledger.db"
INTEGRITY = f"""
import sqlite3
ledger = sqlite3.connect("file:{LEDGER}?mode=ro", uri=True)
print(*ledger.execute("PRAGMA integrity_check"), *ledger.execute("PRAGMA foreign_key_check"))
"""


def the_ledger_is_whole(machine):
    """By SQLite's own view of the file, and by the chain of the audit."""
    said = machine.run("python3", "-c", INTEGRITY).strip()
    check(said == "('ok',)", f"integrity_check: {said}")
    said = machine.run("passkeyctl", "audit", "--verify")
    check(re.search(r"chain: +whole", said), said)
