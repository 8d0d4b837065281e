"""Sign-ins over SSH in a world: passkeys of one's own computer, passwords, backup codes, strangers and their tricks.
Prints TAP; a test's name is a promise.

usage: run.py [WORD...]   only the promises whose name has one of the words"""

import os
import sys

sys.path.insert(0, os.path.dirname(__file__))

import people  # noqa: E402

import alike  # noqa: E402
import answers  # noqa: E402
import codes  # noqa: E402
import passwords  # noqa: E402
from world import keep  # noqa: E402

ROOMS = (answers, passwords, alike, codes)

people.settle()
wanted = sys.argv[1:]
PROMISES = [promise for room in ROOMS for promise in room.PROMISES
            if not wanted or any(word in promise.__name__ for word in wanted)]
with people.far.Server(people.SERVER):
    people.configure(people.NAMES)
    status = keep(PROMISES)
sys.exit(status)
