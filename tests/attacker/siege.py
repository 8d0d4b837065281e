"""Two days before six doors at once: as many guesses as the daemon lets through, and when they arrived.

The clock goes on by half a minute at first, while waits are that short, then by half an hour. The daemon is started
anew at each step."""

from clock import DAY, HOUR
from doors import MANY, forgive_tpm_tries, tpm_tries
from world import check

STEPS = [30] * 20 + [1800] * ((2 * DAY - 20 * 30) // 1800)


class Arrivals:
    """The moments at which tries arrived at one door: each between two looks at the clock."""

    def __init__(self):
        self.tries = []

    def add(self, number, after, before):
        self.tries += [(after, before)] * number

    def total(self):
        return len(self.tries)

    def most_within(self, seconds):
        """The most that certainly lay within any such span."""
        most = 0
        for at, (begin, _) in enumerate(self.tries):
            most = max(most, sum(end - begin < seconds for _, end in self.tries[at:]))
        return most


def besiege(clock, doors):
    """By the doors' names: Arrivals."""
    arrivals = {door.name: Arrivals() for door in doors}
    begin = clock.now()
    for step in [0] + STEPS:
        if step:
            clock.skip(step)
        for door in doors:
            after = clock.now()
            arrivals[door.name].add(door.push(), after, clock.now())
        if any(each.total() > MANY for each in arrivals.values()):
            return arrivals  # a door without a limit: nothing more is to be learned
        # A real chip forgives one every ten minutes or so; two accounts' tries are never more than that.
        if step >= HOUR // 2 and tpm_tries() > 0:
            forgive_tpm_tries()
    # It ends before the first of the second day's tries is a day old: two days, not two and a try.
    check(2 * DAY - HOUR <= clock.now() - begin < 2 * DAY, f"the two days took {clock.now() - begin} s")
    return arrivals
