"""How keys get into the ledger, and which do not."""

from bench import PLACE, Key, add, called, check, keys_of, manager, must, options, rows, world

made = {}  # by name; the others use them


def a_key_of_either_kind_is_enrolled_and_listed_with_its_line():
    made["ed25519"], made["ecdsa"] = Key("ed25519"), Key("ecdsa", "ecdsa-sk")
    check(add("alice", made["ed25519"].line, name="Work key") is None, "the ed25519 key was not enrolled")
    check(add("alice", made["ecdsa"].line) is None, "the ecdsa key was not enrolled")
    listed = keys_of("alice")
    check(set(listed) == {"Work key", "near"}, listed)  # by the comment, where no name is given
    for name, key in (("Work key", made["ed25519"]), ("near", made["ecdsa"])):
        row = listed[name]
        check(row["ssh-key"] == key.public and row["way"] == "ssh" and row["state"] == "active", row)
        check(row["attestation"] == "none" and not row["user-verification"], row)


def an_enrollment_is_on_record():
    records = rows("SELECT user_name, outcome, way, caller_uid FROM audit WHERE event = 'enroll' ORDER BY seq")
    check(records == [("alice", "done", "ssh", 0)] * 2, records)
    check("enrolled a passkey (ssh) for alice" in world.daemon_log(), "the log says nothing")


def an_answer_tells_what_was_enrolled():
    third = made["third"] = Key("third")
    row = manager().AddSshKey("alice", third.line, options(), timeout=60)
    check(row["name"] == "near 2" and row["ssh-key"] == third.public and row["user"] == "alice", row)


def who_enrolls_anothers_public_key_takes_nothing_away_from_them():
    third = made["third"]
    opens_for_alice = lambda: (called("CheckSshSession", "alice", f"publickey {third.public}\n", options()) is None
                               and any(third.public in line for line in manager().GetAuthorizedKeys("alice", "")))
    check(add("bob", third.line, name="Hers") is None, "a public key is no secret")
    check(opens_for_alice(), "bob has it, too")
    check(called("RevokeCredential", "bob", "Hers", options()) is None, "it was not revoked")
    check(opens_for_alice(), "bob has had it revoked")


def no_key_is_enrolled_twice_or_once_it_was_revoked():
    line = made["third"].line
    check(add("alice", line, name="Again") == "AlreadyExists", "alice has it twice")
    check(called("RevokeCredential", "alice", "near 2", options(reason="a test")) is None, "it was not revoked")
    check(add("alice", line, name="Again") == "AlreadyExists", "a revoked key is back")


def only_keys_of_security_keys_are_enrolled():
    must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", PLACE + "/plain")
    with open(PLACE + "/plain.pub", encoding="utf-8") as file:
        plain = file.read()
    check(add("alice", plain) == "Unsupported", "a key that can be copied was enrolled")
    public = made["ed25519"].public
    for bad in ("", "x", "no-touch-required " + public, public + "\n" + public, public + " " + "x" * 4096, public[:-8]):
        check(add("alice", bad) == "InvalidInput", f"enrolled: {bad}")


def a_name_is_taken_as_the_person_means_it_or_not_at_all():
    fresh = made["fresh"] = Key("fresh")
    check(add("alice", fresh.line, name="Work key") == "AlreadyExists", "two keys of one name")
    check(add("alice", fresh.line, name="two\nlines") == "InvalidInput", "a name of two lines")
    unshown = " ".join(fresh.line.split()[:2]) + " \u202enear"
    check(add("alice", unshown) is None and "SSH key" in keys_of("alice"), list(keys_of("alice")))


def a_locked_account_gets_no_key():
    other = made["other"] = Key("other")
    check(called("LockUser", "bob", options()) is None, "not locked")
    check(add("bob", other.line) == "Locked", "a locked account has a key")
    check(called("UnlockUser", "bob") is None and add("bob", other.line, name="Bob's") is None, "nor an unlocked one")


PROMISES = [
    a_key_of_either_kind_is_enrolled_and_listed_with_its_line,
    an_enrollment_is_on_record,
    an_answer_tells_what_was_enrolled,
    who_enrolls_anothers_public_key_takes_nothing_away_from_them,
    no_key_is_enrolled_twice_or_once_it_was_revoked,
    only_keys_of_security_keys_are_enrolled,
    a_name_is_taken_as_the_person_means_it_or_not_at_all,
    a_locked_account_gets_no_key,
]
