"""What the tests of passkey-askpass play on: a server that shows the prompts a test gives it and keeps the answers, and
alice at the near side, on a terminal or without one, with a security key beside her."""

import glob
import os
import re
import shutil
import subprocess
import sys

sys.path[:0] = [os.environ["WORLD_TREE"] + "/tests/ssh", os.environ["WORLD_TREE"] + "/tests/signin"]
import far  # noqa: E402
import world  # noqa: E402
from world import TREE, Terminal, check, must  # noqa: E402

FIRST = "Passkey or password: "
RP_ID = "web.example.com"
PIN = "4711-0815"
FAR = "/run/world/far"
HOSTS = "/home/alice/.config/passkeyd/hosts"
ASKPASS = ("SSH_ASKPASS=/usr/bin/passkey-askpass", "SSH_ASKPASS_REQUIRE=force")
ALICE = far.Person("alice")
ASKED, REPLY = ALICE.folder + "/asked", ALICE.folder + "/reply"
#: An askpass of alice's own: notes what it is asked, and gives the answer that lies there.
NEXT = f"""#!/bin/sh
printf '%s|%s\\n' "${{SSH_ASKPASS_PROMPT-}}" "$1" >>{ASKED}
[ "${{SSH_ASKPASS_PROMPT-}}" = none ] && exec tail -f /dev/null
exec cat {REPLY}
"""
SERVER = """
KbdInteractiveAuthentication yes
PasswordAuthentication no
PubkeyAuthentication no
AuthenticationMethods keyboard-interactive
"""


# --- the server -----------------------------------------------------------------------------------------------------
def far_end(*words, given=""):
    return subprocess.run([TREE + "/build/tests/far-end", FAR, *words], input=given, text=True, capture_output=True, timeout=60)


def made(line):
    done = far_end("made", given=line)
    check(done.returncode == 0, "the server does not take what was made: " + done.stderr)
    return done.stdout


def challenge(rp_id=RP_ID, verification="discouraged", strangers=0):
    done = far_end("challenge", rp_id, verification, str(strangers))
    check(done.returncode == 0, done.stderr)
    return done.stdout


def judged(answer, *names):
    """What the verifier says of an answer that must name one of these hosts."""
    done = far_end("judge", *names, given=answer)
    return done.stdout.strip() or done.stderr.strip()


def direct(*prompts):
    """The server will show these."""
    for name in glob.glob(FAR + "/prompt.*") + glob.glob(FAR + "/answer.*"):
        os.unlink(name)
    for number, prompt in enumerate(prompts):
        with open(f"{FAR}/prompt.{number}", "w", encoding="utf-8") as file:
            file.write(prompt)


def answers():
    """What the server got, in order."""
    got = []
    while os.path.exists(f"{FAR}/answer.{len(got)}"):
        with open(f"{FAR}/answer.{len(got)}", encoding="utf-8", errors="replace") as file:
            got.append(file.read())
    return got


# --- alice ----------------------------------------------------------------------------------------------------------
def ssh_command(host, user="alice", options=(), settings=()):
    command = ALICE.command("ssh", "-F", "none", "-p", str(far.PORT), *options, "-o", f"UserKnownHostsFile={ALICE.folder}/known_hosts",
                            "-o", "StrictHostKeyChecking=accept-new", "-o", "NumberOfPasswordPrompts=1", "-l", user, host, "true")
    at = command.index("with-usb")
    return [*command[:at], "HOME=/home/alice", *ASKPASS, *settings, *command[at:]]


def at_terminal(host, **more):
    return Terminal("root", ssh_command(host, **more))


def without_terminal(host, **more):
    return subprocess.Popen(ssh_command(host, **more), start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)


def ended(process):
    said = process.communicate(timeout=60)[0]
    check(process.returncode == 255, f"ssh: {process.returncode}: {said}")
    return said


def own_askpass(reply):
    """Settings with which alice has an askpass of her own, which gives this answer."""
    with open("/run/world/next", "w", encoding="utf-8") as script:
        script.write(NEXT)
    os.chmod("/run/world/next", 0o755)
    for path, text in ((ASKED, ""), (REPLY, reply + "\n")):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        shutil.chown(path, "alice", "alice")
    return ("PASSKEY_ASKPASS_NEXT=/run/world/next",)


def asked():
    """What alice's own askpass was asked: pairs of SSH_ASKPASS_PROMPT and the prompt."""
    with open(ASKED, encoding="utf-8") as file:
        return [tuple(line.split("|", 1)) for line in file.read().splitlines()]


def hosts_file(text):
    os.makedirs(os.path.dirname(HOSTS), exist_ok=True)
    with open(HOSTS, "w", encoding="utf-8") as file:
        file.write(text)
    must("chown", "-R", "alice:alice", "/home/alice/.config")


def set_pin():
    node = re.match(r"(/dev/hidraw\d+):", must("with-usb", "fido2-token", "-L"))[1]
    must("with-usb", "sh", "-c", f"printf '{PIN}\n{PIN}\n' | setsid fido2-token -S {node}")


def all_as_it_was():
    world.key("knob", "reset")
    if "unplugged" in world.usb("list").splitlines()[0]:
        world.usb("plug", "0")
    far.open_key_to_all()
    world.key("count", "reset")
    shutil.rmtree("/home/alice/.config", ignore_errors=True)


def set_up():
    os.makedirs(FAR, mode=0o700)
    module = world.open_to_all("build/tests/pam_prompter.so")
    with open("/etc/pam.d/sshd", "w", encoding="utf-8") as stack:
        stack.write(f"auth required {module} {FAR}\naccount required pam_permit.so\nsession required pam_permit.so\n")
    with open("/etc/hosts", "a", encoding="utf-8") as hosts:
        hosts.write("127.0.0.1 web.example.com a.web.example.com web evil.example\n")
    all_as_it_was()
    return far.Server(SERVER)
