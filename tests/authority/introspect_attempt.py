"""Begins a login and prints what its Attempt says of itself. Runs with Debian's own interpreter."""

import dbus
from dbus.bus import BusConnection

bus = BusConnection("unix:path=/run/dbus/system_bus_socket")
manager = dbus.Interface(bus.get_object("org.passkeyd1", "/org/passkeyd1", introspect=False), "org.passkeyd1.Manager")
path = manager.BeginLogin(dbus.Dictionary({"user": "alice", "service": "sudo"}, signature="sv"))
attempt = bus.get_object("org.passkeyd1", path, introspect=False)
print(dbus.Interface(attempt, "org.freedesktop.DBus.Introspectable").Introspect())
