"""What stands around the machine and outlives its power: the TPM's memory, and the security key that a person holds."""

import os
import pathlib
import select
import shutil
import socket
import subprocess
import threading

TREE = pathlib.Path(__file__).resolve().parents[2]
SOFTKEY = TREE / "build/tests/softkey"
REPORT = 64
PATIENCE = 300  # seconds until a key that was to blink is given up


def start(*argv, **how):
    """Starts what shall not outlive this program, however that ends; also if it has ended before setpriv asks. The kernel
    goes by the thread that calls this: it must wait for what it started."""
    return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "bash", "-c", '[ "$PPID" = "$0" ] && exec "$@"',
                             str(os.getpid()), *argv], **how)


class Tpm:
    """swtpm, as QEMU wants it: it serves one run of the machine. Its memory stays in `folder`."""

    def __init__(self, folder):
        self.folder = folder
        self.socket = folder.parent / "tpm.socket"
        self.process = None

    def start(self):
        self.process = start("swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.folder}", "--ctrl",
                             f"type=unixio,path={self.socket}", "--terminate", stdin=subprocess.DEVNULL)
        while not self.socket.exists():
            if self.process.poll() is not None:
                raise RuntimeError("swtpm did not start")
            select.select([], [], [], 0.02)

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None
        self.socket.unlink(missing_ok=True)

    def clear(self):
        """As the firmware's menu does it, with the machine off."""
        server = self.folder.parent / "clearing.socket"
        with start("swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.folder}", "--flags", "not-need-init,startup-clear",
                   "--server", f"type=unixio,path={server}", "--ctrl", f"type=unixio,path={server}.ctrl",
                   stdin=subprocess.DEVNULL) as process:
            while not server.exists():
                select.select([], [], [], 0.02)
            subprocess.run(["tpm2_clear", "-T", f"swtpm:path={server}", "-c", "p"], check=True)
            subprocess.run(["swtpm_ioctl", "--unix", f"{server}.ctrl", "-s"], check=True)
            process.wait()
        for left in (server, server.with_name(server.name + ".ctrl")):
            left.unlink(missing_ok=True)

    def replace(self):
        """Another one from the same maker in its place, with the machine off."""
        shutil.rmtree(self.folder)
        maker = self.folder.with_name("maker")
        subprocess.run([TREE / "tools/new-tpm", self.folder, maker], check=True)
        shutil.rmtree(maker)


class Key:
    """A security key in somebody's hand. It blinks and waits for a touch; plugged in, it is at the machine's USB port."""

    def __init__(self, folder):
        self.softkey, self.hand, self.port = folder / "key", folder / "key.control", folder / "key.port"
        self.plugged = False
        self.process = start(SOFTKEY / "softkey", "--listen", self.softkey, "--control", self.hand,
                             "--state", folder / "key.state", "--touch", "wait",
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError("softkey did not start")

    def control(self, *words):
        """softkey-ctl, see tests/softkey/README.md; what it said."""
        done = subprocess.run([SOFTKEY / "softkey-ctl", self.hand, *words], capture_output=True, text=True,
                              timeout=PATIENCE)
        if done.returncode != 0:
            raise RuntimeError(f"softkey-ctl {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def wait_until_it_blinks(self):
        self.control("wait", "blinking")

    def press(self):
        self.control("touch", "press")

    def touch(self):
        """Touches it as soon as it blinks."""
        self.wait_until_it_blinks()
        self.press()

    def touch_soon(self):
        """Touches it as soon as it blinks, while others go on; join() what this gives back."""
        hand = threading.Thread(target=self.touch, daemon=True)
        hand.start()
        return hand

    def plug(self, channel):
        self.to_machine = socket.socket(socket.AF_UNIX)
        self.to_machine.connect(str(self.port))
        self.to_softkey = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.to_softkey.connect(str(self.softkey))
        self.cut_here, self.scissors = os.pipe()
        self.carrier = threading.Thread(target=self.carry, daemon=True)
        self.carrier.start()
        answer = channel.order("plug")
        if answer["status"] != 0:
            raise RuntimeError(answer["err"])
        self.plugged = True

    def unplug(self, channel):
        answer = channel.order("unplug")
        if answer["status"] != 0:
            raise RuntimeError(answer["err"])
        self.lose_power()

    def lose_power(self):
        """Also when the machine does."""
        if not self.plugged:
            return
        self.plugged = False
        os.close(self.scissors)
        self.carrier.join()
        for end in (self.to_machine, self.to_softkey):
            end.close()
        os.close(self.cut_here)

    def carry(self):
        coming = b""
        try:
            while True:
                ready = select.select([self.to_machine, self.to_softkey, self.cut_here], [], [])[0]
                if self.cut_here in ready:
                    return
                if self.to_softkey in ready:
                    report = self.to_softkey.recv(REPORT)
                    if not report:
                        return
                    self.to_machine.sendall(report)
                if self.to_machine in ready:
                    data = self.to_machine.recv(REPORT)
                    if not data:
                        return
                    coming += data
                    while len(coming) >= REPORT:
                        self.to_softkey.send(coming[:REPORT])
                        coming = coming[REPORT:]
        except OSError:  # one of the two lost its power
            pass

    def stop(self):
        self.lose_power()
        self.process.kill()
        self.process.wait()
