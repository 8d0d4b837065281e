"""Who has what in the tests of the ladder, what they see and type, and what the ledger says about it.

alice: the blue key, which wants a touch, and backup codes. bob: this computer's passkey, and backup codes. carol: the
green key, which has a PIN and is not plugged in. The promises here are about how they come by it; everything else
builds on them."""

import os
import re
import sqlite3
import subprocess

from world import (CONFIG, LEDGER, PASSWORD, Terminal, check, configure, daemon_pids, key, key2, must, start_daemon,
                   stop_daemon, sudo, touch, usb)

TPM_PIN, KEY_PIN = "314159", "2468"
# Different ones, as people try them: the same answer twice in a row is taken for none.
WRONG_PINS = ("271828", "271829", "271830", "271831", "271832")
WRONG_PIN = WRONG_PINS[0]
TPM = "swtpm:path=/run/world/tpm/socket"
PIN = "PIN of this computer's passkey, or Enter to skip: "
CODE = "Backup code, or Enter to skip: "
ONE_CODE = re.compile(r"\b\d{1,2}(?:-[0-9A-HJKMNP-TV-Z]{5}){3}\b")

unspent = {}  # by account: codes that nobody has used yet


# --- what people see ------------------------------------------------------------------------------------------------
def lines_of(terminal):
    """The screen as a person reads it."""
    return [line.rstrip() for line in terminal.screen.replace("\r", "").split("\n") if line.strip()]


def sees(terminal, *lines):
    """The whole of the screen was this, line by line; for the caller's password prompt, sudo's own."""
    wanted = [line.rstrip() for line in lines]
    check(lines_of(terminal) == wanted, f"the screen showed {lines_of(terminal)}, not {wanted}")


def sudo_asks(user):
    return f"[sudo] password for {user}: "


def answer(terminal, prompt, text):
    """Waits for the prompt and types the answer, unseen."""
    terminal.wait_for(re.escape(prompt))
    terminal.type_unseen(text)


def password_opens(terminal, user):
    answer(terminal, sudo_asks(user), PASSWORD)
    check(terminal.end() == 0, "the password did not work")


def gives_up(terminal, user):
    """No password either: sudo has to refuse, or somebody got in by what came before."""
    answer(terminal, sudo_asks(user), "")
    check(terminal.end() != 0, "they got in")


# --- backup codes ---------------------------------------------------------------------------------------------------
def new_codes(user):
    """A new set, as a script gets it; from now on the account's only one."""
    unspent[user] = subprocess.run(["passkeyctl", "backup-codes", "--user", user, "--yes"], check=True, text=True,
                                   stdout=subprocess.PIPE, timeout=90).stdout.split()
    check(len(unspent[user]) == 10 and all(ONE_CODE.fullmatch(code) for code in unspent[user]), "these are no ten codes")
    return list(unspent[user])


def fresh_code(user):
    """A code that opens, once."""
    if not unspent.get(user):
        new_codes(user)
    return unspent[user].pop()


def at_the_code(user="bob"):
    """A sign-in that has stepped down to the backup code."""
    terminal = sudo(user)
    answer(terminal, PIN, "")
    terminal.wait_for(re.escape(CODE))
    return terminal


def opens(code, user="bob"):
    """Whether sudo takes the code at its word; the person gives up if not."""
    with at_the_code(user) as terminal:
        terminal.type_unseen(code)
        if terminal.wait_for(f"{re.escape(CODE)}|(?m:^root\r?$)").startswith("root"):
            check(terminal.end() == 0, "sudo let them in and failed")
            return True
        terminal.type_unseen("")
        gives_up(terminal, user)
        return False


# --- what the ledger says -------------------------------------------------------------------------------------------
def ledger(question, *values):
    """The rows; whether the daemon runs or not."""
    book = sqlite3.connect(LEDGER, timeout=30)
    try:
        with book:
            return book.execute(question, values).fetchall()
    finally:
        book.close()


def tries(user, way):
    """How many tries are written down as failed, or as under way."""
    return ledger("SELECT count(*) FROM limits WHERE user_name = ? AND way = ?", user, way)[0][0]


def spent(user):
    """The numbers of the codes that were spent."""
    return [row[0] for row in ledger("SELECT number FROM backup_code WHERE user_name = ? AND spent IS NOT NULL"
                                     " ORDER BY number", user)]


def forget_tries():
    """As if days had gone by, for the TPM as well."""
    ledger("DELETE FROM limits")
    must("tpm2_dictionarylockout", "-Q", "-T", TPM, "--clear-lockout")


def all_as_it_was():
    """Before each promise, whatever became of the one before: the blue key is plugged in and honest, nobody has failed,
    and whoever has codes has some left."""
    if os.path.exists(CONFIG):
        configure("")
        stop_daemon()
    if not daemon_pids():
        status, said = start_daemon()
        check(status == 0, "the daemon does not start: " + said)
    for hand in (key, key2):
        hand("knob", "reset")
        hand("touch", "wait")
    for port, wanted in (("0", True), ("1", False)):
        if is_plugged(port) != wanted:
            usb("plug" if wanted else "unplug", port)
    forget_tries()
    for user in unspent:
        if len(spent(user)) > 7:
            new_codes(user)


def is_plugged(port):
    (where,) = [line.split()[1] for line in usb("list").splitlines() if line.split()[0] == port]
    return where != "unplugged"


def take_the_green_key():
    """Instead of the blue one."""
    usb("unplug", "0")
    usb("plug", "1")


# --- how they come by it --------------------------------------------------------------------------------------------
def the_first_passkey_of_an_account_brings_ten_backup_codes():
    unspent["alice"] = enroll_at_terminal("alice", "--usb", "--name", "Blue key")
    unspent["bob"] = enroll_at_terminal("bob", "--tpm", "--name", "This computer")
    for user in ("alice", "bob"):
        check(numbers(unspent[user]) == list(range(1, 11)), f"{user} got {unspent[user]}")


def a_later_passkey_brings_none_and_voids_none():
    check(numbers(enroll_at_terminal("dave", "--tpm", "--name", "This computer")) == list(range(1, 11)), "no ten codes")
    before = ledger("SELECT * FROM backup_code")
    check(enroll_at_terminal("dave", "--usb", "--name", "Blue key") == [], "codes were shown for the second passkey")
    check(ledger("SELECT * FROM backup_code") == before, "the codes are not the same as before")


def a_key_with_a_pin_brings_them_too():
    """carol's key lies in a drawer until she needs it."""
    take_the_green_key()
    node = usb("list").splitlines()[1].split()[1]
    must("with-usb", "sh", "-c", f"printf '{KEY_PIN}\n{KEY_PIN}\n' | setsid fido2-token -S {node}")
    unspent["carol"] = enroll_at_terminal("carol", "--usb", "--name", "Green key", pin=KEY_PIN, hand=key2)
    check(numbers(unspent["carol"]) == list(range(1, 11)), f"carol got {unspent['carol']}")


def enroll_at_terminal(user, *how, pin=None, hand=key):
    """Enrolls, with a person there; the codes that the screen showed."""
    with Terminal("root", ["passkeyctl", "enroll", "--no-test", "--user", user, *how]) as terminal:
        if "--tpm" in how:
            answer(terminal, "Choose a PIN for this computer's passkey: ", TPM_PIN)
            answer(terminal, "The same PIN again: ", TPM_PIN)
        else:
            if pin:
                terminal.wait_for("PIN of your [^\n]*: ")
                terminal.type_unseen(pin)
            terminal.wait_for("Touch your ")
            touch(hand)
        check(terminal.end() == 0, "the enrollment failed")
        check("is ready to use" in terminal.screen, terminal.screen)
        found = ONE_CODE.findall(terminal.screen)
        check(("They are not shown again" in terminal.screen) == bool(found), "it is not said that this is the only time")
        return found


def numbers(codes):
    return sorted(int(code.split("-")[0]) for code in codes)


PROMISES = [
    the_first_passkey_of_an_account_brings_ten_backup_codes,
    a_later_passkey_brings_none_and_voids_none,
    a_key_with_a_pin_brings_them_too,
]
