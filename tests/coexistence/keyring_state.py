"""What the keyring daemon of this person says of the keyring "login", over a session bus: locked, unlocked or none. The
daemon that PAM has started takes its place on the bus first, as at the beginning of a desktop session."""

import subprocess

import dbus

subprocess.run(["gnome-keyring-daemon", "--start", "--components=secrets"], check=True, stdout=subprocess.DEVNULL)
bus = dbus.SessionBus()
service = dbus.Interface(bus.get_object("org.freedesktop.secrets", "/org/freedesktop/secrets"), "org.freedesktop.DBus.Properties")
keyrings = service.Get("org.freedesktop.Secret.Service", "Collections")
login = [path for path in keyrings if path.endswith("/login")]
if not login:
    print("none")
else:
    keyring = dbus.Interface(bus.get_object("org.freedesktop.secrets", login[0]), "org.freedesktop.DBus.Properties")
    print("locked" if keyring.Get("org.freedesktop.Secret.Collection", "Locked") else "unlocked")
