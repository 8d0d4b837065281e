"""Stepping down: what happened is said, and what comes next, whatever it was that did not do."""

import os

from people import (CODE, KEY_PIN, PIN, TPM_PIN, WRONG_PINS, answer, forget_tries, fresh_code, lines_of, password_opens,
                    sees, sudo_asks, take_the_green_key)
from world import check, configure, key, key2, restart_daemon, sudo, touch, usb

KEY = "passkeyd Software Security Key"  # what the software key calls itself
TOUCH = f"Touch your {KEY}."
NEXT = "Next, a backup code is asked for."
NO_TOUCH = f"The touch was declined or did not come. {NEXT}"
REFUSED = "The sign-in was refused. Sign in another way."


def enter_steps_down_from_passkey_to_backup_code_to_password():
    with sudo("bob") as terminal:
        answer(terminal, PIN, "")
        answer(terminal, CODE, "")
        password_opens(terminal, "bob")
        sees(terminal, PIN, CODE, sudo_asks("bob"), "root")


def steps_down(does_not_do, *sentences, ending=()):
    """alice's key blinks, something happens to it, and the ladder goes on to the code, and from there to the password."""
    with sudo("alice") as terminal:
        terminal.wait_for("Touch your ")
        key("wait", "blinking")
        does_not_do()
        answer(terminal, CODE, "")
        password_opens(terminal, "alice")
        sees(terminal, TOUCH, *sentences, CODE, *ending, sudo_asks("alice"), "root")


def a_touch_that_does_not_come_in_time_is_told_and_a_code_asked_for():
    """The key is the first to lose patience."""
    key("knob", "touch-timeout", "300")
    key("touch", "timeout")
    with sudo("alice") as terminal:
        answer(terminal, CODE, "")
        password_opens(terminal, "alice")
        sees(terminal, TOUCH, NO_TOUCH, CODE, REFUSED, sudo_asks("alice"), "root")


def a_touch_that_the_daemon_waited_for_in_vain_is_told_and_a_code_asked_for():
    configure("touch_timeout = 5\n")
    restart_daemon()
    steps_down(lambda: None, f"That took too long. {NEXT}")


def a_key_that_is_pulled_out_is_told_and_a_code_asked_for():
    steps_down(lambda: usb("unplug", "0"), f"No matching security key is plugged in. {NEXT}")


def a_refused_touch_is_told_and_a_code_asked_for():
    steps_down(lambda: key("touch", "refuse"), NO_TOUCH,
               ending=(REFUSED,))


def control_c_leaves_the_password_and_says_nothing():
    """Whoever presses it knows why; so no more is asked than what anybody needs who has nothing else."""
    with sudo("alice") as terminal:
        terminal.wait_for("Touch your ")
        key("wait", "blinking")
        os.write(terminal.master, b"\x03")
        password_opens(terminal, "alice")
        sees(terminal, TOUCH, "^C" + sudo_asks("alice"), "root")


def a_key_of_somebody_else_is_told_apart_and_a_code_asked_for():
    take_the_green_key()
    with sudo("alice") as terminal:
        answer(terminal, CODE, "")
        password_opens(terminal, "alice")
        sees(terminal, TOUCH, f"Your {KEY} holds no passkey for this account. {NEXT}", CODE,
             sudo_asks("alice"), "root")


def a_backup_code_opens_where_the_key_did_not():
    with sudo("alice") as terminal:
        terminal.wait_for("Touch your ")
        key("wait", "blinking")
        key("touch", "refuse")
        answer(terminal, CODE, fresh_code("alice"))
        check(terminal.end() == 0, "the code did not open")


# --- wrong PINs -----------------------------------------------------------------------------------------------------
def wrong_pin(left):
    return f"Wrong PIN, {left} tries left on this key."


def a_wrong_pin_is_asked_for_again_with_the_tries_that_are_left():
    take_the_green_key()
    with sudo("carol") as terminal:
        prompt = f"PIN of your {KEY}, or Enter to skip: "
        again = " Try again, or press Enter to go on."
        answer(terminal, prompt, "1111")
        answer(terminal, prompt, "2222")
        answer(terminal, prompt, KEY_PIN)
        terminal.wait_for("Touch your ")
        touch(key2)
        check(terminal.end() == 0, "the right PIN and a touch did not open")
        sees(terminal, prompt, wrong_pin(7) + again, prompt, wrong_pin(6) + again, prompt, TOUCH, "root")


def three_wrong_pins_step_down():
    take_the_green_key()
    with sudo("carol") as terminal:
        prompt = f"PIN of your {KEY}, or Enter to skip: "
        for pin in ("1111", "2222", "3333"):
            answer(terminal, prompt, pin)
        answer(terminal, CODE, "")
        password_opens(terminal, "carol")
        check(lines_of(terminal).count(prompt.strip()) == 3, f"asked {lines_of(terminal)}")
        check(terminal.screen.count(NEXT) == 1, terminal.screen)
        check(terminal.screen.count("Wrong PIN") == 2, terminal.screen)
    check(key2("pin-tries").split()[-1] == "5", "the key lost more tries than there were PINs")


def five_wrong_pins_make_the_next_wait_and_a_code_opens_meanwhile():
    again = "Wrong PIN. Try again, or press Enter to go on."
    with sudo("bob") as terminal:
        for pin in WRONG_PINS[:3]:
            answer(terminal, PIN, pin)
        answer(terminal, CODE, "")
        password_opens(terminal, "bob")
        sees(terminal, PIN, again, PIN, again, PIN, f"Wrong PIN. {NEXT}", CODE,
             REFUSED, sudo_asks("bob"), "root")
    with sudo("bob") as terminal:
        for pin in WRONG_PINS[3:]:
            answer(terminal, PIN, pin)
        terminal.wait_for("Too many failed tries. Try again in [0-9]+ seconds, or use a backup code.")
        answer(terminal, CODE, fresh_code("bob"))
        check(terminal.end() == 0, "the code did not open")
    with sudo("bob") as terminal:
        terminal.wait_for("Too many failed tries. Try again in [0-9]+ seconds, or use a backup code.")
        answer(terminal, CODE, "")
        password_opens(terminal, "bob")
        check("PIN" not in terminal.screen, "a PIN was asked for in vain")
    forget_tries()
    with sudo("bob") as terminal:
        answer(terminal, PIN, TPM_PIN)
        check(terminal.end() == 0, "the right PIN does not open after the wait")


PROMISES = [
    enter_steps_down_from_passkey_to_backup_code_to_password,
    a_touch_that_does_not_come_in_time_is_told_and_a_code_asked_for,
    a_touch_that_the_daemon_waited_for_in_vain_is_told_and_a_code_asked_for,
    a_key_that_is_pulled_out_is_told_and_a_code_asked_for,
    a_refused_touch_is_told_and_a_code_asked_for,
    control_c_leaves_the_password_and_says_nothing,
    a_key_of_somebody_else_is_told_apart_and_a_code_asked_for,
    a_backup_code_opens_where_the_key_did_not,
    a_wrong_pin_is_asked_for_again_with_the_tries_that_are_left,
    three_wrong_pins_step_down,
    five_wrong_pins_make_the_next_wait_and_a_code_opens_meanwhile,
]
