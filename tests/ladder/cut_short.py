"""The daemon is killed in the middle: what was counted stays counted, and no code is good twice."""

import os
import re
import select
import signal
import threading

from faults import StoppedChip, eventually
from people import (CODE, PIN, TPM_PIN, WRONG_PIN, WRONG_PINS, answer, at_the_code, forget_tries, gives_up, new_codes,
                    opens, spent, tries)
from world import check, configure, daemon_pids, restart_daemon, start_daemon, sudo


def kill_daemon():
    (pid,) = daemon_pids()
    watched = os.pidfd_open(pid)
    signal.pidfd_send_signal(watched, signal.SIGKILL)
    select.select([watched], [], [], 20)
    os.close(watched)
    check(not daemon_pids(), "the daemon outlived a SIGKILL")


def starts_again():
    status, said = start_daemon()
    check(status == 0, "the daemon does not start: " + said)


# --- codes ----------------------------------------------------------------------------------------------------------
def a_code_is_never_good_twice_though_the_daemon_is_killed_while_it_checks_it():
    """A set of codes twice over, at moments that lie ever later: from before the try is counted to after the verdict."""
    configure("tries_in_a_row = 20\ntries_per_day = 1000\n")
    restart_daemon()
    fates = {}
    for moment, code in enumerate(code for _ in range(2) for code in new_codes("bob")[:9]):
        fate = killed_while_checking(code, moment * 0.005)
        fates[fate] = fates.get(fate, 0) + 1
    print(f"# (let in, spent) when the daemon was killed: {fates}")
    check(fates.get((False, False), 0) > 0, "no kill came before the verdict")


def killed_while_checking(code, seconds):
    """Whether they got in, and whether the code was spent, which it then is for good; no more than one time in all."""
    number = int(code.split("-")[0])
    with at_the_code() as terminal:
        killer = threading.Timer(seconds, kill_daemon)
        killer.start()
        terminal.type_unseen(code)
        let_in = terminal.wait_for(r"(?m:^root\r?$)|\[sudo\] password[^\n]*: ").startswith("root")
        if not let_in:
            terminal.type_unseen("")
        check((terminal.end() == 0) == let_in, "sudo did not do as it said")
        killer.join()
    was_spent = number in spent("bob")
    check(was_spent or not let_in, f"{code} let them in and is not spent")
    starts_again()
    check(opens(code) != was_spent, f"{code} was {'spent and opens again' if was_spent else 'not spent and opens nothing'}")
    check(not opens(code), f"{code} opens again")
    return let_in, was_spent


# --- PINs -----------------------------------------------------------------------------------------------------------
def limits_outlive_a_restart_and_a_kill():
    with sudo("bob") as terminal:
        for pin in WRONG_PINS[:3]:
            answer(terminal, PIN, pin)
        answer(terminal, CODE, "")
        gives_up(terminal, "bob")
    restart_daemon()
    with sudo("bob") as terminal:
        answer(terminal, PIN, WRONG_PIN)
        answer(terminal, PIN, "")
        answer(terminal, CODE, "")
        gives_up(terminal, "bob")
    kill_daemon()
    starts_again()
    check(tries("bob", "tpm") == 4, f"{tries('bob', 'tpm')} tries are counted instead of 4")
    with sudo("bob") as terminal:
        answer(terminal, PIN, WRONG_PIN)
        terminal.wait_for("Too many failed tries. Try again in [0-9]+ seconds")
        answer(terminal, CODE, "")
        gives_up(terminal, "bob")
    kill_daemon()
    starts_again()
    check(must_wait(), "the limit is gone with the daemon")


def must_wait():
    """Whether not even the right PIN is taken."""
    with sudo("bob") as terminal:
        found = terminal.wait_for(f"{re.escape(PIN)}|Too many failed tries")
        if found == PIN:
            terminal.type_unseen("")
        answer(terminal, CODE, "")
        gives_up(terminal, "bob")
        return found != PIN


def a_pin_that_was_being_tried_when_the_daemon_was_killed_stays_counted():
    for counted in range(1, 6):
        with sudo("bob") as terminal:
            terminal.wait_for(re.escape(PIN))
            with StoppedChip():
                terminal.type_unseen(WRONG_PIN)
                eventually(lambda wanted=counted: tries("bob", "tpm") == wanted, "the try is not counted before it is made")
                kill_daemon()
                gives_up(terminal, "bob")
        check(tries("bob", "tpm") == counted, f"{tries('bob', 'tpm')} tries are counted instead of {counted}")
        starts_again()
    check(must_wait(), "five tries that were cut short are no limit")
    forget_tries()
    with sudo("bob") as terminal:
        answer(terminal, PIN, TPM_PIN)
        check(terminal.end() == 0, "the right PIN does not open after the wait")


PROMISES = [
    a_code_is_never_good_twice_though_the_daemon_is_killed_while_it_checks_it,
    limits_outlive_a_restart_and_a_kill,
    a_pin_that_was_being_tried_when_the_daemon_was_killed_stays_counted,
]
