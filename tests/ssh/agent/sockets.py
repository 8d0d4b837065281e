"""What SSH_AUTH_SOCK may name, and what the module makes of it: only a socket where the person themself listens."""

import contextlib
import os
import socket

import dbus
import dbus.bus
import enrolled
import lying
from lying import FOLDER, Liar
from world import Terminal, check, use_password


def passed_over(path, agent=None):
    """sudo with this in its environment: no cue, and the password opens."""
    with Terminal("alice", ["env", f"SSH_AUTH_SOCK={path}", "sudo", "whoami"]) as terminal:
        use_password(terminal)
        check("Touch" not in terminal.screen, f"a cue: {terminal.screen}")
    if agent is not None:
        check(agent.heard() == [], f"asked: {agent.said}")


def fresh(name):
    path = f"{FOLDER}/{name}"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    return path


def a_path_that_leads_nowhere_is_passed_over():
    for path in ("", "/nothing/there", "relative/agent", "/" + "a" * 300, FOLDER, "/dev/null", "/dev/tty", "\x1b[2J"):
        passed_over(path)


def a_pipe_is_not_opened_and_hangs_nobody():
    path = fresh("pipe")
    os.mkfifo(path)
    os.chmod(path, 0o666)
    passed_over(path)


def a_socket_that_nobody_listens_at_is_passed_over():
    path = fresh("dead")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
    os.chmod(path, 0o666)
    passed_over(path)


def a_socket_of_another_kind_is_passed_over():
    path = fresh("seqpacket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as other:
        other.bind(path)
        os.chmod(path, 0o666)
        other.listen()
        passed_over(path)


def another_users_agent_is_not_asked_even_where_all_may_connect():
    for user in ("bob", "root"):
        with Liar("honest", user=user) as agent:
            os.chmod(agent.socket, 0o666)
            passed_over(agent.socket, agent)
            link = fresh("link")
            os.symlink(agent.socket, link)
            passed_over(link, agent)


def root_cannot_be_made_to_open_what_the_person_cannot():
    folder = FOLDER + "/closed"
    os.makedirs(folder, mode=0o700, exist_ok=True)
    with Liar("honest") as agent:
        inside = folder + "/agent"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(inside)
        os.link(agent.socket, inside)
        passed_over(inside, agent)


def a_link_to_ones_own_agent_is_followed():
    """As people have it whose terminals outlive their connections."""
    with Liar("honest") as agent:
        link = fresh("own-link")
        os.symlink(agent.socket, link)
        with Terminal("alice", ["env", f"SSH_AUTH_SOCK={link}", "sudo", "whoami"]) as terminal:
            check(terminal.end() == 0 and "assword" not in terminal.screen, "sudo did not take the agent's signature")


def without_a_socket_all_is_as_before():
    before = enrolled.records()
    with Terminal("alice", ["sudo", "whoami"]) as terminal:
        use_password(terminal)
        check("Touch" not in terminal.screen and "agent" not in terminal.screen, terminal.screen)
    check(enrolled.records() == before, "a password alone is on record")


def the_option_no_agent_leaves_agents_alone():
    with open("/etc/pam.d/common-auth", encoding="utf-8") as file:
        kept = file.read()
    try:
        with open("/etc/pam.d/common-auth", "w", encoding="utf-8") as file:
            file.write(kept.replace("pam_passkey.so", "pam_passkey.so no_agent"))
        with Liar("honest") as agent, lying.sudo(agent) as terminal:
            use_password(terminal)
            check(agent.heard() == [] and "closed" not in agent.said, f"asked: {agent.said}")
    finally:
        with open("/etc/pam.d/common-auth", "w", encoding="utf-8") as file:
            file.write(kept)


def begin_login(agent):
    """What the bus says to a login of alice's with this in the place of an agent."""
    connection = dbus.bus.BusConnection("unix:path=/run/dbus/system_bus_socket")
    try:
        manager = dbus.Interface(connection.get_object("org.passkeyd1", "/org/passkeyd1", introspect=False),
                                 "org.passkeyd1.Manager")
        manager.BeginLogin(dbus.Dictionary({"user": "alice", "service": "sudo", "agent": agent}, signature="sv"))
        return "taken"
    except dbus.DBusException as error:
        return error.get_dbus_name()
    finally:
        connection.close()


def what_cannot_be_a_connection_is_refused_by_the_daemon():
    refused = "org.passkeyd1.Error.InvalidInput"
    reader, writer = os.pipe()
    with open("/dev/zero", "rb") as zero, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams, \
            socket.socket(socket.AF_INET) as network:
        for file in (reader, writer, zero.fileno(), datagrams.fileno(), network.fileno()):
            check(begin_login(dbus.types.UnixFd(file)) == refused, "a file that is no connection was taken")
    os.close(reader)
    os.close(writer)
    check(begin_login("a text") == refused, "a text was taken for a connection")
    one, other = socket.socketpair()
    with one, other:
        check(begin_login(dbus.types.UnixFd(one.fileno())) == "taken", "a connection was refused")


PROMISES = [
    a_path_that_leads_nowhere_is_passed_over,
    a_pipe_is_not_opened_and_hangs_nobody,
    a_socket_that_nobody_listens_at_is_passed_over,
    a_socket_of_another_kind_is_passed_over,
    another_users_agent_is_not_asked_even_where_all_may_connect,
    root_cannot_be_made_to_open_what_the_person_cannot,
    a_link_to_ones_own_agent_is_followed,
    without_a_socket_all_is_as_before,
    what_cannot_be_a_connection_is_refused_by_the_daemon,
    the_option_no_agent_leaves_agents_alone,
]
