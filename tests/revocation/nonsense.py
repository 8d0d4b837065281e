"""What makes no sense changes nothing, whether passkeyctl says it or something that talks to the bus by itself."""

from everyone import revoke, the_id, working
from world import check, run, with_touch

MANAGER = ("org.passkeyd1", "/org/passkeyd1", "org.passkeyd1.Manager")
LONG = "a" * 10000


def call(method, *arguments):
    return run("busctl", "call", "--system", *MANAGER, method, *arguments)


def nothing_is_revoked_by(*words):
    status, said = revoke(*words)
    check(status in (2, 5) and len(said) < 400, f"{words[:2]}: {status}: {said[:400]}")


def command_lines_that_make_no_sense_are_told_so_and_revoke_nothing():
    for words in ([], [""], ["alice", ""], ["alice", "no such name"], ["alice", LONG], [LONG, "aaaaaaaaaa"], ["alice", "\x1b[2J"],
                  ["nobody-here", "aaaaaaaaaa"], ["alice", the_id("bob")], ["bob", "Blue key"], ["alice", "%s%n"],
                  ["alice", "' OR 1=1 --"], ["nobody-here", "--all"], ["erin", "--all"]):
        nothing_is_revoked_by(*words)
    check(working("alice") and working("bob") and with_touch("alice"), "something was revoked")


def calls_that_make_no_sense_are_refused_by_the_daemon_too():
    for identity in ("", LONG, "\x1b[2J", "no such name", the_id("bob"), "*", "%"):
        status, said = call("RevokeCredential", "ssa{sv}", "alice", identity, "0")
        check(status != 0, f"{identity[:20]!r} was revoked: {said}")
    for user in ("", LONG, "a/b", "-", "\x1b", "0"):
        status, said = call("RevokeAll", "sa{sv}", user, "0")
        check(status != 0 or said.strip() == "u 0", f"{user[:20]!r}: {said}")
    for reason in ("r" * 201, "two\nlines", "\x1b"):
        status, said = call("RevokeCredential", "ssa{sv}", "alice", the_id("alice"), "1", "reason", "s", reason)
        check(status != 0, f"{reason[:20]!r}: {said}")
    check(with_touch("alice"), "alice's passkey is gone")


def a_recall_of_nothing_in_particular_revokes_nothing():
    for which in (("0",), ("1", "dry-run", "b", "false"), ("1", "authenticator", "s", ""), ("1", "authenticator", "s", "x" * 36),
                  ("1", "enrolled-before", "s", "2026-01-01"), ("1", "reason", "s", "because"),
                  ("1", "enrolled-before", "x", "-1")):
        status, said = call("RevokeMatching", "a{sv}", *which)
        check(status != 0 or said.strip() == "aa{sv} 0", f"{which}: {said}")
    check(working("alice") and working("bob"), "a recall of nothing took something")


def who_cannot_be_asked_revokes_nothing_of_others():
    for words in ("alice --all", f"alice {the_id('alice')}", f"--user alice {the_id('alice')}"):
        status, said = run("setpriv", "--reuid", "bob", "--regid", "bob", "--init-groups", "setsid", "sh", "-c",
                           f"passkeyctl revoke {words} --yes </dev/null")
        check(status in (4, 5), f"bob, {words}: {status}: {said}")
    status, said = run("setpriv", "--reuid", "bob", "--regid", "bob", "--init-groups", "setsid", "sh", "-c",
                       "passkeyctl revoke --enrolled-before @4000000000 --yes </dev/null")
    check(status == 4, f"bob, a recall: {status}: {said}")
    check(working("alice") and working("bob"), "bob revoked something")


PROMISES = [
    command_lines_that_make_no_sense_are_told_so_and_revoke_nothing,
    calls_that_make_no_sense_are_refused_by_the_daemon_too,
    a_recall_of_nothing_in_particular_revokes_nothing,
    who_cannot_be_asked_revokes_nothing_of_others,
]
