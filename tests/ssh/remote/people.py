"""Who signs in over SSH in these tests, and how.

alice: a passkey in the blue key, and backup codes. carol: a passkey in the same key. bob: one as well, and locked. dave:
nothing. "nobody-here": no such account. All of them are tried from alice's desk, where the key is."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys

sys.path[:0] = [os.environ["WORLD_TREE"] + "/tests/ssh", os.environ["WORLD_TREE"] + "/tests/signin",
                os.environ["WORLD_TREE"] + "/tests/attacker"]

import far  # noqa: E402
import world  # noqa: E402
from world import LEDGER, PASSWORD, check, key, must  # noqa: E402

HELPER = world.open_to_all("tests/ssh/remote/helper.py")
HOST = "127.0.0.1"
UNKNOWN = "nobody-here"
FIRST = "Passkey or password: "
CODE = "Backup code, or Enter to skip: "
LAST = "Password: "  # pam_unix, behind us in Debian's stack
#: Which of the two it is, the client says.
SERVER = "KbdInteractiveAuthentication yes\nPasswordAuthentication yes\nPubkeyAuthentication no\nMaxAuthTries 20\n"
NAMES = f"accepted_names = {HOST} Server.World.Example\n"
WITH_CODES = NAMES + "[service sshd]\nbackup_codes = always\n"
KBD = ("-o", "PreferredAuthentications=keyboard-interactive", "-o", "NumberOfPasswordPrompts=1")

near = None  # whose desk it is
void_codes = []  # of the right form, and nobody's


def settle():
    """The world before the first promise."""
    global near
    far.open_key_to_all()
    # Every refusal here would wait for seconds; that they are alike in that is a test of the module's.
    must("sed", "-i", r"s/pam_passkey\.so\|pam_unix\.so/& nodelay/", "/etc/pam.d/common-auth")
    near = far.Person("alice")
    for user in ("alice", "bob", "carol"):
        world.enroll(user, "--usb", "--name", "Blue key", touched=True)
    must("passkeyctl", "lock", "bob")
    void_codes.extend(new_codes("alice"))
    new_codes("alice")


def new_codes(user):
    made = subprocess.run(["passkeyctl", "backup-codes", "--user", user, "--yes"], check=True, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=90).stdout.split()
    check(len(made) == 10, f"these are no ten codes: {made}")
    return made


class Said:
    """What came of one call of ssh."""

    def __init__(self, folder, process):
        self.out, self.err = process.communicate(timeout=120)
        self.status = process.returncode
        self.prompts = read_lines(folder + "/prompts")
        self.answers = read_lines(folder + "/answers")

    def seen(self):
        """The server's part of every prompt, without the client's own words before it."""
        return [re.sub(r"^\([^)]*\) ", "", prompt) for prompt in self.prompts]

    def opened(self, user="alice"):
        return self.status == 0 and self.out.strip() == user


def read_lines(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class SignIn:
    """ssh, under way. `scenario`: helper.py's, and "wrong-code"."""

    def __init__(self, user, scenario, host=HOST, options=KBD, command=("id", "-un")):
        self.folder = near.folder + "/helper"
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        with open(self.folder + "/scenario", "w", encoding="utf-8") as file:
            json.dump(["text:" + void_codes[0] if answer == "wrong-code" else answer for answer in scenario], file)
        shutil.chown(self.folder, near.user, near.user)
        aliased = ("-o", "HostKeyAlias=" + host) if host != HOST else ()
        self.process = subprocess.Popen(
            near.ssh(*command, user=user, options=(*options, *aliased)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
            env={**os.environ, "SSH_ASKPASS": HELPER, "SSH_ASKPASS_REQUIRE": "force", "HELPER_FOLDER": self.folder})

    def end(self):
        return Said(self.folder, self.process)


def sign_in(user, *scenario, touched=False, **how):
    begun = SignIn(user, list(scenario), **how)
    if touched:
        world.touch(key)
    return begun.end()


def ledger(question, *values):
    with sqlite3.connect(LEDGER, timeout=30) as database:
        return database.execute(question, values).fetchall()


def newest_record():
    return json.loads(must("passkeyctl", "audit", "--json", "-n", "1"))


def configure(text):
    """In force once the daemon has started with it."""
    world.configure(text)
    world.restart_daemon()


def is_challenge(prompt):
    return prompt.startswith("passkeyd1:")
