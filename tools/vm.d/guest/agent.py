"""Inside the machine: runs commands for whoever made it, over a virtio serial port, and plugs the security key in.

One JSON object a line. Asked {"id", "do", ...}: "run" (argv, user, input), "open" (argv, user: on a terminal of its
own), "type" (text, for an open one), "end" (kills an open one), "screen" (of virtual terminal tty), "plug", "unplug".
Answered {"id", ...}: "out" and "err" as they come together for "run", piece by piece for "open"; "status" comes last.
The first line says {"boot": the kernel's id of this boot}.
"""

import fcntl
import json
import os
import pwd
import signal
import struct
import subprocess
import termios
import threading
import traceback

import usbkey

PORT = "/dev/virtio-ports/org.passkeyd.agent"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

port = open(PORT, "r+b", buffering=0)
speaking = threading.Lock()
terminals = {}  # id of an "open": (its process, its master)


def say(**words):
    line = json.dumps(words).encode() + b"\n"
    with speaking:
        while line:
            line = line[port.write(line):]


def as_person(user):
    """How subprocess runs something as `user`: no session is begun, no password asked."""
    account = pwd.getpwnam(user or "root")
    environment = {"PATH": PATH, "HOME": account.pw_dir, "USER": account.pw_name, "LOGNAME": account.pw_name,
                   "SHELL": account.pw_shell, "LANG": "C.UTF-8", "TERM": "linux"}
    who = {} if not user or user == "root" else {
        "user": account.pw_uid, "group": account.pw_gid,
        "extra_groups": os.getgrouplist(account.pw_name, account.pw_gid)}
    return {"env": environment, "cwd": account.pw_dir, "start_new_session": True, **who}


def run(asked):
    done = subprocess.run(asked["argv"], input=asked.get("input", "").encode(), capture_output=True,
                          **as_person(asked.get("user")))
    return {"out": done.stdout.decode("utf-8", "replace"), "err": done.stderr.decode("utf-8", "replace"),
            "status": done.returncode}


def on_a_terminal(asked):
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 132, 0, 0))
    person = as_person(asked.get("user"))
    os.fchown(slave, person.get("user", 0), -1)
    process = subprocess.Popen(["setsid", "--ctty", "--wait", *asked["argv"]], stdin=slave, stdout=slave, stderr=slave,
                               **person)
    os.close(slave)
    terminals[asked["id"]] = (process, master)
    try:
        while data := os.read(master, 65536):
            say(id=asked["id"], out=data.decode("utf-8", "replace"))
    except OSError:  # EIO: closed by the last who had it
        pass
    del terminals[asked["id"]]
    os.close(master)
    return {"status": process.wait()}


def type_text(asked):
    if asked["of"] in terminals:
        os.write(terminals[asked["of"]][1], asked["text"].encode())
    return {"status": 0}


def end(asked):
    if asked["of"] in terminals:
        os.killpg(terminals[asked["of"]][0].pid, signal.SIGKILL)
    return {"status": 0}


def screen(asked):
    """What virtual terminal `tty` shows, a line each."""
    with open(f"/dev/vcsa{asked['tty']}", "rb") as attributes, open(f"/dev/vcs{asked['tty']}", "rb") as text:
        _, columns, _, _ = attributes.read(4)
        shown = text.read().decode("latin-1")
    lines = [shown[at:at + columns].rstrip() for at in range(0, len(shown), columns)]
    return {"out": "\n".join(lines).rstrip(), "status": 0}


def plug(_):
    usbkey.plug()
    return {"status": 0}


def unplug(_):
    usbkey.unplug()
    return {"status": 0}


DOING = {"run": run, "open": on_a_terminal, "type": type_text, "end": end, "screen": screen, "plug": plug, "unplug": unplug}


def serve(asked):
    try:
        answer = DOING[asked["do"]](asked)
    except Exception:
        answer = {"err": traceback.format_exc(), "status": 125}
    say(id=asked["id"], **answer)


with open("/proc/sys/kernel/random/boot_id") as boot:
    say(boot=boot.read().strip())
for line in port:
    threading.Thread(target=serve, args=(json.loads(line),), daemon=True).start()
