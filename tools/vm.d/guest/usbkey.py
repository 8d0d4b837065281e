"""A security key at a USB port of this machine: the kernel's own host controller without a bus (dummy_hcd) and its HID
gadget (usb_f_hid), so that plugging, strings, hidraw and power are real. What thinks is outside of the machine: 64-byte
CTAPHID reports come and go over a virtio serial port.
"""

import os
import pathlib
import select
import subprocess
import threading

GADGET = pathlib.Path("/sys/kernel/config/usb_gadget/key")
CONTROLLER = "dummy_udc.0"
OUTSIDE = "/dev/virtio-ports/org.passkeyd.key"
NODE = "/dev/hidraw0"  # the machine has no other HID device
REPORT = 64

# FIDO HID (CTAP 2.1, 11.2.8.1): usage page 0xF1D0, 64 bytes in, 64 bytes out.
DESCRIPTOR = bytes.fromhex("06d0f10901a1010920150026ff0075089540810209211500"
                           "26ff00750895409102c0")


def write(path, value):
    (GADGET / path).write_text(value)


def make():
    """Once a boot: a key that is not plugged in."""
    if GADGET.exists():
        return
    for module in ("dummy_hcd", "libcomposite", "usb_f_hid"):
        subprocess.run(["modprobe", module], check=True)
    if not GADGET.parent.exists():
        subprocess.run(["mount", "-t", "configfs", "configfs", "/sys/kernel/config"], check=True)
    for folder in ("strings/0x409", "configs/c.1/strings/0x409", "functions/hid.key"):
        (GADGET / folder).mkdir(parents=True)
    write("idVendor", "0x1d6b")
    write("idProduct", "0x0104")
    write("bcdUSB", "0x0200")
    write("strings/0x409/manufacturer", "passkeyd")
    write("strings/0x409/product", "Software Key")
    write("strings/0x409/serialnumber", "1")
    write("configs/c.1/MaxPower", "100")
    write("configs/c.1/bmAttributes", "0xa0")  # may be woken by the bus
    for name, value in (("protocol", "0"), ("subclass", "0"), ("report_length", str(REPORT))):
        write(f"functions/hid.key/{name}", value)
    (GADGET / "functions/hid.key/report_desc").write_bytes(DESCRIPTOR)
    (GADGET / "configs/c.1/hid.key").symlink_to(GADGET / "functions/hid.key")


class Cable:
    """Carries reports between the gadget and the outside while the key is plugged in."""

    def __init__(self):
        self.outside = os.open(OUTSIDE, os.O_RDWR)
        self.gadget = os.open("/dev/hidg0", os.O_RDWR)
        self.cut_here, self.scissors = os.pipe()
        self.carriers = [threading.Thread(target=self.carry, args=ends, daemon=True)
                         for ends in ((self.gadget, self.outside), (self.outside, self.gadget))]
        for carrier in self.carriers:
            carrier.start()

    def carry(self, source, sink):
        waiting = b""
        try:
            while self.cut_here not in select.select([source, self.cut_here], [], [])[0]:
                data = os.read(source, REPORT)
                if not data:
                    return
                waiting += data
                while len(waiting) >= REPORT:
                    os.write(sink, waiting[:REPORT])
                    waiting = waiting[REPORT:]
        except OSError:  # unplugged in the middle of a report
            pass

    def cut(self):
        os.close(self.scissors)
        for carrier in self.carriers:
            carrier.join()
        for end in (self.outside, self.gadget, self.cut_here):
            os.close(end)


cable = None


def plug():
    """Returns when udev has seen to the key."""
    global cable
    make()
    write("UDC", CONTROLLER)
    cable = Cable()
    subprocess.run(["udevadm", "wait", "--timeout=60", NODE], check=True)


def unplug():
    global cable
    write("UDC", "\n")
    if cable:
        cable.cut()
    cable = None
    subprocess.run(["udevadm", "wait", "--timeout=60", "--removed", NODE], check=True)
