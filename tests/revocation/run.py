"""Revocation in a world. Prints TAP; a test's name is a promise.

usage: run.py [WORD...]   only the promises whose name has one of the words"""

import os
import sys

TESTS = os.environ["WORLD_TREE"] + "/tests"
sys.path[1:1] = [TESTS, TESTS + "/signin"]

import nonsense  # noqa: E402
import sessions  # noqa: E402
import storage  # noqa: E402
import taking_away  # noqa: E402
from everyone import enroll_everyone  # noqa: E402
from world import keep  # noqa: E402


def promises():
    wanted = sys.argv[1:]
    return [promise for room in (taking_away, sessions, nonsense, storage) for promise in room.PROMISES
            if not wanted or any(word in promise.__name__ for word in wanted)]


sys.exit(keep(promises(), before=enroll_everyone))
