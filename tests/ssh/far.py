"""The far side and the near side of SSH, in one world: Debian's sshd on the loopback, OpenSSH's own client, keys and
agent. The near side belongs to a person of the world, too; what makes it near is that the security key is plugged in
there (with-usb) and that it has a folder of its own for keys and known hosts."""

import glob
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.environ["WORLD_TREE"] + "/tests/signin")
import world  # noqa: E402
from world import check, must  # noqa: E402

SSHD = "/usr/sbin/sshd"
PORT = 2222
HOST_KEY = "/run/world/sshd.key"
#: What every sshd here begins with; a test adds its own lines before.
BASE = f"""
Port {PORT}
ListenAddress 127.0.0.1
HostKey {HOST_KEY}
PidFile none
UsePAM yes
PrintMotd no
PrintLastLog no
UseDNS no
LogLevel VERBOSE
"""


def open_key_to_all():
    """The mocked port's nodes are passkeyd's; here whoever sits at the machine may open them, as udev's uaccess has it."""
    for folder in glob.glob("/run/world/usb/*"):
        must("chmod", "-R", "a+rwX", folder)
        for node in glob.glob(folder + "/dev/hidraw*"):
            os.chmod(os.path.realpath(node), 0o666)


class Server:
    """sshd with these lines of configuration, while the block runs. `log`: what it says."""

    def __init__(self, lines=""):
        self.lines, self.log = lines, "/run/world/sshd.log"

    def __enter__(self):
        if not os.path.exists(HOST_KEY):
            must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", HOST_KEY)
        os.makedirs("/run/sshd", exist_ok=True)
        with open("/run/world/sshd.conf", "w", encoding="utf-8") as config:
            config.write(self.lines + "\n" + BASE)
        must(SSHD, "-t", "-f", "/run/world/sshd.conf")
        open(self.log, "w", encoding="utf-8").close()
        self.process = subprocess.Popen([SSHD, "-D", "-E", self.log, "-f", "/run/world/sshd.conf"],
                                        stdin=subprocess.DEVNULL)
        while True:  # it listens once it has said so
            check(self.process.poll() is None, "sshd did not start: " + self.said())
            if "Server listening on" in self.said():
                return self

    def __exit__(self, *_):
        watched = os.pidfd_open(self.process.pid)
        os.kill(self.process.pid, signal.SIGTERM)
        self.process.wait(20)
        os.close(watched)

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()


class Person:
    """Somebody at the near side: `user` of the world, with keys in `folder`."""

    def __init__(self, user):
        self.user, self.folder = user, f"/run/world/near-{user}"
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        shutil.chown(self.folder, user, user)

    def command(self, *command):
        """As this person, with the key plugged in (see open_key_to_all)."""
        return ["setpriv", "--reuid", self.user, "--regid", self.user, "--init-groups", "env", "-u", "SSH_AUTH_SOCK",
                f"HOME={self.folder}", f"USER={self.user}", f"LOGNAME={self.user}", "with-usb", *command]

    def ssh(self, *what, host="127.0.0.1", user=None, options=()):
        """The client's command line; known hosts are taken as they come."""
        return self.command("ssh", "-F", "none", "-p", str(PORT), "-o", "StrictHostKeyChecking=accept-new", "-o",
                            f"UserKnownHostsFile={self.folder}/known_hosts", *options, f"{user or self.user}@{host}", *what)


def make_sk_key(path, kind="ed25519-sk", options=(), hand=world.key):
    """OpenSSH makes a key in the world's security key; the hand touches it. Run by root, who may open the port."""
    process = subprocess.Popen(["with-usb", "ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "near", "-f", path,
                                *(part for each in options for part in ("-O", each))],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    world.touch(hand)
    said = process.communicate(timeout=60)[0]
    check(process.returncode == 0, f"ssh-keygen: {said}")
    with open(path + ".pub", encoding="utf-8") as public:
        return public.read().strip()


class Agent:
    """OpenSSH's agent with the world's security key behind it, while the block runs. Debian's is set-group-id, which
    would keep the mocked port from it, so a copy without that bit runs."""

    def __init__(self, user):
        self.user = user

    def __enter__(self):
        program = "/run/world/ssh-agent"
        if not os.path.exists(program):
            shutil.copyfile("/usr/bin/ssh-agent", program)
            os.chmod(program, 0o755)
        folder = f"/run/world/agent-{self.user}"
        os.makedirs(folder, mode=0o700, exist_ok=True)
        shutil.chown(folder, self.user, self.user)
        self.socket = folder + "/socket"
        said = must("setpriv", "--reuid", self.user, "--regid", self.user, "--init-groups", "with-usb", program, "-s",
                    "-a", self.socket)
        self.pid = int(re.search(r"SSH_AGENT_PID=(\d+)", said)[1])
        return self

    def __exit__(self, *_):
        watched = os.pidfd_open(self.pid)
        os.kill(self.pid, signal.SIGTERM)
        select.select([watched], [], [], 20)
        os.close(watched)
        if os.path.exists(self.socket):
            os.unlink(self.socket)

    def add(self, path):
        return must("ssh-add", "-q", path, env={**os.environ, "SSH_AUTH_SOCK": self.socket})


def connection():
    """A plain TCP connection to sshd, for strangers who speak no SSH."""
    return socket.create_connection(("127.0.0.1", PORT), timeout=20)
