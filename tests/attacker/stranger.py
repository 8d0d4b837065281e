"""Somebody at the system bus who is not whom they ask about. Prints what came of it, a line a kind: what, how often.

usage: stranger.py thousand USER   begins a thousand sign-ins for USER and for nobody, and a thousand that are left alone
       stranger.py once USER       begins a single one
       stranger.py crowd USER      as root: those of the uids from FIRST_UID on hold as many as they can until standard input ends;
                                  printed is how many they could begin"""

import collections
import os
import sys

import dbus
from dbus.bus import BusConnection

MANAGER, ATTEMPT = "org.passkeyd1.Manager", "org.passkeyd1.Attempt"
FIRST_UID, CROWD, EACH = 100000, 40, 20  # the bus talks only to uids that have a name


def connect():
    return BusConnection("unix:path=/run/dbus/system_bus_socket")


def begin(bus, user):
    """The path of the attempt; None if it was refused."""
    manager = dbus.Interface(bus.get_object("org.passkeyd1", "/org/passkeyd1", introspect=False), MANAGER)
    try:
        return manager.BeginLogin(dbus.Dictionary({"user": user, "service": "sudo"}, signature="sv"))
    except dbus.DBusException:
        return None


def outcome(bus, path):
    attempt = dbus.Interface(bus.get_object("org.passkeyd1", path, introspect=False), ATTEMPT)
    step, details = attempt.Next(dbus.Dictionary({}, signature="sv"))
    return str(details["message"]) if step == "unavailable" else f"{step}"


def thousand(user):
    bus, seen = connect(), collections.Counter()
    for name, suffix in ((user, ""), ("nobody-here", " nobody-here")):
        for _ in range(500):
            seen[outcome(bus, begin(bus, name)) + suffix] += 1
    for _ in range(1000):
        seen["refused" if begin(bus, user) is None else "unanswered"] += 1
    return seen


def hold(user, number, ready):
    """In a process of its own: one of the crowd."""
    os.setgroups([])
    os.setresgid(FIRST_UID + number, FIRST_UID + number, FIRST_UID + number)
    os.setresuid(FIRST_UID + number, FIRST_UID + number, FIRST_UID + number)
    bus = connect()
    held = sum(begin(bus, user) is not None for _ in range(EACH))
    os.write(ready, bytes([held]))
    sys.stdin.read()


def crowd(user):
    gathered, ready = os.pipe()
    for number in range(CROWD):
        if os.fork() == 0:
            hold(user, number, ready)
            os._exit(0)
    os.close(ready)  # so that one who broke off is missed, not waited for
    print(sum(os.read(gathered, 1)[0] for _ in range(CROWD)), flush=True)
    sys.stdin.read()


def main():
    what, user = sys.argv[1:]
    if what == "crowd":
        return crowd(user)
    if what == "once":
        return print("refused 1" if begin(connect(), user) is None else "unanswered 1")
    for name, count in sorted(thousand(user).items()):
        print(name, count)


main()
