"""Keys that this computer's TPM holds for machines elsewhere: theirs alone who sit here, used with a PIN, and good for
nothing at this machine itself. The machine elsewhere is near.cpp's, with the verifier that every passkeyd has."""

import json
import pwd

from faces import call, last_record, passkeys, rows
from logind.scripted import Logind
from near import PIN, Attempt, elsewhere, near
from world import check, must, restart_daemon, run, sudo, use_password

ALICE = pwd.getpwnam("alice").pw_uid
OVER_SSH = f"session uid={ALICE} pid=* remote=yes seat= service=sshd\n"
THERE, HOST = "server.example", "server.example"
WRONG = "000000"


class Key:
    """A key of somebody's for THERE, from the first prompt on."""

    def __init__(self, user):
        self.user = user
        self.asked = near("ask", THERE, "carol-there")
        self.made = near("guest-make", user, user=user, lines=(self.asked, PIN, PIN))
        check(self.made.startswith("passkeyd1-made:"), self.made)

    def prompt(self):
        """That machine asks for an assertion."""
        return near("take", lines=(self.asked, self.made))

    def prove(self, prompt, *pins, host=HOST, by=None):
        return near("guest-prove", by or self.user, host, user=by or self.user, lines=(prompt, *pins))

    def judge(self, prompt, answer, host=HOST):
        return near("judge", host, lines=(self.asked, self.made, prompt, answer))

    def works(self):
        prompt = self.prompt()
        return self.judge(prompt, self.prove(prompt, PIN)) == "client granted"


def keys_of(user, by="root"):
    return call(by, "ListGuestKeys", "s", user)[1]


def client_data(kind, origin, **more):
    return json.dumps({"type": "webauthn." + kind, "challenge": "A" * 43, "origin": origin, "crossOrigin": False, **more},
                      separators=(",", ":"))


def ids_of(user):
    return " ".join(each["credential-id"] for each in keys_of(user))


def assertion(user, by=None, rp_id=THERE, origin="ssh://" + HOST, allowed=None, **more):
    return Attempt(by or user, "BeginGuestAssertion", user=user, rp_id=rp_id, client_data=client_data("get", origin, **more),
                   allowed=ids_of(user) if allowed is None else allowed)


def records(event):
    return rows("SELECT outcome, reason FROM audit WHERE event = ? ORDER BY seq", event)


KEYS = {}


# --- kept ------------------------------------------------------------------------------------------------------------
def alice_makes_a_key_for_a_machine_elsewhere():
    check(near("guest-any", "alice", user="alice") == "no", "there is one already")
    KEYS["alice"] = Key("alice")
    (mine,) = keys_of("alice", by="alice")
    check((mine["rp-id"], mine["account"]) == (THERE, "carol-there") and "last-used" not in mine, mine)
    check(last_record()[:3] == ("guest-enroll", "alice", "done"), last_record())
    check(near("guest-any", "alice", user="alice") == "yes", "there is none")


def what_it_signs_the_machine_there_takes_from_the_host_it_was_for():
    alice = KEYS["alice"]
    prompt = alice.prompt()
    answer = alice.prove(prompt, PIN)
    check(alice.judge(prompt, answer) == "client granted", answer)
    check(alice.judge(prompt, answer, host="other.example") == "client origin-wrong", "for another host")
    check(alice.judge(alice.prompt(), answer) == "client challenge-wrong", "for another challenge")
    check(last_record()[:3] == ("guest-use", "alice", "granted"), last_record())
    check("last-used" in keys_of("alice")[0], keys_of("alice"))


def it_lives_on_when_the_daemon_starts_anew():
    restart_daemon()
    check(KEYS["alice"].works(), "it does not")


def a_machine_that_knows_this_computer_gets_no_second_key():
    with Attempt("alice", "BeginGuestEnrollment", user="alice", rp_id=THERE, account="carol-there",
                 client_data=client_data("create", "https://" + THERE), exclude=ids_of("alice")) as attempt:
        step = attempt.step()
        check(step[0] == "unavailable" and step[1]["message"] == "already-exists", step)


def this_machine_enrolls_it_for_sign_ins_over_ssh_as_it_would_any_other():
    with elsewhere("dave") as attempt:
        made = near("guest-make", "dave", user="dave", lines=(attempt.prompt(), PIN, PIN))
        attempt.answer(made)
        check(attempt.step()[0] == "granted", made)
    (mine,) = [each for each in passkeys("dave").values() if each["state"] == "active"]
    check((mine["way"], mine["user-verification"]) == ("client", True), mine)


def passkeyctl_shows_ones_own():
    status, said = run("setpriv", "--reuid", "alice", "--regid", "alice", "--init-groups", "passkeyctl", "guest-keys",
                       cwd="/")
    check(status == 0 and THERE in said and "carol-there" in said, said)
    status, said = run("setpriv", "--reuid", "carol", "--regid", "carol", "--init-groups", "passkeyctl", "guest-keys",
                       cwd="/")
    check(status == 0 and "passkey-askpass --enroll" in said, said)


# --- refused ---------------------------------------------------------------------------------------------------------
def wrong_pins_are_counted_like_those_of_a_sign_in():
    alice = KEYS["alice"]
    answer = alice.prove(alice.prompt(), WRONG, WRONG, WRONG)
    check(answer.startswith("error pin-wrong"), answer)
    tries = rows("SELECT count(*) FROM limits WHERE user_name = 'alice' AND way = 'tpm' AND place = 'local'")
    check(tries == [(3,)], tries)
    answer = alice.prove(alice.prompt(), WRONG, WRONG, WRONG)
    check(answer.startswith("error limited"), answer)
    before = rows("SELECT count(*) FROM limits")
    answer = alice.prove(alice.prompt(), PIN)
    check(answer.startswith("error limited") and rows("SELECT count(*) FROM limits") == before, answer)
    check(("denied", "pin-wrong") in records("guest-use"), records("guest-use"))
    must("passkeyctl", "reset-limits", "alice")
    check(alice.works(), "the right PIN does not do afterwards")
    check(rows("SELECT count(*) FROM limits WHERE user_name = 'alice'") == [(0,)], "a success counts as a failure")


def nobody_uses_or_sees_another_persons():
    alice = KEYS["alice"]
    prompt = alice.prompt()
    check(call("bob", "ListGuestKeys", "s", "alice")[0] == "NotAllowed", "bob sees them")
    check(call("bob", "RemoveGuestKey", "ss", "alice", keys_of("alice")[0]["id"])[0] == "NotAllowed", "bob removes")
    check(alice.prove(prompt, PIN, by="bob").startswith("error no-credential"), "bob uses it")
    for by in ("bob", "root"):
        with assertion("alice", by=by) as attempt:
            check(attempt.step()[0] == "NotAllowed", by)
        with Attempt(by, "BeginGuestEnrollment", user="alice", rp_id=THERE, account="x",
                     client_data=client_data("create", "https://" + THERE)) as attempt:
            check(attempt.step()[0] == "NotAllowed", by)
    with assertion("bob", allowed=ids_of("alice")) as attempt:
        step = attempt.step()
        check(step[0] == "unavailable" and step[1]["message"] == "no-credential", step)
    with assertion("nobody-here", by="bob", allowed=ids_of("alice")) as attempt:
        check(attempt.step()[0] == "NotAllowed", "told apart")


def who_is_not_at_this_machine_gets_nothing():
    with Logind(OVER_SSH):
        answer = near("guest-make", "alice", user="alice", lines=(near("ask", THERE, "x"), PIN, PIN))
        check(answer.startswith("error remote-session"), answer)
        alice = KEYS["alice"]
        check(alice.prove(alice.prompt(), PIN).startswith("error remote-session"), "it was used from afar")
    check(rows("SELECT count(*) FROM limits WHERE user_name = 'alice'") == [(0,)], "a PIN was asked for")


def what_could_serve_a_sign_in_is_never_signed():
    own = call("root", "GetStatus", "")[1]["rp-id"]
    for origin in ("https://" + THERE, "https://" + own, own, "ssh://", "ssh://a b", "ssh://UPPER", "SSH://" + HOST,
                   "ssh://" + HOST + "/", "ssh://" + "a" * 256):
        with assertion("alice", origin=origin) as attempt:
            check(attempt.step()[0] == "InvalidInput", origin)
    with assertion("alice", more="x") as attempt:
        check(attempt.step()[0] == "InvalidInput", "further members")
    for kind, origin in (("create", "ssh://" + HOST), ("create", "https://" + own), ("get", "https://" + THERE)):
        with Attempt("alice", "BeginGuestEnrollment", user="alice", rp_id=THERE, account="x",
                     client_data=client_data(kind, origin)) as attempt:
            check(attempt.step()[0] == "InvalidInput", kind + " " + origin)


def a_key_for_one_machine_signs_for_no_other():
    with assertion("alice", rp_id="other.example") as attempt:
        step = attempt.step()
        check(step[0] == "unavailable" and step[1]["message"] == "no-credential", step)


def nonsense_is_refused_at_the_door():
    for wrong in ({"allowed": "?"}, {"allowed": " "}, {"allowed": "AAAA " * 65}, {"rp_id": "under_score"}):
        with assertion("alice", **wrong) as attempt:
            check(attempt.step()[0] == "InvalidInput", wrong)
    data = client_data("create", "https://" + THERE)
    for wrong in ({"account": ""}, {"account": "x" * 256}, {"account": "a\tb"}, {"client-data": data[:-1]},
                  {"client-data": data.replace("A" * 43, "AAAA")}):
        request = {"user": "alice", "rp-id": THERE, "account": "x", "client-data": data, **wrong}
        with Attempt("alice", "BeginGuestEnrollment", **request) as attempt:
            check(attempt.step()[0] == "InvalidInput", wrong)


def a_key_that_was_removed_meanwhile_signs_nothing():
    KEYS["bob"] = Key("bob")
    with assertion("bob") as attempt:
        step = attempt.step()
        check(step[0] == "ask-secret" and step[1]["message"] == "pin-platform", step)
        check(call("root", "RemoveGuestKey", "ss", "bob", keys_of("bob")[0]["id"]) == ["ok"], "not removed")
        attempt.answer(PIN)
        step = attempt.step()
        check(step[0] == "unavailable" and step[1]["message"] == "not-found" and "signature" not in step[1], step)
    check(keys_of("bob") == [] and ("done", THERE) in records("guest-remove"), keys_of("bob"))


def a_locked_account_makes_and_uses_none():
    check(call("root", "LockUser", "sa{sv}", "alice", {})[0] == "ok", "not locked")
    try:
        with assertion("alice") as attempt:
            check(attempt.step()[1]["message"] == "locked", "used")
        answer = near("guest-make", "alice", user="alice", lines=(near("ask", THERE, "x"), PIN, PIN))
        check(answer.startswith("error locked"), answer)
    finally:
        check(call("root", "UnlockUser", "s", "alice")[0] == "ok", "not unlocked")
    with assertion("alice") as attempt:
        check(attempt.step()[0] == "ask-secret", "not asked")
        check(call("root", "LockUser", "sa{sv}", "alice", {})[0] == "ok", "not locked")
        try:
            attempt.answer(PIN)
            step = attempt.step()
            check(step[1]["message"] == "locked" and "signature" not in step[1], step)
        finally:
            check(call("root", "UnlockUser", "s", "alice")[0] == "ok", "not unlocked")
    must("passkeyctl", "reset-limits", "alice")


def it_opens_nothing_here():
    """bob's only passkey is one that was made for elsewhere."""
    call("root", "RevokeAll", "sa{sv}", "bob", {})
    KEYS["bob"] = Key("bob")
    with sudo("bob") as terminal:
        use_password(terminal)
        check("asskey" not in terminal.screen and "PIN" not in terminal.screen, terminal.screen)


FIRST = [alice_makes_a_key_for_a_machine_elsewhere]
PROMISES = [
    what_it_signs_the_machine_there_takes_from_the_host_it_was_for,
    it_lives_on_when_the_daemon_starts_anew,
    a_machine_that_knows_this_computer_gets_no_second_key,
    this_machine_enrolls_it_for_sign_ins_over_ssh_as_it_would_any_other,
    passkeyctl_shows_ones_own,
    wrong_pins_are_counted_like_those_of_a_sign_in,
    nobody_uses_or_sees_another_persons,
    who_is_not_at_this_machine_gets_nothing,
    what_could_serve_a_sign_in_is_never_signed,
    a_key_for_one_machine_signs_for_no_other,
    nonsense_is_refused_at_the_door,
    a_key_that_was_removed_meanwhile_signs_nothing,
    a_locked_account_makes_and_uses_none,
    it_opens_nothing_here,
]
