"""passkey-askpass --enroll: from the line that a server shows to the line that goes back."""

import os
import re

import scene
import world
from scene import HOSTS, PIN, RP_ID, Terminal, far_end
from world import check, key, touch


def enroll_command(*options):
    command = scene.ALICE.command("/usr/bin/passkey-askpass", "--enroll", *options)
    at = command.index("with-usb")
    return [*command[:at], "HOME=/home/alice", *command[at:]]


def new_line(rp_id=RP_ID, verification="preferred", strangers=0):
    done = far_end("new", rp_id, "alice", verification, str(strangers))
    check(done.returncode == 0, done.stderr)
    return done.stdout.strip()


def paste(terminal, line):
    terminal.wait_for("Paste the line that the server shows: ")
    left = line.encode() + b"\n"
    while left:  # a terminal takes some thousand bytes at a time
        left = left[os.write(terminal.master, left):]


def agree(terminal):
    terminal.wait_for(r"A passkey of alice for web\.example\.com: Make it now\?[^\n]* ")
    terminal.type("yes")


def made_line(terminal):
    line = terminal.wait_for(r"passkeyd1-made:[A-Za-z0-9_-]+\r?\n").strip()
    check(terminal.end() == 0, "enrolling ends badly")
    return line


def a_touch_makes_a_passkey_that_the_server_takes():
    with Terminal("root", enroll_command()) as terminal:
        paste(terminal, new_line())
        agree(terminal)
        terminal.wait_for("A passkey of alice for web.example.com: Touch your ")
        touch()
        line = made_line(terminal)
        check("~/.config/passkeyd/hosts" in terminal.screen, "nothing is said of other names")
    check(scene.made(line).startswith("packed verified=0 sensor=0 platform=0"), "not what was made")


def nobody_who_does_not_say_yes_gets_one():
    for reply in ("", "no", "what"):
        with Terminal("root", enroll_command()) as terminal:
            paste(terminal, new_line())
            terminal.wait_for("Make it now")
            terminal.type(reply)
            check(terminal.end() == 1 and "passkeyd1-made" not in terminal.screen, "a passkey was made")
    check(world.transactions() == 0, "the key was asked")


def the_same_key_is_not_enrolled_twice():
    with Terminal("root", enroll_command()) as terminal:
        paste(terminal, new_line())
        agree(terminal)
        terminal.wait_for("Touch your ")
        touch()
        check(terminal.end() == 1 and "already has a passkey there" in terminal.screen, "no word of that")


def a_line_longer_than_a_terminals_can_be_pasted():
    line = new_line(strangers=63)
    check(len(line) > 5000, "this line is short")
    with Terminal("root", enroll_command()) as terminal:
        paste(terminal, line)
        agree(terminal)
        # The key itself is enrolled, and the last of the list: that is found out without a touch.
        terminal.wait_for("already has a passkey there")
        check(terminal.end() == 1 and "passkeyd1-made" not in terminal.screen, "a passkey was made")


def what_is_no_such_line_makes_nothing():
    good = new_line()
    for line in ("", "hello", "passkeyd1-new:", good[:-6], good + "AAAA", "passkeyd1-new:" + "A" * 120_000):
        with Terminal("root", enroll_command()) as terminal:
            paste(terminal, line)
            check(terminal.end() == 1, "it was taken")
            check("Make it now" not in terminal.screen, "it was asked about")
    check(world.transactions() == 0, "the key was asked")


def ctrl_c_ends_it_and_the_key_stops_blinking():
    with Terminal("root", enroll_command()) as terminal:
        paste(terminal, new_line(rp_id="mail.example.com"))
        terminal.wait_for("Make it now")
        terminal.type("yes")
        key("wait", "blinking")
        os.write(terminal.master, b"\x03")
        world.stops_blinking_by_itself()
        check(terminal.end() != 0 and "passkeyd1-made" not in terminal.screen, "a passkey was made")


def a_host_of_another_name_is_noted_on_request():
    with Terminal("root", enroll_command("--host", "192.0.2.1")) as terminal:
        paste(terminal, new_line(rp_id="mail.example.com"))
        terminal.wait_for("Make it now")
        terminal.type("yes")
        terminal.wait_for("Touch your ")
        touch()
        made_line(terminal)
    with open(HOSTS, encoding="utf-8") as file:
        check(file.read() == "192.0.2.1 mail.example.com\n", "not noted")
    check(os.stat(HOSTS).st_mode & 0o777 == 0o600, "others may read it")
    with Terminal("root", enroll_command("--host", "a b")) as terminal:
        check(terminal.end() == 1, "a host that is none was taken")


def a_key_with_a_pin_is_enrolled_with_it():
    scene.set_pin()
    for name in ("made", "made.new"):
        os.unlink(f"{scene.FAR}/{name}")  # a server of which nobody has a passkey
    with Terminal("root", enroll_command()) as terminal:
        paste(terminal, new_line(verification="required"))
        agree(terminal)
        terminal.wait_for("A passkey of alice for web.example.com: PIN of your [^\n]*: ")
        terminal.type_unseen(PIN)
        terminal.wait_for("Touch your ")
        touch()
        line = made_line(terminal)
        check(PIN not in terminal.screen, "the PIN is on the screen")
    said = scene.made(line)
    check("verified=1 sensor=0" in said, said)
    check(int(re.search(r"length=(\d+)", said)[1]) <= 4000, said)
    check(key("count", "makeCredential").strip() == "1", "more than one")


PROMISES = [a_touch_makes_a_passkey_that_the_server_takes, nobody_who_does_not_say_yes_gets_one,
            the_same_key_is_not_enrolled_twice, a_line_longer_than_a_terminals_can_be_pasted, what_is_no_such_line_makes_nothing,
            ctrl_c_ends_it_and_the_key_stops_blinking, a_host_of_another_name_is_noted_on_request]
#: From here on the key has a PIN.
LAST = [a_key_with_a_pin_is_enrolled_with_it]
