"""The machine's clocks, as a test sets them: the daemon runs in a time namespace whose CLOCK_BOOTTIME is ahead.

Every move of a clock is a restart of the daemon, so that whatever holds over them also holds over restarts."""

import os
import sys
import tempfile
import time

from world import DAEMON, DAEMON_LOG, TREE, check, must, open_to_all, run, stop_daemon

BOOT_ID = "/proc/sys/kernel/random/boot_id"
HASHES = "/run/world/hashes"
COUNT_HASHES, WRONG_WALL_CLOCK = (open_to_all(f"build/tests/lib{name}.so") for name in ("count-hashes", "wrong-wall-clock"))
HOUR, DAY, YEAR = 3600, 24 * 3600, 365 * 24 * 3600

# The user's programs keep the world's clocks; only the daemon and what it starts live in the other time.
_LAUNCH = 'LD_PRELOAD="$LD_PRELOAD:$MORE_PRELOADS" exec "$@"'


class Clock:
    """What the daemon takes for the time. `ahead`: seconds between its CLOCK_BOOTTIME and this world's."""

    def __init__(self):
        self.ahead = 0
        self.wall = None  # years that the wall clock is set wrong by; None: it is right
        with open(HASHES, "wb") as count:
            count.write(bytes(8))
            os.chmod(HASHES, 0o666)

    def now(self):
        """The daemon's CLOCK_BOOTTIME, in seconds."""
        return time.clock_gettime(time.CLOCK_BOOTTIME) + self.ahead

    def restart(self):
        stop_daemon()
        status, said = self.run_beside("/usr/bin/python3", TREE + "/tools/world.d/start.py", "--log", DAEMON_LOG,
                                       program=[DAEMON])
        check(status == 0, "the daemon does not start: " + said)

    def run_beside(self, *before, program):
        """Runs a program as the daemon is run: same user, clocks, devices. `before` starts it."""
        preloads, settings = [COUNT_HASHES], ["COUNT_HASHES=" + HASHES]
        if self.wall is not None:
            preloads.append(WRONG_WALL_CLOCK)
            settings.append(f"WRONG_BY={self.wall * YEAR}")
        return run(*before, "unshare", "--time", "--fork", "--boottime", str(int(self.ahead)), "setpriv", "--reuid",
                   "passkeyd", "--regid", "passkeyd", "--init-groups", "--no-new-privs", "--bounding-set=-all",
                   "--inh-caps=-all", "with-usb", "env", *settings, "MORE_PRELOADS=" + ":".join(preloads),
                   "sh", "-c", _LAUNCH, "sh", *program, cwd=TREE)

    def seen(self, clock):
        """What a program beside the daemon reads from that clock, in whole seconds."""
        code = f"import time; print(int(time.clock_gettime(time.{clock})))"
        status, said = self.run_beside(program=["/usr/bin/python3", "-c", code])
        check(status == 0, said)
        return int(said)

    def skip(self, seconds):
        self.ahead += seconds
        self.restart()

    def set_to(self, boot_time):
        """Makes CLOCK_BOOTTIME so many seconds, as after a reboot or in a restored machine."""
        self.ahead = int(boot_time - time.clock_gettime(time.CLOCK_BOOTTIME))
        self.restart()

    def reboot(self, boot_time):
        """Another boot, so many seconds old."""
        stop_daemon()
        with open("/proc/sys/kernel/random/uuid", encoding="ascii") as file:
            another = file.read()
        with tempfile.NamedTemporaryFile("w", dir="/run/world", delete=False) as file:
            file.write(another)
        os.chmod(file.name, 0o444)
        must("mount", "--bind", file.name, BOOT_ID)
        self.set_to(boot_time)


def hashes():
    """Password hashes that the daemon or its ceremonies have computed."""
    with open(HASHES, "rb") as count:
        return int.from_bytes(count.read(8), sys.byteorder)
