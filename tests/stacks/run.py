"""What administrators decide, and what comes of it when people sign in. Prints TAP; a test's name is a promise."""

import os
import subprocess
import sys
import traceback

sys.path[1:1] = [os.environ["WORLD_TREE"] + "/tests", os.environ["WORLD_TREE"] + "/tests/signin"]

import bench  # noqa: E402
import locks  # noqa: E402
import manual  # noqa: E402
import module  # noqa: E402
import place  # noqa: E402
import policy  # noqa: E402
import reload  # noqa: E402
from world import Failed, Stuck, daemon_log  # noqa: E402


def main():
    wanted = sys.argv[1:]
    bench.daemon.start()
    bench.set_up_people()
    promises = [promise for part in (manual, policy, reload, locks, place, module) for promise in part.PROMISES
                if not wanted or {promise.__name__, part.__name__} & set(wanted)]
    failed = 0
    for number, promise in enumerate(promises, 1):
        try:
            promise()
            print(f"ok {number} - {promise.__name__}", flush=True)
        except (Failed, Stuck, OSError, subprocess.SubprocessError):
            failed += 1
            print(f"not ok {number} - {promise.__name__}", flush=True)
            for line in traceback.format_exc().splitlines()[-14:] + daemon_log().splitlines()[-6:]:
                print("#", line, flush=True)
    print(f"1..{len(promises)}")
    return 1 if failed else 0


sys.exit(main())
