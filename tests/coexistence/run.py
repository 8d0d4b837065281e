"""Sign-ins by passkey beside Debian's other PAM modules. Prints TAP; a test's name is a promise."""

import importlib
import os
import sys

TESTS = os.environ["WORLD_TREE"] + "/tests"
sys.path[1:1] = [TESTS + "/coexistence", TESTS + "/stacks", TESTS + "/signin"]

import bed  # noqa: E402
import bench  # noqa: E402
import page  # noqa: E402
from world import keep  # noqa: E402

PARTS = [importlib.import_module(name) for name in ("matrix", "faillock", "keyring", "u2f", "others")]


def main():
    wanted = set(sys.argv[1:])
    bed.unpack()
    bench.daemon.start()
    bench.set_up_people()
    bed.hash_passwords_as_debian_does()
    promises = [(promise, part) for part in PARTS for promise in part.PROMISES]
    promises += [(promise, page) for promise in page.promises(PARTS)]
    return keep([promise for promise, part in promises if not wanted or {promise.__name__, part.__name__} & wanted])


sys.exit(main())
