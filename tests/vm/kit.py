"""What suites do with a machine: people at its screen, the hand at the key."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools/vm.d"))
from machine import BUILD, PASSWORD, Failed, Machine  # noqa: E402, F401


def check(condition, what):
    if not condition:
        raise Failed(what)
