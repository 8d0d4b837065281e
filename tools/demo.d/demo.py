"""The demo: people enroll passkeys and sign in with sudo, su and login. How each sign-in ended is read off three
things that happened: what pam_passkey.so told PAM (its log line), whether the program ran as the other user, and
whether a password was asked for. Only if they agree has it ended so."""

import os
import re
import socket
import subprocess
import sys
import time

from person import Stuck, Terminal, Transcript

PASSWORD = os.environ["WORLD_PASSWORD"]
KEY_PIN = "2468"
TPM_PIN = "314159"
SOFTWARE_KEY = not os.environ["WORLD_KEY_SOCKET"]
SYSLOG = "/run/world/syslog"

# What must come of each sign-in, in the order in which the demo says so at its end.
EXPECTED = {"usb": "granted", "usb-pin": "granted", "tpm": "granted", "wrong-pin": "denied", "no-touch": "denied",
            "unplugged": "unavailable", "not-enrolled": "ignored"}

# What the module's log lines mean (pam/login.cpp). IGNORE is the one for an account without passkeys.
MODULE_SAYS = {r"was let in by": "granted", r"was refused: ": "denied", r"no way open .*: not-enrolled": "ignored",
               r"no way open ": "unavailable", r"no verdict ": "broken"}


def tell(text):
    print(f"\n{text}", flush=True)


def key(*verb):
    """The person's hand at the security key. Another key than ours must be touched by another hand."""
    if SOFTWARE_KEY or verb[0] in ("plug", "unplug"):
        subprocess.run(["key", *verb], check=True, timeout=60)
    elif verb[0] == "touch":
        print("        (now touch the key)", flush=True)


def touch(terminal, who):
    terminal.wait_for("Touch ")
    terminal.read(0.2)  # the rest of the line, for the looks of it
    terminal.transcript.aside(f"{who} touches the key")
    key("touch")


def read_log():
    """All that was logged until now: a mark is logged, too, and waited for."""
    mark = f"demo: mark {time.monotonic_ns()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as logger:
        logger.sendto(mark.encode(), "/dev/log")
    deadline = time.monotonic() + 30
    while True:
        with open(SYSLOG, encoding="utf-8", errors="replace") as log:
            text = log.read()
        if mark in text:
            return text
        if time.monotonic() > deadline:
            raise Stuck("the log does not move")
        time.sleep(0.01)


class SignIn(Terminal):
    """A person signs in; afterwards outcome() tells how that went."""

    def __init__(self, user, command, becomes):
        self.becomes = becomes
        self.log_before = len(read_log())
        super().__init__(user, command)

    def outcome(self):
        lines = [line for line in read_log()[self.log_before:].splitlines() if "pam_passkey(" in line]
        said = [next((how for pattern, how in MODULE_SAYS.items() if re.search(pattern, line)), "broken") for line in lines]
        module = said[0] if len(said) == 1 else "unclear"
        became = self.status == 0 and re.search(rf"^{self.becomes}\r?$", self.screen, re.MULTILINE) is not None
        before_password, asked, _ = self.screen.partition("assword")
        silent = bool(asked) and re.search(r"passkey|PIN|key|[Tt]ouch", before_password) is None
        agrees = {"granted": became and not asked, "denied": not became, "unavailable": became and bool(asked),
                  "ignored": became and silent}
        if agrees.get(module, False):
            return module
        sys.stderr.write(f"The module said: {lines}. Became {self.becomes}: {became}. Asked for a password: {bool(asked)}.\n")
        return "unclear"


# --- enrolling ------------------------------------------------------------------------------------------------------
def enroll(who, *how, pin=None, again=None, touched=True):
    with Terminal("root", ["passkeyctl", "enroll", "--no-test", "--no-backup-codes", "--user", who, *how]) as terminal:
        for secret in filter(None, (pin, again)):
            terminal.wait_for(r"PIN[^\n]*: ?$|again[^\n]*: ?$")
            terminal.type_unseen(secret)
        if touched:
            touch(terminal, who)
        if terminal.end() != 0:
            raise Stuck(f"the passkey of {who} was not enrolled")


def give_the_key_a_pin():
    node = subprocess.run(["with-usb", "fido2-token", "-L"], check=True, capture_output=True, text=True).stdout.split(":")[0]
    with Terminal("root", ["with-usb", "fido2-token", "-S", node]) as terminal:
        for prompt in ("new PIN[^\n]*: ", "again[^\n]*: "):
            terminal.wait_for(prompt)
            terminal.type_unseen(KEY_PIN)
        if terminal.end() != 0:
            raise Stuck("the key took no PIN")


def set_up():
    tell("The administrator enrolls Alice's security key.")
    enroll("alice", "--usb", "--name", "Blue key")


# --- signing in -----------------------------------------------------------------------------------------------------
def use_password(terminal):
    terminal.wait_for(r"assword[^\n]*: ")
    terminal.type_unseen(PASSWORD)


def give_up_at_password(terminal):
    """Enter, for a password that is not known."""
    terminal.wait_for(r"assword[^\n]*: ")
    terminal.type_unseen("")


def usb():
    tell("Alice uses sudo. Her key blinks, she touches it.")
    with SignIn("alice", ["sudo", "whoami"], "root") as terminal:
        touch(terminal, "alice")
        terminal.end()
    return terminal.outcome()


def no_touch():
    tell("Alice uses sudo and does not touch the key.")
    if SOFTWARE_KEY:
        key("patience", "2")
    with SignIn("alice", ["sudo", "whoami"], "root") as terminal:
        terminal.wait_for("Touch ")
        terminal.transcript.aside("nobody touches the key")
        give_up_at_password(terminal)
        terminal.end()
    if SOFTWARE_KEY:
        key("patience", "30")
    return terminal.outcome()


def unplugged():
    tell("Alice pulls her key out and uses sudo: the password works as ever, and at once.")
    key("unplug")
    with SignIn("alice", ["sudo", "whoami"], "root") as terminal:
        use_password(terminal)
        terminal.end()
    key("plug")
    return terminal.outcome()


def usb_pin():
    tell("Carol's key has a PIN. The administrator enrolls it.")
    give_the_key_a_pin()
    enroll("carol", "--usb", "--name", "Green key", pin=KEY_PIN)
    tell("Carol uses sudo: it asks for the PIN, then for a touch.")
    with SignIn("carol", ["sudo", "whoami"], "root") as terminal:
        terminal.wait_for(r"PIN[^\n]*: ")
        terminal.type_unseen(KEY_PIN)
        touch(terminal, "carol")
        terminal.end()
    return terminal.outcome()


def wrong_pin():
    tell("Bob lets Carol work at his terminal with su. She mistypes the PIN.")
    with SignIn("bob", ["su", "carol", "--command", "whoami"], "carol") as terminal:
        terminal.wait_for(r"PIN[^\n]*: ")
        terminal.type_unseen("8642")
        terminal.wait_for(r"Wrong PIN[^\n]*\n")
        terminal.wait_for(r"PIN[^\n]*: ")
        terminal.type_unseen("")
        give_up_at_password(terminal)
        terminal.end()
    return terminal.outcome()


def tpm():
    tell("Dave has no security key. The administrator enrolls a passkey in this computer's TPM, with a PIN Dave chooses.")
    enroll("dave", "--tpm", "--name", "This computer", pin=TPM_PIN, again=TPM_PIN, touched=False)
    tell("Dave logs in on the console.")
    with SignIn("root", ["login"], "dave") as terminal:
        terminal.wait_for("login: ")
        terminal.type("dave")
        terminal.wait_for(r"PIN[^\n]*: ")
        terminal.type_unseen(TPM_PIN)
        terminal.wait_for(r"\$ ")
        terminal.type("whoami; exit")
        terminal.end()
    return terminal.outcome()


def not_enrolled():
    tell("Bob has no passkey: nothing is asked of him but his password.")
    with SignIn("bob", ["sudo", "whoami"], "root") as terminal:
        use_password(terminal)
        terminal.end()
    return terminal.outcome()


SCENES = [("usb", usb), ("no-touch", no_touch), ("unplugged", unplugged), ("usb-pin", usb_pin), ("wrong-pin", wrong_pin),
          ("tpm", tpm), ("not-enrolled", not_enrolled)]


def show_logs():
    for path in (SYSLOG, "/run/world/passkeyd.log"):
        with open(path, encoding="utf-8", errors="replace") as log:
            sys.stderr.write(f"\n{path}:\n" + "".join(log.readlines()[-60:]))


def main():
    outcomes = {}
    try:
        set_up()
    except (Stuck, subprocess.SubprocessError) as problem:
        sys.stderr.write(f"\n{problem}\n")
    for name, scene in SCENES:
        try:
            outcomes[name] = scene()
        except (Stuck, subprocess.SubprocessError) as problem:
            sys.stderr.write(f"\n{problem}\n")
            outcomes[name] = "stuck"
    print()
    for name in EXPECTED:
        print(f"demo: {name} {outcomes[name]}", flush=True)
    if outcomes == EXPECTED:
        return 0
    show_logs()
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
