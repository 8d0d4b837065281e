"""The scripted logind of this folder on a world's bus, for tests in Python."""

import os
import signal
import subprocess

PROGRAM = os.environ["WORLD_TREE"] + "/build/tests/logind/logind"
TABLE = "/run/world/logind.table"


class Logind:
    """Owns logind's name on the world's bus while the block runs, and says what the table has."""

    def __init__(self, table):
        self.table, self.process = table, None

    def __enter__(self):
        write(self.table)
        self.process = subprocess.Popen([PROGRAM, "--table", TABLE], stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            raise OSError("the scripted logind does not start")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def set(self, table):
        """From now on it says this."""
        write(table)
        self.calls()

    def calls(self):
        """What it was asked since it was ready, or since the last time this was called."""
        self.process.send_signal(signal.SIGHUP)
        return [line.rstrip("\n") for line in iter(self.process.stdout.readline, "read\n")]


def write(table):
    with open(TABLE, "w", encoding="utf-8") as file:
        file.write(table)
