"""A real USB port: the key is unplugged, plugged in and asleep at the worst moments, and asked for by two at once."""

from kit import (ASKS_CODE, ASKS_PIN, TOUCH, arrive, at_prompt, check, go_on_to_the_password, sign_in_by_pin, sign_in_by_touch,
                 sign_out, wait_until)

BEGIN = "enrolled"


def the_first_key_since_power_came_opens_it_although_the_service_ran_before(machine):
    """No keyboard, mouse or key of this kind was there since then, and so nothing in the kernel for them."""
    sign_out(sign_in_by_pin(machine))
    machine.run("systemctl", "is-active", "passkeyd.service")
    machine.plug()
    sign_out(sign_in_by_touch(machine))


def unplugged_while_it_blinks_the_next_question_comes_at_once_and_the_password_opens(machine):
    screen = arrive(machine)
    screen.wait_for(TOUCH)
    machine.key.wait_until_it_blinks()
    machine.unplug()
    go_on_to_the_password(screen, skip=(ASKS_PIN, ASKS_CODE))
    sign_out(screen)


def without_the_key_nobody_waits_for_a_touch(machine):
    screen = arrive(machine)
    shown = screen.wait_for(ASKS_PIN)
    check("Touch" not in shown, shown)
    go_on_to_the_password(screen, skip=(ASKS_PIN, ASKS_CODE))
    sign_out(screen)


def plugged_in_while_another_question_waits_it_serves_the_next_sign_in(machine):
    screen = arrive(machine)
    screen.wait_for(ASKS_PIN)
    machine.plug()
    go_on_to_the_password(screen, skip=(ASKS_PIN, ASKS_CODE))
    sign_out(screen)
    sign_out(sign_in_by_touch(machine))


def two_at_once_take_turns_and_a_touch_opens_one(machine):
    first = arrive(machine, number=1)
    first.wait_for(TOUCH)
    machine.key.wait_until_it_blinks()
    second = arrive(machine, number=2)
    second.wait_for(r"Another sign-in is using the same device")
    machine.key.press()
    at_prompt(first)
    second.wait_for(TOUCH)
    check("$" not in second.text().splitlines()[-1], second.text())
    machine.key.touch()
    at_prompt(second)
    sign_out(second)
    first.go_there()
    sign_out(first)


def usb_power(machine):
    """The folder where the kernel speaks of the key's power."""
    return machine.sh("dirname $(grep -l passkeyd /sys/bus/usb/devices/*/manufacturer)").strip() + "/power"


def a_key_whose_port_the_kernel_has_put_to_sleep_wakes_up_for_a_sign_in(machine):
    power = usb_power(machine)
    machine.sh(f"echo 0 >{power}/autosuspend_delay_ms; echo auto >{power}/control")
    wait_until("the key's port sleeps", lambda: machine.run("cat", f"{power}/runtime_status").strip() == "suspended")
    sign_out(sign_in_by_touch(machine))
    wait_until("it sleeps again", lambda: machine.run("cat", f"{power}/runtime_status").strip() == "suspended")
    machine.sh(f"echo on >{power}/control")


PROMISES = [
    the_first_key_since_power_came_opens_it_although_the_service_ran_before,
    unplugged_while_it_blinks_the_next_question_comes_at_once_and_the_password_opens,
    without_the_key_nobody_waits_for_a_touch,
    plugged_in_while_another_question_waits_it_serves_the_next_sign_in,
    two_at_once_take_turns_and_a_touch_opens_one,
    a_key_whose_port_the_kernel_has_put_to_sleep_wakes_up_for_a_sign_in,
]
