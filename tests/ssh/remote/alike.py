"""A stranger tries names: what they see, and what is done for them, is the same for all."""

import base64
import collections
import re
import subprocess

import helper
from clock import Clock, hashes
from passwords import Wiretap
from people import CODE, FIRST, NAMES, UNKNOWN, WITH_CODES, check, configure, is_challenge, sign_in, world

#: enrolled, not enrolled, locked, not there.
NAMES_TRIED = ("alice", "dave", "bob", UNKNOWN)
#: An answer of the right form, of no passkey.
WELL_FORMED = "text:" + base64.urlsafe_b64encode(b"\x84\x00\x58\x25" + b"a" * 37 + b"\x58\x46" + b"a" * 70 +
                                                 b"\x62{}").decode().rstrip("=")
SCENARIOS = (
    ("text:a wrong password",),
    ("empty", "empty", "empty"),
    ("empty", "wrong-code", "text:wrong"),
    ("empty", "text:no code at all", "empty"),
    ("token", "empty", "empty", "empty"),
    ("token", "garbage:300", "text:wrong", "empty"),
    ("token", "garbage:200", "garbage:200", "garbage:200"),
    ("token", WELL_FORMED, "text:wrong", "empty"),
    ("token", "garbage:1023", "empty", "empty"),
    ("garbage:200", "again:0", "again:0", "again:0"),
)
#: The last of them meet the limit of tries.
COUNTED = tuple(SCENARIOS[at] for at in (1, 3, 5, 7)) + (SCENARIOS[2],) * 6


def shape(prompt):
    """A challenge is like another whatever its random bytes."""
    return "challenge" if is_challenge(prompt) else prompt


def what_is_seen(user, scenario):
    said = sign_in(user, *scenario)
    check(said.status != 0, f"{user} got in with {scenario}")
    # what ssh itself says of the connection names the user, and where a host key was learned
    err = "\n".join(line for line in said.err.replace(user, "USER").splitlines() if "known hosts" not in line)
    return [shape(prompt) for prompt in said.seen()], err


def all_see_the_same(with_codes):
    for scenario in SCENARIOS:
        seen = {user: what_is_seen(user, scenario) for user in NAMES_TRIED}
        first = seen["alice"]
        check(first[0][0] == FIRST, f"{scenario}: {first}")
        for user in NAMES_TRIED:
            check(seen[user] == first, f"{scenario}: alice saw {first}, {user} {seen[user]}")
        asked = any(CODE in prompt for prompt in first[0])
        check(asked == (with_codes and not scenario[0].startswith("text:")), f"{scenario}: {first[0]}")


def nobody_can_tell_accounts_apart_by_what_they_are_shown():
    all_see_the_same(with_codes=False)


def nor_where_backup_codes_are_asked_for():
    configure(WITH_CODES)
    try:
        all_see_the_same(with_codes=True)
    finally:
        configure(NAMES)


def challenge_of(user):
    (prompt,) = [each for each in sign_in(user, "token", "empty").seen() if is_challenge(each)]
    return helper.challenge_in(prompt)


def made_up_passkeys_stay_the_same_and_are_of_the_form_of_real_ones():
    for user in ("alice", "dave", UNKNOWN, "another-one"):
        one, other = challenge_of(user), challenge_of(user)
        check(one[0] == other[0] and one[2] == other[2] and one[3:] == other[3:], f"{user}: {one} {other}")
        check(one[1] != other[1] and len(one[1]) == len(other[1]) == 32, f"{user}: challenges {one[1]} {other[1]}")
        check(1 <= len(one[2]) <= 2 and all(len(each) in (32, 48, 64) for each in one[2]), f"{user}: {one[2]}")
    check(challenge_of("dave")[2] != challenge_of(UNKNOWN)[2], "everybody has the same")


class Processes:
    """The ceremony processes that the daemon starts while the block runs."""

    def __enter__(self):
        (daemon,) = world.daemon_pids()
        self.process = subprocess.Popen(["strace", "-f", "-e", "trace=execve", "-p", str(daemon)], stderr=subprocess.PIPE,
                                        text=True)
        while "attached" not in self.process.stderr.readline():
            pass
        return self

    def __exit__(self, *_):
        self.process.kill()  # what it followed goes on by itself; asked to let go, it has been seen to hang
        self.count = len(re.findall(r"execve\(.*passkeyd-ceremony", self.process.communicate(timeout=30)[1]))


def what_is_done(user, scenario):
    before = hashes()
    with Wiretap() as tap, Processes() as processes:
        sign_in(user, *scenario)
    calls = collections.Counter(re.findall(r"^method call .*destination=(\S+) .*member=(\w+)", tap.heard, re.MULTILINE))
    return {"hashes": hashes() - before, "processes": processes.count,
            "calls": {name: calls[name] for name in calls if name[1] not in ("Cancel", "Hello", "BecomeMonitor")}}


def as_much_is_done_for_one_as_for_the_other():
    """Password hashes, processes, calls on the bus; in this order, for what is tried last at the limit of tries."""
    world.configure(WITH_CODES)
    Clock().restart()
    started = 0
    try:
        for scenario in COUNTED:
            done = {user: what_is_done(user, scenario) for user in NAMES_TRIED}
            for user in NAMES_TRIED:
                check(done[user] == done["alice"], f"{scenario}: alice {done['alice']}, {user} {done[user]}")
            started += done["alice"]["processes"]
        check(started > 0, "no process was counted")
    finally:
        configure(NAMES)


PROMISES = [as_much_is_done_for_one_as_for_the_other, nobody_can_tell_accounts_apart_by_what_they_are_shown, nor_where_backup_codes_are_asked_for,
            made_up_passkeys_stay_the_same_and_are_of_the_form_of_real_ones]
