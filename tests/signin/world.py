"""What the tests of sign-ins do in their world: people at terminals, the hand at the key, the daemon's life; and how
they say what came of it."""

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
import traceback

TREE = os.environ["WORLD_TREE"]
sys.path.insert(0, TREE + "/tools/demo.d")
from person import Stuck, Terminal  # noqa: E402

PASSWORD = os.environ["WORLD_PASSWORD"]
KEY_CONTROL, KEY2_CONTROL, USB_CONTROL = (f"/run/world/{name}.control" for name in ("key", "key2", "usb"))
SYSLOG, DAEMON_LOG = "/run/world/syslog", "/run/world/passkeyd.log"
LEDGER = "/var/lib/passkeyd/ledger.db"
CONFIG = "/etc/passkeyd/passkeyd.conf.d/test.conf"
DAEMON = "/usr/libexec/passkeyd/passkeyd"


def open_to_all(path):
    """A copy of a file of the tree in a place that every user of the world can reach; the tree may lie under /root."""
    copy = "/run/world/" + os.path.basename(path)
    shutil.copyfile(os.path.join(TREE, path), copy)
    os.chmod(copy, 0o755)
    return copy


class Failed(Exception):
    """A promise that was not kept."""


def check(condition, what):
    if not condition:
        raise Failed(what)


def until(condition, what, seconds=20):
    """For what happens in programs that tell nobody."""
    end = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < end, what)
        time.sleep(0.05)


def run(*command, **options):
    """Runs a program to its end; what it printed (both streams) and its exit status."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=90, **options)
    return done.returncode, done.stdout


def must(*command, **options):
    status, said = run(*command, **options)
    check(status == 0, f"{' '.join(command)}: exit status {status}: {said}")
    return said


# --- the key --------------------------------------------------------------------------------------------------------
def control(socket, *command):
    return must(TREE + "/build/tests/softkey/softkey-ctl", socket, *command)


def stops_blinking_by_itself():
    """Long before the daemon or the key would have given up on the touch."""
    try:
        subprocess.run([TREE + "/build/tests/softkey/softkey-ctl", KEY_CONTROL, "wait", "idle"], check=True, timeout=10,
                       stdout=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise Failed("the key goes on blinking") from None


def key(*command):
    return control(KEY_CONTROL, *command)


def key2(*command):
    return control(KEY2_CONTROL, *command)


def usb(*command):
    return control(USB_CONTROL, *command)


def transactions():
    """CTAPHID transactions since key("count", "reset")."""
    return int(re.search(r"^total (\d+)$", key("count"), re.MULTILINE)[1])


def touch(hand=key):
    hand("wait", "blinking")
    hand("touch", "press")


class Misbehaving:
    """The key in this hand does as the knobs say while the block runs."""

    def __init__(self, hand=key, **knobs):
        self.hand, self.knobs = hand, {name.replace("_", "-"): value for name, value in knobs.items()}

    def __enter__(self):
        for name, value in self.knobs.items():
            self.hand("knob", name, str(value))

    def __exit__(self, *_):
        self.hand("knob", "reset")


# --- people ---------------------------------------------------------------------------------------------------------
def enroll(user, *how, answers=(), touched=False, hand=None):
    process = subprocess.Popen(["passkeyctl", "enroll", "--no-backup-codes", "--user", user, "--pin-stdin", *how], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    process.stdin.write("".join(answer + "\n" for answer in answers))
    process.stdin.close()
    process.stdin = None
    if touched:
        touch(hand or key)
    said = process.communicate(timeout=60)[0]
    check(process.returncode == 0, f"enrolling {user}: {said}")


def sudo(user, *command):
    return Terminal(user, ["sudo", *(command or ("whoami",))])


def use_password(terminal):
    terminal.wait_for(r"assword[^\n]*: ")
    terminal.type_unseen(PASSWORD)
    check(terminal.end() == 0, "the password did not work")


def with_touch(user):
    """Signs in with a touch; true if that was enough."""
    with sudo(user) as terminal:
        terminal.wait_for("Touch ")
        touch()
        return terminal.end() == 0 and "assword" not in terminal.screen


def daemon_log():
    with open(DAEMON_LOG, encoding="utf-8", errors="replace") as log:
        return log.read()


# --- the daemon -----------------------------------------------------------------------------------------------------
def daemon_pids():
    """Without its children: for a moment, before it is the ceremony's program, one of those looks just like it."""
    pids = [int(pid) for pid in run("pidof", DAEMON)[1].split()]
    return [pid for pid in pids if parent_of(pid) not in pids]


def parent_of(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return int(stat.read().rpartition(")")[2].split()[1])
    except OSError:  # it ended
        return None


def stop_daemon():
    for pid in daemon_pids():
        watched = os.pidfd_open(pid)
        os.kill(pid, signal.SIGTERM)
        select.select([watched], [], [], 20)
        os.close(watched)
    check(not daemon_pids(), "the daemon does not stop")


def start_daemon(*options):
    """As the world does. Returns exit status and what was said; 0 means that it said it was ready."""
    return run("/usr/bin/python3", TREE + "/tools/world.d/start.py", "--log", DAEMON_LOG, "setpriv", "--reuid", "passkeyd",
               "--regid", "passkeyd", "--init-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all",
               "with-usb", DAEMON, *options, cwd=TREE)


def restart_daemon():
    stop_daemon()
    status, said = start_daemon()
    check(status == 0, "the daemon does not start: " + said)


def configure(text):
    if text:
        with open(CONFIG, "w", encoding="utf-8") as file:
            file.write(text)
    elif os.path.exists(CONFIG):
        os.unlink(CONFIG)


# --- promises -------------------------------------------------------------------------------------------------------
def keep(promises, before=lambda: None):
    """Sees whether each is kept, one after the other, and says so in TAP; the exit status. `before` each of them
    something may have to be put in order."""
    failed = 0
    for number, promise in enumerate(promises, 1):
        try:
            before()
            promise()
            print(f"ok {number} - {promise.__name__}", flush=True)
        except Exception:  # whatever it was: that promise was not kept, and the others are looked at all the same
            failed += 1
            print(f"not ok {number} - {promise.__name__}", flush=True)
            for line in traceback.format_exc().splitlines()[-12:] + daemon_log().splitlines()[-6:]:
                print("#", line, flush=True)
    print(f"1..{len(promises)}")
    return 1 if failed else 0
