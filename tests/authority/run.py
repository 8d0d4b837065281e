"""Who may do what to whose passkeys, in a world with a real polkit. Prints TAP; a test's name is a promise.

usage: run.py [WORD...]   only the promises whose name has one of the words, and what sets the world up for them"""

import os
import sys

sys.path[:0] = [os.path.dirname(__file__), os.environ["WORLD_TREE"] + "/tests/signin"]

import asking  # noqa: E402
import enrolling  # noqa: E402
import interface  # noqa: E402
import nonsense  # noqa: E402
import revoking  # noqa: E402
import table  # noqa: E402
from faces import PASSWORDS_AT_POLKIT  # noqa: E402
from world import configure, keep, restart_daemon  # noqa: E402


def promises():
    """Those of enrolling come first: they give everybody what the others use."""
    wanted = sys.argv[1:]
    rest = [promise for room in (asking, table, nonsense, revoking, interface) for promise in room.PROMISES]
    return enrolling.PROMISES + [promise for promise in rest
                                 if not wanted or any(word in promise.__name__ for word in wanted)]


configure(PASSWORDS_AT_POLKIT)
restart_daemon()
sys.exit(keep(promises()))
