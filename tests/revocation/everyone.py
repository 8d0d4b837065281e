"""Who has what before each promise, whatever the one before took away: alice a touch of the blue key, bob the TPM."""

import json

from world import check, enroll, must, run

TPM_PIN = "314159"


def passkeys(user):
    return json.loads(must("passkeyctl", "list", "--user", user, "--json", "--revoked"))


def working(user):
    return [row["id"] for row in passkeys(user) if row["state"] == "active"]


def the_id(user):
    (only,) = working(user)
    return only


def enroll_everyone():
    run("passkeyctl", "unlock", "alice")
    if not working("alice"):
        enroll("alice", "--usb", "--name", "Blue key", touched=True)
    if not working("bob"):
        enroll("bob", "--tpm", "--name", "This computer", answers=[TPM_PIN, TPM_PIN])


def revoke(*words):
    """Exit status and everything said."""
    return run("passkeyctl", "revoke", "--yes", *words)


def must_revoke(*words):
    status, said = revoke(*words)
    check(status == 0, f"revoke {words}: {status}: {said}")
    return said
