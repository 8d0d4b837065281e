"""The commands of docs/recovery.md, by the name of their block."""

import pathlib
import re

TREE = pathlib.Path(__file__).resolve().parents[2]


def blocks():
    """By name, the commands of each block, all of them root's."""
    text = (TREE / "docs/recovery.md").read_text(encoding="utf-8")
    found = {}
    for name, body in re.findall(r"^```console (\S+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        lines = body.splitlines()
        assert name not in found and lines and all(line.startswith("# ") for line in lines), name
        found[name] = [line.removeprefix("# ") for line in lines]
    return found


def commands(name):
    return blocks()[name]
