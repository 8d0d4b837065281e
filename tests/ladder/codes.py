"""Backup codes: each opens once, what is none costs nothing, and nobody but their owner ever sees one."""

import glob
import re
import threading

from people import (CODE, PIN, TPM_PIN, answer, at_the_code, forget_tries, fresh_code, gives_up, new_codes, opens,
                    password_opens, spent, tries, unspent)
from world import DAEMON_LOG, LEDGER, SYSLOG, check, configure, restart_daemon, sudo

NONE_OF_OURS = "That is no backup code of this account, or it was used before."
NO_CODE = "That cannot be a backup code, so it was not tried."


def a_code_opens_once_and_never_again():
    code = fresh_code("bob")
    check(opens(code), "the code did not open")
    check(not opens(code), "the code opened twice")
    check(spent("bob").count(int(code.split("-")[0])) == 1, "the ledger does not have it as spent")


def how_a_code_is_written_does_not_matter():
    """The tenth has a zero in any case, be it in its number."""
    codes = new_codes("bob")
    check(opens(unspent["bob"].pop().lower().replace("-", "").replace("0", "o")), f"{codes[9]} did not open")
    check(opens(unspent["bob"].pop().lower().replace("-", " ").replace("1", "l")), f"{codes[8]} did not open")


def what_is_no_code_is_not_counted():
    code = new_codes("bob")[6]  # its number begins no other: none of these is a code of the right form by chance
    no_codes = ["hello", "the old way in", code[:-1], code + "X", "11" + code[code.index("-"):], "0",
                code.replace("-", "_"), mistyped(code), TPM_PIN, "x" * 200]
    before = tries("bob", "code")
    for at in range(0, len(no_codes), 2):
        with at_the_code() as terminal:
            terminal.type_unseen(no_codes[at])
            terminal.wait_for(re.escape(NO_CODE))
            answer(terminal, CODE, no_codes[at + 1])
            terminal.wait_for(re.escape(NO_CODE))
            answer(terminal, CODE, "")
            password_opens(terminal, "bob")
    check(tries("bob", "code") == before, f"{tries('bob', 'code') - before} tries were counted")
    check(opens(code), "the code does not open any more")
    unspent["bob"].remove(code)


def mistyped(code):
    """The last symbol is another one: that is what it is there for."""
    return code[:-1] + ("A" if code[-1] != "A" else "B")


def a_new_set_voids_the_old_one():
    old = new_codes("bob")
    new = new_codes("bob")
    check(not opens(old[0]), "a void code opened")
    check(opens(new[0]), "the code of the same number in the new set does not open")
    unspent["bob"].remove(new[0])


def five_wrong_codes_make_codes_wait_and_nothing_else():
    void, code = new_codes("bob"), new_codes("bob")[0]
    with at_the_code() as terminal:
        terminal.type_unseen(void[0])
        for wrong in void[1:3]:
            answer(terminal, CODE, wrong)
        password_opens(terminal, "bob")
        check(terminal.screen.count(NONE_OF_OURS) == 3, terminal.screen)
    check(tries("bob", "code") == 3, f"{tries('bob', 'code')} tries were counted instead of 3")
    with at_the_code() as terminal:
        terminal.type_unseen(void[3])
        answer(terminal, CODE, void[4])
        terminal.wait_for(r"The sign-in was refused\. Try again in [0-9]+ seconds, or sign in another way\.")
        password_opens(terminal, "bob")
    with sudo("bob") as terminal:
        answer(terminal, PIN, "")
        terminal.wait_for("Too many failed tries. Try again in [0-9]+ seconds, or sign in another way.")
        check(CODE not in terminal.screen, "a code is asked for in vain")
        password_opens(terminal, "bob")
    with sudo("bob") as terminal:
        answer(terminal, PIN, TPM_PIN)
        check(terminal.end() == 0, "the passkey has to wait for the codes")
    forget_tries()
    check(opens(code), "the right code does not open after the wait")
    unspent["bob"].remove(code)


def when_few_are_left_one_is_reminded():
    new_codes("bob")
    for left in range(9, -1, -1):
        with at_the_code() as terminal:
            terminal.type_unseen(fresh_code("bob"))
            check(terminal.end() == 0, "the code did not open")
            reminder = (f"{left} backup code{'' if left == 1 else 's'} left. "
                        "New ones are made with: passkeyctl backup-codes")
            check((reminder in terminal.screen) == (left <= 3), f"with {left} left: {terminal.screen}")
            check("left" not in terminal.screen or left <= 3, f"with {left} left: {terminal.screen}")
    with sudo("bob") as terminal:  # and none is asked for where there is none
        answer(terminal, PIN, "")
        password_opens(terminal, "bob")
        check(CODE not in terminal.screen, terminal.screen)


def of_two_sign_ins_with_one_code_exactly_one_gets_in():
    configure("tries_in_a_row = 20\ntries_per_day = 1000\n")
    restart_daemon()
    for code in new_codes("bob")[:9]:  # the last one would leave nothing to ask the other for
        before = spent("bob")
        with at_the_code() as one, at_the_code() as other:
            for terminal in (one, other):
                terminal.type_unseen(code)
            got_in = [got_in_with_code(terminal) for terminal in (one, other)]
        check(sorted(got_in) == [False, True], f"{code}: {got_in}")
        check(spent("bob") == sorted(before + [int(code.split("-")[0])]), f"spent: {spent('bob')}")


def got_in_with_code(terminal):
    if terminal.wait_for(f"{re.escape(NONE_OF_OURS)}|(?m:^root\r?$)") != NONE_OF_OURS:
        check(terminal.end() == 0, "sudo let them in and failed")
        return True
    if terminal.wait_for(f"{re.escape(CODE)}|{re.escape('[sudo] password')}") == CODE:
        terminal.type_unseen("")
    gives_up_at_password(terminal)
    return False


def gives_up_at_password(terminal):
    """The prompt may have been waited for already."""
    terminal.seen = 0
    gives_up(terminal, "bob")


# --- who sees one ---------------------------------------------------------------------------------------------------
class Looker:
    """Reads what any process was started with, again and again, while the block runs."""

    def __enter__(self):
        self.seen, self.over = set(), threading.Event()
        self.thread = threading.Thread(target=self.look)
        self.thread.start()
        return self

    def look(self):
        while not self.over.is_set():
            for path in glob.glob("/proc/[0-9]*/cmdline") + glob.glob("/proc/[0-9]*/environ"):
                try:
                    with open(path, "rb") as file:
                        self.seen.add(file.read())
                except OSError:  # it has ended
                    pass

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def no_code_is_in_a_log_in_a_command_line_or_in_the_ledger():
    with Looker() as looker:
        codes = new_codes("bob")
        check(opens(codes[9]), "the code did not open")
        check(not opens(codes[9]), "the code opened twice")
    check(any(b"whoami" in each for each in looker.seen), "nothing was seen of the sign-in")
    places = {"a command line or an environment": b"\n".join(looker.seen)}
    for path in (SYSLOG, DAEMON_LOG, *glob.glob(LEDGER + "*"), *glob.glob("/var/lib/passkeyd/*")):
        with open(path, "rb") as file:
            places[path] = file.read()
    check(b"backup code" in places[DAEMON_LOG] and LEDGER in places, f"looked into {list(places)}")
    for where, said in places.items():
        said = said.upper().replace(b"-", b"")
        for code in codes:
            secret = code.split("-", 1)[1].replace("-", "").encode()
            check(secret not in said, f"{where} has {code}")
            check(secret[:10] not in said, f"{where} has a part of {code}")


PROMISES = [
    a_code_opens_once_and_never_again,
    how_a_code_is_written_does_not_matter,
    what_is_no_code_is_not_counted,
    a_new_set_voids_the_old_one,
    five_wrong_codes_make_codes_wait_and_nothing_else,
    when_few_are_left_one_is_reminded,
    of_two_sign_ins_with_one_code_exactly_one_gets_in,
    no_code_is_in_a_log_in_a_command_line_or_in_the_ledger,
]
