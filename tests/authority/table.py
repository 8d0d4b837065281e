"""One table: every method of the Manager, called by root, by the owner and by a stranger, with nobody there to be asked.
What is allowed with a password is in asking.py."""

import re

from faces import TREE, WithoutPolkit, call, check, everything, prove_and

NO, OK = "NotAllowed", "ok"
USER, NAME = "alice", "Blue key"
NONE = "00000000-0000-0000-0000-000000000001"  # a model that nobody has
# Of a security key that nobody has.
SSH_KEY = ("sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIFhmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZm"
           "ZmZmZmZmAAAABHNzaDo=")
BEGIN = {"user": USER, "service": "sudo"}

# method, signature, arguments; what root, the owner (alice) and a stranger (bob) hear
TABLE = [
    ("BeginLogin", "a{sv}", [BEGIN], OK, OK, OK),  # the attempt itself says no to the stranger: see below
    ("BeginEnrollment", "a{sv}", [BEGIN], OK, OK, OK),
    ("BeginPinChange", "a{sv}", [BEGIN], OK, OK, OK),
    ("ListCredentials", "s", [USER], OK, OK, NO),
    ("ListAllCredentials", "", [], OK, NO, NO),
    ("RenameCredential", "sss", [USER, NAME, NAME], OK, NO, NO),
    ("RevokeCredential", "ssa{sv}", [USER, "no such key", {}], "NotFound", NO, NO),
    ("RevokeAll", "sa{sv}", ["dave", {}], OK, NO, NO),
    ("RevokeMatching", "a{sv}", [{"authenticator": NONE}], OK, NO, NO),
    ("ResumeCredential", "ssa{sv}", [USER, NAME, {}], "InvalidInput", NO, NO),
    ("AddSshKey", "ssa{sv}", [USER, SSH_KEY, {"name": NAME}], "AlreadyExists", NO, NO),
    ("GetAuthorizedKeys", "ss", [USER, ""], OK, OK, NO),
    ("CheckSshSession", "ssa{sv}", [USER, "publickey " + SSH_KEY, {}], OK, NO, NO),
    ("BeginGuestEnrollment", "a{sv}", [BEGIN], *["InvalidInput"] * 3),  # whose key it is: tests/ssh/elsewhere
    ("BeginGuestAssertion", "a{sv}", [BEGIN], *["InvalidInput"] * 3),
    ("ListGuestKeys", "s", [USER], OK, OK, NO),
    ("RemoveGuestKey", "ss", [USER, "0000000000"], "NotFound", NO, NO),
    ("CheckAccount", "s", [USER], OK, OK, NO),
    ("NewBackupCodes", "s", [USER], OK, NO, NO),
    ("LockUser", "sa{sv}", [USER, {}], OK, NO, NO),
    ("UnlockUser", "s", [USER], OK, NO, NO),
    ("ResetLimits", "s", [USER], OK, NO, NO),
    ("GetPeople", "", [], OK, NO, NO),
    ("GetAudit", "a{sv}", [{"user": USER}], OK, OK, NO),
    ("VerifyAudit", "", [], OK, NO, NO),
    ("GetHealth", "", [], OK, NO, NO),
    ("Export", "", [], OK, NO, NO),
    ("GetPolicy", "s", ["sudo"], OK, OK, OK),
    ("GetStatus", "", [], OK, OK, OK),
]

# What an administrator's password opens to a stranger.
WITH_AN_ADMINISTRATOR = [
    ("ListCredentials", "s", [USER]),
    ("ListAllCredentials", "", []),
    ("RevokeMatching", "a{sv}", [{"authenticator": NONE, "dry-run": True}]),
    ("LockUser", "sa{sv}", [USER, {"reason": "left the house", "all-methods": False}]),
    ("UnlockUser", "s", [USER]),
    ("ResetLimits", "s", [USER]),
    ("GetPeople", "", []),
    ("NewBackupCodes", "s", [USER]),
]

# What one's own password opens to an owner; what it does not, although it is one's own.
WITH_ONES_OWN = [("NewBackupCodes", "s", [USER]), ("RenameCredential", "sss", [USER, NAME, NAME])]


def everybody_hears_what_the_table_says():
    wrong = []
    for method, signature, values, *wanted in TABLE:
        for user, want in zip(("bob", USER, "root"), reversed(wanted)):
            before = everything()
            answer = call(user, method, signature, *values)
            if answer[0] != want:
                wrong.append(f"{user} {method}: {answer} instead of {want}")
            if user != "root" and everything() != before:
                wrong.append(f"{user} {method}: something changed")
    check(not wrong, "\n".join(wrong))


def the_table_has_every_method_of_the_interface():
    with open(TREE + "/config/org.passkeyd1.Manager.xml", encoding="utf-8") as file:
        methods = set(re.findall(r'<method name="(\w+)"', file.read()))
    with_files = {"ImportMetadata", "Import"}  # who is refused there: see below
    check(methods == {row[0] for row in TABLE} | with_files, methods)


def a_file_is_taken_from_administrators_only():
    for user in (USER, "bob"):
        for method, signature, values in (("ImportMetadata", "h", [0]), ("Import", "ha{sv}", [0, {}])):
            answer = call(user, method, signature, *values)
            check(answer[0] == NO, f"{user} {method}: {answer}")


def what_has_no_row_is_refused():
    answer = call("root", "DeleteEverything", "")
    check(answer[0] in (NO, "org.freedesktop.DBus.Error.UnknownMethod"), answer)


def an_administrators_password_opens_what_is_an_administrators():
    for method, signature, values in WITH_AN_ADMINISTRATOR:
        answer = prove_and("bob", method, signature, *values)
        check(answer[0] == OK, f"{method}: {answer}")


def ones_own_password_opens_what_is_ones_own():
    for method, signature, values in WITH_ONES_OWN:
        answer = prove_and(USER, method, signature, *values)
        check(answer[0] == OK, f"{method}: {answer}")


def without_polkit_nobody_but_root_does_what_polkit_would_be_asked_about():
    with WithoutPolkit():
        for method, signature, values, of_root, of_owner, of_stranger in TABLE:
            for user, want in ((USER, of_owner), ("bob", of_stranger), ("root", of_root)):
                answer = call(user, method, signature, *values, interactive=True)
                check(answer[0] == want, f"{user} {method}: {answer} instead of {want}")


PROMISES = [
    the_table_has_every_method_of_the_interface,
    a_file_is_taken_from_administrators_only,
    everybody_hears_what_the_table_says,
    what_has_no_row_is_refused,
    an_administrators_password_opens_what_is_an_administrators,
    ones_own_password_opens_what_is_ones_own,
    without_polkit_nobody_but_root_does_what_polkit_would_be_asked_about,
]
