"""Backup codes over SSH: each opens once, guessing is slowed down, and nobody at the machine is kept out by it."""

import re

from clock import Clock, hashes
from people import CODE, FIRST, NAMES, SignIn, check, configure, far, ledger, must, new_codes, sign_in
import world
from world import PASSWORD, sudo, usb

REFUSED = "The sign-in was refused."
HERE_TOO = NAMES + "backup_codes = always\n"


def tries(place):
    return ledger("SELECT count(*) FROM limits WHERE user_name = 'alice' AND way = 'code' AND place = ? AND in_a_row = 1",
                  place)[0][0]


def forget():
    must("passkeyctl", "reset-limits", "alice")


def a_code_opens_once():
    forget()
    code = new_codes("alice")[0]
    said = sign_in("alice", "empty", "text:" + code)
    check(said.opened() and said.seen() == [FIRST, CODE], f"{said.err} {said.prompts}")
    said = sign_in("alice", "empty", "text:" + code)
    check(said.status != 0 and REFUSED in said.err + "".join(said.prompts), f"{said.err} {said.prompts}")


def a_code_opens_after_the_helper_had_nothing():
    said = sign_in("alice", "token", "empty", "text:" + new_codes("alice")[1])
    check(said.opened() and said.seen()[::2] == [FIRST, CODE], f"{said.err} {said.prompts}")


def after_five_wrong_ones_the_right_one_opens_nothing_over_the_network_and_opens_at_the_machine():
    forget()
    codes = new_codes("alice")
    for _ in range(5):
        check(sign_in("alice", "empty", "wrong-code").status != 0, "a wrong code opened")
    check(tries("remote") == 5, f"{tries('remote')} tries were counted")
    said = sign_in("alice", "empty", "text:" + codes[2])
    check(said.status != 0, "the limit was passed")
    check(tries("remote") == 5 and tries("local") == 0, "more was counted than was tried")
    usb("unplug", "0")
    try:
        with sudo("alice") as terminal:
            terminal.wait_for(re.escape(CODE))
            terminal.type_unseen(codes[2])
            check(terminal.end() == 0, "the person at the machine was kept out: " + terminal.screen)
    finally:
        usb("plug", "0")
        far.open_key_to_all()
    forget()
    check(sign_in("alice", "empty", "text:" + codes[3]).opened(), "an administrator did not help")


def a_password_opens_while_codes_have_to_wait():
    forget()
    for _ in range(6):
        sign_in("alice", "empty", "wrong-code")
    check(sign_in("alice", "text:" + PASSWORD).opened(), "the password does not open")
    check(sign_in("alice", "token", "assert", touched=True).opened(), "the passkey does not open")
    forget()


def who_hangs_up_during_the_hash_has_had_their_try():
    forget()
    world.configure(HERE_TOO)
    Clock().restart()
    before = hashes()
    begun = SignIn("alice", ["empty", "wrong-code"])
    while hashes() == before:  # not yet at the code
        pass
    begun.process.kill()
    begun.end()
    check(tries("remote") == 1, f"{tries('remote')} tries were counted")
    forget()


PROMISES = [a_code_opens_once, a_code_opens_after_the_helper_had_nothing,
            after_five_wrong_ones_the_right_one_opens_nothing_over_the_network_and_opens_at_the_machine,
            a_password_opens_while_codes_have_to_wait, who_hangs_up_during_the_hash_has_had_their_try]


def with_codes(promise):
    """Over SSH, and at the machine, a code is asked for where no passkey is at hand."""
    def kept():
        configure(HERE_TOO)
        promise()
    kept.__name__ = promise.__name__
    return kept


PROMISES = [with_codes(promise) for promise in PROMISES]
