"""Crowds of callers (load.cpp), and what the daemon has of them: descriptors, memory, ceremonies, attempts."""

import os
import re
import signal
import subprocess
import time

from world import check, daemon_pids, must, open_to_all, run

LOAD = open_to_all("build/tests/load")
CEREMONY = "/usr/libexec/passkeyd/passkeyd-ceremony"


def line(user, service="sshd", rhost="-", what="end", text="-"):
    return f"{user} {service} {rhost} {what} {text}"


class Crowd:
    """While the block runs. Each line is a caller; so many of them share a connection."""

    def __init__(self, lines, each=10, user="root"):
        self.lines, self.each, self.user = list(lines), each, user

    def __enter__(self):
        command = ["setpriv", "--reuid", self.user, "--regid", self.user, "--init-groups", LOAD]
        self.process = subprocess.Popen([*command, str(self.each)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdin.write("\n".join(self.lines) + "\n\n")
        self.process.stdin.flush()
        return self

    def settle(self):
        """Until each has come to its question or its end."""
        check(self.process.stdout.readline() == "begun\n", "the crowd broke off")
        return self

    def leave(self):
        """What came of each line."""
        said = self.process.communicate(timeout=120)[0].splitlines()
        check(len(said) == len(self.lines), f"{len(said)} answers for {len(self.lines)} callers")
        return said

    def kill(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(20)

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.kill()


def outcomes(lines, each=10):
    with Crowd(lines, each) as crowd:
        return crowd.settle().leave()


def seconds(work):
    begin = time.monotonic()
    result = work()
    return time.monotonic() - begin, result


# --- what the daemon has --------------------------------------------------------------------------------------------
def daemon():
    (pid,) = daemon_pids()
    return pid


def descriptors():
    return len(os.listdir(f"/proc/{daemon()}/fd"))


def resident(pid=None):
    """KiB; of the daemon, if nobody else is meant."""
    with open(f"/proc/{pid or daemon()}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])


def attempts():
    said = must("busctl", "--system", "call", "org.passkeyd1", "/org/passkeyd1", "org.passkeyd1.Manager", "GetStatus")
    return int(re.search(r'"attempts" u (\d+)', said)[1])


def ceremony_pids():
    return run("pidof", CEREMONY)[1].split()


def ceremonies():
    return len(ceremony_pids())


def rest():
    """Waits for what still goes on to end, which it does by itself within moments; (attempts, descriptors)."""
    while attempts() or ceremonies():
        check(daemon_pids(), "the daemon has ended")
    return descriptors()
