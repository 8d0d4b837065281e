"""Who signs in is on record: in the ledger, in the journal with every field, and for who asks over the bus; and where
nothing can be written down, nobody is let in."""

import json
import os
import subprocess
import sys
import time

TREE = os.environ["WORLD_TREE"]
sys.path.insert(0, TREE + "/tests/signin")
import chain  # noqa: E402
from world import (LEDGER, Failed, check, daemon_log, enroll, keep, must, run, start_daemon, stop_daemon, sudo,  # noqa: E402
                   touch, use_password, with_touch)

STATE = os.path.dirname(LEDGER)
NOBODY = "correct-horse-battery-staple"  # a password, typed where the name belongs


# --- the journal ------------------------------------------------------------------------------------------------------
def start_journald():
    os.makedirs("/run/log/journal", exist_ok=True)
    os.makedirs("/var/lib/systemd/catalog", exist_ok=True)
    must("journalctl", "--update-catalog")
    subprocess.Popen(["/lib/systemd/systemd-journald"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                     stderr=subprocess.DEVNULL)
    eventually(lambda: os.path.exists("/run/systemd/journal/socket"), "journald does not listen")


def eventually(happened, otherwise):
    """Journald says to nobody when it has written something down; so it is asked again for up to ten seconds."""
    for _ in range(100):
        found = happened()
        if found:
            return found
        time.sleep(0.1)
    raise Failed(otherwise)


def journal(**fields):
    """The newest entry of passkeyd's with these fields."""
    wanted = [f"{name}={value}" for name, value in {"SYSLOG_IDENTIFIER": "passkeyd", **fields}.items()]

    def look():
        lines = run("journalctl", "--quiet", "--no-pager", "--output=json", *wanted)[1].splitlines()
        return json.loads(lines[-1]) if lines else None
    return eventually(look, f"the journal has nothing with {wanted}")


# --- the bus ----------------------------------------------------------------------------------------------------------
def ask(method, signature="", *arguments):
    call = ["busctl", "--json=short", "--timeout=100", "call", "org.passkeyd1", "/org/passkeyd1", "org.passkeyd1.Manager",
            method]
    return call + ([signature, *arguments] if signature else [])


def audit(*query):
    """Arguments as busctl wants them: key, type, value, ..."""
    return ask("GetAudit", "a{sv}", str(len(query) // 3), *query)


def records(said):
    return [{key: value["data"] for key, value in record.items()} for record in json.loads(said)["data"][0]]


def verified():
    return {key: value["data"] for key, value in json.loads(must(*ask("VerifyAudit")))["data"][0].items()}


def newest_number():
    return records(must(*audit("most", "u", "1")))[0]["number"]


def lock(user):
    must(*ask("LockUser", "sa{sv}", user, "0"))
    must(*ask("UnlockUser", "s", user))


# --- promises ---------------------------------------------------------------------------------------------------------
def without_a_journal_the_sentences_are_on_standard_error():
    enroll("alice", "--usb", touched=True)
    check(with_touch("alice"), "alice's key does not open")
    log = daemon_log()
    for sentence in ("enrolled a passkey (usb) for alice", "login of alice for sudo: granted (none)"):
        check(sentence in log, f"not '{sentence}' in {log}")


def a_login_is_in_the_journal_with_its_fields():
    start_journald()
    before = daemon_log()
    check(with_touch("alice"), "alice's key does not open")
    number, digest = chain.newest(LEDGER)
    entry = journal(PASSKEYD_SEQ=number)
    own = records(must(*audit("after", "t", str(number - 1))))[0]
    for name, value in {"MESSAGE": "login of alice for sudo: granted (none)", "PRIORITY": "5",
                        "MESSAGE_ID": "f3e5839d90074db1919fe883adc28d5c", "PASSKEYD_EVENT": "login",
                        "PASSKEYD_OUTCOME": "granted", "PASSKEYD_USER": "alice", "PASSKEYD_SERVICE": "sudo",
                        "PASSKEYD_WAY": "usb", "PASSKEYD_CALLER_UID": "0", "PASSKEYD_HASH": digest,
                        "PASSKEYD_UID": str(own["uid"]), "PASSKEYD_CREDENTIAL": own["credential"],
                        "PASSKEYD_CALLER_PID": str(own["caller-pid"])}.items():
        check(entry.get(name) == value, f"{name} is {entry.get(name)}, not {value}")
    check("PASSKEYD_RHOST" not in entry and "CODE_FILE" not in entry, str(entry))
    check("granted" not in daemon_log()[len(before):], "it is on standard error as well")


def the_journal_explains_it():
    said = must("journalctl", "--quiet", "--no-pager", "--catalog", f"PASSKEYD_SEQ={chain.newest(LEDGER)[0]}")
    for words in ("Somebody was let in by a passkey", "man:passkeyd(8)", f"as number {chain.newest(LEDGER)[0]}"):
        check(words in said, said)
    check("@" not in said and "PASSKEYD_" not in said, said)


def what_was_typed_in_place_of_a_name_is_nowhere():
    before = newest_number()
    run("pamtester", "sudo", NOBODY, "authenticate", stdin=subprocess.DEVNULL)
    check(with_touch("alice"), "alice's key does not open")
    check(newest_number() == before + 1, "there is a record of a name that is nobody's")
    must("journalctl", "--sync")
    said = run("journalctl", "--quiet", "--no-pager", "--output=json", "SYSLOG_IDENTIFIER=passkeyd")[1] + daemon_log()
    check(NOBODY not in said, "it was logged")
    for file in os.listdir(STATE):
        with open(os.path.join(STATE, file), "rb") as stored:
            check(NOBODY.encode() not in stored.read(), f"it is in {file}")


def a_forged_record_verifies_but_is_not_the_journals():
    number, digest = chain.newest(LEDGER)
    check(journal(PASSKEYD_SEQ=number)["PASSKEYD_HASH"] == digest, "the journal has another hash")
    stop_daemon()
    chain.forge(LEDGER, f"UPDATE audit SET user_name = 'mallory' WHERE seq = {number}")
    status, said = start_daemon()
    check(status == 0, said)
    check("first-bad" not in verified(), "the forgery was not a good one")
    own = records(must(*audit("after", "t", str(number - 1), "most", "u", "1")))[0]
    check(own["user"] == "mallory", str(own))
    check(own["hash"] != journal(PASSKEYD_SEQ=number)["PASSKEYD_HASH"], "the journal has the forger's hash")


def a_clumsy_change_is_told_with_its_number():
    lock("carol")
    rows = verified()["rows"]
    stop_daemon()
    forged = chain.hash_of
    try:
        chain.hash_of = lambda before, row: forged(before, row) if row[0] != rows - 1 else b"\0" * 32
        chain.forge(LEDGER, "SELECT 1")
        check(start_daemon()[0] == 0, "the daemon does not start")
        check(verified()["first-bad"] == rows - 1, str(verified()))
    finally:
        chain.hash_of = forged
        stop_daemon()
        chain.forge(LEDGER, "SELECT 1")
        check(start_daemon()[0] == 0, "the daemon does not start")
    check("first-bad" not in verified(), str(verified()))


def records_come_oldest_first_and_as_asked_for():
    for _ in range(3):
        lock("carol")
    told = records(must(*audit("user", "s", "carol", "most", "u", "4")))
    check([each["event"] for each in told] == ["lock", "unlock"] * 2, str(told))
    numbers = [each["number"] for each in told]
    check(numbers == sorted(numbers) and numbers[-1] == newest_number(), str(numbers))
    page = records(must(*audit("user", "s", "carol", "before", "t", str(numbers[0]), "most", "u", "1")))
    check(len(page) == 1 and page[0]["number"] < numbers[0], str(page))
    check(not records(must(*audit("since", "x", "4000000000"))), "records from the future")


def a_query_that_makes_no_sense_is_refused():
    for query in (("most", "u", "0"), ("most", "u", "1001"), ("most", "s", "many"), ("wait", "u", "5"),
                  ("after", "t", "1", "wait", "u", "301"), ("after", "t", "18446744073709551615"), ("user", "s", ""),
                  ("user", "s", "a/b"), ("user", "s", "x" * 10000), ("since", "x", "9223372036854775807"),
                  ("since", "s", "yesterday")):
        status, said = run(*audit(*query))
        check(status != 0 and "Call failed" in said, f"{query}: {said}")
    check(records(must(*audit("of-tomorrow", "s", "x", "most", "u", "1"))), "a key of newer callers is not skipped")


def others_than_root_are_not_told():
    for call in (audit(), ask("VerifyAudit")):
        status, said = run("setpriv", "--reuid", "alice", "--regid", "alice", "--init-groups", *call)
        check(status != 0, said)


def who_waits_is_told_of_the_next_record():
    waiting = [subprocess.Popen(audit("after", "t", str(newest_number()), "wait", "u", "90", *more), text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
               for more in ((), (), ("user", "s", "bob"))]
    gone = subprocess.Popen(audit("after", "t", str(newest_number()), "wait", "u", "90"), stdout=subprocess.DEVNULL)
    must(*audit("after", "t", str(newest_number()), "wait", "u", "1"))  # by now the others have been heard, too
    gone.kill()
    gone.wait()
    lock("carol")
    for process in waiting[:2]:
        told = records(process.communicate(timeout=30)[0])
        check(told and told[0]["event"] == "lock" and told[0]["user"] == "carol", str(told))
    check(waiting[2].poll() is None, "who waits for bob was told of carol")
    lock("bob")
    told = records(waiting[2].communicate(timeout=30)[0])
    check(told and told[0]["user"] == "bob", str(told))


def who_waits_in_vain_is_told_so():
    check(records(must(*audit("after", "t", str(newest_number()), "wait", "u", "1"))) == [], "something is there")


def on_a_full_disk_nobody_is_let_in_and_locking_still_works():
    stop_daemon()
    must("mount", "-t", "tmpfs", "-o", "size=6m,mode=0700,uid=passkeyd,gid=passkeyd", "small", STATE)
    check(start_daemon()[0] == 0, "the daemon does not start")
    enroll("carol", "--usb", touched=True)
    with open(STATE + "/filler", "wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4096))
        except OSError:
            pass
    with sudo("carol") as terminal:
        terminal.wait_for("Touch ")
        touch()
        use_password(terminal)
    log = daemon_log()
    check("login of carol for sudo: failed (storage-full)" in log, log)
    check("login of carol for sudo: granted" not in log + journal(PASSKEYD_USER="carol")["MESSAGE"], "it was granted")
    lock_status, said = run(*ask("LockUser", "sa{sv}", "carol", "0"))
    check(lock_status == 0, said)
    check(journal(PASSKEYD_EVENT="lock")["PASSKEYD_USER"] == "carol", "the lock is not on record")
    os.unlink(STATE + "/filler")
    must(*ask("UnlockUser", "s", "carol"))
    check("first-bad" not in verified(), str(verified()))


sys.exit(keep([without_a_journal_the_sentences_are_on_standard_error,
               a_login_is_in_the_journal_with_its_fields,
               the_journal_explains_it,
               what_was_typed_in_place_of_a_name_is_nowhere,
               records_come_oldest_first_and_as_asked_for,
               a_query_that_makes_no_sense_is_refused,
               others_than_root_are_not_told,
               who_waits_is_told_of_the_next_record,
               who_waits_in_vain_is_told_so,
               a_forged_record_verifies_but_is_not_the_journals,
               a_clumsy_change_is_told_with_its_number,
               on_a_full_disk_nobody_is_let_in_and_locking_still_works]))
