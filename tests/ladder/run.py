"""The ladder of sign-ins in a world: passkey, backup code, password. Prints TAP; a test's name is a promise.

usage: run.py [WORD...]   only the promises whose name has one of the words, and what sets the world up for them"""

import os
import sys

sys.path[:0] = [os.path.dirname(__file__), os.environ["WORLD_TREE"] + "/tests/signin"]

import codes  # noqa: E402
import cut_short  # noqa: E402
import faults  # noqa: E402
import languages  # noqa: E402
import nameless  # noqa: E402
import people  # noqa: E402
import pin_change  # noqa: E402
import stepping  # noqa: E402
import waiting  # noqa: E402
from world import keep  # noqa: E402

ROOMS = (stepping, codes, cut_short, waiting, nameless, pin_change, faults, languages)


def promises():
    """Those of people come first, since they give everybody what the others use."""
    wanted = sys.argv[1:]
    rest = [promise for room in ROOMS for promise in room.PROMISES]
    return people.PROMISES + [promise for promise in rest
                              if not wanted or any(word in promise.__name__ for word in wanted)]


sys.exit(keep(promises(), before=people.all_as_it_was))
