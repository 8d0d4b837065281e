"""The four ways over SSH, told as people see them, with Debian's own sshd, ssh, ssh-keygen and ssh-agent: sk keys from the
ledger, sudo on the far side, passkey-askpass, backup codes. Each is a promise; what was on the screens is printed."""

import os
import pwd
import re
import shutil
import sys

sys.path[:0] = [os.environ["WORLD_TREE"] + place for place in ("/tests/ssh", "/tests")]
from far import Agent, Person, Server, make_sk_key, open_key_to_all, world  # noqa: E402
from logind.scripted import Logind  # noqa: E402
from world import Terminal, check, key, must, touch  # noqa: E402

SNIPPET = "/usr/share/passkeyd/sshd.conf"
ASKPASS = ("SSH_ASKPASS=/usr/bin/passkey-askpass", "SSH_ASKPASS_REQUIRE=force")
NEAR = "alice@laptop:~$ "
TPM_PIN = "271828"


def near(person, *command, typed):
    """A terminal at the near side: the person's own computer."""
    return Terminal("root", person.command(*command), shown=(NEAR, typed))


def ssh(person, *what, options=(), settings=(), typed):
    command = person.ssh(*what, options=options)
    at = command.index("with-usb")
    return Terminal("root", [*command[:at], *settings, *command[at:]], shown=(NEAR, typed))


def last_login():
    """way and outcome of the last sign-in on record."""
    said = must("passkeyctl", "audit", "--json", "--user", "alice")
    logins = [line for line in re.findall(r"\{[^{}]*\}", said) if '"login"' in line]
    check(logins, "no sign-in is on record")
    return re.search(r'"way": ?"(\w*)"', logins[-1])[1], re.search(r'"outcome": ?"(\w*)"', logins[-1])[1]


def sk_keys(alice):
    """With a key of OpenSSH's from the ledger."""
    with ssh(alice, "id", "-un", options=("-i", alice.folder + "/id_sk"), typed="ssh server id -un") as terminal:
        terminal.wait_for(r"[Cc]onfirm user presence|touch")
        terminal.transcript.aside("alice touches her key")
        touch()
        check(terminal.end() == 0 and re.search(r"^alice\r?$", terminal.screen, re.M), "alice is not in")
    check(last_login() == ("ssh", "granted"), f"on record: {last_login()}")


def far_sudo(alice):
    """sudo on the far side, through the agent that came along."""
    over_ssh = f"session uid={pwd.getpwnam('alice').pw_uid} pid=* remote=yes seat= service=sshd\n"
    with Logind(over_ssh), Agent("alice") as agent:
        agent.add(alice.folder + "/id_sk")
        with ssh(alice, "-tt", "sudo", "whoami", options=("-A", "-i", alice.folder + "/id_sk"),
                 settings=(f"SSH_AUTH_SOCK={agent.socket}",), typed="ssh -A -t server sudo whoami") as terminal:
            touch()
            terminal.transcript.aside("alice touches her key: that was ssh itself")
            terminal.wait_for("[Tt]ouch [^\n]*computer|[Tt]ouch ")
            terminal.transcript.aside("alice touches her key at home")
            touch()
            check(terminal.end() == 0 and re.search(r"^root\r?$", terminal.screen, re.M), "no root")
    check(last_login() == ("ssh", "granted"), f"on record: {last_login()}")


def askpass(alice):
    """With the passkey of a security key at home, asked by passkey-askpass."""
    with ssh(alice, "id", "-un", options=("-o", "PreferredAuthentications=keyboard-interactive", "-o",
                                           "HostKeyAlias=demo"),
             settings=ASKPASS, typed="ssh server id -un") as terminal:
        terminal.wait_for("[Tt]ouch ")
        terminal.transcript.aside("alice touches her key")
        touch()
        check(terminal.end() == 0 and re.search(r"^alice\r?$", terminal.screen, re.M), "alice is not in")
    check(last_login() == ("usb", "granted"), f"on record: {last_login()}")


def own_tpm(alice):
    """With a passkey in the TPM of her own computer: made there, enrolled here by copy and paste, used through ssh."""
    with Terminal("root", ["passkeyctl", "enroll", "--user", "alice", "--elsewhere", "--name", "Laptop", "--no-backup-codes"],
                  shown=("root@server:~# ", "passkeyctl enroll --user alice --elsewhere --name Laptop")) as there:
        asked = there.wait_for(r"passkeyd1-new:\S+")
        there.wait_for("Paste here[^\n]*: ")
        with Terminal("root", alice.command("passkey-askpass", "--enroll"), shown=(NEAR, "passkey-askpass --enroll")) as here:
            here.wait_for("Paste[^\n]*: ")
            here.type(asked)
            here.wait_for("yes/no[^\n]*")
            here.type("yes")
            number = here.wait_for(r"\d+\. This computer").split(".")[0]
            here.wait_for("Number[^\n]*: ")
            here.type(number)
            for prompt in ("Choose a PIN[^\n]*: ", "again[^\n]*: "):
                here.wait_for(prompt)
                here.type_unseen(TPM_PIN)
            made = here.wait_for(r"passkeyd1-made:\S+")
            check(here.end() == 0, "it was not made")
        there.type(made)
        check(there.end() == 0, "it was not enrolled")
    world.usb("unplug", "0")
    with ssh(alice, "id", "-un", options=("-o", "PreferredAuthentications=keyboard-interactive", "-o", "HostKeyAlias=demo"),
             settings=ASKPASS, typed="ssh server id -un") as terminal:
        terminal.wait_for("PIN[^\n]*: ")
        terminal.type_unseen(TPM_PIN)
        check(terminal.end() == 0 and re.search(r"^alice\r?$", terminal.screen, re.M), "alice is not in")
    world.usb("plug", "0")
    check(last_login() == ("client", "granted"), f"on record: {last_login()}")


def backup_code(alice):
    """With a backup code, from a computer that is not hers."""
    code = must("passkeyctl", "backup-codes", "--user", "alice", "--yes").split("\n")
    code = next(line.strip() for line in code if re.fullmatch(r"\s*\d+-\S+\s*", line))
    with ssh(alice, "id", "-un", options=("-o", "PreferredAuthentications=keyboard-interactive"),
             typed="ssh server id -un") as terminal:
        terminal.wait_for(r"Passkey or password: ")
        terminal.type_unseen("")
        terminal.wait_for(r"[Bb]ackup code[^\n]*: ")
        terminal.type_unseen(code)
        check(terminal.end() == 0 and re.search(r"^alice\r?$", terminal.screen, re.M), "alice is not in")
    check(last_login() == ("code", "granted"), f"on record: {last_login()}")


def set_up():
    """alice's key serves her at the machine and, as an SSH key, from afar; codes are open to the network."""
    open_key_to_all()
    world.configure("backup_codes = always\n")
    world.restart_daemon()
    alice = Person("alice")
    world.enroll("alice", "--usb", "--name", "Blue key", touched=True)
    make_sk_key("/run/world/id_sk")
    for name in ("id_sk", "id_sk.pub"):
        shutil.copy("/run/world/" + name, alice.folder)
        shutil.chown(f"{alice.folder}/{name}", "alice", "alice")
        os.chmod(f"{alice.folder}/{name}", 0o600)
    print(must("passkeyctl", "enroll", "--user", "alice", "--ssh", "/run/world/id_sk.pub", "--name", "Blue key (SSH)"))
    key("touch", "wait")
    return alice


def main():
    alice = set_up()
    with open(SNIPPET, encoding="utf-8") as snippet:
        lines = snippet.read()
    with Server(lines):
        return world.keep([bound(promise, alice) for promise in (sk_keys, far_sudo, askpass, own_tpm, backup_code)])


def bound(promise, person):
    def kept():
        print(f"\n{promise.__doc__}\n")
        promise(person)
    kept.__name__ = f"the_tour_{promise.__name__}"
    return kept


sys.exit(main())
