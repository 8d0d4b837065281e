"""Somebody's attempt at the system bus: begins it, prints each step as JSON, and answers questions with lines that are
typed. Runs with Debian's own interpreter.

usage: attempt.py [--agent] BeginEnrollment|BeginLogin JSON-REQUEST"""

import fcntl
import json
import os
import sys

import dbus

from caller import connect, message, outcome, start_agent

ATTEMPT = "org.passkeyd1.Attempt"
SEALS = 0x1 | 0x2 | 0x4 | 0x8  # F_SEAL_SEAL, SHRINK, GROW, WRITE


def say(what):
    print(json.dumps(what), flush=True)


def secret_file(text):
    file = os.memfd_create("secret", os.MFD_ALLOW_SEALING)
    os.write(file, text.encode())
    os.lseek(file, 0, os.SEEK_SET)
    fcntl.fcntl(file, fcntl.F_ADD_SEALS, SEALS)
    return dbus.types.UnixFd(file)


def answer_to(step, details):
    if step not in ("ask", "ask-secret", "choose"):
        return {}
    line = sys.stdin.readline().rstrip("\n")
    if step == "ask":
        return {"text": line}
    if step == "choose":
        return {"choice": dbus.UInt32(int(line))}
    return {"secret": secret_file(line)} if line else {"empty": True}


def call(bus, method, arguments, signature, **where):
    """Gives up only with the program: a person may take their time."""
    asked = message(method, signature, arguments, True, **where)
    try:
        return outcome(bus.send_message_with_reply_and_block(asked, 600))
    except dbus.DBusException as error:
        return [error.get_dbus_name().removeprefix("org.passkeyd1.Error."), error.get_dbus_message()]


def main():
    options = sys.argv[1:]
    agent = start_agent() if options[0] == "--agent" and options.pop(0) else None
    method, request = options
    bus = connect()
    begun = call(bus, method, [json.loads(request)], "a{sv}")
    if begun[0] != "ok":
        return say(begun)
    answer = {}
    while True:
        said = call(bus, "Next", [answer], "a{sv}", path=begun[1], interface=ATTEMPT)
        say(said[1:] if said[0] == "ok" else said)
        if said[0] != "ok" or said[1] in ("granted", "denied", "unavailable"):
            break
        answer = answer_to(*said[1:])
    if agent:
        agent.terminate()
        agent.wait()


main()
