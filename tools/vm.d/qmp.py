"""QEMU's monitor (QMP, docs/interop/qmp-spec.txt of QEMU): keys typed at the machine's keyboard, and pictures of its
screen."""

import json
import socket

# What a US keyboard needs for a character: the key's name for QEMU, with shift or without.
PLAIN = {" ": "spc", "\n": "ret", "\t": "tab", "-": "minus", "=": "equal", "[": "bracket_left", "]": "bracket_right",
         ";": "semicolon", "'": "apostrophe", ",": "comma", ".": "dot", "/": "slash", "\\": "backslash", "`": "grave_accent"}
SHIFTED = dict(zip('~!@#$%^&*()_+{}:"<>?|', "` 1 2 3 4 5 6 7 8 9 0 - = [ ] ; ' , . / \\".split()))
HOLD_MS = 20


def keys_for(character):
    if character in SHIFTED:
        return ["shift", *keys_for(SHIFTED[character])]
    if character.isupper():
        return ["shift", character.lower()]
    return [PLAIN.get(character, character)]


class Monitor:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.lines = self.socket.makefile("r")
        self.lines.readline()  # its greeting
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        self.socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
        for line in self.lines:
            answer = json.loads(line)
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise RuntimeError(f"{command}: {answer['error']['desc']}")
        raise RuntimeError(f"{command}: the machine has no power")

    def press(self, *keys):
        """One chord by QEMU's names of keys, as in press("ctrl", "alt", "f2")."""
        self.ask("send-key", keys=[{"type": "qcode", "data": key} for key in keys], **{"hold-time": HOLD_MS})

    def type(self, text):
        for character in text:
            self.press(*keys_for(character))

    def picture(self, path):
        """Its screen now, as PNG at `path`."""
        self.ask("screendump", filename=str(path), format="png")
