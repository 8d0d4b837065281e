"""An attacker before every door of the running daemon, for two days that pass in minutes. Prints TAP; a test's name is a
promise. The numbers are those of docs/threat-model.md, read from there."""

import os
import subprocess
import sys
import traceback

TREE = os.environ["WORLD_TREE"]
sys.path.insert(0, TREE + "/tests/signin")
import chip  # noqa: E402
import clocks  # noqa: E402
import desk  # noqa: E402
import keys  # noqa: E402
import tricks  # noqa: E402
from books import forget_tries, promised_tries, recorded_guesses, table  # noqa: E402
from cast import CONFIGURATION, move_in  # noqa: E402
from clock import DAY, Clock  # noqa: E402
from doors import Codes, all_doors, forgive_tpm_tries  # noqa: E402
from siege import besiege  # noqa: E402
from world import Failed, Stuck, check, configure, daemon_log, stop_daemon  # noqa: E402


class House:
    """What the tests share: the daemon's clock, the doors, alice's codes, what the document promises."""

    def __init__(self):
        self.clock = Clock()
        configure(CONFIGURATION)
        self.clock.restart()
        move_in()
        self.codes = Codes("alice")
        self.doors = {door.name: door for door in all_doors(self.codes)}
        self.promised = promised_tries()
        self.arrivals = None

    def fresh(self):
        """Nobody has failed yet, except at keys, which forget nothing."""
        stop_daemon()
        forget_tries()
        self.clock.restart()
        forgive_tpm_tries()

    def besieged(self):
        """What arrived in two days, found out once."""
        if self.arrivals is None:
            self.arrivals = besiege(self.clock, self.doors.values())
            self.recorded = recorded_guesses()
        return self.arrivals


def every_door_of_the_threat_model_is_tried(house):
    check(set(house.promised) == set(house.doors), f"{sorted(house.promised)} is not {sorted(house.doors)}")


def two_days_at(name):
    def promise(house):
        arrived, (a_day, in_all) = house.besieged()[name], house.promised[name]
        print(f"# {name}: {arrived.most_within(DAY)} in a day, {arrived.total()} in two")
        check(arrived.most_within(DAY) == a_day, f"{arrived.most_within(DAY)} tries arrived within 24 hours, not {a_day}")
        check(arrived.total() == in_all, f"{arrived.total()} tries arrived in two days, not {in_all}")
    promise.__name__ = "two_days_at_" + name.replace("-", "_") + "_give_what_the_threat_model_says"
    return promise


def every_guess_at_the_tpm_and_every_code_is_in_the_audit(house):
    """Those at keys are in there as the key put it: the third wrong PIN in a row is "blocked", and so is a fourth."""
    arrived = {name: house.besieged()[name].total() for name in house.doors}
    named_by_nobody = house.recorded.get(("", "pin-wrong"), 0)
    check(named_by_nobody > 0, "nothing is on record of the guesses without a name")
    recorded = {what: number for what, number in house.recorded.items() if what[0] not in ("carol", "")}
    wanted = {("alice", "code-wrong"): arrived["code-here"] + arrived["code-network"],
              ("bob", "pin-wrong"): arrived["tpm-pin"], ("dave", "pin-wrong"): arrived["typed-pin"]}
    check(recorded == wanted, f"{recorded} is not {wanted}")


def the_odds_in_the_threat_model_follow_from_its_tries(_):
    for secret, possibilities, tries, odds in (row[:4] for row in table("Secret")):
        base, exponent = (int(number) for number in possibilities.split("^"))
        worked_out = int(tries) / base ** exponent
        check(f"{worked_out:.1e}" == f"{float(odds):.1e}", f"{secret}: {worked_out:.1e}, not {odds}")


PROMISES = [every_door_of_the_threat_model_is_tried, *(two_days_at(name) for name in promised_tries()),
            every_guess_at_the_tpm_and_every_code_is_in_the_audit, the_odds_in_the_threat_model_follow_from_its_tries,
            *desk.PROMISES, *tricks.PROMISES, *keys.PROMISES, *chip.PROMISES, *clocks.PROMISES]


def main():
    wanted = sys.argv[1:]
    promises = [promise for promise in PROMISES if not wanted or promise.__name__ in wanted]
    failed = 0
    house = House()
    for number, promise in enumerate(promises, 1):
        try:
            configure(CONFIGURATION)
            promise(house)
            print(f"ok {number} - {promise.__name__}", flush=True)
        except (Failed, Stuck, OSError, subprocess.SubprocessError):
            failed += 1
            print(f"not ok {number} - {promise.__name__}", flush=True)
            for line in traceback.format_exc().splitlines()[-12:] + daemon_log().splitlines()[-6:]:
                print("#", line, flush=True)
    print(f"1..{len(promises)}")
    return 1 if failed else 0


sys.exit(main())
