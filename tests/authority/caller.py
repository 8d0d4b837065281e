"""Somebody at the system bus: calls one method of the Manager and prints what came of it, as JSON: ["ok", VALUES...] or
["NotAllowed", SENTENCE]. Runs with Debian's own interpreter, for it needs python3-dbus.

usage: caller.py [--interactive] [--agent] [--wait] [--times N] METHOD SIGNATURE [JSON-ARGUMENT...]
  --interactive  a person may be asked
  --agent        and polkit's agent for terminals is here to ask them
  --wait         prints "here" and calls when a line is typed
  --times N      N such calls at once, on a connection each; prints a line for each"""

import json
import os
import subprocess
import sys

import dbus
import dbus.lowlevel
from dbus.bus import BusConnection
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

ERRORS = "org.passkeyd1.Error."
MANAGER = "org.passkeyd1.Manager"


def plain(value):
    """What JSON can show."""
    if isinstance(value, dbus.types.UnixFd):
        return "file"
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, dbus.Boolean):
        return bool(value)
    return int(value) if isinstance(value, int) else str(value)


def typed(value):
    """As the interface has it: whole numbers in dictionaries are of 64 bits."""
    if isinstance(value, dict):
        return dbus.Dictionary({key: dbus.Int64(each) if type(each) is int else each for key, each in value.items()},
                               signature="sv")
    return value


def outcome(reply):
    if reply.get_type() == dbus.lowlevel.MESSAGE_TYPE_ERROR:
        return [reply.get_error_name().removeprefix(ERRORS), *plain(reply.get_args_list())]
    return ["ok", *plain(reply.get_args_list())]


def connect():
    return BusConnection("unix:path=/run/dbus/system_bus_socket", mainloop=DBusGMainLoop())


def message(method, signature, arguments, interactive, path="/org/passkeyd1", interface=MANAGER):
    call = dbus.lowlevel.MethodCallMessage("org.passkeyd1", path, interface, method)
    call.set_allow_interactive_authorization(interactive)
    call.append(*[typed(each) for each in arguments], signature=signature)
    return call


def start_agent():
    """Returns once it has said that it is there."""
    there, told = os.pipe()
    agent = subprocess.Popen(["pkttyagent", "--process", str(os.getpid()), "--notify-fd", str(told)], pass_fds=[told])
    os.close(told)
    os.read(there, 1)
    return agent


def main():
    options = sys.argv[1:]
    interactive = agent = None
    times = 1
    while options[0].startswith("--"):
        option = options.pop(0)
        if option == "--times":
            times = int(options.pop(0))
        interactive = interactive or option in ("--interactive", "--agent")
        if option == "--wait":
            print("here", flush=True)
            sys.stdin.readline()
        agent = agent or (option == "--agent" and start_agent())
    method, signature, *arguments = options
    arguments = [json.loads(argument) for argument in arguments]
    loop = GLib.MainLoop()
    left = [times]

    def answered(reply):
        print(json.dumps(outcome(reply)), flush=True)
        left[0] -= 1
        if left[0] == 0:
            loop.quit()

    buses = [connect() for _ in range(times)]
    for bus in buses:
        bus.send_message_with_reply(message(method, signature, arguments, bool(interactive)), answered, 400)
    print("asked", flush=True)
    loop.run()
    if agent:
        agent.terminate()
        agent.wait()


if __name__ == "__main__":
    main()
