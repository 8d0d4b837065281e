"""The world's syslog: writes each message sent to /dev/log into a file, a line each, without the priority."""

import os
import re
import socket
import sys

receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind("/dev/log")
os.chmod("/dev/log", 0o666)
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
with open(sys.argv[1], "a", encoding="utf-8", errors="replace", buffering=1) as log:
    while True:
        message = receiver.recv(65536).decode("utf-8", "replace").rstrip("\n\0")
        log.write(re.sub(r"^<\d+>", "", message).replace("\n", " ") + "\n")
