"""What asks for a passkey on the desktop: screen lockers, which run as the person, and polkit's agents. alice has a passkey
in the TPM, bob one in a security key that wants a touch.

What was on the screen is in build/vm/screenshots/ afterwards."""

import re

from desk import ASKS_PIN, OFFER, WRONG_PIN, Desk, enroll_people
from kit import ASKS_PIN as ASKS_PIN_IN_TEXT
from kit import PASSWORD, PIN, TREE, answer, check, sign_in_by_pin, wait_until

BEGIN, TARGET = "installed", "graphical.target"
BACK = "BACK HERE"


def light_locker_opens_by_passkey_at_the_greeter(machine):
    """It has LightDM begin a greeter; the person's session stays, and is returned to."""
    enroll_people(machine)
    desk = Desk(machine)
    desk.sign_in("alice")
    before = desk.session("alice")["Id"]
    desk.say(f"(light-locker 2>/dev/null &); echo {BACK}", BACK)

    def locked():  # light-locker hears of it from logind, once it listens
        machine.run("loginctl", "lock-session", before)
        return desk.session("alice") is None
    wait_until("the session is no longer the one on the screen", locked)
    wake(desk, "Log In", keep="light-locker has a greeter come up")
    # This greeter knows who was there or does not, as it happens, and begins once more when it is woken.
    wait_until("the greeter asks", lambda: desk.asked() is not None)
    if desk.asked() == "":
        desk.name("alice")
    desk.screen.wait_for(OFFER, keep="light-locker offers a passkey")
    desk.screen.type()
    desk.screen.wait_for(ASKS_PIN)
    desk.screen.type(PIN)
    desk.screen.wait_for(BACK)
    check(wait_until("alice is back", lambda: desk.session("alice"))["Id"] == before, "alice is back in another session")
    check(desk.last_sign_in("alice") == ("lightdm", "granted", "tpm"), f"the audit: {desk.last_sign_in('alice')}")
    machine.run("pkill", "--exact", "light-locker")


def wake(desk, shown, keep):
    """A locked screen is dark until somebody types."""
    def awake():
        desk.screen.press("ctrl")
        return re.search(shown, desk.screen.text())
    wait_until(f"the screen shows {shown}", awake)
    desk.screen.keep(keep)


def lock_with_xscreensaver(desk):
    desk.say(f"echo {BACK}", BACK)
    command = "DISPLAY=:0 XAUTHORITY=/home/alice/.Xauthority xscreensaver-command"

    def locked():
        told = desk.machine.sh(f"{command} -lock; {command} -time", user="alice", status=None)
        return "screen locked" in told
    wait_until("the screen is locked", locked)


def xscreensaver_opens_by_passkey_after_a_wrong_pin(machine):
    # What moves behind its dialog cannot be told from words; and a slow machine is given time to read.
    machine.run("tee", "/home/alice/.xscreensaver", user="alice", input="mode: blank\npasswdTimeout: 0:10:00\n")
    desk = Desk(machine)
    desk.say("(xscreensaver --no-splash 2>/dev/null &); echo READY", "READY")
    lock_with_xscreensaver(desk)
    wake(desk, "Password, or Enter", keep="xscreensaver offers a passkey")
    desk.screen.type()
    desk.screen.wait_for("PIN of this", keep="xscreensaver asks for the pin")
    desk.screen.type(WRONG_PIN)
    desk.screen.wait_for("Wrong PIN", keep="xscreensaver says that the pin was wrong")
    check(desk.last_sign_in("alice")[:2] == ("xscreensaver", "denied"), f"the audit: {desk.last_sign_in('alice')}")
    desk.screen.type()  # which stands there until it was read
    desk.screen.wait_for("PIN of this")
    desk.screen.type(PIN)
    desk.screen.wait_for(BACK)
    check(desk.last_sign_in("alice") == ("xscreensaver", "granted", "tpm"), f"the audit: {desk.last_sign_in('alice')}")


def xscreensaver_opens_by_the_password(machine):
    desk = Desk(machine)
    lock_with_xscreensaver(desk)
    wake(desk, "Password, or Enter", keep="xscreensaver offers a passkey")
    desk.screen.type(PASSWORD)
    desk.screen.wait_for(BACK)
    machine.run("pkill", "--exact", "xscreensaver")


def lock_with_i3lock(desk):
    desk.screen.type("clear; i3lock --nofork --color=303030; echo OPENED")
    wait_until("i3lock runs", lambda: desk.machine.run("pgrep", "--exact", "i3lock", status=None))
    desk.screen.wait_for("^$")  # nothing but its colour


def refused(machine):
    """How often pam_unix refused a password of alice's."""
    return machine.run("journalctl", "--boot", "--no-pager", "--identifier=unix_chkpwd").count("check failed for user (alice)")


def i3lock_opens_by_the_password_and_by_nothing_else_that_is_typed(machine):
    desk = Desk(machine)
    lock_with_i3lock(desk)
    before = refused(machine)
    desk.screen.type("not this one")
    wait_until("a wrong password is refused", lambda: refused(machine) == before + 1)
    # A PIN is not asked for where one field answers everything: typed here, it is a wrong password.
    desk.screen.type(PIN)
    wait_until("the PIN is a wrong password", lambda: refused(machine) == before + 2)
    machine.run("pgrep", "--exact", "i3lock")
    desk.screen.type(PASSWORD)
    desk.screen.wait_for("OPENED")


def i3lock_opens_by_the_pin_where_its_administrator_says_so(machine):
    machine.sh("sed -i '1i auth sufficient pam_passkey.so typed=pin' /etc/pam.d/i3lock")
    desk = Desk(machine)
    lock_with_i3lock(desk)
    desk.screen.type(PIN)
    desk.screen.wait_for("OPENED")
    check(desk.last_sign_in("alice") == ("i3lock", "granted", "tpm"), f"the audit: {desk.last_sign_in('alice')}")


def polkit_asks_for_the_passkey_on_the_desktop(machine):
    desk = Desk(machine)
    desk.say("pkexec whoami", "use a passkey", keep="polkit offers a passkey")
    desk.screen.type()
    desk.screen.wait_for("PIN of this computer", keep="polkit asks for the pin")
    desk.screen.type(PIN)
    desk.screen.wait_for(r"\broot\b", keep="pkexec has run")
    check(desk.last_sign_in("alice") == ("polkit-1", "granted", "tpm"), f"the audit: {desk.last_sign_in('alice')}")


def an_empty_line_and_a_touch_open_i3lock(machine):
    desk = Desk(machine)
    desk.sign_in("bob")
    lock_with_i3lock(desk)
    desk.screen.type()
    machine.key.touch()
    desk.screen.wait_for("OPENED")
    check(desk.last_sign_in("bob") == ("i3lock", "granted", "usb"), f"the audit: {desk.last_sign_in('bob')}")


def polkit_asks_for_the_passkey_on_a_text_screen(machine):
    """With polkit's agent for terminals beside pkexec: the one within it takes nobody's answer here (docs/desktop.md)."""
    machine.sh("cat >/usr/local/bin/pkexec-here && chmod 755 /usr/local/bin/pkexec-here",
               input=(TREE / "tests/ssh/agent/pkexec.sh").read_text())
    desk = Desk(machine)
    desk.screen.press("ctrl", "alt", "f2")
    console = sign_in_by_pin(machine, "alice", 2)
    console.begin("pkexec-here whoami")
    people = console.wait_for(r"Choose identity[^\n]*: *$")
    console.type(re.search(r"(\d+)\. +alice", people)[1])
    answer(console, "Password, or Enter to use a passkey: *$", "")
    answer(console, ASKS_PIN_IN_TEXT, PIN)
    console.wait_for(r"(?m)^root$")
    desk.screen.wait_for(r"\broot\b", keep="pkexec has run on a text screen")
    check(desk.last_sign_in("alice") == ("polkit-1", "granted", "tpm"), f"the audit: {desk.last_sign_in('alice')}")


PROMISES = [
    light_locker_opens_by_passkey_at_the_greeter,
    xscreensaver_opens_by_passkey_after_a_wrong_pin,
    xscreensaver_opens_by_the_password,
    i3lock_opens_by_the_password_and_by_nothing_else_that_is_typed,
    i3lock_opens_by_the_pin_where_its_administrator_says_so,
    polkit_asks_for_the_passkey_on_the_desktop,
    an_empty_line_and_a_touch_open_i3lock,
    polkit_asks_for_the_passkey_on_a_text_screen,
]
