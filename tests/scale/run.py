"""Hundreds of sign-ins at once, in a world. Prints TAP; a test's name is a promise, a line with "#" is a measurement and
no promise."""

import collections
import os
import sys

TREE = os.environ["WORLD_TREE"]
for folder in ("signin", "attacker", "ssh"):
    sys.path.insert(0, f"{TREE}/tests/{folder}")
import through_sshd  # noqa: E402
from books import rows  # noqa: E402
from crowd import Crowd, attempts, ceremonies, ceremony_pids, line, outcomes, resident, rest, seconds  # noqa: E402
from people import TPM_PIN, move_in  # noqa: E402
from world import check, configure, keep, key, restart_daemon, touch  # noqa: E402

AT_A_DOOR = 512  # daemon/shares.h
NOT_ENROLLED, IN_BY_CODE, IN = "unavailable not-enrolled", "granted code-accepted", "granted welcome"
CODES = {}


def address(number):
    return f"198.51.{100 + number // 250}.{number % 250 + 1}"


def of_one_kind(said, wanted):
    counts = collections.Counter(said)
    check(set(counts) == {wanted}, f"not all are '{wanted}': {dict(counts)}")


def nothing_is_left(before):
    """Of a crowd that has ended."""
    check(rest() == before, f"{rest()} descriptors are open, not {before}")


# --- everybody is answered ------------------------------------------------------------------------------------------
def judged(outcome):
    return rows("SELECT count(*) FROM audit WHERE event = 'login' AND outcome = ?", outcome)[0][0]


def crowd_of_three_hundred():
    """(line, what has to come of it)."""
    yield from ((line("dave", rhost=address(number)), NOT_ENROLLED) for number in range(100))
    yield from ((line(f"nobody-{number}", rhost=address(number)), NOT_ENROLLED) for number in range(55))
    yield from ((line("dave", "sudo"), NOT_ENROLLED) for _ in range(50))
    yield from ((line("alice", "sudo", what="password"), "password") for _ in range(50))
    for number, (user, codes) in enumerate(CODES.items()):
        yield from ((line(user, rhost=address(number), what="secret", text=codes.good.pop()), IN_BY_CODE) for _ in range(3))
        yield line(user, rhost=address(number), what="secret", text=codes.wrong()), "denied code-wrong"
    yield from ((line("alice", "sudo", what="secret", text=TPM_PIN), IN) for _ in range(4))
    yield line("bob", "sudo"), IN


def three_hundred_sign_ins_at_once_each_get_their_own_answer():
    lines, wanted = zip(*crowd_of_three_hundred())
    check(len(lines) == 300, f"{len(lines)} sign-ins")
    before, granted, denied = rest(), judged("granted"), judged("denied")
    with Crowd(lines) as crowd:
        touch()
        said = crowd.settle().leave()
    wrong = [(asked, got, due) for asked, got, due in zip(lines, said, wanted) if got.split()[0] != due.split()[0] or
             (got != due and not due.startswith("denied"))]
    check(not wrong, f"{len(wrong)} of 300 got another answer, such as {wrong[:3]}")
    check(judged("granted") - granted == 35, f"{judged('granted') - granted} grants are on record, not 35")
    check(judged("denied") - denied == 10, f"{judged('denied') - denied} refusals are on record, not 10")
    nothing_is_left(before)


def a_thousand_open_sign_ins_are_held_in_bounded_memory():
    before, small = rest(), resident()
    with Crowd([line("alice", "sudo", what="hold") for _ in range(500)]) as here:
        here.settle()
        elsewhere = Crowd([line("u0", rhost=address(number), what="hold") for number in range(500)])
        with elsewhere:
            elsewhere.settle()
            check(attempts() == 1000, f"{attempts()} are open")
            large = resident()
            of_one_kind(here.leave() + elsewhere.leave(), "holds")
    nothing_is_left(before)
    print(f"# resident memory of the daemon: {small} KiB, with 1000 open sign-ins {large} KiB, after them {resident()} KiB")
    check(large - small < 64 * 1024, f"1000 sign-ins take {large - small} KiB")


# --- nobody is kept out ---------------------------------------------------------------------------------------------
def others_get_in(number):
    said = outcomes([line("alice", "sudo", what="secret", text=TPM_PIN),
                     line("u1", rhost=address(number), what="secret", text=CODES["u1"].good.pop())])
    check(said == [IN, IN_BY_CODE], f"sudo and another address came to {said}")


def strangers_from_one_address_keep_nobody_out():
    before = rest()
    with Crowd([line("u0", rhost="192.0.2.1", what="hold") for _ in range(AT_A_DOOR)]) as flood:
        flood.settle()
        check(attempts() == AT_A_DOOR, f"the flood holds {attempts()}")
        others_get_in(701)
        with Crowd([line("u0", rhost="192.0.2.1", what="hold") for _ in range(100)]) as more:
            of_one_kind(more.settle().leave(), "holds")
    nothing_is_left(before)


def strangers_from_three_hundred_addresses_keep_nobody_out():
    before = rest()
    with Crowd([line("u0", rhost=address(number % 300), what="hold") for number in range(600)]) as flood:
        flood.settle()
        check(attempts() == AT_A_DOOR, f"{attempts()} are open, not {AT_A_DOOR}")
        others_get_in(702)
    nothing_is_left(before)


def forty_sign_ins_of_one_person_at_once_wait_their_turn():
    before = rest()
    lines = [line("bob", "swaylock", what="password") for _ in range(40)]
    with Crowd(lines, each=1, user="bob") as crowd:
        of_one_kind(crowd.settle().leave(), "password")
    nothing_is_left(before)


def who_holds_their_share_is_refused_and_nobody_else_is():
    before = rest()
    with Crowd([line("bob", "swaylock", what="hold") for _ in range(40)], each=40, user="bob") as hoard:
        hoard.settle()
        check(attempts() == 16, f"one person holds {attempts()}")
        others_get_in(703)
        said = collections.Counter(hoard.leave())
        check(said == {"holds": 16, "org.passkeyd1.Error.Busy": 24}, str(dict(said)))
    nothing_is_left(before)


def a_flood_of_wrong_codes_from_the_network_costs_nothing_at_the_desk():
    """Codes from the network wait then: that one door is what such a flood shuts."""
    codes = CODES["u2"]
    said = outcomes(line("u2", rhost=address(number), what="secret", text=codes.wrong()) for number in range(60))
    check(not any(each.startswith("granted") for each in said), "a wrong code got in")
    said = outcomes([line("u2", "sudo", what="secret", text=codes.good.pop()),
                     line("u2", rhost="203.0.113.9", what="secret", text=codes.good.pop())])
    check(said[0] == IN_BY_CODE, f"at the desk: {said[0]}")
    check(said[1] == "unavailable limited", f"from the network: {said[1]}")


# --- nothing is left behind -----------------------------------------------------------------------------------------
def a_hundred_callers_that_are_killed_leave_nothing():
    before = rest()
    lines = [line("u0", rhost=address(number), what="hold") for number in range(70)]
    lines += [line("bob", "sudo") for _ in range(10)]  # one has the key, nine wait for it
    lines += [line("u0", "sudo", what="hold") for _ in range(20)]
    with Crowd(lines, each=1) as crowd:
        while attempts() < 100 or not ceremonies():
            check(crowd.process.poll() is None, "the crowd broke off")
        key("wait", "blinking")
        print(f"# resident memory of a process that asks a key: {[resident(pid) for pid in ceremony_pids()]} KiB")
        crowd.kill()
    nothing_is_left(before)


def callers_that_read_no_answer_cost_nobody_theirs():
    before = rest()
    with Crowd([line("dave", rhost=address(number), what="deaf") for number in range(200)], each=100) as deaf:
        deaf.settle()
        others_get_in(704)
        deaf.kill()
    nothing_is_left(before)


# --- how fast -------------------------------------------------------------------------------------------------------
def measure():
    for what, lines in (("not enrolled", [line("dave", rhost=address(number)) for number in range(300)]),
                        ("password at the first prompt", [line("alice", "sudo", what="password") for _ in range(100)]),
                        ("backup codes", [line(user, "sudo", what="secret", text=codes.good.pop())
                                          for user, codes in CODES.items() for _ in range(2)])):
        took, _ = seconds(lambda: outcomes(lines))
        print(f"# {what}: {len(lines) / took:.0f} sign-ins a second ({len(lines)} at once)")


PROMISES = [three_hundred_sign_ins_at_once_each_get_their_own_answer, a_thousand_open_sign_ins_are_held_in_bounded_memory,
            strangers_from_one_address_keep_nobody_out, strangers_from_three_hundred_addresses_keep_nobody_out,
            forty_sign_ins_of_one_person_at_once_wait_their_turn, who_holds_their_share_is_refused_and_nobody_else_is,
            a_flood_of_wrong_codes_from_the_network_costs_nothing_at_the_desk,
            a_hundred_callers_that_are_killed_leave_nothing, callers_that_read_no_answer_cost_nobody_theirs,
            lambda: through_sshd.eighty_connections_at_once_all_get_in(CODES)]
PROMISES[-1].__name__ = through_sshd.eighty_connections_at_once_all_get_in.__name__


def main():
    configure("[service sshd]\nbackup_codes = always\n[service sudo]\nbackup_codes = always\n")
    restart_daemon()
    CODES.update(move_in())
    wanted = sys.argv[1:]
    status = keep([promise for promise in PROMISES if not wanted or promise.__name__ in wanted])
    measure()
    return status


sys.exit(main())
