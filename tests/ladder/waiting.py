"""wait=SECONDS: time to plug the key in, for those whose key is not."""

import re

from people import PIN, TPM_PIN, answer, password_opens, sees, sudo_asks
from stepping import TOUCH
from world import check, sudo, touch, usb

STACK = "/etc/pam.d/common-auth"
NOW = "Plug in your security key now."


class Option:
    """The module's line has one more option while the block runs."""

    def __init__(self, option):
        self.option = option

    def __enter__(self):
        with open(STACK, encoding="utf-8") as file:
            self.before = file.read()
        changed = self.before.replace("pam_passkey.so", f"pam_passkey.so {self.option}")
        check(changed != self.before, f"{STACK} has no line of the module")
        self.write(changed)

    def __exit__(self, *_):
        self.write(self.before)

    def write(self, text):
        with open(STACK, "w", encoding="utf-8") as file:
            file.write(text)


def a_key_that_comes_during_the_wait_goes_on_at_once():
    usb("unplug", "0")
    with Option("wait=300"), sudo("alice") as terminal:
        terminal.wait_for(re.escape(NOW))
        usb("plug", "0")
        terminal.wait_for(re.escape(TOUCH))
        touch()
        check(terminal.end() == 0, "the key did not open")
        sees(terminal, NOW, TOUCH, "root")


def a_key_that_does_not_come_leaves_the_password_after_the_wait():
    usb("unplug", "0")
    with Option("wait=1"), sudo("alice") as terminal:
        terminal.wait_for(re.escape(NOW))
        password_opens(terminal, "alice")
        sees(terminal, NOW, sudo_asks("alice"), "root")


def whose_key_is_there_does_not_wait():
    with Option("wait=300"), sudo("alice") as terminal:
        terminal.wait_for(re.escape(TOUCH))
        touch()
        check(terminal.end() == 0, "the key did not open")
        sees(terminal, TOUCH, "root")


def who_has_another_passkey_here_does_not_wait():
    usb("unplug", "0")
    with Option("wait=300"), sudo("bob") as terminal:
        answer(terminal, PIN, TPM_PIN)
        check(terminal.end() == 0, "the PIN did not open")
        sees(terminal, PIN, "root")


def nobody_waits_where_the_option_is_not_given():
    usb("unplug", "0")
    with sudo("alice") as terminal:
        password_opens(terminal, "alice")
        sees(terminal, sudo_asks("alice"), "root")


PROMISES = [
    a_key_that_comes_during_the_wait_goes_on_at_once,
    a_key_that_does_not_come_leaves_the_password_after_the_wait,
    whose_key_is_there_does_not_wait,
    who_has_another_passkey_here_does_not_wait,
    nobody_waits_where_the_option_is_not_given,
]
