"""Cuts this machine's own power in the middle of a write: at the Nth change of a file, as the kernel tells it (inotify).
From outside nobody could be so quick. QEMU's debug-exit device, at port 0x501, ends it at once.

usage: cut.py FILE N   says "ready" when it watches
"""

import ctypes
import os
import pathlib
import struct
import sys

IN_MODIFY, IN_CREATE = 0x2, 0x100
POWER = 0x501
EVENT = "iIII"  # inotify(7): watch, mask, cookie, length of the name that follows

file, number = pathlib.Path(sys.argv[1]), int(sys.argv[2])
power = os.open("/dev/port", os.O_WRONLY)
kernel = ctypes.CDLL(None, use_errno=True)
watch = kernel.inotify_init1(os.O_CLOEXEC)
if watch < 0 or kernel.inotify_add_watch(watch, str(file.parent).encode(), IN_MODIFY | IN_CREATE) < 0:
    sys.exit(os.strerror(ctypes.get_errno()))
print("ready", flush=True)
while number > 0:
    events = os.read(watch, 65536)
    while events:
        _, mask, _, length = struct.unpack_from(EVENT, events)
        name = events[struct.calcsize(EVENT):struct.calcsize(EVENT) + length].rstrip(b"\0").decode()
        events = events[struct.calcsize(EVENT) + length:]
        if name == file.name and mask & IN_MODIFY:
            number -= 1
os.pwrite(power, b"\0", POWER)
