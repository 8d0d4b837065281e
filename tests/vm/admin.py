"""An administrator far away, signed in by ssh, takes away what somebody at the machine is about to use."""

from kit import (ASKS_CODE, ASKS_PASSWORD, ASKS_PIN, TOUCH, administrator, arrive, check, go_on_to_the_password, id_of,
                 session_at, sign_in, sign_in_by_touch, sign_out)

BEGIN = "enrolled"


def do(machine, command):
    shown, status = administrator(machine, command)
    check(status == 0, f"{command}: status {status}\n{shown}")


def locked_while_the_key_blinks_the_touch_opens_nothing(machine):
    machine.plug()
    screen = arrive(machine)
    screen.wait_for(TOUCH)
    machine.key.wait_until_it_blinks()
    do(machine, "passkeyctl lock --reason Lost alice")
    machine.key.press()
    shown = screen.wait_for(ASKS_PASSWORD)
    check("An administrator has locked this account." in shown, shown)
    go_on_to_the_password(screen)
    sign_out(screen)
    do(machine, "passkeyctl unlock alice")
    sign_out(sign_in_by_touch(machine))


def the_end_of_her_sessions_is_the_end_of_the_one_at_the_console(machine):
    screen = sign_in_by_touch(machine)
    session = session_at(machine, 1)
    check(session and session["Name"] == "alice", f"at tty1: {session}")
    screen.begin("sleep 1000 & echo here")
    screen.wait_for(r"\nhere\n")
    do(machine, "passkeyctl lock --end-sessions --reason Gone alice")
    screen.wait_for(r"machine login: *$")
    check(session_at(machine, 1) is None, f"at tty1: {session_at(machine, 1)}")
    machine.run("pgrep", "--euid", "alice", "sleep", status=1)
    do(machine, "passkeyctl unlock alice")


def revoked_while_the_key_blinks_the_touch_opens_nothing_and_the_password_does(machine):
    screen = arrive(machine)
    screen.wait_for(TOUCH)
    machine.key.wait_until_it_blinks()
    do(machine, f"passkeyctl revoke alice {id_of(machine, 'Key')} --yes --reason Lost")
    machine.key.press()
    shown = screen.wait_for(ASKS_PIN)
    check("The sign-in was refused." in shown, shown)
    go_on_to_the_password(screen, skip=(ASKS_PIN, ASKS_CODE))
    sign_out(screen)


def what_was_revoked_is_not_even_asked_for(machine):
    screen = sign_in(machine, skip=(ASKS_PIN, ASKS_CODE))
    check("Touch" not in screen.text(), screen.text())
    sign_out(screen)


PROMISES = [
    locked_while_the_key_blinks_the_touch_opens_nothing,
    the_end_of_her_sessions_is_the_end_of_the_one_at_the_console,
    revoked_while_the_key_blinks_the_touch_opens_nothing_and_the_password_does,
    what_was_revoked_is_not_even_asked_for,
]
