"""The real thing: OpenSSH's ssh forwards OpenSSH's agent to OpenSSH's sshd, with a security key behind it; there, sudo, su
and pkexec are opened by a touch of it."""

import os
import shutil
import termios

import enrolled
from far import Agent, Person, Server, make_sk_key, open_key_to_all
from world import Terminal, check, key, must, open_to_all, touch, until, use_password

#: The way in is not what is tested here.
SSHD = "AuthorizedKeysFile /run/world/authorized-%u\nKbdInteractiveAuthentication no\n"
THERE = "[127.0.0.1]:2222"
PEOPLE = {}


def prepare():
    """alice and carol, each with a way in, and an sk key in an agent at home; carol is an administrator to polkit."""
    open_key_to_all()
    for user, kind in (("alice", "ed25519-sk"), ("carol", "ecdsa-sk")):
        person = PEOPLE[user] = Person(user)
        make_sk_key(f"/run/world/{user}_sk", kind)
        must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"/run/world/{user}_in")
        for name in (f"{user}_sk", f"{user}_sk.pub", f"{user}_in", f"{user}_in.pub"):
            shutil.copy("/run/world/" + name, person.folder)
            shutil.chown(f"{person.folder}/{name}", user, user)
            os.chmod(f"{person.folder}/{name}", 0o600)
        shutil.copy(f"/run/world/{user}_in.pub", f"/run/world/authorized-{user}")
        os.chmod(f"/run/world/authorized-{user}", 0o644)
    enrolled.enroll(*((user, open(f"/run/world/{user}_sk.pub", encoding="utf-8").read(), f"{user}'s key")
                      for user in PEOPLE))


def afar(user, *command, agent=None):
    """A terminal of `user` at the far side."""
    person = PEOPLE[user]
    line = person.ssh("-tt", *command, options=("-i", f"{person.folder}/{user}_in", "-o", "IdentitiesOnly=yes",
                                                *(("-A",) if agent else ())))
    if agent:
        line.insert(line.index("with-usb"), f"SSH_AUTH_SOCK={agent.socket}")
    return Terminal("root", line)


def add(agent, user, *options):
    """With ssh-add; the world's own socket is not in its environment."""
    must("ssh-add", "-q", *options, f"/run/world/{user}_sk", env={**os.environ, "SSH_AUTH_SOCK": agent.socket})


def opened_by_touch(terminal, shows="root"):
    terminal.wait_for("Touch ")
    touch()
    check(terminal.end() == 0 and "assword" not in terminal.screen and shows in terminal.screen, terminal.screen)


def sudo_from_afar_opens_with_a_touch_at_home():
    with Server(SSHD), Agent("alice") as agent:
        add(agent, "alice")
        key("count", "reset")
        with afar("alice", "sudo", "whoami", agent=agent) as terminal:
            opened_by_touch(terminal)
    check(enrolled.last_records()[0] == ("ssh", "granted", ""), f"on record: {enrolled.last_records()}")


def an_ecdsa_key_opens_as_well():
    with Server(SSHD), Agent("carol") as agent:
        add(agent, "carol")
        with afar("carol", "sudo", "whoami", agent=agent) as terminal:
            opened_by_touch(terminal)


def a_touch_that_does_not_come_is_stepped_down_from_with_words():
    with Server(SSHD), Agent("alice") as agent:
        add(agent, "alice")
        with afar("alice", "sudo", "whoami", agent=agent) as terminal:
            terminal.wait_for("Touch ")
            terminal.wait_for("That took too long")
            use_password(terminal)
        touch()  # nobody waits for it any more, but OpenSSH's agent lets the key blink on


def a_touch_after_ctrl_c_opens_nothing():
    with Server(SSHD), Agent("alice") as agent:
        add(agent, "alice")
        with afar("alice", "sudo", "whoami", agent=agent) as terminal:
            terminal.wait_for("Touch ")
            key("wait", "blinking")
            terminal.type_unseen("\x03")
            terminal.wait_for(r"assword[^\n]*: ")
            touch()
            terminal.type_unseen("not the password")
            check(terminal.end() != 0 and "root" not in terminal.screen, terminal.screen)


def constrained(agent, *hops):
    """The agent has the key for these ways through the world only; alice's known hosts say which they are."""
    with afar("alice", "true") as terminal:
        check(terminal.end() == 0, "no way in")
    constraints = [part for hop in hops for part in ("-h", hop)]
    add(agent, "alice", *constraints, "-H", PEOPLE["alice"].folder + "/known_hosts")


def a_key_that_is_for_signing_in_there_alone_is_not_asked_for():
    with Server(SSHD), Agent("alice") as agent:
        constrained(agent, THERE)
        with afar("alice", "sudo", "whoami", agent=agent) as terminal:
            use_password(terminal)
            check("Touch" not in terminal.screen, terminal.screen)


def a_key_that_is_for_signing_in_from_there_alone_is_stepped_down_from_with_words():
    with Server(SSHD), Agent("alice") as agent:
        constrained(agent, THERE, f"{THERE}>{THERE}")
        with afar("alice", "sudo", "whoami", agent=agent) as terminal:
            terminal.wait_for("Your SSH agent did not sign")
            use_password(terminal)


def without_a_forwarded_agent_sudo_is_as_before():
    with Server(SSHD):
        with afar("alice", "sudo", "whoami") as terminal:
            use_password(terminal)
            check("Touch" not in terminal.screen, terminal.screen)


def su_to_oneself_from_afar_opens_with_a_touch_at_home():
    with Server(SSHD), Agent("alice") as agent:
        add(agent, "alice")
        with afar("alice", "su", "alice", "-c", "whoami", agent=agent) as terminal:
            opened_by_touch(terminal, "alice")


def wait_until_unseen(program):
    """polkit's agent shows its question first, and then forgets what was typed before the echo was off."""
    name = must("ps", "-C", program, "-o", "tty=").strip()
    terminal = os.open("/dev/" + name, os.O_RDONLY | os.O_NOCTTY)
    until(lambda: not termios.tcgetattr(terminal)[3] & termios.ECHO, f"{program} shows what is typed")
    os.close(terminal)


def pkexec_from_afar_opens_with_a_touch_at_home():
    with Server(SSHD), Agent("carol") as agent:
        add(agent, "carol")
        # pkexec's own agent finds no session for its cookie; polkit's for terminals does.
        with afar("carol", open_to_all("tests/ssh/agent/pkexec.sh"), "whoami", agent=agent) as terminal:
            terminal.wait_for(r"Password, or Enter[^\n]*: ")
            wait_until_unseen("pkttyagent")
            terminal.type_unseen("")
            terminal.wait_for("Touch ")
            touch()
            check(terminal.end() == 0 and "root" in terminal.screen, terminal.screen)
    check(enrolled.last_records()[0] == ("ssh", "granted", ""), f"on record: {enrolled.last_records()}")


PROMISES = [
    sudo_from_afar_opens_with_a_touch_at_home,
    an_ecdsa_key_opens_as_well,
    a_touch_that_does_not_come_is_stepped_down_from_with_words,
    a_touch_after_ctrl_c_opens_nothing,
    a_key_that_is_for_signing_in_there_alone_is_not_asked_for,
    a_key_that_is_for_signing_in_from_there_alone_is_stepped_down_from_with_words,
    without_a_forwarded_agent_sudo_is_as_before,
    su_to_oneself_from_afar_opens_with_a_touch_at_home,
    pkexec_from_afar_opens_with_a_touch_at_home,
]
