"""Attempts to make time pass that did not: wall clocks, reboots, machines restored to an earlier state."""

import time

from books import rows
from cast import TPM_PIN
from clock import DAY, HOUR, YEAR
from doors import IN, LIMITED, WRONG_PIN, test, tpm_tries
from world import check, configure

WAIT = HOUR


def one_failure_and_a_wait(house):
    """bob has just failed, and that costs him an hour."""
    house.fresh()
    check(test("bob", TPM_PIN) == IN, "a fresh start was not to be had")
    configure(f"tries_in_a_row = 1\nfirst_wait = {WAIT}\n")
    house.clock.restart()
    test("bob", WRONG_PIN)
    check(tpm_tries() == 1, "the failure was none")
    is_shut("from the beginning")


def is_shut(when):
    check(test("bob", TPM_PIN) == LIMITED, f"{when}: a try was let through")
    check(tpm_tries() == 1, f"{when}: a PIN went to the TPM")


def opens(when):
    check(test("bob", TPM_PIN) == IN, f"{when}: the wait is not over")


def a_wall_clock_set_wrong_shortens_no_wait(house):
    one_failure_and_a_wait(house)
    try:
        for years in (5, -5, 30):
            house.clock.wall = years
            house.clock.restart()
            # As the daemon itself sees it, and writes it down.
            off = house.clock.seen("CLOCK_REALTIME") - time.time()
            check(abs(off - years * YEAR) < 30 * DAY, f"the wall clock is off by {off} s, not by {years} years")
            before, seen, after = house.clock.now(), house.clock.seen("CLOCK_BOOTTIME"), house.clock.now()
            check(before - 1 <= seen <= after, f"the other clock was moved, too: {seen} is not in {before} to {after}")
            is_shut(f"{years:+d} years")
            written = rows("SELECT time FROM audit ORDER BY seq DESC LIMIT 1")[0][0]
            check(abs(written - time.time() - years * YEAR) < 30 * DAY, "the daemon never saw the wrong time")
    finally:
        house.clock.wall = None
    house.clock.skip(WAIT // 2)
    is_shut("half the wait")
    house.clock.skip(WAIT // 2)
    opens("all of the wait")


def a_reboot_counts_only_the_time_since_it(house):
    one_failure_and_a_wait(house)
    for age in (10, WAIT // 2, WAIT - 60):
        house.clock.reboot(age) if age == 10 else house.clock.set_to(age)
        is_shut(f"{age} s after the boot")
    house.clock.set_to(WAIT + 60)
    opens("a boot older than the wait")


def reboot_after_reboot_gives_no_more_than_their_time(house):
    one_failure_and_a_wait(house)
    for _ in range(4):
        house.clock.reboot(WAIT // 5)
        is_shut("a reboot more")
    house.clock.reboot(WAIT // 5 + 60)
    opens("five boots, together older than the wait")


def a_machine_restored_to_an_earlier_hour_shortens_no_wait(house):
    house.clock.set_to(DAY)
    one_failure_and_a_wait(house)
    house.clock.set_to(house.clock.now() - 20 * HOUR)
    is_shut("the same boot, twenty hours younger")
    house.clock.skip(WAIT // 2)
    is_shut("half the wait")
    house.clock.skip(WAIT // 2 + 60)
    opens("all of the wait, counted from there")


PROMISES = [a_wall_clock_set_wrong_shortens_no_wait, a_reboot_counts_only_the_time_since_it,
            reboot_after_reboot_gives_no_more_than_their_time, a_machine_restored_to_an_earlier_hour_shortens_no_wait]
