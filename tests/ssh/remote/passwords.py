"""Passwords: they work as they did, and go nowhere but where they went before."""

import signal
import subprocess

from people import FIRST, LAST, PASSWORD, check, must, sign_in

METHOD = ("-o", "PreferredAuthentications=password", "-o", "NumberOfPasswordPrompts=1")
#: As long as the helper's token: what is taken for one.
LONG = "correct-horse-battery-staple-" * 6 + "and-so-on-to-the-length-to"


class Wiretap:
    """All that goes over the system bus while the block runs, to the last message."""

    LOG = "/run/world/wiretap"

    def __enter__(self):
        with open(self.LOG, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(["dbus-monitor", "--system"], stdout=log)
        self.until("NameLost")  # then it listens
        return self

    def __exit__(self, *_):
        must("dbus-send", "--system", "/", "world.wiretap.ThatWasAll")
        self.until("member=ThatWasAll")
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)

    def until(self, word):
        self.heard = ""
        while word not in self.heard:
            check(self.process.poll() is None, "dbus-monitor has ended")
            with open(self.LOG, encoding="utf-8", errors="replace") as log:
                self.heard = log.read()


def a_password_opens_at_the_first_prompt_and_goes_no_further():
    with Wiretap() as tap:
        for user in ("alice", "carol", "dave"):
            said = sign_in(user, "text:" + PASSWORD)
            check(said.opened(user), f"{user}: {said.err} {said.prompts}")
            check(said.seen() == [FIRST], f"{user} was asked {said.prompts}")
    check("BeginLogin" in tap.heard, "nothing was heard at all")
    check(PASSWORD not in tap.heard, "the password went over the bus")


def an_empty_line_goes_on_to_the_password():
    for user in ("alice", "dave"):
        said = sign_in(user, "empty", "text:" + PASSWORD)
        check(said.opened(user) and said.seen() == [FIRST, LAST], f"{user}: {said.err} {said.prompts}")


def a_wrong_password_is_asked_for_as_often_as_the_client_wants():
    options = ("-o", "PreferredAuthentications=keyboard-interactive", "-o", "NumberOfPasswordPrompts=2")
    said = sign_in("dave", "text:wrong one", "text:wrong two", options=options)
    check(said.status != 0 and said.seen() == [FIRST, FIRST], f"{said.err} {said.prompts}")
    said = sign_in("dave", "text:wrong one", "text:" + PASSWORD, options=options)
    check(said.opened("dave") and said.seen() == [FIRST, FIRST], f"{said.err} {said.prompts}")


def the_method_password_works_as_before_even_with_a_password_as_long_as_the_token():
    check(len(LONG) == 200, f"{len(LONG)}")
    must("sh", "-c", f"echo 'carol:{LONG}' | chpasswd")
    try:
        with Wiretap() as tap:
            for user, password in (("alice", PASSWORD), ("dave", PASSWORD), ("carol", LONG)):
                said = sign_in(user, "text:" + password, options=METHOD)
                check(said.opened(user), f"{user}: {said.err} {said.prompts}")
                check(len(said.prompts) == 1, f"{user} was asked {said.prompts}")
            check(sign_in("alice", "text:wrong", options=METHOD).status != 0, "a wrong password opened")
        check("BeginLogin" in tap.heard, "nothing was heard at all")
        check(PASSWORD not in tap.heard and LONG not in tap.heard, "a password went over the bus")
    finally:
        must("sh", "-c", f"echo 'carol:{PASSWORD}' | chpasswd")


def where_a_passkey_and_a_password_are_wanted_who_has_no_passkey_goes_on_with_the_password():
    """pam_passkey(8) has it so for a "required" line; and whoever has one is not let in by the password alone."""
    with open("/etc/pam.d/sshd", encoding="utf-8") as file:
        usual = file.read()
    with open("/etc/pam.d/sshd", "w", encoding="utf-8") as file:
        file.write("auth required pam_passkey.so nodelay\nauth required pam_unix.so try_first_pass nodelay\n"
                   "account required pam_permit.so\nsession required pam_permit.so\n")
    try:
        check(sign_in("dave", "text:" + PASSWORD).opened("dave"), "dave is kept out")
        check(sign_in("dave", "token", "garbage:300", "text:" + PASSWORD).opened("dave"), "dave is kept out after a refusal")
        for scenario in (("text:" + PASSWORD,), ("empty", "text:" + PASSWORD), ("token", "empty", "text:" + PASSWORD)):
            for user in ("alice", "bob"):
                check(not sign_in(user, *scenario).opened(user), f"{user} got in by the password alone: {scenario}")
        check(sign_in("alice", "token", "assert", "text:" + PASSWORD, touched=True).opened(), "both together do not open")
    finally:
        with open("/etc/pam.d/sshd", "w", encoding="utf-8") as file:
            file.write(usual)


PROMISES = [where_a_passkey_and_a_password_are_wanted_who_has_no_passkey_goes_on_with_the_password,
            a_password_opens_at_the_first_prompt_and_goes_no_further, an_empty_line_goes_on_to_the_password,
            a_wrong_password_is_asked_for_as_often_as_the_client_wants,
            the_method_password_works_as_before_even_with_a_password_as_long_as_the_token]
