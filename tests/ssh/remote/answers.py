"""A passkey of the person's own computer: what opens, and what an attacker can send in its place."""

import json

from people import FIRST, HOST, NAMES, SignIn, check, configure, is_challenge, key, ledger, must, newest_record, sign_in

REFUSED = "The sign-in was refused."
kept = {}  # answers that opened, for whom tries them again


def refused(said, why, user="alice"):
    """Nobody got in, nothing was said of why, and the audit knows it."""
    check(not said.opened(user) and said.status != 0, f"somebody got in: {said.out}")
    told = "\n".join(said.seen()) + said.err
    check(REFUSED in told, "what was seen: " + told)
    record = newest_record()
    check(record["outcome"] == "denied" and record["reason"] == why, f"on record: {record}")


def a_touch_at_ones_own_computer_opens():
    said = sign_in("alice", "token", "assert", touched=True)
    check(said.opened(), f"{said.status} {said.out} {said.err} {said.prompts}")
    kept["alice"] = said.answers[1]
    check(said.prompts[0] == f"(alice@{HOST}) {FIRST}", f"the first prompt: {said.prompts[0]!r}")
    check(len(said.prompts) == 2 and is_challenge(said.seen()[1]), f"prompts: {said.prompts}")
    record = newest_record()
    check((record["event"], record["outcome"], record["way"], record["service"], record["rhost"]) ==
          ("login", "granted", "usb", "sshd", HOST), f"on record: {record}")


def a_host_may_be_known_by_any_of_the_accepted_names_in_lower_case():
    said = sign_in("alice", "token", "assert", touched=True, host="server.world.example")
    check(said.opened(), f"{said.err} {said.prompts}")


def by_default_a_machine_is_known_by_what_it_calls_itself():
    """Here that is "demo", the relying party ID, and not the address that everybody else here uses."""
    configure("")
    try:
        (line,) = [line for line in must("passkeyctl", "policy", "sshd").splitlines() if line.startswith("accepted_names")]
        check("demo" in line and "default" in line and HOST not in line, line)
        check(sign_in("alice", "token", "assert", touched=True, host="demo").opened(), "not under its own name")
        refused(sign_in("alice", "token", "assert", touched=True), "origin-wrong")
    finally:
        configure(NAMES)


def an_answer_that_was_made_for_another_host_opens_nothing():
    refused(sign_in("alice", "token", "assert@mallory.example", touched=True), "origin-wrong")
    refused(sign_in("alice", "token", "assert", touched=True, host="other.world.example"), "origin-wrong")


def an_answer_opens_once():
    refused(sign_in("alice", "token", "text:" + kept["alice"]), "challenge-wrong")


def an_answer_for_another_account_opens_nothing():
    """carol's: her answer; and her passkey, in the place that alice's has, for alice's challenge."""
    begun = sign_in("carol", "token", "assert", touched=True)
    check(begun.opened("carol"), begun.err)
    refused(sign_in("alice", "token", "text:" + begun.answers[1]), "challenge-wrong")
    ((carols,),) = ledger("SELECT hex(credential_id) FROM credential WHERE user_name = 'carol' AND state = 'active'")
    refused(sign_in("alice", "token", "assert#" + carols, touched=True), "signature-wrong")


def what_is_no_answer_opens_nothing():
    for nonsense in ("garbage:300", "text:AAAA", "text:not base64url", "garbage:1023"):
        refused(sign_in("alice", "token", nonsense), "malformed")


def an_answer_that_is_too_long_is_none():
    """ssh sends it cut, or empty; either way sshd's stack goes on."""
    for length in (1024, 1500, 5000):
        said = sign_in("alice", "token", f"garbage:{length}")
        check(said.status != 0 and not said.opened(), f"{length}: {said.out}")


def a_passkey_that_was_revoked_during_the_wait_opens_nothing():
    """carol's; she gets a new one afterwards."""
    begun = SignIn("carol", ["token", "assert"])
    key("wait", "blinking")
    must("passkeyctl", "revoke", "--yes", "--user", "carol", "--all")
    key("touch", "press")
    refused(begun.end(), "credential-inactive", "carol")


def an_account_that_was_locked_during_the_wait_is_not_let_in():
    begun = SignIn("alice", ["token", "assert"])
    key("wait", "blinking")
    must("passkeyctl", "lock", "alice")
    key("touch", "press")
    try:
        refused(begun.end(), "account-locked")
    finally:
        must("passkeyctl", "unlock", "alice")


def a_client_that_never_answers_leaves_nothing_behind():
    """It goes away while the challenge waits; the attempt goes with the connection."""
    begun = SignIn("alice", ["token", "assert"])
    key("wait", "blinking")
    check(attempts() == 1, f"attempts under way: {attempts()}")
    begun.process.kill()
    begun.end()
    key("wait", "idle")
    while attempts() != 0:  # sshd sees the connection end and takes its child down
        pass


def attempts():
    status = must("busctl", "--system", "--json=short", "call", "org.passkeyd1", "/org/passkeyd1", "org.passkeyd1.Manager",
                  "GetStatus")
    return json.loads(status)["data"][0]["attempts"]["data"]


def refused_answers_are_on_record_only_so_often():
    before = len(ledger("SELECT 1 FROM audit"))
    for _ in range(14):
        sign_in("alice", "token", "garbage:300")
    written = len(ledger("SELECT 1 FROM audit")) - before
    check(written <= 10, f"{written} records")
    configure(NAMES)  # a new daemon has room again


def an_administrator_may_switch_it_off():
    configure(NAMES + "[service sshd]\naskpass = no\n")
    try:
        said = sign_in("alice", "empty")
        check(FIRST not in said.seen(), f"prompts: {said.prompts}")
    finally:
        configure(NAMES)


PROMISES = [
    a_touch_at_ones_own_computer_opens, a_host_may_be_known_by_any_of_the_accepted_names_in_lower_case,
    by_default_a_machine_is_known_by_what_it_calls_itself, an_answer_that_was_made_for_another_host_opens_nothing,
    an_answer_opens_once,
    an_answer_for_another_account_opens_nothing, what_is_no_answer_opens_nothing, an_answer_that_is_too_long_is_none,
    refused_answers_are_on_record_only_so_often, a_passkey_that_was_revoked_during_the_wait_opens_nothing,
    an_account_that_was_locked_during_the_wait_is_not_let_in, a_client_that_never_answers_leaves_nothing_behind,
    an_administrator_may_switch_it_off]
