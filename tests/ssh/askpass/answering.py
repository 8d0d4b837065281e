"""A server asks, passkey-askpass answers for the host that the client named, and for no other."""

import os
import signal

import scene
import world
from scene import FIRST, PIN, RP_ID, answers, at_terminal, challenge, direct, judged
from world import check, key, touch


def touched(terminal, host, user="alice"):
    terminal.wait_for(f"Signing in to {host} as {user}: Touch your ")
    touch()
    check(terminal.end() == 255, "this server lets nobody in")
    return answers()[1]


def signs_in(called, origin, *names, options=()):
    """alice calls the server so; the answer is for that name, and for none of the others."""
    direct(FIRST, challenge())
    with at_terminal(called, options=options) as terminal:
        answer = touched(terminal, origin)
    check(len(answers()[0]) == 200, "the first answer is not the token")
    check(judged(answer, *(names or (origin,))) == "granted", judged(answer, origin))
    check(judged(answer, "other.example.com") == "origin-wrong", "good for any name: " + judged(answer, "other.example.com"))


def the_answer_is_good_for_the_host_that_the_client_names():
    signs_in(RP_ID, RP_ID)
    signs_in("a." + RP_ID, "a." + RP_ID)
    signs_in("web", "web")


def upper_case_is_lower_case():
    signs_in("WEB.Example.COM", RP_ID)


def a_host_key_alias_is_the_name():
    signs_in("127.0.0.1", "a." + RP_ID, options=("-o", "HostKeyAlias=A.web.example.com"))


def gets_nothing(called, *prompts, options=(), words="gets no answer"):
    """The server's second prompt is answered with an empty line, untouched."""
    direct(FIRST, *prompts)
    with at_terminal(called, options=options) as terminal:
        terminal.wait_for(words)
        check(terminal.end() == 255, "this server lets nobody in")
    check(answers()[1] == "", f"it got {answers()[1]!r}")
    check(world.transactions() == 0, "the key was asked")


def an_address_takes_a_line_in_the_hosts_file():
    gets_nothing("127.0.0.1", challenge())
    scene.hosts_file("127.0.0.1 web.example.com\n")
    signs_in("127.0.0.1", "127.0.0.1")


def a_hosts_file_that_others_may_write_counts_for_nothing():
    scene.hosts_file("127.0.0.1 web.example.com\n")
    os.chmod(scene.HOSTS, 0o666)
    gets_nothing("127.0.0.1", challenge(), words="could be written by somebody else")


def a_challenge_of_another_server_gets_no_answer():
    gets_nothing("evil.example", challenge())
    gets_nothing("127.0.0.1", challenge(), options=("-o", "HostKeyAlias=evil.example"))


def a_relayed_answer_names_the_relay():
    # Even where alice herself says that they go together.
    scene.hosts_file("evil.example web.example.com\n")
    direct(FIRST, challenge())
    with at_terminal("evil.example") as terminal:
        answer = touched(terminal, "evil.example")
    check(judged(answer, RP_ID, "web") == "origin-wrong", judged(answer, RP_ID))


def nonsense_of_ours_gets_an_empty_line():
    for text in ("passkeyd1:", "passkeyd1:AAAA", challenge() + "AAAA", "passkeyd1:" + "A" * 99_000):
        gets_nothing(RP_ID, text, words="makes no sense")


def credentials_that_no_key_here_holds_touch_nothing():
    os.rename(scene.FAR + "/made", scene.FAR + "/made.away")  # as a server pretends for who has none
    try:
        direct(FIRST, challenge(strangers=3, verification="required"))
        with at_terminal(RP_ID) as terminal:
            terminal.wait_for("holds no passkey for this account")
            check(terminal.end() == 255 and "PIN" not in terminal.screen, "a PIN was asked for")
        check(answers()[1] == "", "it got something")
        check(key("count", "clientPIN.9").strip() == "0", "a PIN was sent")
    finally:
        os.rename(scene.FAR + "/made.away", scene.FAR + "/made")


def the_answer_is_found_among_many():
    direct(FIRST, challenge(strangers=63))
    with at_terminal(RP_ID) as terminal:
        answer = touched(terminal, RP_ID)
    check(judged(answer, RP_ID) == "granted" and len(answer) <= 1023, judged(answer, RP_ID))


def dismissed(stop):
    """`stop` is done while the key blinks; it stops blinking long before its time."""
    direct(FIRST, challenge())
    with at_terminal(RP_ID) as terminal:
        terminal.wait_for("Touch your ")
        key("wait", "blinking")
        stop(terminal)
        world.stops_blinking_by_itself()
        terminal.end()


def enter_dismisses_the_key_and_steps_down():
    dismissed(lambda terminal: terminal.type(""))
    check(answers()[1] == "", "it got something")


def ctrl_c_ends_ssh_and_the_key_stops_blinking():
    dismissed(lambda terminal: os.write(terminal.master, b"\x03"))
    check(len(answers()) < 2 or answers()[1] == "", "it got something")


def ssh_that_dies_leaves_no_key_blinking():
    direct(FIRST, challenge())
    process = scene.without_terminal(RP_ID)
    key("wait", "blinking")
    os.kill(process.pid, signal.SIGKILL)
    world.stops_blinking_by_itself()
    process.wait(20)


def a_declined_touch_is_an_empty_line():
    direct(FIRST, challenge())
    with at_terminal(RP_ID) as terminal:
        terminal.wait_for("Touch your ")
        key("wait", "blinking")
        key("touch", "refuse")
        terminal.wait_for("declined")
        check(terminal.end() == 255, "this server lets nobody in")
    check(answers()[1] == "", "it got something")


def a_key_that_is_pulled_out_is_an_empty_line():
    direct(FIRST, challenge())
    with at_terminal(RP_ID) as terminal:
        terminal.wait_for("Touch your ")
        key("wait", "blinking")
        world.usb("unplug", "0")
        terminal.wait_for("No matching security key")
        check(terminal.end() == 255, "this server lets nobody in")
    check(answers()[1] == "", "it got something")


def type_pin(terminal, pin):
    terminal.wait_for(f"Signing in to {RP_ID} as alice: PIN of your [^\n]*: ")
    terminal.type_unseen(pin)


def a_pin_verifies_where_the_server_wants_that():
    direct(FIRST, challenge(verification="required"))
    with at_terminal(RP_ID) as terminal:
        type_pin(terminal, "0000")
        terminal.wait_for("Wrong PIN")
        type_pin(terminal, PIN)
        answer = touched(terminal, RP_ID)
        check(PIN not in terminal.screen, "the PIN is on the screen")
    check(judged(answer, RP_ID) == "granted", judged(answer, RP_ID))


def no_pin_steps_down():
    direct(FIRST, challenge(verification="required"))
    with at_terminal(RP_ID) as terminal:
        type_pin(terminal, "")
        check(terminal.end() == 255 and "Touch" not in terminal.screen, "it went on")
    check(answers()[1] == "", "it got something")


def the_last_tries_of_a_key_are_never_used():
    while int(key("pin-tries")) > 2:
        spend_a_try()
    direct(FIRST, challenge(verification="required"))
    with at_terminal(RP_ID) as terminal:
        type_pin(terminal, PIN)
        terminal.wait_for("oo few")
        check(terminal.end() == 255, "this server lets nobody in")
    check(answers()[1] == "" and key("pin-tries").strip() == "2", "a try was used")


def spend_a_try():
    direct(FIRST, challenge(verification="required"))
    with at_terminal(RP_ID) as terminal:
        type_pin(terminal, "0000")
        terminal.wait_for("Wrong PIN|Too many wrong")
    world.usb("unplug", "0")
    world.usb("plug", "0")
    scene.far.open_key_to_all()


PROMISES = [
    the_answer_is_good_for_the_host_that_the_client_names, upper_case_is_lower_case, a_host_key_alias_is_the_name,
    an_address_takes_a_line_in_the_hosts_file, a_hosts_file_that_others_may_write_counts_for_nothing,
    a_challenge_of_another_server_gets_no_answer, a_relayed_answer_names_the_relay, nonsense_of_ours_gets_an_empty_line,
    credentials_that_no_key_here_holds_touch_nothing, the_answer_is_found_among_many, enter_dismisses_the_key_and_steps_down,
    ctrl_c_ends_ssh_and_the_key_stops_blinking, ssh_that_dies_leaves_no_key_blinking, a_declined_touch_is_an_empty_line,
    a_key_that_is_pulled_out_is_an_empty_line]
#: For a key with a PIN.
WITH_PIN = [a_pin_verifies_where_the_server_wants_that, no_pin_steps_down]
LAST = [the_last_tries_of_a_key_are_never_used]
