"""Many at once through a real sshd, each with OpenSSH's own client."""

import os
import subprocess

from far import Person, Server
from world import PASSWORD, check

#: Answers as a person would: the code's prompt gets the code, the first one an empty line where there is a code.
HELPER = """#!/bin/sh
case "$1" in
  *Backup*) printf '%s\\n' "$CODE" ;;
  *) printf '%s\\n' "$FIRST" ;;
esac
"""
PASSWORDS, CODE_USERS, CODES_EACH = 60, 10, 2


def client(person, user, number, first, code=""):
    options = ["-o", "PreferredAuthentications=keyboard-interactive", "-o", "NumberOfPasswordPrompts=1", "-o",
               "ConnectTimeout=60"]
    command = person.ssh("echo", f"came-{number}", user=user, options=options)
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            env={**os.environ, "SSH_ASKPASS": "/run/world/answers", "SSH_ASKPASS_REQUIRE": "force",
                                 "FIRST": first, "CODE": code})


def eighty_connections_at_once_all_get_in(codes):
    with open("/run/world/answers", "w", encoding="ascii") as helper:
        helper.write(HELPER)
    os.chmod("/run/world/answers", 0o755)
    person = Person("alice")
    with Server("KbdInteractiveAuthentication yes\nPasswordAuthentication no\nMaxStartups 200\nMaxSessions 200"):
        first = client(person, "dave", 0, PASSWORD)  # who learns the host's key, so that the others find it known
        check(first.communicate(timeout=60)[0].endswith("came-0\n"), "not even one gets in")
        clients = [client(person, "dave" if number % 2 else "carol", number, PASSWORD) for number in range(PASSWORDS)]
        clients += [client(person, user, PASSWORDS + number, "", codes[user].good.pop())
                    for number, user in enumerate(sorted(codes)[3:] * 3) if number < CODE_USERS * CODES_EACH]
        said = [each.communicate(timeout=120)[0] for each in clients]
    lost = [text for number, text in enumerate(said) if not text.endswith(f"came-{number}\n")]
    check(not lost, f"{len(lost)} of {len(said)} did not get in: {lost[:2]}")
    check(len(said) == PASSWORDS + CODE_USERS * CODES_EACH, f"{len(said)} connections")
