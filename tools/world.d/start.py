"""Starts a service the way systemd does with Type=notify: returns once it has said READY=1 and leaves it running.
usage: start.py --log FILE PROGRAM [ARGUMENT...]. Exit status 1, with the log on stderr, if it never got ready."""

import os
import socket
import subprocess
import sys
import tempfile

SECONDS = 60

assert sys.argv[1] == "--log"
log_path, command = sys.argv[2], sys.argv[3:]

with tempfile.TemporaryDirectory(dir="/run/world") as folder:
    os.chmod(folder, 0o755)
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.bind(folder + "/notify")
    os.chmod(folder + "/notify", 0o666)
    receiver.settimeout(0.1)
    with open(log_path, "ab") as log:
        service = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   env={**os.environ, "NOTIFY_SOCKET": folder + "/notify"})
    for _ in range(SECONDS * 10):
        try:
            if b"READY=1" in receiver.recv(4096).split(b"\n"):
                sys.exit(0)
        except socket.timeout:
            if service.poll() is not None:
                break
sys.stderr.write(f"{command[0]} did not get ready (exit status {service.poll()}):\n")
sys.stderr.write(open(log_path, encoding="utf-8", errors="replace").read()[-4000:])
sys.exit(1)
