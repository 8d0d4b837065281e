"""What these tests do: enroll keys over the bus, sign in at the far side, and look at what is on record."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys

import dbus

sys.path[:0] = [os.environ["WORLD_TREE"] + "/tests/ssh", os.environ["WORLD_TREE"] + "/tests/models"]
from far import Person, Server, make_sk_key, open_key_to_all, world  # noqa: E402, F401
from world import LEDGER, Failed, check, key, must, run, touch  # noqa: E402, F401

HELPER = "/usr/libexec/passkeyd/passkey-authorized-keys"
HOOK = "/run/world/hook"  # runs, if it is there, after sshd has taken a key and before the session opens
with open("/usr/share/passkeyd/sshd.conf", encoding="utf-8") as shipped:
    SSHD = shipped.read() + "PasswordAuthentication yes\nMaxAuthTries 20\n"
PLACE = "/run/world/keys"


def manager():
    return dbus.Interface(dbus.SystemBus(private=True).get_object("org.passkeyd1", "/org/passkeyd1"), "org.passkeyd1.Manager")


def called(method, *arguments):
    """What the daemon says to root: None for well done, or the error's name."""
    try:
        getattr(manager(), method)(*arguments, timeout=60)
    except dbus.DBusException as error:
        return error.get_dbus_name().removeprefix("org.passkeyd1.Error.")
    return None


def contents(path):
    with open(path, "rb") as file:
        return dbus.ByteArray(file.read())


def options(**given):
    return dbus.Dictionary(given, signature="sv")


def add(user, line, **given):
    """None, or why the key was not enrolled."""
    return called("AddSshKey", user, line, options(**given))


class Key:
    """A key that ssh-keygen has made in the security key; both files, alice's."""

    def __init__(self, name, kind="ed25519-sk", attested=False, arguments=()):
        os.makedirs(PLACE, exist_ok=True)
        self.path = f"{PLACE}/{name}"
        self.challenge, self.attestation = self.path + ".challenge", self.path + ".attestation"
        if attested:
            with open(self.challenge, "w", encoding="utf-8") as file:
                file.write("made for " + name)
            arguments = (*arguments, f"challenge={self.challenge}", f"write-attestation={self.attestation}")
        self.line = make_sk_key(self.path, kind, arguments)
        shutil.chown(self.path, "alice", "alice")

    @property
    def evidence(self):
        return {"attestation": contents(self.attestation), "challenge": contents(self.challenge)}

    @property
    def public(self):
        """TYPE BASE64."""
        return " ".join(self.line.split()[:2])


def sign_in(of, user="alice", touched=True, more=(), settings=()):
    """alice, at the near side, with that key and no other means; exit status and what was printed. `touched`: the key
    is expected to blink."""
    near = Person("alice")
    command = near.ssh("echo", "inside", user=user, options=(
        *more, "-i", of.path, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "PreferredAuthentications=publickey"))
    at = command.index("with-usb")
    process = subprocess.Popen([*command[:at], *settings, *command[at:]], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    if touched:
        touch()
    said = process.communicate(timeout=60)[0]
    return process.returncode, said


def opens(of, **how):
    status, said = sign_in(of, **how)
    return status == 0 and "inside" in said


def is_refused_unasked(of, **how):
    """sshd does not want the key: it never blinks."""
    key("count", "reset")
    status, said = sign_in(of, touched=False, **how)
    return status == 255 and "Permission denied" in said and "inside" not in said and \
        key("count", "getAssertion").split()[-1] == "0"


def rows(query, *values):
    with contextlib.closing(sqlite3.connect(f"file:{LEDGER}?mode=ro", uri=True)) as ledger:
        return ledger.execute(query, values).fetchall()


def last_login():
    """(user, outcome, reason, way, service, rhost) of the newest sign-in on record."""
    return rows("SELECT user_name, outcome, reason, way, service, rhost FROM audit WHERE event = 'login' ORDER BY seq DESC LIMIT 1")[0]


def logins():
    return rows("SELECT count(*) FROM audit WHERE event = 'login'")[0][0]


def keys_of(user):
    """As root sees them, by name."""
    return {str(each["name"]): each for each in manager().ListCredentials(user, timeout=60)}


class Meanwhile:
    """This happens, as root, between sshd's question for keys and the session's beginning, while the block runs."""

    def __init__(self, script):
        self.script = script

    def __enter__(self):
        with open(HOOK, "w", encoding="utf-8") as file:
            file.write("#!/bin/bash\n" + self.script + "\n")
        os.chmod(HOOK, 0o755)

    def __exit__(self, *_):
        os.unlink(HOOK)


def let_sshd_pause():
    """A line of Debian's own pam_exec before the one that is looked at."""
    path = "/etc/pam.d/sshd"
    with open(path, encoding="utf-8") as file:
        lines = file.read()
    with open("/run/world/run-hook", "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\n[ "$PAM_TYPE" != open_session ] || [ ! -x {HOOK} ] || exec {HOOK}\n')
    os.chmod("/run/world/run-hook", 0o755)
    hook = "session optional pam_exec.so quiet /run/world/run-hook\n"
    with open(path, "w", encoding="utf-8") as file:
        file.write(lines.replace("@include common-session\n", hook + "@include common-session\n", 1))
