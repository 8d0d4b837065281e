"""A Debian 12 machine with systemd, a TPM and a USB port for a security key: QEMU in software emulation. Whoever has one
can switch it on and off, cut its power, run commands in it, type at its keyboard and look at its screen.

A machine at rest is a folder: disk.qcow2, tpm/ (the TPM's memory), key.state (the security key's). Machines are made from
such a folder, leave it as it was, and can be kept as another.
"""

import contextlib
import fcntl
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from channel import PATIENCE, Channel  # noqa: E402
from hardware import TREE, Key, Tpm, start  # noqa: E402
from qmp import Monitor  # noqa: E402
from terminals import Console, GuestTerminal  # noqa: E402

BUILD = TREE / "build/vm"
BASE = BUILD / "base"      # what image made
TOOLS = BUILD / "tools.img"  # guest/ and the packages, at /vm in the machine
PASSWORD = "the old way in"


class Failed(Exception):
    """Something is not as it should be."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def own_folder():
    """A new folder in BUILD, and a descriptor whose lock says that somebody needs it: tools/vm removes those without,
    which runs that were killed left behind."""
    while True:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="machine.", dir=BUILD))
        with contextlib.suppress(FileNotFoundError):  # tools/vm was faster
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.exists():
                return folder, lock
            os.close(lock)


class Machine:
    """Use it in a with statement: its power is cut at the end. `at`: the folder of the machine at rest to begin with."""

    def __init__(self, at):
        self.folder, self.lock = own_folder()
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", at / "disk.qcow2",
                        self.folder / "disk.qcow2"], check=True)
        shutil.copytree(at / "tpm", self.folder / "tpm")
        if (at / "key.state").exists():
            shutil.copy(at / "key.state", self.folder / "key.state")
        self.tpm = Tpm(self.folder / "tpm")
        self.key = Key(self.folder)
        self.process = self.channel = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cut_power()
        self.key.stop()
        shutil.rmtree(self.folder)
        os.close(self.lock)

    # --- power ---

    def boot(self, options="", target="multi-user.target", tpm=True, qemu=()):
        """Switches it on; returns when `target` is reached and all is started. `options`: for the kernel's command line.
        `tpm`: whether it has one."""
        self.switch_on(options, target, tpm, qemu)
        self.channel.wait_for_boot()
        self.wait_until_up(target)

    def switch_on(self, options="", target="multi-user.target", tpm=True, qemu=()):
        """Switches it on and waits for nothing; for what has no agent."""
        chip = ()
        if tpm:
            self.tpm.start()
            chip = ("-chardev", f"socket,id=tpm,path={self.tpm.socket}", "-tpmdev", "emulator,id=tpm,chardev=tpm",
                    "-device", "tpm-crb,tpmdev=tpm")
        self.ssh_port = free_port()
        self.log = self.folder / "serial.log"
        here = str(self.folder)
        self.process = start(
            "qemu-system-x86_64", "-nodefaults", "-no-user-config",
            # Hostile programs are tried in it: what gets out of the machine starts nothing here, and gains no rights.
            "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
            "-accel", "tcg,thread=multi", "-cpu", "max,la57=off",
            "-smp", "2", "-m", "2048", "-rtc", "base=utc",
            "-kernel", BASE / "vmlinuz", "-initrd", BASE / "initrd.img",
            "-append", f"root=/dev/vda rw quiet loglevel=2 mitigations=off console=ttyS0 console=tty0 systemd.unit={target} {options}",
            "-drive", f"file={here}/disk.qcow2,if=virtio,format=qcow2",
            "-drive", f"file={TOOLS},if=virtio,format=raw,readonly=on",
            "-serial", f"file:{self.log}", "-vga", "std",
            *chip, "-device", "isa-debug-exit,iobase=0x501,iosize=0x02",  # guest/cut.py
            "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=agent,path={here}/agent,server=on,wait=off",
            "-device", "virtserialport,chardev=agent,name=org.passkeyd.agent",
            "-chardev", f"socket,id=key,path={self.key.port},server=on,wait=off",
            "-device", "virtserialport,chardev=key,name=org.passkeyd.key",
            "-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{self.ssh_port}-:22",
            "-device", "virtio-net-pci,netdev=net,romfile=",
            "-qmp", f"unix:{here}/qmp,server=on,wait=off", *(qemu or ("-display", "none")),
            stdin=None if qemu else subprocess.DEVNULL)
        self.wait_for_sockets("agent", "key.port", "qmp")
        self.monitor = Monitor(f"{here}/qmp")
        self.channel = Channel(f"{here}/agent")

    def wait_for_serial(self, words):
        """Until the serial line has said these words since the power came."""
        deadline = time.monotonic() + PATIENCE
        while words not in self.log.read_text(errors="replace"):
            if time.monotonic() > deadline or not self.is_on():
                raise Failed(f"the serial line never said {words!r}:\n{self.log.read_text(errors='replace')[-2000:]}")
            subprocess.run(["sleep", "0.2"], check=True)

    def is_on(self):
        return self.process is not None and self.process.poll() is None

    def wait_for_sockets(self, *names):
        for name in names:
            while not (self.folder / name).exists():
                if self.process.poll() is not None:
                    raise Failed("QEMU did not start")
                subprocess.run(["sleep", "0.05"], check=True)

    def wait_until_up(self, target):
        self.run("systemctl", "is-system-running", "--wait", status=None)
        self.run("systemctl", "is-active", target)

    def reboot(self):
        """As its user would: everything is shut down in order. It comes up to text."""
        plugged = self.key.plugged
        self.channel.ask("run", argv=["systemctl", "reboot"])
        self.channel.wait_for_boot()
        self.key.lose_power()
        self.wait_until_up("multi-user.target")
        if plugged:
            self.plug()

    def shut_down(self):
        self.channel.ask("run", argv=["systemctl", "poweroff"])
        self.process.wait(PATIENCE)
        self.after_power()

    def cut_power(self):
        """The plug out of the wall: nothing is written that was not."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.after_power()

    def wait_for_cut(self):
        """Until it has cut its power itself: guest/cut.py."""
        self.process.wait(PATIENCE)
        self.after_power()

    def after_power(self):
        self.process = None
        self.channel.close()
        self.key.lose_power()
        self.tpm.stop()
        for name in ("agent", "key.port", "qmp"):
            (self.folder / name).unlink(missing_ok=True)

    def keep_as(self, folder):
        """Once it is off: its disk, TPM and key, for other machines to begin with."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        shutil.copy(self.folder / "disk.qcow2", folder)
        shutil.copytree(self.folder / "tpm", folder / "tpm")
        if (self.folder / "key.state").exists():
            shutil.copy(self.folder / "key.state", folder)

    # --- what is done in it ---

    def run(self, *argv, user="root", status=0, input=""):
        """Runs a command, without a session; what it printed. `status`: what it must end with, None for whatever."""
        done = self.channel.order("run", argv=list(argv), user=user, input=input)
        if status is not None and done["status"] != status:
            raise Failed(f"{' '.join(argv)}: status {done['status']}\n{done['out']}{done['err']}")
        return done["out"]

    def sh(self, script, **how):
        return self.run("bash", "-c", script, **how)

    def terminal(self, user, *argv):
        """A program on a terminal of its own in the machine."""
        return GuestTerminal(self.channel, user, list(argv))

    def console(self, number=1):
        """Its virtual terminal of that number: Console.go_there brings it before the person."""
        return Console(self.channel, self.monitor, number)

    def plug(self):
        self.key.plug(self.channel)

    def unplug(self):
        self.key.unplug(self.channel)
