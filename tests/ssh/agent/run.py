"""Sign-ins through SSH agents, and what must come of them. Prints TAP; a test's name is a promise.

usage: run.py [WORD...]   only the promises whose name has one of the words"""

import os
import sys

sys.path[:0] = [os.path.dirname(__file__), os.environ["WORLD_TREE"] + "/tests/ssh"]

import far  # noqa: E402, F401  (which brings world along)
import lying  # noqa: E402
import forwarded  # noqa: E402
import sockets  # noqa: E402
from world import configure, keep, restart_daemon  # noqa: E402

WANTED = sys.argv[1:]
promises = [promise for room in (lying, sockets, forwarded) for promise in room.PROMISES
            if not WANTED or any(word in promise.__name__ for word in WANTED)]
configure("touch_timeout = 5\n")
restart_daemon()
lying.prepare()
forwarded.prepare()
sys.exit(keep(promises))
