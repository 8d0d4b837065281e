"""A shell in the demo's world, as alice, whose passkey is on the security key."""

import os
import sys

import demo

HINTS = """
You are alice, in a world of your own; type exit to leave it, and nothing of it stays. Your passkey is on the security
key. Try:

    key touch & sudo whoami     touches the key as soon as it blinks
    sudo whoami                 without a touch, it gives up after 30 seconds; Ctrl-C: at once
    key unplug; sudo whoami     then asks for the password: {password}
    key plug
    passkeyctl list             your passkeys
    su bob                      an account without one; same password
"""


def main():
    demo.set_up()
    print(HINTS.format(password=demo.PASSWORD), flush=True)
    # script(1) gives the shell a terminal of this world, with job control.
    os.execvp("script", ["script", "--quiet", "--return", "--command", "su - alice",
                         "/dev/null"])


if __name__ == "__main__":
    sys.exit(main())
