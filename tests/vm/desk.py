"""A person before a machine's graphical screen: the greeter, the desktop behind it, and what the machine says of both."""

import json
import re
import select
import time

from kit import PASSWORD, PIN, Failed
from screen import SECONDS, Screen

WRONG_PIN = "271828"


def until(happened, what, seconds=SECONDS):
    """Waits for what nobody announces; gives what `happened` gave."""
    deadline = time.monotonic() + seconds
    while not (outcome := happened()):
        if time.monotonic() > deadline:
            raise Failed(f"it never came to this: {what}")
        select.select([], [], [], 0.5)
    return outcome


def enroll_people(machine):
    """As an administrator sets a machine up: the profile enabled, for everything; alice has a passkey in the TPM and may do
    what administrators may, bob has one in the security key, which wants a touch."""
    enroll = ["passkeyctl", "enroll", "--no-backup-codes", "--no-test", "--name", "desk"]
    machine.run("pam-auth-update", "--enable", "passkey")
    machine.run("usermod", "--append", "--groups", "sudo", "alice")
    machine.run(*enroll, "--user", "alice", "--tpm", "--pin-stdin", input=f"{PIN}\n{PIN}\n")
    machine.plug()
    touching = machine.key.touch_soon()
    machine.run(*enroll, "--user", "bob", "--usb")
    touching.join()


class Desk:
    def __init__(self, machine):
        self.machine, self.screen = machine, Screen(machine)

    # --- at the greeter ---

    def fresh_greeter(self):
        """Whoever is at the desktop is signed out; a greeter that nobody has touched."""
        self.machine.run("systemctl", "restart", "lightdm")
        self.screen.wait_for("Log In")

    def name(self, user, prompt=None, keep=None):
        """Types a name there, again where the greeter is on the screen before it listens; `prompt` is what must be on the
        screen then. Without: the greeter shows nothing of what it asks, and its log says that it asks."""
        def typed():
            self.screen.press("ctrl", "a")  # what stands there is replaced
            self.screen.monitor.type(user)
            return self.screen.shows(user, seconds=8)
        until(typed, f"the greeter takes the name {user}")
        self.screen.press("ret")
        if prompt:
            self.screen.wait_for(prompt, keep)
        else:
            self.is_asked(user)

    def asked(self):
        """Whom the greeter asks something, by LightDM's log; "": whoever comes, for a name; None: nobody yet."""
        log = self.machine.run("cat", "/var/log/lightdm/lightdm.log")
        _, begun, since = log.rpartition("Creating greeter session")[2].rpartition("Greeter start authentication")
        if not begun or "Prompt greeter" not in since:
            return None
        person = re.match(r" for (\w+)", since)
        return person[1] if person else ""

    def is_asked(self, user):
        until(lambda: self.asked() == user, f"the greeter asks {user}")

    def sign_in(self, user):
        """With the password, whatever else there is."""
        self.fresh_greeter()
        self.name(user, "Enter to use")
        self.screen.type(PASSWORD)
        self.desktop(user)

    # --- on the desktop ---

    def desktop(self, user, keep=None):
        """Waits for it; its terminal has the keyboard then, and says whose it is. What logind says of the session."""
        session = until(lambda: self.session(user), f"{user} has a session on the screen")
        self.screen.wait_for(r"machine: ?~")
        self.say("echo HERE IS THE DESKTOP", "DESKTOP", keep)
        return session

    def say(self, command, then, keep=None):
        """Types a command into the terminal; `then` is what must be on the screen after it."""
        self.screen.type(f"clear; {command}")
        self.screen.wait_for(then, keep)

    def session(self, user):
        """logind's properties of that person's session on the screen, or None."""
        for line in self.machine.run("loginctl", "list-sessions", "--no-legend").splitlines():
            told = self.machine.run("loginctl", "show-session", line.split()[0], status=None)
            session = dict(each.split("=", 1) for each in told.splitlines() if "=" in each)
            if session.get("Name") == user and session.get("Type") == "x11" and session.get("State") == "active":
                return session
        return None

    # --- what the ledger says ---

    def last_sign_in(self, user):
        """Of the last sign-in on record: (service, outcome, way)."""
        said = self.machine.run("passkeyctl", "audit", "--user", user, "--json")
        records = [json.loads(line) for line in said.splitlines()]
        last = [record for record in records if record["event"] == "login"][-1]
        return last["service"], last["outcome"], last["way"]
