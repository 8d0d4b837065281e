"""OpenSSH's keys of security keys: enrolled in the ledger, given out to sshd, taken back. Debian's own ssh-keygen, ssh and
sshd, with the lines that are shipped for it. Prints TAP; a test's name is a promise. In order: later ones use what
earlier ones enrolled."""

import sys

import attesting
import entering
import enrolling
import sessions
from bench import SSHD, Server, let_sshd_pause, open_key_to_all, world


def main():
    open_key_to_all()
    let_sshd_pause()
    with Server(SSHD) as server:
        entering.server = sessions.server = server
        promises = [each for room in (enrolling, entering, sessions, attesting) for each in room.PROMISES]
        return world.keep(promises)


sys.exit(main())
