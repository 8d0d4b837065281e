"""The last tries of a security key, after which it locks itself for ever: nobody's guesses here take them."""

from cast import KEY_PIN
from clock import DAY, HOUR
from doors import IN, WRONG_PIN, key_tries_left, only_plugged, sign_in, test
from world import KEY2_CONTROL, check, must, usb

KEPT = 2  # min_key_retries(passkeyd.conf(5)), as it is by default


def key_with_all_its_tries(house, port):
    """Its owner uses it elsewhere, with the right PIN."""
    house.fresh()
    only_plugged(port)
    node = dict(line.split() for line in usb("list").splitlines())[port]
    must("with-usb", "sh", "-c", f"printf '{KEY_PIN}\\n{KEY_PIN}\\n{KEY_PIN}\\n' | setsid fido2-token -C {node}")
    check(key_tries_left(KEY2_CONTROL) == 8, "the key has not got its tries back")


def at_its_last_tries(house):
    key_with_all_its_tries(house, "1")
    for _ in range(8 - KEPT):
        house.clock.skip(HOUR)  # longer than any wait after failures in a row
        house.doors["key-pin"].push()
    check(key_tries_left(KEY2_CONTROL) == KEPT, f"{key_tries_left(KEY2_CONTROL)} tries are left, not {KEPT}")
    only_plugged("1")


def a_key_at_its_last_tries_is_sent_no_pin_not_even_its_owners(house):
    at_its_last_tries(house)
    house.clock.skip(3 * DAY)
    check(test("carol", KEY_PIN) != IN, "a PIN was sent")
    check(key_tries_left(KEY2_CONTROL) == KEPT, "a try was spent")


def another_accounts_first_try_does_not_take_a_keys_last_ones(house):
    """erin has a key, too, and it is not this one; with a single key plugged in it is not asked whose it is."""
    at_its_last_tries(house)
    for _ in range(3):
        test("erin", WRONG_PIN)
    check(key_tries_left(KEY2_CONTROL) == KEPT, f"{KEPT - key_tries_left(KEY2_CONTROL)} of its last tries were taken")


def no_guess_from_the_network_reaches_a_key(house):
    key_with_all_its_tries(house, "1")
    for _ in range(5):
        sign_in("sshd-interactive", "carol", "", WRONG_PIN, "", "")
        sign_in("sshd-password", "carol", typed=WRONG_PIN)
    check(key_tries_left(KEY2_CONTROL) == 8, "a PIN reached the key")


PROMISES = [a_key_at_its_last_tries_is_sent_no_pin_not_even_its_owners,
            another_accounts_first_try_does_not_take_a_keys_last_ones, no_guess_from_the_network_reaches_a_key]
