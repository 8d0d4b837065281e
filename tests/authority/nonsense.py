"""Nonsense at the bus: it is refused with a name that says why, before anybody is asked for a password, and changes
nothing."""

from faces import PYTHON, CALLER, answers_in, arguments, as_user, call, check, everything, passkeys, run
from world import enroll, must

LONG = "x" * 10000
BAD_TEXTS = ["", LONG, "two\nlines", "bell\a", "escape\x1b[31m", "‮drawkcab"]
BAD_USERS = ["", LONG, "-alice", "al:ice", "../alice", "two\nlines", "1000"]


def refused(want, method, signature, *values, user="root"):
    before = everything()
    answer = call(user, method, signature, *values)
    check(answer[0] == want, f"{method} {str(values)[:80]}: {str(answer)[:200]} instead of {want}")
    check(everything() == before, f"{method} {str(values)[:80]}: something changed")
    return answer


def a_name_that_cannot_be_shown_is_refused():
    for name in [*BAD_TEXTS, "x" * 65]:
        for user in ("root", "alice"):  # alice hears of it before she would have to prove who she is
            answer = refused("InvalidInput", "RenameCredential", "sss", "alice", "Blue key", name, user=user)
            check(LONG not in str(answer), "the name is repeated")


def a_user_that_cannot_be_is_refused():
    for name in BAD_USERS:
        for method, signature, rest in (("ListCredentials", "s", []), ("RevokeAll", "sa{sv}", [{}]),
                                        ("LockUser", "sa{sv}", [{}]), ("ResetLimits", "s", [])):
            refused("InvalidInput", method, signature, name, *rest)


def an_id_that_is_none_or_somebody_elses_is_not_found():
    elses = passkeys("dave")["This computer"]["id"]
    for name in BAD_TEXTS:
        refused("InvalidInput", "RevokeCredential", "ssa{sv}", "alice", name, {})
    for name in ("0123456789", elses, "This computer"):
        refused("NotFound", "RevokeCredential", "ssa{sv}", "alice", name, {})
        refused("NotFound", "RenameCredential", "sss", "alice", name, "Mine now")


def what_would_only_fill_memory_while_a_call_waits_is_refused():
    waits = {"user": "alice", "after": 10 ** 9, "wait": 1}
    for junk in ({"junk": "x" * 100_000}, {"x" * 100_000: "junk"}, {"junk": ["x"] * 1000}):
        refused("InvalidInput", "GetAudit", "a{sv}", {**waits, **junk}, user="alice")
    check(call("alice", "GetAudit", "a{sv}", {**waits, "newer": "x" * 1000}) == ["ok", []], "a newer caller is refused")


def a_reason_that_cannot_be_shown_is_refused():
    for reason in [*BAD_TEXTS[1:], "x" * 201, 17.5, ["a"]]:
        refused("InvalidInput", "RevokeAll", "sa{sv}", "alice", {"reason": reason})
        refused("InvalidInput", "LockUser", "sa{sv}", "alice", {"reason": reason})


def a_recall_that_names_nothing_or_too_much_revokes_nothing():
    for which in ({}, {"reason": "recall"}, {"authenticator": "none"}, {"authenticator": ""}, {"authenticator": 7},
                  {"enrolled-before": "yesterday"}, {"enrolled-before": -1}, {"enrolled-before": 1.5},
                  {"enrolled-before": 4102444800, "user": "alice"}, {"enrolled-before": 4102444800, "dry-run": "perhaps"},
                  {"enrolled-before": 4102444800, "dry-run": 1}, {f"k{number}": 1 for number in range(100)}):
        refused("InvalidInput", "RevokeMatching", "a{sv}", which)


def a_name_that_two_bear_is_ambiguous_and_an_id_is_not():
    """An account whose number changed has passkeys of both, and both may be called the same."""
    uid = must("id", "-u", "bob").strip()
    enroll("bob", "--tpm", "--name", "Twin", answers=["314159", "314159"])
    must("usermod", "--uid", "4243", "bob")
    try:
        enroll("bob", "--tpm", "--name", "Twin", answers=["314159", "314159"])
        answer = refused("InvalidInput", "RevokeCredential", "ssa{sv}", "bob", "Twin", {})
        check("id" in answer[1], answer)
        listed = call("root", "ListCredentials", "s", "bob")[1]
        twins = [each for each in listed if each["name"] == "Twin"]
        check(sorted(str(each["uid"]) for each in twins) == sorted((uid, "4243")), twins)
        own = call("bob", "ListCredentials", "s", "bob")[1]
        check([each["uid"] for each in own] == [4243], "bob sees what another number had")
        check(call("root", "RevokeCredential", "ssa{sv}", "bob", twins[0]["id"], {}) == ["ok"], "by id")
    finally:
        must("usermod", "--uid", uid, "bob")
    check(call("root", "RevokeAll", "sa{sv}", "bob", {}) == ["ok", 1], "the other")


def what_is_revoked_stays_revoked_and_says_so():
    revoked = [each for each in call("root", "ListCredentials", "s", "bob")[1] if each["state"] == "revoked"]
    for method, signature, rest in (("RevokeCredential", "ssa{sv}", [{}]), ("ResumeCredential", "ssa{sv}", [{}]),
                                    ("RenameCredential", "sss", ["Again"])):
        answer = refused("InvalidInput", method, signature, "bob", revoked[0]["id"], *rest)
        check("for ever" in answer[1], answer)


def of_many_who_revoke_the_same_one_does_and_the_others_hear_it():
    enroll("dave", "--tpm", "--name", "Contested", answers=["314159", "314159"])
    said = run(*as_user("root"), PYTHON, CALLER, "--times", "12",
               *arguments("RevokeCredential", "ssa{sv}", "dave", passkeys("dave")["Contested"]["id"], {}), cwd="/")[1]
    answers = [answer[0] for answer in answers_in(said)]
    check(sorted(answers) == sorted(["ok"] + ["InvalidInput"] * 11), answers)


def an_account_that_is_gone_can_still_be_looked_after():
    must("useradd", "--create-home", "gone")
    enroll("gone", "--tpm", "--name", "Left behind", answers=["314159", "314159"])
    must("userdel", "gone")
    check("Left behind" in passkeys("gone"), "not listed")
    refused("NotFound", "NewBackupCodes", "s", "gone")
    answer = call("root", "RevokeAll", "sa{sv}", "gone", {"reason": "left"})
    check(answer == ["ok", 1] and passkeys("gone")["Left behind"]["reason"] == "left", answer)


def who_never_was_has_nothing():
    check(call("root", "ListCredentials", "s", "nobody-here") == ["ok", []], "a list")
    check(call("root", "RevokeAll", "sa{sv}", "nobody-here", {}) == ["ok", 0], "revoked")
    for method in ("CheckAccount", "NewBackupCodes", "UnlockUser"):
        refused("NotFound", method, "s", "nobody-here")


PROMISES = [
    a_name_that_cannot_be_shown_is_refused,
    a_user_that_cannot_be_is_refused,
    an_id_that_is_none_or_somebody_elses_is_not_found,
    what_would_only_fill_memory_while_a_call_waits_is_refused,
    a_reason_that_cannot_be_shown_is_refused,
    a_recall_that_names_nothing_or_too_much_revokes_nothing,
    a_name_that_two_bear_is_ambiguous_and_an_id_is_not,
    what_is_revoked_stays_revoked_and_says_so,
    of_many_who_revoke_the_same_one_does_and_the_others_hear_it,
    an_account_that_is_gone_can_still_be_looked_after,
    who_never_was_has_nothing,
]
