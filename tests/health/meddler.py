#!/usr/bin/python3
"""A ceremony process that lies: the real one stands behind it, and one byte string of what that says is changed on its
way. Takes the place of passkeyd-ceremony; which field, and in which event, is in /run/world/meddle as "EVENT FIELD"."""

import os
import socket
import subprocess

REAL = "/usr/libexec/passkeyd/passkeyd-ceremony.real"
MAX = 128 * 1024


def text(word):
    return bytes([0x60 + len(word)]) + word.encode()  # CBOR, shorter than 24


def changed(message):
    event, field = open("/run/world/meddle", encoding="ascii").read().split()
    at = message.find(text(field))
    if text("event") + text(event) not in message or at < 0:
        return message
    at += len(text(field))
    assert message[at] in (0x58, 0x59), "no byte string"
    at += message[at] - 0x58 + 2 + 20  # header, its length, and somewhere inside
    return message[:at] + bytes([message[at] ^ 1]) + message[at + 1:]


daemon = socket.socket(fileno=3)
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
request, files, _, _ = socket.recv_fds(daemon, MAX, 3)
fd = theirs.fileno()
worker = subprocess.Popen([REAL], pass_fds=[3, fd], preexec_fn=lambda: os.dup2(fd, 3))
theirs.close()
socket.send_fds(ours, [request], files)
while True:
    said, files, _, _ = socket.recv_fds(ours, MAX, 3)
    if not said:
        break
    socket.send_fds(daemon, [changed(said)], files) if files else daemon.send(changed(said))
worker.wait()
