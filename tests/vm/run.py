"""What must come true on whole machines, suite by suite. Prints TAP; a test's name is a promise.

usage: run.py [SUITE...]   only these, one after the other; else all, two machines at a time

A suite is a module of this folder with
    BEGIN     the machine at rest that it begins with, see begin.py
    TARGET    what it is booted to, if not to text
    PROMISES  functions of one running machine, in order: later ones build on what earlier ones did
"""

import concurrent.futures
import importlib
import subprocess
import sys
import time
import traceback

import begin
from kit import Machine, start

SUITES = ["power", "lockers", "desktop", "recovery", "walls", "packages", "people", "tpm", "disk", "key", "stacks", "admin"]
TEXT = "multi-user.target"


def keep(name):
    """Runs one suite on a machine of its own."""
    suite = importlib.import_module(name)
    failed = 0
    print(f"1..{len(suite.PROMISES)}", flush=True)
    with Machine(begin.at(suite.BEGIN)) as machine:
        for number, promise in enumerate(suite.PROMISES, 1):
            started = time.monotonic()
            try:
                if not machine.is_on():
                    machine.boot(target=getattr(suite, "TARGET", TEXT))
                promise(machine)
                verdict = "ok"
            except Exception:  # whatever it was: that promise was not kept, and the others are looked at all the same
                verdict = "not ok"
                failed += 1
                print("".join(f"# {line}\n" for line in (traceback.format_exc() + evidence(machine)).splitlines()[-60:]), end="")
            print(f"\n{verdict} {number} - {name}: {promise.__name__} # {time.monotonic() - started:.0f} s", flush=True)
    return 1 if failed else 0


def evidence(machine):
    """What the machine itself has to say."""
    try:
        return machine.console().text() + "\n" + machine.sh("journalctl --boot --no-pager --lines=25", status=None)
    except Exception as error:
        return f"(and the machine says nothing: {error})"


def all_of_them():
    """Each suite as a process of its own; what they say is put together as they end. How many promises there are is
    said first: those of a suite that never ended are missed."""
    def one(name):
        started = time.monotonic()
        with start(sys.executable, __file__, name, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                   text=True) as suite:
            said = [line for line in suite.communicate()[0].splitlines() if not line.startswith("1..")]
        print(*said, f"# {name}: {time.monotonic() - started:.0f} s", sep="\n", flush=True)
        return suite.returncode

    print(f"1..{sum(len(importlib.import_module(name).PROMISES) for name in SUITES)}", flush=True)
    begin.make()
    with concurrent.futures.ThreadPoolExecutor(2) as side_by_side:
        return 1 if any(list(side_by_side.map(one, SUITES))) else 0


if len(sys.argv) > 1:
    sys.exit(max(keep(name) for name in sys.argv[1:]))
sys.exit(all_of_them())
