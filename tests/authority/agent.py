"""An agent of polkit's with a will of its own, for somebody's process: it dismisses what it is asked, or lets it wait for
ever. Prints "here", "asked ACTION: MESSAGE" and "taken back". Runs with Debian's own interpreter.

usage: agent.py PID dismiss|ignore"""

import sys

import dbus
import dbus.service
from dbus.bus import BusConnection
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

POLKIT = "org.freedesktop.PolicyKit1"
PATH = "/org/passkeyd1/test/agent"


class Cancelled(dbus.DBusException):
    _dbus_error_name = POLKIT + ".Error.Cancelled"


class Agent(dbus.service.Object):
    def __init__(self, bus, dismisses):
        super().__init__(bus, PATH)
        self.dismisses = dismisses

    @dbus.service.method(POLKIT + ".AuthenticationAgent", "sssa{ss}sa(sa{sv})", "", async_callbacks=("done", "failed"))
    def BeginAuthentication(self, action, message, icon, details, cookie, identities, done, failed):
        print(f"asked {action}: {message}", flush=True)
        if self.dismisses:
            failed(Cancelled("no, thank you"))

    @dbus.service.method(POLKIT + ".AuthenticationAgent", "s", "")
    def CancelAuthentication(self, cookie):
        print("taken back", flush=True)


def main():
    pid, manner = sys.argv[1:]
    bus = BusConnection("unix:path=/run/dbus/system_bus_socket", mainloop=DBusGMainLoop())
    agent = Agent(bus, manner == "dismiss")
    authority = dbus.Interface(bus.get_object(POLKIT, "/" + POLKIT.replace(".", "/") + "/Authority", introspect=False),
                               POLKIT + ".Authority")
    process = {"pid": dbus.UInt32(int(pid)), "start-time": dbus.UInt64(0)}
    authority.RegisterAuthenticationAgent(("unix-process", dbus.Dictionary(process, signature="sv")), "C", PATH,
                                          signature="(sa{sv})ss")
    print("here", flush=True)
    GLib.MainLoop().run()
    del agent


main()
