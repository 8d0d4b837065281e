"""Beside pam_gnome_keyring, with the real gnome-keyring-daemon: the keyring is sealed with the password, so a password
unlocks it and a passkey cannot."""

import contextlib
import os
import pwd
import select
import shutil
import signal
import subprocess

from bed import INCLUDES, SERVICE, Profiles, service
from bench import TPM_PIN
from libpam import SUCCESS, Host
from matrix import AS_DEBIAN_COMES, ENTER, PASSWORD_PROMPT, PIN_PROMPT
from world import PASSWORD, check, must, open_to_all, run

# As Debian's lightdm and gdm-password have it around the common files.
GREETER = [INCLUDES[0], "auth optional pam_gnome_keyring.so", INCLUDES[1],
           "session optional pam_gnome_keyring.so auto_start", INCLUDES[3], INCLUDES[2]]
OFFER = ["auth [success=2 default=ignore] pam_passkey.so first_prompt=either",
         "auth [success=1 default=ignore] pam_unix.so nullok try_first_pass", "auth requisite pam_deny.so",
         "auth required pam_permit.so", *GREETER[1:]]
OFFER_PROMPT = "Password, or Enter"
STATE = open_to_all("tests/coexistence/keyring_state.py")


class Desk:
    """bob's folder under /run/user, and no keyring of earlier sessions unless it is `kept`."""

    def __init__(self, kept=False):
        self.kept, self.folder = kept, f"/run/user/{pwd.getpwnam('bob').pw_uid}"

    def __enter__(self):
        if not self.kept:
            shutil.rmtree("/home/bob/.local", ignore_errors=True)
        must("install", "-d", "-o", "bob", "-g", "bob", "-m", "0700", self.folder)
        return self

    def __exit__(self, *_):
        for pid in map(int, run("pgrep", "--uid", "bob")[1].split()):  # his keyring; nothing else of his runs in this world
            with contextlib.suppress(ProcessLookupError), open(os.pidfd_open(pid), "rb") as watched:  # some end by themselves
                os.kill(pid, signal.SIGTERM)
                check(select.select([watched], [], [], 30)[0], f"process {pid} does not end")
        shutil.rmtree(self.folder)

    def state(self):
        """What the keyring service says over a session bus: "locked", "unlocked", or that there is none."""
        done = subprocess.run(["setpriv", "--reuid", "bob", "--regid", "bob", "--init-groups", "dbus-run-session", "--",
                               "/usr/bin/python3", STATE], check=True, stdout=subprocess.PIPE, text=True, timeout=90,
                              env={**os.environ, "XDG_RUNTIME_DIR": self.folder, "HOME": "/home/bob"})
        return done.stdout.strip()


@contextlib.contextmanager
def signed_in(answers, lines=None, kept=False):
    """bob, through a greeter's stack, until his session is open."""
    with Profiles(*AS_DEBIAN_COMES, "gnome-keyring"), service(*(lines or GREETER)), Desk(kept) as desk:
        # pam_gnome_keyring reads from the environment where the session's folder is; pam_systemd would set it.
        os.environ["XDG_RUNTIME_DIR"] = desk.folder
        try:
            with Host(SERVICE, "bob", answers) as host:
                codes = [host.authenticate(), host.account(), host.set_credentials(), host.open_session()]
                check(codes == [SUCCESS] * 4, f"{codes}: {host.said}")
                check(not host.answers, f"never asked: {host.answers}")
                yield desk
        finally:
            del os.environ["XDG_RUNTIME_DIR"]


def a_password_after_a_dismissed_passkey_unlocks_the_keyring():
    with signed_in([(PIN_PROMPT, ENTER), (PASSWORD_PROMPT, PASSWORD)]) as desk:
        check(desk.state() == "unlocked", desk.state())


def a_password_at_the_prompt_for_both_unlocks_the_keyring():
    with signed_in([(OFFER_PROMPT, PASSWORD)], OFFER) as desk:
        check(desk.state() == "unlocked", desk.state())


def a_passkey_leaves_the_keyring_locked_and_asks_for_nothing_more():
    a_password_after_a_dismissed_passkey_unlocks_the_keyring()  # makes the keyring
    for answers, lines in (([(PIN_PROMPT, TPM_PIN)], None), ([(OFFER_PROMPT, ENTER), (PIN_PROMPT, TPM_PIN)], OFFER)):
        with signed_in(answers, lines, kept=True) as desk:
            check(desk.state() == "locked", desk.state())


def a_passkey_makes_no_keyring_that_anybody_could_open():
    with signed_in([(PIN_PROMPT, TPM_PIN)]) as desk:
        check(desk.state() == "none", desk.state())


PROMISES = [
    a_password_after_a_dismissed_passkey_unlocks_the_keyring,
    a_password_at_the_prompt_for_both_unlocks_the_keyring,
    a_passkey_leaves_the_keyring_locked_and_asks_for_nothing_more,
    a_passkey_makes_no_keyring_that_anybody_could_open,
]
