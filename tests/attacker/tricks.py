"""Ways to guess more than the daemon means to allow: at once, going away early, with what is no code, with many names."""

import os
import re
import signal
import subprocess
import time

from books import counted_tries, everything_but_time, refused_codes
from cast import TPM_PIN
from clock import hashes
from doors import IN, LIMITED, WRONG_PIN, sign_in, test, tpm_tries
from world import PASSWORD, Failed, check, key, must, open_to_all, run, usb

STRANGER = open_to_all("tests/attacker/stranger.py")


def begin_test(user, *lines):
    process = subprocess.Popen(["passkeyctl", "test", "--user", user, "--pin-stdin"], stdin=subprocess.PIPE,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
    process.stdin.write("".join(line + "\n" for line in lines))
    process.stdin.close()
    return process


def guesses_at_once_are_no_more_than_guesses_in_a_row(house):
    house.fresh()
    before = tpm_tries()
    everybody = [begin_test("bob", WRONG_PIN, WRONG_PIN, WRONG_PIN) for _ in range(8)]
    check(LIMITED in [process.wait(timeout=60) for process in everybody], "nobody was told to wait")
    check(tpm_tries() - before == 5, f"{tpm_tries() - before} guesses arrived, not five")


def going_away_before_the_answer_takes_no_try_back(house):
    house.fresh()
    for number in range(1, 6):
        before = hashes()
        process = begin_test("alice", "", house.codes.wrong())
        until(lambda: hashes() > before, "the code was never tried")
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=60)
        until(no_ceremony_runs, "the hash goes on for ever")
        check(counted_tries("alice", "code") == number, f"{counted_tries('alice', 'code')} tries are counted, not {number}")
    check(test("alice", "", house.codes.good[3]) == LIMITED, "a sixth try was let through")


def until(condition, complaint):
    for _ in range(2000):
        if condition():
            return
        time.sleep(0.005)
    raise Failed(complaint)


def no_ceremony_runs():
    return run("pidof", "/usr/libexec/passkeyd/passkeyd-ceremony")[0] != 0


NO_CODES = ["", PASSWORD, "hunter2", "123456", TPM_PIN, "0-AAAAA-AAAAA-AAAAA", "11-00000-00000-00000", "x" * 400, "1-2-3", "ü" * 17]


def what_has_not_the_form_of_a_code_is_neither_counted_nor_hashed(house):
    house.fresh()
    one_symbol_off = house.codes.good[4][:-1] + ("0" if house.codes.good[4][-1] != "0" else "1")
    before = hashes(), refused_codes(), counted_tries("alice", "code")
    for text in NO_CODES * 3 + [one_symbol_off]:
        check(test("alice", "", text) != LIMITED, f"after '{text}' there is a wait")
        sign_in("sshd-interactive", "alice", "", text, "", "")
    check((hashes(), refused_codes(), counted_tries("alice", "code")) == before, "something was counted or hashed")
    check(test("alice", "", house.codes.good[4]) == IN and hashes() == before[0] + 1, "the right code is not taken, or not hashed")


def a_thousand_sign_ins_begun_by_a_stranger_change_nothing(house):
    house.fresh()
    before = everything_but_time()
    key("count", "reset")
    usb("plug", "0")
    said = stranger("bob", "thousand", "alice")
    check(said == {"not-enrolled": "500", "not-enrolled nobody-here": "500", "unanswered": "16", "refused": "984"}, str(said))
    usb("unplug", "0")
    check(key("count", "getAssertion").split()[-1] == "0", "the key was asked for something")
    check(everything_but_time() == before, "the ledger has changed")
    check(test("alice", TPM_PIN) == IN, "alice does not get in")


def a_stranger_with_many_accounts_shuts_nobody_out(house):
    """Forty accounts in one hand, each with as many sign-ins open as one may have."""
    house.fresh()
    with open("/etc/passwd", "a", encoding="ascii") as file:
        file.writelines(f"stranger{number}:x:{100000 + number}:100000::/:/bin/false\n" for number in range(40))
    with subprocess.Popen(["/usr/bin/python3", STRANGER, "crowd", "alice"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as crowd:
        try:
            begun = int(crowd.stdout.readline())
            held = open_sign_ins()
            check(test("alice", TPM_PIN) == IN, f"alice does not get in while others hold {held} sign-ins")
            check(begun > held == 512, f"they began {begun} sign-ins and hold {held}")
            said = stranger("bob", "once", "alice")
            check(said == {"unanswered": "1"}, f"somebody with one account finds no room: {said}")
        finally:
            crowd.stdin.close()


def open_sign_ins():
    said = must("busctl", "--system", "call", "org.passkeyd1", "/org/passkeyd1", "org.passkeyd1.Manager", "GetStatus")
    return int(re.search(r'"attempts" u (\d+)', said)[1])


def stranger(user, *words):
    """What stranger.py, run by that user, counted."""
    status, said = run("setpriv", "--reuid", user, "--regid", user, "--init-groups", "/usr/bin/python3",
                       STRANGER, *words)
    check(status == 0, said)
    return dict(line.rsplit(" ", 1) for line in said.splitlines())


PROMISES = [guesses_at_once_are_no_more_than_guesses_in_a_row, going_away_before_the_answer_takes_no_try_back,
            what_has_not_the_form_of_a_code_is_neither_counted_nor_hashed,
            a_thousand_sign_ins_begun_by_a_stranger_change_nothing, a_stranger_with_many_accounts_shuts_nobody_out]
