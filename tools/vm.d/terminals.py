"""Terminals of the machine. GuestTerminal: of one program in it, used like tools/demo.d/person.py's Terminal. Console: its own,
virtual terminals with a screen and the keyboard before it; its graphical screen is tests/vm/screen.py."""

import pathlib
import re
import select
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "demo.d"))
from person import Screen, Stuck  # noqa: E402

SECONDS = 180  # the longest anything is waited for in an emulated machine


class GuestTerminal(Screen):
    """A program on a terminal of its own inside the machine, run as `user` without a session."""

    def __init__(self, channel, user, argv):
        super().__init__((f"{user}@machine:~$ ", " ".join(argv)))
        self.channel = channel
        self.number = channel.ask("open", user=user, argv=argv)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.status is None:
            self.channel.order("end", of=self.number)
        self.transcript.end()

    def read(self, seconds):
        answer = self.channel.next_answer(self.number, seconds)
        self.show(answer.get("out", ""))
        self.left = answer.get("status")
        return self.left is None

    def send(self, text):
        self.channel.order("type", of=self.number, text=text)

    def reap(self):
        return self.left

    def wait_for(self, pattern, seconds=SECONDS):
        return super().wait_for(pattern, seconds)

    def end(self, seconds=SECONDS):
        return super().end(seconds)


class Console:
    """Virtual terminal `number` of the machine's own screen: text as it stands there, keys as they are typed."""

    def __init__(self, channel, monitor, number=1):
        self.channel, self.monitor, self.number = channel, monitor, number

    def text(self):
        return self.channel.order("screen", tty=self.number)["out"]

    def go_there(self):
        self.monitor.press("alt", f"f{self.number}")

    def wait_for(self, pattern):
        """Waits until the screen shows it; what it shows then. What was there before counts, too: begin() clears."""
        deadline = time.monotonic() + SECONDS
        while not re.search(pattern, shown := self.text()):
            if time.monotonic() > deadline:
                raise Stuck(f"tty{self.number} never showed {pattern!r}, but:\n{shown}")
            select.select([], [], [], 0.3)  # a screen cannot be waited for
        return shown

    def type(self, text):
        self.monitor.type(text + "\n")

    def begin(self, command):
        """At a shell's prompt: starts a command on a clean screen."""
        self.type(f"clear; {command}")
