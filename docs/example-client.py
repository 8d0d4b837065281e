#!/usr/bin/python3
"""A client of passkeyd in some fifty lines, to start from: lists your passkeys, then lets you sign in with one, at this
terminal. Needs python3-dbus. What it calls is in docs/dbus.md."""

import fcntl
import getpass
import os
import sys

import dbus


def hidden(question):
    """What a face answers to "ask-secret": a sealed memory file, or that the person stepped down."""
    typed = getpass.getpass(question + ": ")
    if not typed:
        return {"empty": True}
    file = os.memfd_create("secret", os.MFD_ALLOW_SEALING)
    os.write(file, typed.encode())
    fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE)
    return {"secret": dbus.types.UnixFd(file)}


def answer(step, details):
    """A real face has a sentence for each message id; here the ids are shown as they are."""
    said = f"{details['message']} {details.get('device', '')}".strip()
    if step == "ask-secret":
        return hidden(said)
    if step == "ask":
        return {"text": input(said + ": ")}
    if step == "choose":
        for number, each in enumerate(details["options"]):
            print(number, each)
        return {"choice": dbus.UInt32(input(said + ": "))}
    print(f"{step}: {said}")
    return {}


bus, user = dbus.SystemBus(), getpass.getuser()
manager = dbus.Interface(bus.get_object("org.passkeyd1", "/org/passkeyd1"), "org.passkeyd1.Manager")
try:
    for passkey in manager.ListCredentials(user):
        print(passkey["id"], passkey["state"], passkey["name"])
    attempt = manager.BeginLogin(dbus.Dictionary({"user": user, "service": "example"}, signature="sv"))
    attempt = dbus.Interface(bus.get_object("org.passkeyd1", attempt), "org.passkeyd1.Attempt")
    step, reply = "", {}
    while step not in ("granted", "denied", "unavailable"):
        step, details = attempt.Next(dbus.Dictionary(reply, signature="sv"), timeout=200)
        reply = answer(step, details)
except dbus.DBusException as error:
    sys.exit(f"{error.get_dbus_name()}: {error.get_dbus_message()}")
sys.exit(0 if step == "granted" else 1)
