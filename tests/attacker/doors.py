"""The doors at which somebody can guess, each with how one guess is made there and how many have arrived behind it.

What has arrived is counted where it arrives, by the key, the TPM, or the hash function, never by what the daemon says."""

import itertools
import re
import subprocess

from clock import hashes
from world import KEY2_CONTROL, KEY_CONTROL, TREE, Failed, check, control, must, run, usb

HOST = TREE + "/build/tests/scripted-host"
TCTI = "swtpm:path=/run/world/tpm/socket"
WRONG_PIN = "271828"
MANY = 50  # guesses with no clock moved: by then a door has no limit
IN, LIMITED = 0, 6  # exit statuses of passkeyctl(1)


# --- what has arrived -------------------------------------------------------------------------------------------------
def tpm_property(name):
    said = must("tpm2_getcap", "-T", TCTI, "properties-variable")
    return int(re.search(name + r": +(0x[0-9A-F]+|\d+)", said)[1], 16)


def tpm_tries():
    """Wrong PINs that the chip has counted and not forgiven."""
    return tpm_property("TPM2_PT_LOCKOUT_COUNTER")


def forgive_tpm_tries():
    """What time does to a chip; this one goes by the world's clock, which nobody moves."""
    must("tpm2_dictionarylockout", "-Q", "-T", TCTI, "--clear-lockout")


def key_tries_left(socket):
    return int(control(socket, "pin-tries").split()[-1])


# --- the hands --------------------------------------------------------------------------------------------------------
def test(user, *lines):
    """passkeyctl test, at this machine; its exit status."""
    return run("passkeyctl", "test", "--user", user, "--pin-stdin", input="".join(line + "\n" for line in lines))[0]


def sign_in(host, user, *lines, typed=None):
    """A program that signs people in: PAM's code, and what was shown."""
    command = [HOST, host, user] + ([typed] if typed is not None else [])
    done = subprocess.run(command, input="".join(line + "\n" for line in lines), stdout=subprocess.PIPE, text=True,
                          timeout=90, cwd="/", check=False)
    code = re.search(r"^code (\d+)$", done.stdout, re.MULTILINE)
    check(code is not None, f"{host}: {done.stdout}")
    return int(code[1]), done.stdout


def only_plugged(*ports):
    for line in usb("list").splitlines():
        port, where = line.split()
        if (where != "unplugged") != (port in ports):
            usb("plug" if port in ports else "unplug", port)


# --- the doors --------------------------------------------------------------------------------------------------------
class Door:
    """`guess` makes one try with something wrong, `arrived` says how many there have been so far."""

    def __init__(self, name, guess, arrived):
        self.name, self.guess, self.arrived = name, guess, arrived

    def push(self):
        """Guesses until nothing arrives any more; how many did."""
        begin = last = self.arrived()
        while True:
            self.guess()
            now = self.arrived()
            if now == last:
                return now - begin
            if now - begin > MANY:
                raise Failed(f"{self.name}: {now - begin} guesses at once, and there is no end of it")
            last = now


class KeyDoor(Door):
    """A security key: pulled out and plugged in again when it does not answer, which is what people at it can do."""

    def __init__(self, name, guess, port, socket):
        super().__init__(name, guess, lambda: 8 - key_tries_left(socket))
        self.port = port

    def push(self):
        only_plugged(self.port)
        tried = super().push()
        while True:
            only_plugged()
            only_plugged(self.port)
            more = super().push()
            if more == 0:
                only_plugged()
                return tried
            tried += more


class Codes:
    """Backup codes that are well formed and wrong: those of a set that was replaced."""

    def __init__(self, user):
        self.user = user
        self.void = itertools.cycle(self.make())
        self.good = self.make()

    def make(self):
        lines = re.findall(r"^\d+-\S+$", must("passkeyctl", "backup-codes", "--user", self.user, "--yes"), re.MULTILINE)
        check(len(lines) == 10, f"{len(lines)} codes")
        return lines

    def wrong(self):
        return next(self.void)


def all_doors(codes):
    """By the names that docs/threat-model.md gives them. The accounts are those of cast.py."""
    return [
        Door("tpm-pin", lambda: test("bob", WRONG_PIN), tpm_tries),
        KeyDoor("key-pin", lambda: test("carol", WRONG_PIN), "1", KEY2_CONTROL),
        Door("code-here", lambda: test("alice", "", codes.wrong()), hashes),
        Door("code-network", lambda: sign_in("sshd-interactive", "alice", "", codes.wrong(), "", ""), hashes),
        Door("typed-pin", lambda: sign_in("swaylock", "dave", typed=WRONG_PIN), tpm_tries),
        KeyDoor("nameless-pin", lambda: sign_in("greetd", "", WRONG_PIN, ""), "0", KEY_CONTROL),
    ]
