"""Who has what here. alice: a PIN in the TPM. bob: the key, with a touch. u0 to u9: backup codes. dave: nothing."""

import os
import re
from concurrent.futures import ThreadPoolExecutor

from world import PASSWORD, check, enroll, must

TPM_PIN = "314159"
WITH_CODES = [f"u{number}" for number in range(10)]


class Codes:
    """A set to use up, and codes of the right form that are no good any more."""

    def __init__(self, user):
        self.user = user
        self.void, self.good = self.make(), self.make()

    def make(self):
        said = must("passkeyctl", "backup-codes", "--user", self.user, "--yes")
        codes = re.findall(r"^\d+-\S+$", said, re.MULTILINE)
        check(len(codes) == 10, f"{len(codes)} codes")
        return codes

    def wrong(self):
        self.void.append(self.void.pop(0))
        return self.void[-1]


def nobody_starts_logind():
    """There is none here; the bus is not to try anew for each who asks."""
    service = "/usr/share/dbus-1/system-services/org.freedesktop.login1.service"
    if os.path.exists(service):
        os.unlink(service)
    must("busctl", "--system", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "ReloadConfig")


def move_in():
    """The codes, by user."""
    nobody_starts_logind()
    enroll("alice", "--tpm", answers=[TPM_PIN, TPM_PIN])
    enroll("bob", "--usb", touched=True)
    for user in WITH_CODES:
        must("useradd", "--create-home", "--shell", "/bin/bash", user)
        must("chpasswd", input=f"{user}:{PASSWORD}\n")
    with ThreadPoolExecutor(5) as several:
        return dict(zip(WITH_CODES, several.map(Codes, WITH_CODES)))
