"""Who gets in at the far side, and who does not; what sshd is told, and who else."""

import contextlib
import json
import re
import sqlite3
import subprocess
import time

from bench import HELPER, LEDGER, Failed, Key, add, called, check, is_refused_unasked, keys_of, must, opens, options, run, sign_in, world
from enrolling import made
from world import configure, open_to_all, restart_daemon, start_daemon, stop_daemon

server = None  # run.py's
CALLER = open_to_all("tests/authority/caller.py")


def as_user(user):
    return [] if user == "root" else ["setpriv", "--reuid", user, "--regid", user, "--init-groups"]


def helper(*arguments, user="passkeyd-ssh"):
    """Exit status, lines and what went to standard error, of what sshd starts."""
    done = subprocess.run([*as_user(user), HELPER, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=60, cwd="/")
    return done.returncode, done.stdout.splitlines(), done.stderr


def asked(user, about, public=""):
    """What the daemon answers that user of the machine."""
    status, said = run(*as_user(user), "/usr/bin/python3", CALLER, "GetAuthorizedKeys", "ss", json.dumps(about), json.dumps(public),
                       cwd="/")
    check(status == 0, said)
    return next(json.loads(line) for line in said.splitlines() if line.startswith("["))


def keys_of_either_kind_open_the_account():
    for name in ("ed25519", "ecdsa"):
        check(opens(made[name]), f"{name}: {server.said()}")


def nobody_elses_account():
    for user in ("bob", "dave", "root"):
        check(is_refused_unasked(made["ed25519"], user=user), f"{user}: {server.said()}")


def a_key_that_is_in_a_file_of_the_persons_opens_nothing():
    stray = Key("stray")
    must("install", "-d", "-m", "700", "-o", "alice", "/home/alice/.ssh")
    with open("/home/alice/.ssh/authorized_keys", "w", encoding="utf-8") as file:
        file.write(stray.line + "\n")
    must("chown", "alice", "/home/alice/.ssh/authorized_keys")
    check(is_refused_unasked(stray), server.said())


def a_key_that_does_not_sign_right_does_not_get_in():
    with world.Misbehaving(bad_signature=1):
        check(not opens(made["ed25519"]), "it got in")


def where_verification_is_required_a_touch_is_not_enough():
    configure("[service sshd]\nuser_verification = required\n")
    restart_daemon()
    status, said = sign_in(made["ed25519"])
    check(status == 255 and "inside" not in said, f"it got in: {said}")
    check(helper("alice")[1][0].startswith("verify-required "), helper("alice"))
    configure("")
    restart_daemon()
    check(helper("alice")[1][0].startswith("touch-required "), helper("alice"))
    check(opens(made["ed25519"]), "and without that it does not")


def sshd_is_told_of_active_keys_one_or_all():
    status, lines, _ = helper("alice")
    listed = {name: row for name, row in keys_of("alice").items() if row["state"] == "active"}
    check(status == 0 and len(lines) == len(listed) == 3, lines)
    check(all(any(f"{row['ssh-key']} {row['id']}" in line for line in lines) for row in listed.values()), lines)
    (line,) = helper("alice", *made["ecdsa"].public.split())[1]
    check(line.split()[1:3] == made["ecdsa"].public.split(), line)


def sshd_is_told_nothing_and_no_reason_of_whom_there_is_not_and_who_has_no_key():
    for arguments in (("nobody-of-that-name",), ("dave",), ("root",), ("-l",), ("a/b",), ("alice", "ssh-rsa", "AAAA"),
                      ("alice", "sk-ssh-ed25519@openssh.com", "AAAA"), ("alice", *made["other"].public.split()),
                      ("alice", "sk-ssh-ed25519-cert-v01@openssh.com", "AAAA"), ("alice", "sk-x", "A" * 100_000)):
        check(helper(*arguments) == (0, [], ""), f"{arguments}: {helper(*arguments)}")


def only_sshd_root_and_the_owner_are_told():
    for user in ("root", "passkeyd-ssh", "alice"):
        answer = asked(user, "alice")
        check(answer[0] == "ok" and len(answer[1]) == 3, f"{user}: {answer}")
    for about in ("alice", "bob", "nobody-of-that-name"):
        for user in ("dave", "passkeyd"):
            check(asked(user, about)[0] == "NotAllowed", f"{user} about {about}: {asked(user, about)}")
    check(helper("alice", user="dave")[:2] == (1, []), helper("alice", user="dave"))


def sshds_user_may_ask_for_nothing_else():
    for method, signature, arguments in (("ListCredentials", "s", ["alice"]), ("CheckSshSession", "ssa{sv}", ["alice", "", {}]),
                                         ("RevokeAll", "sa{sv}", ["alice", {}]), ("GetPeople", "", [])):
        status, said = run(*as_user("passkeyd-ssh"), "/usr/bin/python3", CALLER, method, signature,
                           *(json.dumps(each) for each in arguments), cwd="/")
        check(status == 0 and '["NotAllowed"' in said, f"{method}: {said}")


def a_suspended_key_does_not_open_and_a_revoked_one_never_again():
    stop_daemon()
    with contextlib.closing(sqlite3.connect(LEDGER)) as ledger, ledger:
        ledger.execute("UPDATE credential SET state = 'suspended', reason = 'possible clone' WHERE name = 'near'")
    start_daemon()
    check(is_refused_unasked(made["ecdsa"]), "suspended, it opens")
    check(called("ResumeCredential", "alice", "near", options()) is None and opens(made["ecdsa"]), "resumed, it does not open")
    check(called("RevokeCredential", "alice", "near", options()) is None, "not revoked")
    check(is_refused_unasked(made["ecdsa"]), "revoked, it opens")


def a_locked_account_has_no_keys():
    check(called("LockUser", "alice", options()) is None, "not locked")
    check(helper("alice") == (0, [], "") and is_refused_unasked(made["ed25519"]), "locked, it opens")
    check(called("UnlockUser", "alice") is None and opens(made["ed25519"]), "unlocked, it does not open")


def without_the_daemon_no_key_opens_and_the_log_says_why():
    stop_daemon()
    status, lines, said = helper("alice", *made["ed25519"].public.split())
    check(status == 1 and not lines and re.fullmatch(r"passkey-authorized-keys: [^\n]+\n", said), (status, lines, said))
    check(is_refused_unasked(made["ed25519"]), "it opens")
    with open(world.SYSLOG, encoding="utf-8", errors="replace") as log:
        check("no key can sign in by SSH" in log.read(), "nothing in the log")
    start_daemon()
    check(opens(made["ed25519"]), "it does not open any more")


def who_came_after_somebody_of_the_same_name_has_none_of_their_keys():
    must("useradd", "--no-create-home", "erin")
    key = Key("erin")
    check(add("erin", key.line) is None and len(helper("erin")[1]) == 1, "not enrolled")
    must("usermod", "--uid", "4999", "erin")
    check(helper("erin") == (0, [], ""), helper("erin"))
    must("userdel", "erin")
    check(helper("erin") == (0, [], ""), helper("erin"))


def what_a_question_costs():
    """Not a promise about time: for the record, and for who reads it."""
    for what, arguments in (("another kind of key", ("alice", "ssh-rsa", "AAAA")), ("nobody of that name", ("nobody-of-that-name",)),
                            ("not enrolled", ("dave", *made["ed25519"].public.split())),
                            ("enrolled", ("alice", *made["ed25519"].public.split()))):
        begin = time.monotonic()
        for _ in range(20):
            if helper(*arguments)[0] != 0:
                raise Failed(what)
        print(f"# {what}: {(time.monotonic() - begin) / 20 * 1000:.1f} ms")


PROMISES = [
    keys_of_either_kind_open_the_account,
    nobody_elses_account,
    a_key_that_is_in_a_file_of_the_persons_opens_nothing,
    a_key_that_does_not_sign_right_does_not_get_in,
    where_verification_is_required_a_touch_is_not_enough,
    sshd_is_told_of_active_keys_one_or_all,
    sshd_is_told_nothing_and_no_reason_of_whom_there_is_not_and_who_has_no_key,
    only_sshd_root_and_the_owner_are_told,
    sshds_user_may_ask_for_nothing_else,
    a_suspended_key_does_not_open_and_a_revoked_one_never_again,
    a_locked_account_has_no_keys,
    without_the_daemon_no_key_opens_and_the_log_says_why,
    who_came_after_somebody_of_the_same_name_has_none_of_their_keys,
    what_a_question_costs,
]
