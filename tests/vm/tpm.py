"""The TPM forgets everything, is another one, or is not there: people are told, and nobody is kept out."""

from kit import (ASKS_CODE, ASKS_PIN, PIN, answer, arrive, check, enroll_tpm, go_on_to_the_password, passkeys,
                 sign_in_by_pin, sign_in_by_touch, sign_out)

BEGIN = "enrolled"
GONE = "The security chip does not work."
FORGOTTEN = "This passkey was made by another security chip."


def doctor_says(machine, words):
    said = machine.run("passkeyctl", "doctor", status=None)
    check(words in said, said)


def the_pin_opens_nothing_and_she_is_told(machine, why):
    screen = arrive(machine)
    answer(screen, ASKS_PIN, PIN)
    shown = screen.wait_for(ASKS_CODE)
    check(why in " ".join(shown.split()), shown)
    go_on_to_the_password(screen, skip=(ASKS_CODE,))
    sign_out(screen)


def cleared_while_off_the_pin_opens_nothing_and_she_is_told_why(machine):
    machine.shut_down()
    machine.tpm.clear()
    machine.boot()
    the_pin_opens_nothing_and_she_is_told(machine, FORGOTTEN)


def the_security_key_opens_as_ever(machine):
    machine.plug()
    sign_out(sign_in_by_touch(machine))
    machine.unplug()


def doctor_says_which_passkeys_are_void_and_what_to_do(machine):
    doctor_says(machine, "reset or replaced")


def enrolled_anew_the_pin_opens_again(machine):
    old = passkeys(machine)["Computer"]
    machine.run("passkeyctl", "revoke", "alice", old["id"], "--yes", "--reason", "The chip was cleared")
    enroll_tpm(machine, "alice", "Computer 2")
    sign_out(sign_in_by_pin(machine))


def with_another_tpm_she_is_told_the_same_and_the_password_opens(machine):
    machine.shut_down()
    machine.tpm.replace()
    machine.boot()
    the_pin_opens_nothing_and_she_is_told(machine, FORGOTTEN)


def without_a_tpm_she_is_told_so_and_the_password_opens(machine):
    machine.shut_down()
    machine.boot(tpm=False)
    the_pin_opens_nothing_and_she_is_told(machine, GONE)


def without_a_tpm_the_security_key_opens_as_ever(machine):
    the_security_key_opens_as_ever(machine)


PROMISES = [
    cleared_while_off_the_pin_opens_nothing_and_she_is_told_why,
    the_security_key_opens_as_ever,
    doctor_says_which_passkeys_are_void_and_what_to_do,
    enrolled_anew_the_pin_opens_again,
    with_another_tpm_she_is_told_the_same_and_the_password_opens,
    without_a_tpm_she_is_told_so_and_the_password_opens,
    without_a_tpm_the_security_key_opens_as_ever,
]
