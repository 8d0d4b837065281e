"""passkey-askpass in a world. Prints TAP; a test's name is a promise.

usage: run.py [WORD...]   only the promises whose name has one of the words, and the enrollments before them"""

import sys

import scene  # noqa: F401  finds the others
import answering
import enrolling
import handing_on
from world import keep, stop_daemon

EVERYTHING = [*enrolling.PROMISES, *answering.PROMISES, *handing_on.PROMISES, *enrolling.LAST, *answering.WITH_PIN,
              *handing_on.WITH_PIN, *answering.LAST]
NEEDED = (enrolling.PROMISES[0], enrolling.LAST[0])


def wanted():
    words = sys.argv[1:]
    return [promise for promise in EVERYTHING
            if not words or promise in NEEDED or any(word in promise.__name__ for word in words)]


stop_daemon()  # for security keys there need be no service at the near side; with one, there is ssh-elsewhere
with scene.set_up():
    status = keep(wanted(), before=scene.all_as_it_was)
sys.exit(status)
