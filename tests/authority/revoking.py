"""Revocation is immediate: sudo waits for a touch, somebody takes the passkey away, the touch comes. And a login that
wants one passkey gets that or none."""

from enrolling import Attempt
from faces import call, check, passkeys, prove_and, rows, uid_of
from world import enroll, key, sudo, touch, transactions, with_touch


def login_records(count):
    """The newest: (outcome, reason)."""
    return rows("SELECT outcome, reason FROM audit WHERE event = 'login' ORDER BY seq DESC LIMIT ?", count)


def taken_away_during_the_wait(take, reason):
    with sudo("alice") as terminal:
        terminal.wait_for("Touch ")
        key("wait", "blinking")
        answer = take()
        check(answer[0] == "ok", answer)
        touch()
        terminal.wait_for(r"(assword|ode)[^\n]*: |locked")
        check(("denied", reason) in login_records(2), login_records(2))
        check("root" not in terminal.screen.split("Touch", 1)[1], "sudo let them in")


def give_back():
    if not any(each["state"] == "active" for each in passkeys("alice").values()):
        enroll("alice", "--usb", "--name", "Blue key", touched=True)
    check(with_touch("alice"), "the new passkey does not open")


def a_touch_after_an_administrator_revoked_is_denied():
    taken_away_during_the_wait(lambda: call("root", "RevokeCredential", "ssa{sv}", "alice", "Blue key",
                                            {"reason": "stolen"}), "credential-inactive")
    row = passkeys("alice")["Blue key"]
    check((row["state"], row["reason"], row["changed-by"]) == ("revoked", "stolen", 0), row)
    give_back()


def a_touch_after_the_owner_revoked_is_denied():
    taken_away_during_the_wait(lambda: prove_and("alice", "RevokeCredential", "ssa{sv}", "alice", "Blue key", {}),
                               "credential-inactive")
    revoked = [each for each in call("root", "ListCredentials", "s", "alice")[1] if each["state"] == "revoked"]
    check(revoked[-1]["changed-by"] == uid_of("alice"), revoked)
    give_back()


def a_touch_after_all_were_revoked_is_denied():
    taken_away_during_the_wait(lambda: call("root", "RevokeAll", "sa{sv}", "alice", {}), "credential-inactive")
    give_back()


def a_touch_after_a_recall_is_denied():
    model = passkeys("alice")["Blue key"]["aaguid"]
    which = {"authenticator": model.upper(), "reason": "recall"}
    planned = call("root", "RevokeMatching", "a{sv}", {**which, "dry-run": True})
    check([each["user"] for each in planned[1]] == ["alice"] and planned[1][0]["state"] == "active", planned)
    check(with_touch("alice"), "a dry run revoked")
    taken_away_during_the_wait(lambda: call("root", "RevokeMatching", "a{sv}", which), "credential-inactive")
    give_back()


def a_touch_after_the_account_was_locked_is_denied():
    taken_away_during_the_wait(lambda: call("root", "LockUser", "sa{sv}", "alice", {}), "account-locked")
    check(call("root", "UnlockUser", "s", "alice")[0] == "ok", "not unlocked")
    give_back()


def a_login_that_wants_one_passkey_takes_no_other_and_no_code():
    check(call("root", "NewBackupCodes", "s", "alice")[0] == "ok", "no codes")
    enroll("alice", "--tpm", "--name", "Chip", answers=["314159", "314159"])
    ids = {name: each["id"] for name, each in passkeys("alice").items() if each["state"] == "active"}
    key("count", "reset")
    with Attempt("alice", "BeginLogin", agent=False, user="alice", service="sudo", first="either",
                 credential=ids["Chip"]) as terminal:
        step = terminal.step()
        check(step[0] == "ask-secret" and step[1]["message"] == "pin-platform", step)
        terminal.type_unseen("314159")
        step = terminal.last()
        check(step[0] == "granted" and step[1]["credential"] == ids["Chip"], step)
    check(transactions() == 0, "the key was asked")
    with Attempt("alice", "BeginLogin", agent=False, user="alice", service="sudo", credential=ids["Chip"]) as terminal:
        terminal.step()
        terminal.type_unseen("")
        step = terminal.last()
        check(step[0] == "unavailable", f"after stepping down: {step}")
    check(call("root", "RevokeCredential", "ssa{sv}", "alice", "Chip", {}) == ["ok"], "Chip")


def a_login_that_wants_a_passkey_that_is_gone_hears_so():
    gone = next(each["id"] for each in passkeys("alice").values() if each["state"] == "revoked")
    for credential in (gone, "0123456789"):
        with Attempt("alice", "BeginLogin", agent=False, user="alice", service="sudo", credential=credential) as terminal:
            step = terminal.last()
            check(step[0] == "unavailable" and step[1]["message"] == "not-found", step)
    for nonsense in ("Blue key", "", "0123456789ab"):
        answer = call("alice", "BeginLogin", "a{sv}", {"user": "alice", "credential": nonsense})
        check(answer[0] == "InvalidInput", answer)


PROMISES = [
    a_touch_after_an_administrator_revoked_is_denied,
    a_touch_after_the_owner_revoked_is_denied,
    a_touch_after_all_were_revoked_is_denied,
    a_touch_after_a_recall_is_denied,
    a_touch_after_the_account_was_locked_is_denied,
    a_login_that_wants_one_passkey_takes_no_other_and_no_code,
    a_login_that_wants_a_passkey_that_is_gone_hears_so,
]
