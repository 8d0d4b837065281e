"""The machines at rest that suites begin with. What one suite does to its machine, no other sees.

    installed   the packages are installed, and nothing else was done
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools/vm.d"))
from machine import BUILD  # noqa: E402


def at(name):
    """The folder of the machine at rest; made if it is not there."""
    folder = BUILD / name
    if not folder.exists():
        MADE[name](folder)
    return folder


MADE = {}


def make():
    """All that are made here, before two suites would make the same."""
    for name in MADE:
        at(name)
