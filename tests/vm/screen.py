"""A machine's graphical screen as a person uses it: what stands there is read (tesseract reads QEMU's pictures), and what is
typed goes to the keyboard. Pictures worth a look stay in build/vm/screenshots/, by names that say what they show."""

import hashlib
import os
import re
import select
import subprocess
import time

from kit import BUILD, LONGEST, Failed
from PIL import Image

LOOK_AGAIN = 0.5  # seconds: a screen cannot be waited for
SCREENSHOTS = BUILD / "screenshots"
LARGER = 2      # letters of a screen are too small for tesseract


class Screen:
    def __init__(self, machine):
        self.monitor = machine.monitor
        self.picture = machine.folder / "screen.png"
        self.of, self.words = None, ""  # what was read last, and of which picture
        SCREENSHOTS.mkdir(exist_ok=True)

    def text(self):
        """What can be read there now, in one line."""
        self.monitor.picture(self.picture)
        content = hashlib.sha256(self.picture.read_bytes()).digest()
        if content != self.of:
            self.of, self.words = content, self.read()
        return self.words

    def read(self):
        large = self.picture.with_name("large.png")
        with Image.open(self.picture) as picture:
            grey = picture.convert("L")
            grey.resize((grey.width * LARGER, grey.height * LARGER), Image.LANCZOS).save(large)
        done = subprocess.run(["tesseract", large, "-", "--psm", "11"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              env={**os.environ, "OMP_THREAD_LIMIT": "1"})
        if done.returncode != 0:
            raise Failed(f"tesseract: {done.stderr}")
        return " ".join(done.stdout.split())

    def shows(self, pattern, seconds):
        """Whether it can be read within that time."""
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.text()):
            if time.monotonic() > deadline:
                return False
            select.select([], [], [], LOOK_AGAIN)
        return True

    def wait_for(self, pattern, keep=None):
        """Waits until it can be read; keeps that picture by the name `keep`."""
        if not self.shows(pattern, LONGEST):
            self.keep("missing " + re.sub(r"[^A-Za-z0-9 ]+", "", pattern))
            raise Failed(f"the screen never showed {pattern!r}, but: {self.words}")
        if keep:
            self.keep(keep)

    def keep(self, name):
        """The picture that was looked at last."""
        with Image.open(self.picture) as picture:
            picture.save(SCREENSHOTS / f"{name.replace(' ', '-')}.png")

    def type(self, text=""):
        """A line, and Enter."""
        self.monitor.type(text + "\n")

    def press(self, *keys):
        self.monitor.press(*keys)
