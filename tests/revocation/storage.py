"""No room to write a revocation down: it is told, nothing has changed, and afterwards it works."""

import os
import shutil

from everyone import revoke, the_id, working
from world import check, must, restart_daemon, start_daemon, stop_daemon, with_touch

STATE = "/var/lib/passkeyd"
FILL = STATE + "/fill"


class SmallDisk:
    """The ledger lies on a disk of a few megabytes while the block runs."""

    def __enter__(self):
        stop_daemon()
        self.kept = "/run/world/kept-state"
        must("cp", "-a", STATE, self.kept)
        must("mount", "-t", "tmpfs", "-o", "size=8m", "small", STATE)
        must("cp", "-a", self.kept + "/.", STATE)
        restart_daemon()
        return self

    def __exit__(self, *_):
        stop_daemon()
        must("umount", STATE)
        shutil.rmtree(self.kept)
        status, said = start_daemon()
        check(status == 0, said)

    @staticmethod
    def fill():
        """To the last byte."""
        with open(FILL, "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096):
                    pass
            except OSError:
                pass

    @staticmethod
    def make_room():
        os.unlink(FILL)

    @staticmethod
    def read_only():
        stop_daemon()
        must("mount", "-o", "remount,ro", STATE)
        return start_daemon()

    @staticmethod
    def writable():
        stop_daemon()
        must("mount", "-o", "remount,rw", STATE)
        restart_daemon()


def a_full_disk_revokes_in_full_or_not_at_all_and_says_which():
    """The ledger keeps room for revocations; when that is used up as well, nothing is half done."""
    with SmallDisk() as disk:
        disk.fill()
        for user in ("alice", "bob", "alice"):
            before = working(user)
            status, said = revoke(user, "--all")
            if status == 3:
                check("Nothing was changed" in said and working(user) == before, f"{user}: {said}; left: {working(user)}")
            else:
                check(status == (0 if before else 5) and not working(user), f"{user}: {status}: {said}")
        disk.make_room()
        for user in ("alice", "bob"):
            check(revoke(user, "--all")[0] in (0, 5) and not working(user), f"{user} cannot be revoked afterwards")


def a_read_only_disk_revokes_nothing_and_loses_nothing():
    """Whether the daemon starts there at all or not."""
    with SmallDisk() as disk:
        gone = the_id("alice")
        started = disk.read_only()[0] == 0
        status, said = revoke("alice", gone)
        check(status == 3, f"{status}: {said}")
        check(not started or "Nothing was changed" in said, said)
        disk.writable()
        check(working("alice") == [gone] and with_touch("alice"), "the passkey was lost")


PROMISES = [
    a_full_disk_revokes_in_full_or_not_at_all_and_says_which,
    a_read_only_disk_revokes_nothing_and_loses_nothing,
]
