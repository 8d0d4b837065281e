"""OpenSSH's keys of security keys: enrolled in the ledger, given out to sshd, taken back. Debian's own ssh-keygen, ssh and
sshd, with the lines that are shipped for it. Prints TAP; a test's name is a promise. In order: later ones use what
earlier ones enrolled."""

import functools
import sqlite3
import sys

import dbus

import attesting
import entering
import enrolling
import sessions
from bench import SSHD, Failed, Server, let_sshd_pause, open_key_to_all, world


def whatever_happens(promise):
    """An answer without what should be in it is a promise that was not kept, not the end of the tests."""
    @functools.wraps(promise)
    def kept():
        try:
            promise()
        except (LookupError, TypeError, ValueError, sqlite3.Error, dbus.DBusException) as error:
            raise Failed(repr(error)) from error
    return kept


def main():
    open_key_to_all()
    let_sshd_pause()
    with Server(SSHD) as server:
        entering.server = sessions.server = server
        promises = [each for room in (enrolling, entering, sessions, attesting) for each in room.PROMISES]
        return world.keep([whatever_happens(promise) for promise in promises])


sys.exit(main())
