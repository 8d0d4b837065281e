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


def refused(words):
    status, said = revoke(*words)
    check(status == 3, f"{words}: {status}: {said}")
    return said


def a_full_disk_revokes_nothing_says_so_and_loses_nothing():
    with SmallDisk() as disk:
        gone = the_id("alice")
        disk.fill()
        for words in (["alice", gone], ["alice", "--all"], ["--enrolled-before", "@4000000000"]):
            said = refused(words)
            check("Nothing was changed" in said, said)
            check(working("alice") == [gone], f"{words} revoked though there was no room")
        disk.make_room()
        check(with_touch("alice"), "the passkey was lost")
        check(revoke("alice", gone)[0] == 0 and not working("alice"), "it cannot be revoked afterwards")


def a_read_only_disk_revokes_nothing_and_loses_nothing():
    """Whether the daemon starts there at all or not."""
    with SmallDisk() as disk:
        gone = the_id("alice")
        started = disk.read_only()[0] == 0
        said = refused(["alice", gone])
        check(not started or "Nothing was changed" in said, said)
        disk.writable()
        check(working("alice") == [gone] and with_touch("alice"), "the passkey was lost")


PROMISES = [
    a_full_disk_revokes_nothing_says_so_and_loses_nothing,
    a_read_only_disk_revokes_nothing_and_loses_nothing,
]
