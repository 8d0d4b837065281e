"""A machine for a person to play with: its screen before them, and a hand at its security key (hand.py).

usage: live.py --shell | --desktop [QEMU-DISPLAY]
"""

import socket
import sys
import threading

from machine import BUILD, Machine

SHELL = "--shell"


def obey(machine, word):
    match word:
        case "touch":
            machine.key.touch()
        case "refuse":
            machine.key.wait_until_it_blinks()
            machine.key.control("touch", "refuse")
        case "plug":
            machine.plug()
        case "unplug":
            machine.unplug()
        case "state":
            return (f"plugged in: {'yes' if machine.key.plugged else 'no'}\n" + machine.key.control("state") +
                    f"ssh, from this computer only: ssh -p {machine.ssh_port} alice@127.0.0.1\n")
        case _:
            raise RuntimeError("touch, refuse, plug, unplug or state")
    return ""


def lend_a_hand(machine):
    path = BUILD / "hand"
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        while True:
            caller, _ = listener.accept()
            with caller:
                try:
                    said = obey(machine, caller.makefile().readline().strip())
                except Exception as error:
                    said = f"No: {error}\n"
                caller.sendall(said.encode())


def main(how, display="vnc=127.0.0.1:1"):
    with Machine(BUILD / "installed") as machine:
        text = how == SHELL
        # Without the kernel's own graphics the screen is text, which this terminal can show.
        machine.boot(options="nomodeset" if text else "", target="multi-user.target" if text else "graphical.target",
                     qemu=("-display", "curses" if text else display))
        machine.plug()
        threading.Thread(target=lend_a_hand, args=(machine,), daemon=True).start()
        machine.process.wait()


main(*sys.argv[1:])
