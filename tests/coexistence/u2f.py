"""Beside pam_u2f, which uses the same security keys by itself: one key enrolled for both, in either order, and what happens
when one of them has the key while the other wants it."""

import subprocess

from bed import SERVICE, Stack, Profiles, service
from bench import NoKeyAsked, PluggedIn, read
from libpam import AUTH_ERR, PERM_DENIED, SUCCESS, Host
from matrix import PASSWORD_PROMPT, STACKS
from world import KEY_CONTROL, PASSWORD, TREE, check, key, must, run, sudo, touch, use_password

HELD_SERVICE = "coexist-held"
MAPPINGS, MAKER = "/etc/u2f_mappings", "/run/world/maker-of-keys"
THEIR_CUE = "Please touch the device."
SOFTKEY_CTL = TREE + "/build/tests/softkey/softkey-ctl"
U2F = f"auth sufficient pam_u2f.so authfile={MAPPINGS} cue"
PASSKEY = "auth sufficient pam_passkey.so"
OTHERWISE = ["auth required pam_deny.so", "account required pam_permit.so"]


def enroll_for_u2f(user):
    """The first key, as pamu2fcfg(1) has it; which wants a key whose maker vouches for it, with whatever certificate."""
    must("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", MAKER + ".key",
         "-out", MAKER + ".crt", "-subj", "/CN=Maker")
    must("sh", "-c", 'cat "$1.key" "$1.crt" >"$1"', "sh", MAKER)
    key("attest", "packed", MAKER)
    process = subprocess.Popen(["pamu2fcfg", "--username", user], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    touch()
    line = process.communicate(timeout=60)[0]
    key("attest", "self")
    check(process.returncode == 0 and line.strip(), "pamu2fcfg did not enroll the key")
    with open(MAPPINGS, "a", encoding="utf-8") as file:
        file.write(line.strip() + "\n")


class Person(Host):
    """Touches the key when one of the two says so, or declines when that one is among the `refused`; a list of the cues.

    The hand is a process of its own: pam_u2f gives its cue before it asks the key."""

    def __init__(self, user, answers=(), refused=()):
        super().__init__(SERVICE, user, answers)
        self.refused, self.cues, self.hand_at_key = refused, [], None

    def authenticate(self):
        try:
            return super().authenticate()
        finally:
            self.take_back_hand()

    def take_back_hand(self):
        if self.hand_at_key:
            check(self.hand_at_key.wait(timeout=60) == 0, "the key never blinked")
        self.hand_at_key = None

    def _respond(self, message):
        answer, text = super()._respond(message), message.text.decode()
        cue = "u2f" if text == THEIR_CUE else "passkey" if text.startswith("Touch ") else None
        if cue:
            self.take_back_hand()
            self.cues.append(cue)
            self.hand_at_key = subprocess.Popen(
                ["sh", "-c", '"$1" "$2" wait blinking && "$1" "$2" touch "$3"', "sh", SOFTKEY_CTL, KEY_CONTROL,
                 "refuse" if cue in self.refused else "press"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        return answer


def goes(user, cues, code=SUCCESS, answers=(), refused=()):
    """This is how it goes for them: whose cues they see, one after the other, and what comes of it."""
    with Person(user, answers, refused) as person:
        got = person.authenticate()
        check(got == code and person.cues == cues and not person.answers, f"code {got}, {person.cues}: {person.said}")


def one_key_serves_both_and_the_first_line_asks_first():
    with service(PASSKEY, U2F, *OTHERWISE):
        goes("alice", ["passkey"])
    with service(U2F, PASSKEY, *OTHERWISE):
        goes("alice", ["u2f"])


def a_touch_declined_for_the_passkey_leaves_u2f():
    with service(PASSKEY, U2F, *OTHERWISE):
        goes("alice", ["passkey", "u2f"], refused=["passkey"])


def a_touch_declined_for_u2f_leaves_the_passkey():
    with service(U2F, PASSKEY, *OTHERWISE):
        goes("alice", ["u2f", "passkey"], refused=["u2f"])


def both_declined_leave_the_password_and_nothing_else():
    for profile in ("with_u2f_after", "with_u2f_before"):
        with Profiles(*STACKS[profile]), service():
            cues = ["passkey", "u2f"] if profile == "with_u2f_after" else ["u2f", "passkey"]
            goes("alice", cues, answers=[(PASSWORD_PROMPT, PASSWORD)], refused=cues)
            goes("alice", cues, code=AUTH_ERR, answers=[(PASSWORD_PROMPT, "not this one")], refused=cues)


def each_is_passed_over_by_who_has_nothing_there():
    with Profiles(*STACKS["with_u2f_after"]), service():
        goes("frank", ["passkey"])  # a passkey alone
        with PluggedIn():
            goes("alice", [], answers=[(PASSWORD_PROMPT, PASSWORD)])
        goes("erin", ["u2f"])  # an enrollment with pam_u2f alone


def an_enrollment_for_one_opens_nothing_of_the_other():
    with service(f"auth [success=done default=die] pam_u2f.so authfile={MAPPINGS} cue", *OTHERWISE), NoKeyAsked():
        goes("frank", [], code=AUTH_ERR)
    with service("auth [success=done default=die] pam_passkey.so", *OTHERWISE), NoKeyAsked():
        enrolled = read(MAPPINGS)
        check("erin:" in enrolled, enrolled)
        goes("erin", [], code=PERM_DENIED)


def both_can_be_wanted_one_after_the_other():
    with service("auth [success=ok default=die] pam_passkey.so", "auth required " + U2F.split(" ", 2)[2],
                 "account required pam_permit.so"):
        goes("alice", ["passkey", "u2f"])
        goes("alice", ["passkey", "u2f"], code=AUTH_ERR, refused=["u2f"])


def a_key_that_u2f_has_is_said_to_be_in_use_and_the_password_is_asked_for():
    with Stack(HELD_SERVICE, U2F, *OTHERWISE):
        with subprocess.Popen(["pamtester", HELD_SERVICE, "erin", "authenticate"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as waiting:
            key("wait", "blinking")
            with sudo("alice") as terminal:
                terminal.wait_for("Something else is using the device")
                use_password(terminal)
            key("touch", "press")
            check("successfully" in waiting.communicate(timeout=60)[0], "the one who had the key was not let in")


def a_key_that_a_passkey_has_makes_u2f_give_up_at_once_and_disturbs_nobody():
    with Stack(HELD_SERVICE, U2F, *OTHERWISE), sudo("alice") as terminal:
        terminal.wait_for("Touch ")
        key("wait", "blinking")
        status, said = run("pamtester", HELD_SERVICE, "erin", "authenticate", stdin=subprocess.DEVNULL)
        check(status != 0 and THEIR_CUE not in said, f"{status}: {said}")
        key("touch", "press")
        check(terminal.end() == 0 and "assword" not in terminal.screen, terminal.screen)


def enroll_both():
    """First of all, and a promise itself: the key of alice's passkey, and the same for erin, who has no passkey."""
    for user in ("alice", "erin"):
        enroll_for_u2f(user)


PROMISES = [
    enroll_both,
    one_key_serves_both_and_the_first_line_asks_first,
    a_touch_declined_for_the_passkey_leaves_u2f,
    a_touch_declined_for_u2f_leaves_the_passkey,
    both_declined_leave_the_password_and_nothing_else,
    each_is_passed_over_by_who_has_nothing_there,
    an_enrollment_for_one_opens_nothing_of_the_other,
    both_can_be_wanted_one_after_the_other,
    a_key_that_u2f_has_is_said_to_be_in_use_and_the_password_is_asked_for,
    a_key_that_a_passkey_has_makes_u2f_give_up_at_once_and_disturbs_nobody,
]
