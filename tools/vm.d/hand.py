"""The other end of live.py's socket: says what the hand at the security key shall do, and prints the answer."""

import socket
import sys

from machine import BUILD

with socket.socket(socket.AF_UNIX) as live:
    try:
        live.connect(str(BUILD / "hand"))
    except OSError:
        sys.exit("tools/vm: no machine is on; switch one on in another terminal: sudo tools/vm --shell")
    live.sendall(" ".join(sys.argv[1:]).encode() + b"\n")
    said = live.makefile().read()
print(said, end="")
sys.exit(0 if not said.startswith("No: ") else 1)
