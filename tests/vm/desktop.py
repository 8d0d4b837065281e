"""The graphical login: LightDM and its GTK greeter under Xorg, with the profile enabled as its administrator would; and
greetd with its own greeter. alice has a passkey in the TPM, bob one in a security key that wants a touch.

What was on the screen is in build/vm/screenshots/ afterwards."""

from desk import ASKS_PIN, OFFER, WRONG_PIN, Desk, enroll_people
from kit import PASSWORD, PIN, TOUCH, check, session, wait_until

BEGIN, TARGET = "installed", "graphical.target"


def a_person_signs_in_with_the_passkey_in_the_tpm(machine):
    enroll_people(machine)
    desk = Desk(machine)
    desk.screen.wait_for("Log In", keep="greeter")
    desk.name("alice", OFFER, keep="greeter offers a passkey")
    desk.screen.type()
    desk.screen.wait_for(ASKS_PIN, keep="greeter asks for the pin")
    desk.screen.type(PIN)
    begun = desk.desktop("alice", keep="desktop begun with the tpm passkey")
    told = {name: begun[name] for name in ("Type", "Class", "Service", "Seat", "Remote")}
    check(told == {"Type": "x11", "Class": "user", "Service": "lightdm", "Seat": "seat0", "Remote": "no"}, f"the session: {told}")
    check(desk.last_sign_in("alice") == ("lightdm", "granted", "tpm"), f"the audit: {desk.last_sign_in('alice')}")


def the_keyring_beside_it_does_no_harm(machine):
    """pam_gnome_keyring found no password to open it with; its daemon runs, and waits to be asked."""
    log = machine.run("journalctl", "--boot", "--no-pager", "--identifier=lightdm")
    check("gkr-pam: no password is available" in log, f"pam_gnome_keyring was not there:\n{log}")
    machine.run("pgrep", "--euid", "alice", "gnome-keyring")


def a_wrong_pin_is_told_and_asked_for_again(machine):
    desk = Desk(machine)
    desk.fresh_greeter()
    desk.name("alice", OFFER)
    desk.screen.type()
    desk.screen.wait_for(ASKS_PIN)
    desk.screen.type(WRONG_PIN)
    desk.screen.wait_for("Wrong PIN. Try again, or press Enter to go on", keep="greeter says that the pin was wrong")
    desk.screen.type(PIN)
    desk.desktop("alice")


def a_person_is_told_to_touch_the_key_and_is_in_when_they_do(machine):
    desk = Desk(machine)
    desk.fresh_greeter()
    desk.name("bob", "Password, or Enter to use your passkeyd Software Key", keep="greeter offers the security key")
    desk.screen.type()
    desk.screen.wait_for(TOUCH, keep="greeter says to touch the key")
    machine.key.touch()
    begun = desk.desktop("bob", keep="desktop begun with the security key")
    check(begun["Service"] == "lightdm", f"the session: {begun}")
    check(desk.last_sign_in("bob") == ("lightdm", "granted", "usb"), f"the audit: {desk.last_sign_in('bob')}")


def who_dismisses_the_passkey_signs_in_with_the_password(machine):
    desk = Desk(machine)
    desk.fresh_greeter()
    desk.name("alice", OFFER)
    desk.screen.type()
    desk.screen.wait_for(ASKS_PIN)
    desk.screen.type()
    desk.screen.wait_for("Password Cancel", keep="greeter asks for the password after the passkey was dismissed")
    desk.screen.type(PASSWORD)
    desk.desktop("alice")


def who_types_the_password_at_once_is_in_at_once(machine):
    desk = Desk(machine)
    desk.sign_in("alice")


def an_unplugged_key_leaves_the_password(machine):
    machine.unplug()
    desk = Desk(machine)
    desk.fresh_greeter()
    desk.name("bob")  # who sees what he saw before he had a key
    desk.screen.type(PASSWORD)
    desk.desktop("bob", keep="desktop begun with the password while the key is unplugged")
    machine.plug()


def without_the_service_the_password_works_as_ever(machine):
    machine.run("systemctl", "mask", "--now", "passkeyd")
    desk = Desk(machine)
    desk.fresh_greeter()
    desk.name("alice")
    desk.screen.type(PASSWORD)
    desk.desktop("alice")
    machine.run("systemctl", "unmask", "passkeyd")


def greetd_asks_the_same_on_a_text_screen(machine):
    machine.run("systemctl", "stop", "lightdm")
    machine.run("systemctl", "start", "greetd")
    desk = Desk(machine)
    desk.screen.wait_for("login:")
    desk.screen.type("alice")
    desk.screen.wait_for(OFFER, keep="greetd offers a passkey")
    desk.screen.type()
    desk.screen.wait_for(ASKS_PIN, keep="greetd asks for the pin")
    desk.screen.type(PIN)
    wait_until("greetd let alice in", lambda: desk.last_sign_in("alice") == ("greetd", "granted", "tpm"))
    begun = wait_until("alice has a session on tty7", lambda: session(machine, Name="alice", TTY="tty7"))
    check(begun["Service"] == "greetd" and begun["Seat"] == "seat0", f"the session: {begun}")


PROMISES = [
    a_person_signs_in_with_the_passkey_in_the_tpm,
    the_keyring_beside_it_does_no_harm,
    a_wrong_pin_is_told_and_asked_for_again,
    a_person_is_told_to_touch_the_key_and_is_in_when_they_do,
    who_dismisses_the_passkey_signs_in_with_the_password,
    who_types_the_password_at_once_is_in_at_once,
    an_unplugged_key_leaves_the_password,
    without_the_service_the_password_works_as_ever,
    greetd_asks_the_same_on_a_text_screen,
]
