"""The hosts of PAM and what people type into them: who gets in, and what reached the key and the TPM meanwhile.

Prints the table that it tests (as TAP comments) and a line of TAP for each of its rows. In none of them may a password
cost a try at a PIN: the software key and the TPM count theirs."""

import os
import re
import subprocess
import sys

TREE = os.environ["WORLD_TREE"]
sys.path.insert(0, TREE + "/tests/signin")
from world import (PASSWORD, Failed, check, configure, control, enroll, key, key2, must, restart_daemon, usb,  # noqa: E402
                   KEY_CONTROL, KEY2_CONTROL)

HOST = TREE + "/build/tests/scripted-host"
KEY_PIN, TPM_PIN = "2468", "314159"
CODES = {0: "SUCCESS", 7: "AUTH_ERR", 9: "AUTHINFO_UNAVAIL", 11: "MAXTRIES", 19: "CONV_ERR", 25: "IGNORE", 26: "ABORT", 6: "PERM_DENIED"}

# Who has what. alice: a key that wants a touch. carol: a key with a PIN. bob: the TPM. dave: nothing.
TOUCH, PIN_KEY, TPM, NOTHING = "alice", "carol", "bob", "dave"


class Row:
    """One sign-in: a host, the module's options there, an account, and a person.

    `typed`: what was typed before anything was asked (hosts that work so). `answers`: by a word of the prompt, what a
    person answers, each once. `granted`: PAM lets them in. `by`: what must have happened at the devices: "touch",
    "key PIN", "TPM PIN", or nothing at all."""

    def __init__(self, host, account, what, typed=None, answers=(), granted=True, by=None, options="", asks=None):
        self.host, self.account, self.what, self.typed, self.answers = host, account, what, typed, list(answers)
        self.granted, self.by, self.options, self.asks = granted, by, options, asks

    def name(self):
        words = f"{self.host} {self.options} {self.account} {self.what}"
        return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")


EITHER = "first_prompt=either"


def talking(host, options=""):
    """What holds for every host that passes questions on to the person, with one prompt for both."""
    return [
        Row(host, TOUCH, "password", answers=[("Password", PASSWORD)], options=options),
        Row(host, TOUCH, "Enter, touch", answers=[("Password", "")], by="touch", options=options),
        Row(host, PIN_KEY, "password", answers=[("Password", PASSWORD)], options=options),
        Row(host, PIN_KEY, "Enter, PIN, touch", answers=[("Password", ""), ("PIN", KEY_PIN)], by="key PIN", options=options),
        Row(host, PIN_KEY, "Enter, Enter, password", answers=[("Password", ""), ("PIN", ""), ("assword", PASSWORD)],
            options=options),
        Row(host, TPM, "password", answers=[("Password", PASSWORD)], options=options),
        Row(host, TPM, "Enter, PIN", answers=[("Password", ""), ("PIN", TPM_PIN)], by="TPM PIN", options=options),
        Row(host, NOTHING, "password", answers=[("assword", PASSWORD)], options=options),
        Row(host, PIN_KEY, "wrong password", answers=[("Password", "not this one")], granted=False, options=options),
    ]


def typing(host, asks=1):
    """What holds for every host that has one field and answers whatever it is asked with what was typed there."""
    return [
        Row(host, TOUCH, "password", typed=PASSWORD, asks=asks),
        Row(host, TOUCH, "nothing, touch", typed="", by="touch", asks=asks),
        Row(host, PIN_KEY, "password", typed=PASSWORD),
        Row(host, PIN_KEY, "PIN", typed=KEY_PIN, granted=False),
        Row(host, TPM, "password", typed=PASSWORD),
        Row(host, TPM, "PIN, not opted in", typed=TPM_PIN, granted=False),
        Row(host, TPM, "PIN, opted in", typed=TPM_PIN, by="TPM PIN", options="typed=pin"),
        Row(host, TPM, "short password, opted in", typed="short", granted=False, options="typed=pin"),
        Row(host, NOTHING, "password", typed=PASSWORD),
    ]


ROWS = [
    Row("sudo", TOUCH, "touch", by="touch"),
    Row("sudo", PIN_KEY, "PIN, touch", answers=[("PIN", KEY_PIN)], by="key PIN"),
    Row("sudo", TPM, "PIN", answers=[("PIN", TPM_PIN)], by="TPM PIN"),
    *talking("sudo", EITHER), *talking("gdm"), *talking("lightdm"), *talking("greetd"),
    Row("lightdm", TOUCH, "touch", by="touch", options="first_prompt=passkey"),
    *typing("sddm"), *typing("swaylock"), *typing("kscreenlocker"),
    Row("alike", TOUCH, "password, told to the module", typed=PASSWORD, options="host=one-answer"),
    Row("alike", PIN_KEY, "password, told to the module", typed=PASSWORD, options="host=one-answer"),
    Row("alike", TPM, "password, told to the module", typed=PASSWORD, options="host=one-answer"),
    Row("sshd-password", TOUCH, "password", typed=PASSWORD),
    Row("sshd-password", PIN_KEY, "password", typed=PASSWORD),
    Row("sshd-password", TPM, "password", typed=PASSWORD),
    Row("sshd-interactive", TOUCH, "password", answers=[("assword", PASSWORD)]),
    Row("sshd-interactive", PIN_KEY, "password", answers=[("assword", PASSWORD)]),
    Row("sshd-interactive", TPM, "password", answers=[("assword", PASSWORD)]),
]
SERVICES = ("sudo", "gdm-password", "lightdm", "greetd", "sddm", "swaylock", "kde", "sshd", "unheard-of")


def write_stacks(options):
    for service in SERVICES:
        with open(f"/etc/pam.d/{service}", "w", encoding="utf-8") as file:
            file.write(f"auth [success=done default=ignore] pam_passkey.so {options} debug\n"
                       "auth required pam_unix.so try_first_pass nodelay\n"
                       "account required pam_unix.so\n")


# --- what reached the devices ------------------------------------------------------------------------------------------
def tpm_tries():
    """Wrong PINs that the TPM has counted."""
    said = must("tpm2_getcap", "-T", "swtpm:path=/run/world/tpm/socket", "properties-variable")
    return int(re.search(r"TPM2_PT_LOCKOUT_COUNTER: (\w+)", said)[1], 16)


def key_of(account):
    return KEY_CONTROL if account == TOUCH else KEY2_CONTROL


def count(socket, name):
    return int(control(socket, "count", name).split()[-1])


class Watched:
    """Counts what reached the key and the TPM while the block runs."""

    def __init__(self, account):
        self.socket = key_of(account)

    def __enter__(self):
        control(self.socket, "count", "reset")
        self.tries_before, self.tpm_before = self.key_tries(), tpm_tries()
        return self

    def __exit__(self, *_):
        # What a PIN costs a key is a token asked for with it: subcommands 5 and 9 of clientPIN.
        self.pins = count(self.socket, "clientPIN.5") + count(self.socket, "clientPIN.9")
        self.assertions = count(self.socket, "getAssertion")
        self.lost = self.tries_before - self.key_tries()
        self.tpm_lost = tpm_tries() - self.tpm_before

    def key_tries(self):
        return int(control(self.socket, "pin-tries").split()[-1])


# --- one row ------------------------------------------------------------------------------------------------------------
def plug_in_what_belongs_to(account):
    wanted = {TOUCH: {"0"}, PIN_KEY: {"1"}}.get(account, set())
    for line in usb("list").splitlines():
        port, where = line.split()
        if (where != "unplugged") != (port in wanted):
            usb("plug" if port in wanted else "unplug", port)


def play(row):
    """Signs in; the lines that the host saw."""
    command = [HOST, row.host, row.account] + ([row.typed] if row.typed is not None else [])
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               cwd="/")
    answers, seen, touched = list(row.answers), [], False
    for line in process.stdout:
        seen.append(line.rstrip("\n"))
        if row.typed is None and line.startswith(("hidden ", "echoed ")):
            check(answers, f"a question that nobody expected: {line}")
            word, answer = answers.pop(0)
            check(word in line, f"'{word}' is not in the question: {line}")
            process.stdin.write(answer + "\n")
            process.stdin.flush()
        # Some hosts show no texts: there the person knows that an empty field means the key.
        cue = line.startswith("info ") and "Touch " in line or line.startswith("hidden ") and row.typed == ""
        if row.by in ("touch", "key PIN") and cue and not touched:
            touched = True
            control(key_of(row.account), "wait", "blinking")
            control(key_of(row.account), "touch", "press")
    process.stdin.close()
    process.wait(timeout=60)
    check(not answers, f"never asked: {answers}; {seen}")
    return seen


def judge(row):
    plug_in_what_belongs_to(row.account)
    write_stacks(row.options)
    with Watched(row.account) as watched:
        seen = play(row)
    code = next((int(line.split()[1]) for line in seen if line.startswith("code ")), -1)
    reached = [text for text, number in (("1 touch", watched.assertions), (f"{watched.pins} PIN", watched.pins)) if number]
    spent = f"{watched.lost} key, {watched.tpm_lost} TPM"
    print(f"# | {row.host:16} | {row.options:18} | {row.account:5} | {row.what:28} | {', '.join(reached) or '-':16} | {spent:12} | "
          f"{CODES.get(code, code)}", flush=True)
    check((code == 0) == row.granted, f"code {code}: {seen}")
    check(watched.lost == 0 and watched.tpm_lost == 0, f"tries were spent: {spent}; {seen}")
    check(watched.pins == (1 if row.by == "key PIN" else 0), f"{watched.pins} PINs reached the key: {seen}")
    check(watched.assertions == (1 if row.by in ("touch", "key PIN") else 0),
          f"{watched.assertions} assertions were asked for: {seen}")
    questions = sum(line.startswith(("hidden ", "echoed ")) for line in seen)
    check(row.asks is None or questions == row.asks, f"{questions} questions: {seen}")


def set_up():
    must("passkeyctl", "--version")
    enroll(TOUCH, "--usb", "--name", "Blue key", touched=True)
    usb("unplug", "0")
    usb("plug", "1")
    node = usb("list").splitlines()[1].split()[1]
    must("with-usb", "sh", "-c", f"printf '{KEY_PIN}\\n{KEY_PIN}\\n' | setsid fido2-token -S {node}")
    enroll(PIN_KEY, "--usb", "--name", "Green key", answers=[KEY_PIN], touched=True, hand=key2)
    enroll(TPM, "--tpm", "--name", "This computer", answers=[TPM_PIN, TPM_PIN])


def main():
    set_up()
    print(f"# | {'host':16} | {'option':18} | {'who':5} | {'typed':28} | {'reached the key':16} | {'tries spent':12} | PAM code")
    failed = 0
    wanted = sys.argv[1:]
    rows = [row for row in ROWS if not wanted or row.host in wanted]
    for number, row in enumerate(rows, 1):
        try:
            judge(row)
            print(f"ok {number} - {row.name()}", flush=True)
        except (Failed, OSError, subprocess.SubprocessError) as problem:
            failed += 1
            print(f"not ok {number} - {row.name()}", flush=True)
            print("# " + str(problem).replace("\n", "\n# "), flush=True)
    print(f"1..{len(rows)}")
    return 1 if failed else 0


sys.exit(main())
