"""As the session opens: what happened to the key since sshd took it. sshd asks for keys first, and opens the session
later; in between these tests revoke, lock, and stop the daemon."""

import subprocess

from bench import Key, Meanwhile, Person, add, called, check, last_login, logins, manager, must, opens, options, rows, sign_in
from enrolling import made
from world import DAEMON, PASSWORD, restart_daemon

server = None  # run.py's
#: Calls a method with these texts and no options.
CALL = "busctl --system call org.passkeyd1 /org/passkeyd1 org.passkeyd1.Manager "
#: Returns once it has ended.
STOP_DAEMON = f"daemon=$(pidof {DAEMON}); kill $daemon; exec tail --pid=$daemon -s 0.05 -f /dev/null"


def is_put_out(key, script):
    """sshd takes the key, and then the session does not open. How many sign-ins are on record more than before."""
    before = logins()
    with Meanwhile(script):
        status, said = sign_in(key)
    check(status not in (0, 255) and "inside" not in said, f"exit status {status}: {said}")
    check("pam_open_session()" in server.said(), server.said())
    return logins() - before


def a_sign_in_with_a_key_is_on_record_and_the_key_was_used():
    before = logins()
    check(opens(made["ed25519"]), "it does not open")
    check(logins() == before + 1, "on record: %d" % (logins() - before))
    check(last_login() == ("alice", "granted", "", "ssh", "sshd", "127.0.0.1"), last_login())
    ((used, counter),) = rows("SELECT last_used, counter FROM credential WHERE name = 'Work key'")
    check(used and counter == 0, (used, counter))


def a_key_that_is_revoked_meanwhile_opens_no_session():
    key = Key("meanwhile")
    check(add("alice", key.line, name="Meanwhile") is None, "not enrolled")
    check(is_put_out(key, CALL + "RevokeCredential 'ssa{sv}' alice Meanwhile 0") == 1, "not on record")
    check(last_login()[:5] == ("alice", "denied", "credential-inactive", "ssh", "sshd"), last_login())


def an_account_that_is_locked_meanwhile_gets_no_session():
    check(is_put_out(made["ed25519"], CALL + "LockUser 'sa{sv}' alice 0") == 1, "not on record")
    check(last_login()[:3] == ("alice", "denied", "account-locked"), last_login())
    check(called("UnlockUser", "alice") is None and opens(made["ed25519"]), "it does not open any more")


def where_nobody_can_tell_whether_it_was_revoked_no_session_opens():
    check(is_put_out(made["ed25519"], STOP_DAEMON) == 0, "on record, though nobody knew")
    restart_daemon()
    check(opens(made["ed25519"]), "it does not open any more")


def who_comes_with_a_password_is_not_asked_about_keys():
    with open("/run/world/say-password", "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\necho '{PASSWORD}'\n")
    must("chmod", "755", "/run/world/say-password")
    near = Person("alice")
    command = near.ssh("echo", "inside", options=("-o", "PubkeyAuthentication=no", "-o", "PreferredAuthentications=password"))
    with Meanwhile(STOP_DAEMON):
        done = subprocess.run(["env", "SSH_ASKPASS=/run/world/say-password", "SSH_ASKPASS_REQUIRE=force", *command],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    restart_daemon()
    check(done.returncode == 0 and "inside" in done.stdout, done)


def keys_that_are_none_of_ours_are_let_pass_without_a_word():
    stray, before = Key("foreign"), logins()
    check(called("CheckSshSession", "alice", f"publickey {stray.public}\n", options()) is None, "it was not let pass")
    check(called("CheckSshSession", "nobody-of-that-name", f"publickey {stray.public}\n", options()) is None, "nor there")
    check(logins() == before, "on record")


def a_key_that_only_others_have_enrolled_is_none_of_this_accounts():
    before = logins()
    both = f"publickey {made['ed25519'].public}\npassword\npublickey {made['other'].public}\n"
    check(called("CheckSshSession", "alice", both, options(service="sshd")) is None, "bob's key mattered")
    check(logins() == before + 1 and last_login()[1] == "granted", last_login())


def a_revoked_key_among_several_ends_the_session_and_nothing_is_on_record_as_granted():
    before = logins()
    both = f"publickey {made['ed25519'].public}\npassword\npublickey {made['third'].public}\n"
    check(called("CheckSshSession", "alice", both, options(service="sshd")) == "Denied", "the revoked one did not matter")
    check(logins() == before + 1 and last_login()[1:3] == ("denied", "credential-inactive"), last_login())


def a_certificate_stands_for_its_key():
    must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/run/world/authority")
    for which, answer in (("ed25519", None), ("third", "Denied")):
        must("ssh-keygen", "-q", "-s", "/run/world/authority", "-I", "somebody", "-n", "bob", made[which].path + ".pub")
        with open(made[which].path + "-cert.pub", encoding="utf-8") as file:
            certificate = " ".join(file.read().split()[:2])
        must("rm", made[which].path + "-cert.pub")
        said = called("CheckSshSession", "alice", f"publickey {certificate}\n", options())
        check(said == answer, f"{which}: {said}")


def what_cannot_be_read_ends_the_session():
    for text in ("publickey sk-ssh-ed25519@openssh.com AAAA", "x" * 16385):
        check(called("CheckSshSession", "alice", text, options()) == "InvalidInput", text[:60])
    check(called("CheckSshSession", "alice", "", options()) is None, "nothing is something")
    check(called("CheckSshSession", "alice", "", options(service="a\nb")) == "InvalidInput", "a hint of two lines")
    check(manager() is not None, "the daemon is gone")


PROMISES = [
    a_sign_in_with_a_key_is_on_record_and_the_key_was_used,
    a_key_that_is_revoked_meanwhile_opens_no_session,
    an_account_that_is_locked_meanwhile_gets_no_session,
    where_nobody_can_tell_whether_it_was_revoked_no_session_opens,
    who_comes_with_a_password_is_not_asked_about_keys,
    keys_that_are_none_of_ours_are_let_pass_without_a_word,
    a_key_that_only_others_have_enrolled_is_none_of_this_accounts,
    a_revoked_key_among_several_ends_the_session_and_nothing_is_on_record_as_granted,
    a_certificate_stands_for_its_key,
    what_cannot_be_read_ends_the_session,
]
