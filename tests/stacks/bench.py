"""What the tests here share: who has which passkey, files of PAM that are put back, a daemon whose messages to systemd
are read, and policies that hold for a while."""

import itertools
import os
import re
import signal
import socket
import subprocess
import syslog

import world
from world import CONFIG, DAEMON_LOG, KEY_CONTROL, KEY2_CONTROL, SYSLOG, check, control, key, key2, must, usb

KEY2_PIN, TPM_PIN, WRONG_PIN = "2468", "314159", "271828"
DAEMON_COMMAND = ["setpriv", "--reuid", "passkeyd", "--regid", "passkeyd", "--init-groups", "--no-new-privs",
                  "--bounding-set=-all", "--inh-caps=-all", "with-usb", world.DAEMON]

# Who has what, all of them with the password and sudo.
#   alice: the first key, a touch; and backup codes   bob: the TPM                       carol: the second key, a touch
#   dave: the second key, with its PIN                erin: nothing                      frank: the first key and the TPM


def set_up_people():
    for person in ("erin", "frank"):
        must("useradd", "--create-home", "--shell", "/bin/bash", "--user-group", "--password", shadow_of("alice"), person)
    with open("/etc/sudoers", "a", encoding="utf-8") as file:
        file.write("dave,erin,frank ALL=(ALL:ALL) ALL\n")
    world.enroll("alice", "--usb", "--name", "Blue key", touched=True)
    world.enroll("frank", "--usb", "--name", "Franks key", touched=True)
    for person in ("bob", "frank"):
        world.enroll(person, "--tpm", "--name", "This computer", answers=[TPM_PIN, TPM_PIN])
    only_plugged_in("1")
    world.enroll("carol", "--usb", "--name", "Green key", touched=True, hand=key2)
    node = usb("list").splitlines()[1].split()[1]
    must("with-usb", "sh", "-c", f"printf '{KEY2_PIN}\\n{KEY2_PIN}\\n' | setsid fido2-token -S {node}")
    world.enroll("dave", "--usb", "--name", "Green key", answers=[KEY2_PIN], touched=True, hand=key2)
    only_plugged_in("0")


def shadow_of(person):
    return must("getent", "shadow", person).split(":")[1]


def fresh_codes(user):
    done = subprocess.run(["passkeyctl", "backup-codes", "--user", user, "--yes"], check=True, stdout=subprocess.PIPE,
                          text=True, timeout=60)
    codes = done.stdout.split()
    check(len(codes) == 10, f"{len(codes)} codes")
    return codes


# --- keys -----------------------------------------------------------------------------------------------------------
def only_plugged_in(*ports):
    for line in usb("list").splitlines():
        port, where = line.split()
        if (where != "unplugged") != (port in ports):
            usb("plug" if port in ports else "unplug", port)


class PluggedIn:
    """These ports have their keys while the block runs, no others."""

    def __init__(self, *ports):
        self.ports = ports

    def __enter__(self):
        only_plugged_in(*self.ports)

    def __exit__(self, *_):
        only_plugged_in("0")


def count(name, hand=key):
    """Answered requests of this name, or "total", or "cancel", since hand("count", "reset")."""
    return int(control(KEY_CONTROL if hand is key else KEY2_CONTROL, "count", name).split()[-1])


def pins_sent(hand):
    """PINs that reached the key: tokens asked for with one, subcommands 5 and 9 of clientPIN."""
    return count("clientPIN.5", hand) + count("clientPIN.9", hand)


class NoKeyAsked:
    """Neither key answers a single transaction while the block runs."""

    def __enter__(self):
        for hand in (key, key2):
            hand("count", "reset")

    def __exit__(self, kind, *_):
        if kind is None:
            for name, hand in (("first", key), ("second", key2)):
                check(count("total", hand) == 0, f"the {name} key was asked: {' '.join(hand('count').split())}")


# --- files ----------------------------------------------------------------------------------------------------------
def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class Stack:
    """The file of a PAM service says this while the block runs."""

    def __init__(self, service, *lines):
        self.path, self.text, self.before = f"/etc/pam.d/{service}", "\n".join(lines) + "\n", None

    def __enter__(self):
        self.before = read(self.path) if os.path.exists(self.path) else None
        write(self.path, self.text)

    def __exit__(self, *_):
        if self.before is None:
            os.unlink(self.path)
        else:
            write(self.path, self.before)


class Logged:
    """What the module and other programs have sent to the log since the block began."""

    def __init__(self):
        self.begin = 0

    def __enter__(self):
        self.begin = len(self.settled())
        return self

    def __exit__(self, *_):
        pass

    def text(self):
        return self.settled()[self.begin:]

    @staticmethod
    def settled():
        """The whole log, once a word of ours has arrived there: then what was sent before it has, too."""
        Logged.words = getattr(Logged, "words", 0) + 1
        word = f"all until here, {Logged.words} times"
        syslog.syslog(word)
        with subprocess.Popen(["tail", "-n", "+1", "-f", SYSLOG], stdout=subprocess.PIPE, text=True, errors="replace") as tail:
            said = "".join(itertools.takewhile(lambda line: word not in line, tail.stdout))
            tail.terminate()
        return said


# --- programs -------------------------------------------------------------------------------------------------------
def run_host(host, user, typed, hand=None):
    """A scripted host (tests/hosts) with this in its field, and a hand at the key; the code of pam_authenticate."""
    process = subprocess.Popen([world.TREE + "/build/tests/scripted-host", host, user, typed], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, text=True, cwd="/")
    if hand:
        world.touch(hand)
    found = re.search(r"^code (\d+)$", process.communicate(timeout=60)[0], re.MULTILINE)
    return int(found[1]) if found else None


# --- the daemon -----------------------------------------------------------------------------------------------------
class Daemon:
    """passkeyd as the world starts it, except that what it tells systemd arrives here."""

    def __init__(self):
        world.stop_daemon()
        path = "/run/world/stacks.notify"
        self.messages = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.messages.bind(path)
        os.chmod(path, 0o666)
        self.messages.settimeout(60)
        self.environment = {**os.environ, "NOTIFY_SOCKET": path}
        self.process = None

    def start(self):
        with open(DAEMON_LOG, "ab") as log:
            self.process = subprocess.Popen(DAEMON_COMMAND, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.environment, cwd=world.TREE)
        return self.until_ready()

    def stop(self):
        self.process.terminate()
        check(self.process.wait(timeout=30) == 0, "the daemon did not end well")
        self.until("STOPPING=1")

    def reload(self):
        """What it said between the signal and being ready again, each message a list of lines."""
        self.process.send_signal(signal.SIGHUP)
        return self.until_ready()

    def until_ready(self):
        return self.until("READY=1")

    def until(self, word):
        heard = []
        while not heard or word not in heard[-1]:
            heard.append(self.messages.recv(4096).decode().splitlines())
        return heard


daemon = Daemon()


class Policy:
    """passkeyd.conf.d has this while the block runs, and the daemon goes by it."""

    def __init__(self, *lines):
        self.text = "\n".join(lines) + "\n"

    def __enter__(self):
        write(CONFIG, self.text)
        self.apply()

    def __exit__(self, *_):
        os.unlink(CONFIG)
        self.apply()

    @staticmethod
    def apply():
        (*_, said) = daemon.reload()
        check("configuration loaded" in "".join(said), f"the configuration was refused: {said}")


def policy_of(service):
    """passkeyctl policy: by key, (value, where)."""
    rows = [re.split(r"\s{2,}", line.strip()) for line in must("passkeyctl", "policy", service).splitlines()[1:]]
    return {row[0]: (row[1], row[-1]) for row in rows}
