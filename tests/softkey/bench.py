"""A bench for keys: software keys plugged into mocked USB ports, and programs run against them.

    with Bench(programs, keys=1, options=["--pin", "123456"]) as bench:
        status, output = bench.run("fido2-token", "-L")

Everything started here ends with the bench, also when the bench is killed.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback


class Programs:
    """Where softkey, softkey-ctl and mockusb are, in the order meson passes them."""

    def __init__(self, argv):
        self.softkey, self.ctl, self.mockusb = argv


class Refused(Exception):
    """A control command that was answered with an error."""


def _start(command):
    """Starts a server and returns when it says that it is ready."""
    plain = {name: value for name, value in os.environ.items() if name not in ("LD_PRELOAD", "UMOCKDEV_DIR")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, env=plain)
    line = process.stdout.readline()
    if line != b"ready\n":
        process.wait()
        raise RuntimeError(f"{command[0]} did not start: {process.returncode}")
    return process


def _end(process):
    if process is None:
        return
    process.terminate()
    process.wait()
    process.stdout.close()


class Remote:
    """The control socket of a softkey or of mockusb: `remote("touch", "wait")`."""

    def __init__(self, ctl, path):
        self._ctl = ctl
        self._path = path

    def __call__(self, *words):
        done = subprocess.run([self._ctl, self._path, *map(str, words)], capture_output=True, text=True, timeout=30)
        if done.returncode != 0:
            raise Refused(done.stderr.strip())
        return done.stdout.strip()

    def count(self, what="total"):
        return int(self("count", what))

    def state(self):
        """The state command's lines as a dictionary; lines of one word are keys with the value ''."""
        return dict((line + " ").split(" ", 1) for line in self("state").splitlines())


class Bench:
    """Keys, the ports they are in, and a directory for files (also the programs' working directory)."""

    def __init__(self, programs, keys=1, options=(), mock_options=()):
        self.programs = programs
        self.directory = tempfile.mkdtemp(prefix="bench.")
        self.keys = []
        self.environment = dict(os.environ)
        self._processes = []
        self._mock = None
        try:
            self._begin(keys, list(options), list(mock_options))
        except BaseException:
            self.close()
            raise

    def _begin(self, keys, options, mock_options):
        os.chmod(self.directory, 0o755)
        self._options = options
        sockets = []
        for number in range(keys):
            self._processes.append(self._start_key(number))
            self.keys.append(Remote(self.programs.ctl, self.path(f"key{number}.ctl")))
            sockets += ["--key-socket", self.path(f"key{number}")]
        self._mock = _start([self.programs.mockusb, *sockets, "--control", self.path("usb.ctl"), "--env-file",
                             self.path("env"), "--die-with-parent", *mock_options])
        self.usb = Remote(self.programs.ctl, self.path("usb.ctl"))
        with open(self.path("env"), encoding="ascii") as settings:
            self.environment.update(line.strip().split("=", 1) for line in settings)

    def _start_key(self, number):
        return _start([self.programs.softkey, "--listen", self.path(f"key{number}"), "--control",
                       self.path(f"key{number}.ctl"), "--state", self.path(f"key{number}.state"), "--die-with-parent",
                       *self._options])

    @property
    def key(self):
        return self.keys[0]

    def path(self, name):
        return os.path.join(self.directory, name)

    def node(self, port=0):
        """The port's /dev/hidraw node, or None."""
        node = self.usb("list").splitlines()[port].split(" ", 1)[1]
        return None if node == "unplugged" else node

    def replug(self, port=0):
        self.usb("unplug", port)
        self.usb("plug", port)

    def restart_key(self, number=0):
        """Ends the key's program and starts it anew from its state file. Its port stays empty."""
        _end(self._processes[number])
        self._processes[number] = self._start_key(number)

    def kill_mock(self):
        """Kills mockusb without warning and returns when what it leaves behind has been removed."""
        self._mock.kill()
        self._mock.wait()
        self._mock.stdout.read()  # whoever tidies up holds the other end until it is done

    def start(self, *command, **options):
        """A process that sees the keys."""
        return subprocess.Popen(command, env=self.environment, cwd=self.directory, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)

    def enter(self):
        """Makes this very process see the keys. It must have been started by in_preloaded_process()."""
        os.environ["UMOCKDEV_DIR"] = self.environment["UMOCKDEV_DIR"]

    def run(self, *command, pins=None):
        """Runs a program to its end: (exit status, output). `pins`: typed at its prompts, on a terminal."""
        if pins is not None:
            return self._run_on_terminal(command, list(pins))
        process = self.start(*command)
        try:
            output, _ = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return process.returncode, output

    def _run_on_terminal(self, command, pins):
        pid, terminal = os.forkpty()
        if pid == 0:
            signal.alarm(60)
            os.chdir(self.directory)
            os.execvpe(command[0], command, self.environment)
        output, answered = b"", 0
        while True:
            try:
                part = os.read(terminal, 4096)
            except OSError:  # EIO: the program has closed its end
                part = b""
            if not part:
                break
            output += part
            if output[answered:].endswith(b": ") and pins:
                answered = len(output)
                os.write(terminal, pins.pop(0).encode() + b"\n")
        os.close(terminal)
        _, status = os.waitpid(pid, 0)
        return os.waitstatus_to_exitcode(status), output.decode(errors="replace")

    def close(self):
        os.environ.pop("UMOCKDEV_DIR", None)
        _end(self._mock)
        for process in self._processes:
            _end(process)
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.close()


def in_preloaded_process():
    """Starts this program anew under umockdev's preload library, unless it is already."""
    library = "libumockdev-preload.so.0"
    if library not in os.environ.get("LD_PRELOAD", ""):
        os.environ["LD_PRELOAD"] = (library + ":" + os.environ.get("LD_PRELOAD", "")).rstrip(":")
        os.execv(sys.executable, [sys.executable, *sys.argv])


class Skipped(Exception):
    """Why a check cannot run here."""


def run_checks(checks):
    """Runs functions without arguments and reports them in TAP, each under its own name. Returns the exit status."""
    print(f"1..{len(checks)}")
    failed = 0
    for number, check in enumerate(checks, 1):
        name = check.__name__
        try:
            check()
            print(f"ok {number} - {name}")
        except Skipped as why:
            print(f"ok {number} - {name} # SKIP {why}")
        except Exception:  # whatever it was, it is this check's failure
            failed += 1
            print(f"not ok {number} - {name}")
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
        sys.stdout.flush()
    return 1 if failed else 0
