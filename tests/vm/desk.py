"""A person before a machine's graphical screen: the greeter, the desktop behind it, and what the machine says of both."""

import re

from kit import PASSWORD, audit, enroll_key, enroll_tpm, session, wait_until
from screen import Screen

WRONG_PIN = "271828"
OFFER, ASKS_PIN = "Password, or Enter to use a passkey", "PIN of this computer.s passkey, or Enter to skip"  # as they are read


def enroll_people(machine):
    """As an administrator sets a machine up: the profile enabled, for everything; alice has a passkey in the TPM and may do
    what administrators may, bob has one in the security key, which wants a touch."""
    machine.run("pam-auth-update", "--enable", "passkey")
    machine.run("usermod", "--append", "--groups", "sudo", "alice")
    enroll_tpm(machine, "alice")
    machine.plug()
    enroll_key(machine, "bob")


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
        wait_until(f"the greeter takes the name {user}", typed)
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
        wait_until(f"the greeter asks {user}", lambda: self.asked() == user)

    def sign_in(self, user):
        """With the password, whatever else there is."""
        self.fresh_greeter()
        self.name(user, "Enter to use")
        self.screen.type(PASSWORD)
        self.desktop(user)

    # --- on the desktop ---

    def desktop(self, user, keep=None):
        """Waits for it; its terminal has the keyboard then, and says whose it is. What logind says of the session."""
        begun = wait_until(f"{user} has a session on the screen", lambda: self.session(user))
        self.screen.wait_for(r"machine: ?~")
        self.say("echo HERE IS THE DESKTOP", "DESKTOP", keep)
        return begun

    def say(self, command, then, keep=None):
        """Types a command into the terminal; `then` is what must be on the screen after it."""
        self.screen.type(f"clear; {command}")
        self.screen.wait_for(then, keep)

    def session(self, user):
        """That person's on the screen, or None: see kit.session."""
        return session(self.machine, Name=user, Type="x11", State="active")

    # --- what the ledger says ---

    def last_sign_in(self, user):
        """Of the last sign-in on record: (service, outcome, way)."""
        last = [record for record in audit(self.machine, user) if record["event"] == "login"][-1]
        return last["service"], last["outcome"], last["way"]
