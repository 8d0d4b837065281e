"""Sign-ins where nobody says who they are: the key finds the account, and only what it proves counts."""

import subprocess

from people import KEY_PIN, enroll_at_terminal, is_plugged, take_the_green_key
from world import TREE, Misbehaving, check, key2, touch, usb

HOST = TREE + "/build/tests/scripted-host"
SUCCESS, AUTH_ERR, AUTHINFO_UNAVAIL = 0, 7, 9


def write_stacks():
    """greetd stands at this machine, sshd at its network door. Nothing but the passkey opens them."""
    for service in ("greetd", "sshd"):
        with open(f"/etc/pam.d/{service}", "w", encoding="utf-8") as file:
            file.write("auth [success=done default=die] pam_passkey.so usernameless debug\n"
                       "account required pam_permit.so\n")


class Came:
    """Somebody came to a host that names nobody. `answers`: by a word of the question, what they answer."""

    def __init__(self, answers=(), touched=False, host="greetd"):
        write_stacks()
        answers = list(answers)
        self.lines = []
        with subprocess.Popen([HOST, host, ""], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              cwd="/") as process:
            for line in process.stdout:
                self.lines.append(line.rstrip("\n"))
                if line.startswith(("hidden ", "echoed ")):
                    check(answers, f"a question that nobody expected: {line}")
                    word, reply = answers.pop(0)
                    check(word in line, f"'{word}' is not in the question: {line}")
                    process.stdin.write(reply + "\n")
                    process.stdin.flush()
                if touched and line.startswith("info Touch your "):
                    touch(key2)
        check(not answers, f"never asked: {answers}; {self.lines}")
        self.code = int(self.word("code"))
        self.user = self.word("user")

    def word(self, name):
        (found,) = [line[len(name) + 1:] for line in self.lines if line.split(" ")[0] == name]
        return found

    def is_nobody(self, *codes):
        check(self.code in codes and self.user == "", f"code {self.code}, user '{self.user}': {self.lines}")


def came_with_the_green_key(answers=(("PIN", KEY_PIN),)):
    if not is_plugged("1"):
        take_the_green_key()
    return Came(answers, touched=True)


def a_passkey_that_its_key_does_not_find_names_nobody():
    """carol's on the green key is of the other kind."""
    take_the_green_key()
    Came([("PIN", KEY_PIN)]).is_nobody(AUTHINFO_UNAVAIL)


def a_discoverable_passkey_says_who_they_are():
    take_the_green_key()
    enroll_at_terminal("dave", "--usb", "--discoverable", "--name", "Green key", pin=KEY_PIN, hand=key2)
    came = came_with_the_green_key()
    check((came.code, came.user) == (SUCCESS, "dave"), f"{came.lines}")


def a_key_that_lies_about_whose_it_is_names_nobody():
    with Misbehaving(hand=key2, wrong_user_handle=1):
        came_with_the_green_key().is_nobody(AUTH_ERR, AUTHINFO_UNAVAIL)


def a_key_that_answers_with_another_credential_names_nobody():
    with Misbehaving(hand=key2, wrong_credential=1):
        came_with_the_green_key().is_nobody(AUTH_ERR, AUTHINFO_UNAVAIL)


def a_bad_signature_names_nobody():
    with Misbehaving(hand=key2, bad_signature=1):
        came_with_the_green_key().is_nobody(AUTH_ERR)


def a_wrong_pin_names_nobody():
    take_the_green_key()
    Came([("PIN", "1111"), ("PIN", "")]).is_nobody(AUTH_ERR, AUTHINFO_UNAVAIL)
    came = came_with_the_green_key()
    check((came.code, came.user) == (SUCCESS, "dave"), f"{came.lines}")


def of_two_accounts_on_one_key_the_person_chooses():
    take_the_green_key()
    enroll_at_terminal("root", "--usb", "--discoverable", "--name", "Green key", pin=KEY_PIN, hand=key2)
    offered = set()
    for number in ("1", "2"):
        came = came_with_the_green_key([("PIN", KEY_PIN), ("Number of the account", number)])
        options = [line for line in came.lines if line.startswith(f"info {number}. ")]
        check(came.code == SUCCESS and options == [f"info {number}. {came.user}"], f"{came.lines}")
        offered.add(came.user)
    check(offered == {"dave", "root"}, f"{offered} were offered")
    came_with_the_green_key([("PIN", KEY_PIN), ("Number of the account", "")]).is_nobody(AUTHINFO_UNAVAIL)


def without_a_key_nobody_is_named_and_nothing_asked():
    usb("unplug", "0")
    Came().is_nobody(AUTHINFO_UNAVAIL)


def from_another_machine_no_key_lights_up():
    take_the_green_key()
    key2("count", "reset")
    Came(host="sshd-interactive").is_nobody(AUTHINFO_UNAVAIL)
    check(key2("count", "total").split()[-1] == "0", key2("count"))


PROMISES = [
    a_passkey_that_its_key_does_not_find_names_nobody,
    a_discoverable_passkey_says_who_they_are,
    a_key_that_lies_about_whose_it_is_names_nobody,
    a_key_that_answers_with_another_credential_names_nobody,
    a_bad_signature_names_nobody,
    a_wrong_pin_names_nobody,
    of_two_accounts_on_one_key_the_person_chooses,
    without_a_key_nobody_is_named_and_nothing_asked,
    from_another_machine_no_key_lights_up,
]
