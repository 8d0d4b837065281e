"""What breaks is not counted: keys that are pulled out and a TPM that vanishes never bring anybody to a limit."""

import os
import re
import select
import signal
import time

from people import CODE, KEY_PIN, PIN, TPM, TPM_PIN, answer, password_opens, tries
from stepping import NEXT
from world import Misbehaving, check, key2, must, run, sudo, touch, usb

CEREMONY = "/usr/libexec/passkeyd/passkeyd-ceremony"


def eventually(is_so, otherwise):
    """For what nobody announces: asks again and again, for up to half a minute."""
    for _ in range(600):
        if is_so():
            return
        time.sleep(0.05)
    check(False, otherwise)


# --- the TPM --------------------------------------------------------------------------------------------------------
def chip():
    (pid,) = run("pidof", "swtpm")[1].split()
    return int(pid)


class StoppedChip:
    """The TPM takes what it is sent and answers nothing while the block runs."""

    def __enter__(self):
        # What was asked of it while the person typed shall be answered: it is the PIN that meets the silence.
        eventually(lambda: run("pidof", CEREMONY)[0] != 0, "a ceremony does not end")
        self.pid = chip()
        os.kill(self.pid, signal.SIGSTOP)
        return self

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGCONT)


class LostChip(StoppedChip):
    """As one that is stopped, and then it is gone; a new one of the same contents is there after the block."""

    def __enter__(self):
        super().__enter__()
        with open(f"/proc/{self.pid}/cmdline", "rb") as file:
            self.command = file.read().decode().rstrip("\0").split("\0")
        return self

    def vanish(self):
        watched = os.pidfd_open(self.pid)
        signal.pidfd_send_signal(watched, signal.SIGKILL)
        select.select([watched], [], [], 20)
        os.close(watched)

    def __exit__(self, *_):
        check(run("pidof", "swtpm")[0] != 0, "the TPM is still there")
        must(*self.command)
        must("tpm2_dictionarylockout", "-Q", "-T", TPM, "--clear-lockout")


def a_tpm_that_vanishes_during_the_pin_is_never_counted():
    for _ in range(10):
        with sudo("bob") as terminal:
            terminal.wait_for(re.escape(PIN))
            with LostChip() as lost:
                terminal.type_unseen(TPM_PIN)
                eventually(lambda: tries("bob", "tpm") == 1, "the try is not counted before it is made")
                lost.vanish()
                answer(terminal, CODE, "")
                check(NEXT in terminal.screen, terminal.screen)
                password_opens(terminal, "bob")
        check(tries("bob", "tpm") == 0, "a fault was counted as a wrong PIN")
    with sudo("bob") as terminal:
        answer(terminal, PIN, TPM_PIN)
        check(terminal.end() == 0 and "assword" not in terminal.screen, "the PIN does not open any more")


# --- the key --------------------------------------------------------------------------------------------------------
def a_key_that_is_pulled_out_during_the_pin_is_never_counted():
    usb("unplug", "0")
    left = key2("pin-tries")
    for _ in range(10):
        usb("plug", "1")
        with Misbehaving(hand=key2, silent=1, only="clientPIN"), sudo("carol") as terminal:
            terminal.wait_for("PIN of your [^\n]*: ")
            terminal.type_unseen(KEY_PIN)
            eventually(lambda: tries("carol", "usb") == 1, "the try is not counted before it is made")
            usb("unplug", "1")
            answer(terminal, CODE, "")
            check(NEXT in terminal.screen, terminal.screen)
            password_opens(terminal, "carol")
        check(tries("carol", "usb") == 0, "a fault was counted as a wrong PIN")
    usb("plug", "1")
    check(key2("pin-tries") == left, "the key lost tries")
    with sudo("carol") as terminal:
        terminal.wait_for("PIN of your [^\n]*: ")
        terminal.type_unseen(KEY_PIN)
        touch(key2)
        check(terminal.end() == 0 and "assword" not in terminal.screen, "the PIN does not open any more")


def a_key_that_is_pulled_out_during_the_touch_is_never_counted():
    usb("unplug", "0")
    for _ in range(10):
        usb("plug", "1")
        with sudo("carol") as terminal:
            terminal.wait_for("PIN of your [^\n]*: ")
            terminal.type_unseen(KEY_PIN)
            key2("wait", "blinking")
            check(tries("carol", "usb") == 1, "the try is not counted before it is made")
            usb("unplug", "1")
            answer(terminal, CODE, "")
            password_opens(terminal, "carol")
        check(tries("carol", "usb") == 0, "a fault was counted as a wrong PIN")


PROMISES = [
    a_tpm_that_vanishes_during_the_pin_is_never_counted,
    a_key_that_is_pulled_out_during_the_pin_is_never_counted,
    a_key_that_is_pulled_out_during_the_touch_is_never_counted,
]
