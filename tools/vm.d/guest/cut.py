"""Cuts this machine's own power in the middle of a write: as soon as a file has grown by so many bytes, which the kernel tells
(inotify). From outside nobody could be so quick. QEMU's debug-exit device, at port 0x501, ends it at once.

usage: cut.py FILE BYTES   says "ready" when it watches; FILE need not be there yet
"""

import ctypes
import os
import pathlib
import sys

IN_MODIFY, IN_CREATE = 0x2, 0x100
POWER = 0x501


def size(file):
    return file.stat().st_size if file.exists() else 0


file, grown = pathlib.Path(sys.argv[1]), int(sys.argv[2])
power = os.open("/dev/port", os.O_WRONLY)
kernel = ctypes.CDLL(None, use_errno=True)
watch = kernel.inotify_init1(os.O_CLOEXEC)
if watch < 0 or kernel.inotify_add_watch(watch, str(file.parent).encode(), IN_MODIFY | IN_CREATE) < 0:
    sys.exit(os.strerror(ctypes.get_errno()))
before = size(file)
print("ready", flush=True)
while size(file) < before + grown:
    os.read(watch, 65536)
os.pwrite(power, b"\0", POWER)
