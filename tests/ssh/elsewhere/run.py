"""Passkeys of the computer in front of a person, from both ends. Prints TAP; a test's name is a promise.

usage: run.py [WORD...]   only the promises whose name has one of the words, and those that the others build on"""

import os
import sys

sys.path[:0] = [os.path.dirname(__file__)] + [os.environ["WORLD_TREE"] + "/tests/" + room
                                              for room in ("", "signin", "authority")]

import guests  # noqa: E402
import pasting  # noqa: E402
from faces import PASSWORDS_AT_POLKIT  # noqa: E402
from world import configure, keep, restart_daemon  # noqa: E402


wanted = sys.argv[1:]
promises = [promise for room in (pasting, guests)
            for promise in room.FIRST + [each for each in room.PROMISES
                                         if not wanted or any(word in each.__name__ for word in wanted)]]
configure(PASSWORDS_AT_POLKIT)
restart_daemon()
sys.exit(keep(promises))
