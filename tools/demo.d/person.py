"""A person at a terminal: runs a program on a pseudo-terminal, reads its screen, types, and shows a transcript.

What the person types stands between ‹ and ›; what is typed unseen (PINs, passwords) is shown as dots.
"""

import os
import pty
import pwd
import re
import select
import signal
import sys
import time

SECONDS = float(os.environ.get("DEMO_PATIENCE", "30"))  # the longest anything on the screen is waited for


class Stuck(Exception):
    """What should have appeared on the screen did not."""


class Transcript:
    """Writes a screen's text to stdout, indented, as it comes."""

    def __init__(self):
        self.at_line_start = True

    def write(self, text):
        for line in text.replace("\r", "").splitlines(keepends=True):
            if self.at_line_start and line != "\n":
                sys.stdout.write("    ")
            sys.stdout.write(line)
            self.at_line_start = line.endswith("\n")
        sys.stdout.flush()

    def typed(self, text):
        self.write(f"‹{text}›")

    def aside(self, text):
        """What happens away from the screen."""
        self.write(("" if self.at_line_start else "\n") + f"        ({text})\n")

    def end(self):
        if not self.at_line_start:
            self.write("\n")


class Screen:
    """What one program shows a person, and what they type. Who derives says how text comes (read), and how it goes."""

    def __init__(self, shown):
        self.transcript = Transcript()
        self.screen = ""   # everything it has shown
        self.seen = 0      # how far wait_for has read
        self.status = None
        prompt, typed = shown
        self.transcript.write(prompt)
        self.transcript.typed(typed)
        self.transcript.write("\n")

    def show(self, text):
        self.screen += text
        self.transcript.write(text)

    def wait_for(self, pattern, seconds=SECONDS):
        """Waits for text that was not waited for before; gives back what matched."""
        deadline = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.screen[self.seen:])
            if found:
                self.seen += found.end()
                return found[0]
            if time.monotonic() > deadline or not self.read(deadline - time.monotonic()):
                raise Stuck(f"the screen never showed: {pattern}")

    def type(self, text):
        """Types a line that the terminal echoes."""
        self.send(text + "\n")

    def type_unseen(self, secret):
        self.transcript.typed("•" * len(secret) if secret else "Enter")
        self.send(secret + "\n")

    def end(self, seconds=SECONDS):
        """Waits until the program has ended; its exit status."""
        deadline = time.monotonic() + seconds
        while self.read(deadline - time.monotonic()):
            if time.monotonic() > deadline:
                raise Stuck("the program never ended")
        self.status = self.reap()
        return self.status


class Terminal(Screen):
    """One program on a terminal of its own, run as `user`; use it in a with statement. `shown`: prompt and command as
    the transcript has them, where the real ones would only distract."""

    def __init__(self, user, command, shown=None):
        super().__init__(shown or (f"{user}@demo:~$ ", " ".join(command)))
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            become_and_run(user, command)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL) if os.getuid() == 0 else None
            os.waitpid(self.pid, 0)
        os.close(self.master)
        self.transcript.end()

    def read(self, seconds):
        """Takes what comes within that time. False once the program has closed its terminal."""
        if not select.select([self.master], [], [], max(0.0, seconds))[0]:
            return True
        try:
            data = os.read(self.master, 65536).decode("utf-8", "replace")
        except OSError:  # EIO: closed
            return False
        self.show(data)
        return bool(data)

    def send(self, text):
        os.write(self.master, text.encode())

    def reap(self):
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def become_and_run(user, command):
    """In the child: the terminal belongs to the person, and so does the process."""
    try:
        account = pwd.getpwnam(user)
        os.fchown(0, account.pw_uid, -1)
        os.initgroups(user, account.pw_gid)
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
        os.chdir(account.pw_dir)
        os.execvpe(command[0], command, {
            "HOME": account.pw_dir, "USER": user, "LOGNAME": user, "SHELL": account.pw_shell, "LANG": "C.UTF-8",
            "TERM": "dumb", "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"})
    except BaseException as error:  # nothing of the parent may run on in the child
        sys.stderr.write(f"{command[0]}: {error}\n")
    finally:
        os._exit(127)
