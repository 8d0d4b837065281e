"""What passkeyd.conf says holds at sign-ins: by service, and for everybody."""

import re
import subprocess

import world
from bench import (KEY2_PIN, TPM_PIN, WRONG_PIN, NoKeyAsked, PluggedIn, Policy, Stack, count, fresh_codes, pins_sent,
                   policy_of, run_host)
from libpam import AUTH_ERR, AUTHINFO_UNAVAIL, MAXTRIES, SUCCESS, Host, sign_in
from world import (CONFIG, Misbehaving, Terminal, check, key, key2, stops_blinking_by_itself, sudo, touch,
                   use_password, with_touch)

SOFTKEY = "70617373-6b65-7964-8073-6f66746b6579"
ANOTHER_MODEL = "2fc0579f-8113-47ea-b116-bb5a8db9202a"
PASSKEY_ONLY = ("auth required pam_passkey.so",)
ENTER = ""


def su(user):
    """dave wants to be that user."""
    return Terminal("dave", ["su", user, "-c", "whoami"])


def opens_with_touch(terminal, hand=key):
    with terminal:
        terminal.wait_for("Touch ")
        touch(hand)
        check(terminal.end() == 0, "the touch did not open")
        check("assword" not in terminal.screen and "PIN" not in terminal.screen, "more than a touch was asked for")


# --- user verification --------------------------------------------------------------------------------------------------
def sudo_can_want_a_pin_where_su_is_content_with_a_touch():
    with PluggedIn("1"), Policy("[service sudo]", "user_verification = required"):
        key2("count", "reset")
        opens_with_touch(su("carol"), key2)
        check(pins_sent(key2) == 0, "su sent a PIN")
        with sudo("carol") as terminal:
            terminal.wait_for("PIN[^\n]*: ")
            terminal.type_unseen(KEY2_PIN)
            terminal.wait_for("Touch ")
            touch(key2)
            check(terminal.end() == 0, "PIN and touch did not open sudo")
        check(pins_sent(key2) == 1, f"sudo sent {pins_sent(key2)} PINs")


def a_key_that_cannot_verify_does_not_open_where_that_is_required():
    with Stack("stacks", *PASSKEY_ONLY), Policy("user_verification = required", "backup_codes = never"):
        with Host("stacks", "alice") as host:
            code = host.authenticate()
            check(code == AUTHINFO_UNAVAIL and "has no PIN" in host.texts(), f"{code}: {host.said}")
            check([style for style, _ in host.said] == ["error"], f"more than the reason was said: {host.said}")


def a_screen_lock_can_be_content_with_a_touch_of_a_key_enrolled_with_a_pin():
    with Stack("swaylock", *PASSKEY_ONLY, "account required pam_permit.so"), PluggedIn("1"):
        with NoKeyAsked():
            check(run_host("swaylock", "dave", ENTER) == AUTHINFO_UNAVAIL, "let in without what the policy asks for")
        with Policy("[service swaylock]", "user_verification = discouraged"):
            key2("count", "reset")
            check(run_host("swaylock", "dave", ENTER, hand=key2) == SUCCESS, "the touch did not unlock")
            check(pins_sent(key2) == 0 and count("getAssertion", key2) == 1, key2("count"))
            with sudo("dave") as terminal:
                terminal.wait_for("PIN[^\n]*: ")
                terminal.type_unseen(ENTER)
                use_password(terminal)


# --- ways, and how long they take ---------------------------------------------------------------------------------------
def one_service_can_be_for_the_tpm_alone():
    with Policy("[service sudo]", "ways = tpm"):
        with NoKeyAsked(), sudo("frank") as terminal:
            terminal.wait_for("PIN of this computer's passkey[^\n]*: ")
            terminal.type_unseen(TPM_PIN)
            check(terminal.end() == 0, "the PIN did not open sudo")
        opens_with_touch(su("frank"))


def a_touch_is_waited_for_as_long_as_the_policy_says():
    """The key itself would blink for a quarter of an hour, the default would outlast this person's patience."""
    short = Policy("backup_codes = never", "[service sudo]", "touch_timeout = 5")
    with short, Misbehaving(touch_timeout=1_000_000), sudo("alice") as terminal:
        key("count", "reset")
        terminal.wait_for("Touch ")
        terminal.wait_for("That took too long", seconds=25)
        use_password(terminal)
        stops_blinking_by_itself()
        check(count("cancel") == 1, "the key was not told to stop")


# --- models of keys -------------------------------------------------------------------------------------------------------
def a_model_that_is_not_accepted_opens_nothing():
    with Policy(f"accepted_aaguids = {ANOTHER_MODEL}"), NoKeyAsked(), sudo("alice") as terminal:
        use_password(terminal)
    with Policy(f"accepted_aaguids = {ANOTHER_MODEL}, {SOFTKEY}"):
        check(with_touch("alice"), "an accepted model does not open sudo")


def a_model_can_be_accepted_for_one_service_and_not_for_another():
    with Policy("[service sudo]", f"accepted_aaguids = {ANOTHER_MODEL}"):
        with NoKeyAsked(), sudo("alice") as terminal:
            use_password(terminal)
        opens_with_touch(su("alice"))


def a_model_that_is_not_accepted_cannot_be_enrolled():
    def enrolled():
        return world.must("passkeyctl", "list", "--user", "erin")
    before = enrolled()
    with Policy(f"accepted_aaguids = {ANOTHER_MODEL}"):
        process = subprocess.Popen(["passkeyctl", "enroll", "--user", "erin", "--usb", "--no-backup-codes", "--pin-stdin"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        key("touch", "auto")  # whether it is asked for a touch first is its own affair
        try:
            said = process.communicate(timeout=60)[0]
        finally:
            key("touch", "wait")
    check(process.returncode != 0 and "ready to use" not in said, f"{process.returncode}: {said}")
    check(enrolled() == before, "it was enrolled all the same")


# --- tries --------------------------------------------------------------------------------------------------------------
def no_pin_goes_to_a_key_that_has_too_few_tries_left():
    with Stack("stacks", *PASSKEY_ONLY), PluggedIn("1"):
        with Policy("min_key_retries = 7"):
            key2("count", "reset")
            with Host("stacks", "dave", [("PIN", WRONG_PIN), ("PIN", KEY2_PIN)]) as host:
                code = host.authenticate()
                check(code == AUTH_ERR and "Only 7 PIN tries are left" in host.texts(), f"{code}: {host.said}")
            check(pins_sent(key2) == 1, f"{pins_sent(key2)} PINs reached the key")
        check(key2("pin-tries").split()[-1] == "7", key2("pin-tries"))
        check(sign_in("stacks", "dave", [("PIN", KEY2_PIN)], hand=key2) == SUCCESS, "with the usual reserve it does not open")
        check(key2("pin-tries").split()[-1] == "8", key2("pin-tries"))


def after_as_many_failures_as_the_policy_grants_there_is_a_wait():
    with Stack("stacks", *PASSKEY_ONLY), Policy("tries_in_a_row = 1", "first_wait = 3600"):
        with Host("stacks", "bob", [("PIN", WRONG_PIN)]) as host:
            code = host.authenticate()
            check(code == AUTH_ERR and re.search(r"Try again in (60|59) minutes", host.texts()),
                  f"{code}: {host.said}")
        check(sign_in("stacks", "bob") == MAXTRIES, "not held back")  # without a question: nobody types a PIN in vain
        with sudo("erin") as terminal:  # others do not wait
            use_password(terminal)
    with Stack("stacks", *PASSKEY_ONLY):
        check(sign_in("stacks", "bob", [("PIN", TPM_PIN)]) == SUCCESS, "the usual limits do not hold again")


# --- backup codes ---------------------------------------------------------------------------------------------------------
def backup_codes_are_asked_for_when_the_policy_says_so():
    codes = fresh_codes("frank")
    code = [("Backup code", codes.pop())]
    step_down = [("PIN", ENTER)]
    with Stack("stacks", *PASSKEY_ONLY), Policy("ways = tpm"):  # after-passkey is the default
        check(sign_in("stacks", "frank", step_down + code) == SUCCESS, "not asked for after the passkey")
    with Stack("stacks", *PASSKEY_ONLY), PluggedIn():
        for setting, with_passkey, without in (("never", False, False), ("after-passkey", True, False), ("always", True, True)):
            for ways, begin, asked in (("tpm", step_down, with_passkey), ("usb", [], without)):
                answers = begin + ([("Backup code", codes.pop())] if asked else [])
                with Policy(f"backup_codes = {setting}", f"ways = {ways}"):
                    code = sign_in("stacks", "frank", answers)
                    check(code == (SUCCESS if asked else AUTHINFO_UNAVAIL), f"{setting}, {ways}: {code}")


# --- telling --------------------------------------------------------------------------------------------------------------
def passkeyctl_shows_each_value_and_where_it_was_set():
    with Policy("touch_timeout = 20", "tries_in_a_row = 3", "[service sudo]", "user_verification = required", "ways = tpm"):
        sudos, others = policy_of("sudo"), policy_of("su")
    expected = {
        "touch_timeout": ("20", f"{CONFIG}:1"), "tries_in_a_row": ("3", f"{CONFIG}:2"),
        "user_verification": ("required", f"{CONFIG}:4"), "ways": ("tpm", f"{CONFIG}:5"),
        "backup_codes": ("after-passkey", "default"), "rp_id": ("demo", "ledger"),
        "tcti": ("swtpm:path=/run/world/tpm/socket", "/etc/passkeyd/passkeyd.conf.d/world.conf:1")}
    for key_name, row in expected.items():
        check(sudos.get(key_name) == row, f"{key_name}: {sudos.get(key_name)} instead of {row}")
    check(others["user_verification"] == ("preferred", "default") and others["ways"] == ("usb tpm ssh", "default"), others)
    check(others["touch_timeout"] == ("20", f"{CONFIG}:1"), others)
    with open(world.TREE + "/man/passkeyd.conf.5", encoding="utf-8") as page:
        documented = set(re.findall(r"^\.It Cm (\w+)$", page.read(), re.MULTILINE))
    check(documented == set(sudos), f"the manual and passkeyctl differ in {documented ^ set(sudos)}")


PROMISES = [
    sudo_can_want_a_pin_where_su_is_content_with_a_touch,
    a_key_that_cannot_verify_does_not_open_where_that_is_required,
    a_screen_lock_can_be_content_with_a_touch_of_a_key_enrolled_with_a_pin,
    one_service_can_be_for_the_tpm_alone,
    a_touch_is_waited_for_as_long_as_the_policy_says,
    a_model_that_is_not_accepted_opens_nothing,
    a_model_can_be_accepted_for_one_service_and_not_for_another,
    a_model_that_is_not_accepted_cannot_be_enrolled,
    no_pin_goes_to_a_key_that_has_too_few_tries_left,
    after_as_many_failures_as_the_policy_grants_there_is_a_wait,
    backup_codes_are_asked_for_when_the_policy_says_so,
    passkeyctl_shows_each_value_and_where_it_was_set,
]
