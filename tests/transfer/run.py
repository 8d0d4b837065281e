"""A machine is written down, set up anew, and gets its passkeys back. Prints TAP; a test's name is a promise. In order:
each takes up where the one before left off."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time

sys.path[1:1] = [os.environ["WORLD_TREE"] + "/tests/signin"]

from world import (LEDGER, Terminal, check, enroll, keep, key, must, run,  # noqa: E402
                   start_daemon, stop_daemon, sudo, touch, use_password, with_touch)
from audit_file import first_bad, openssl_accepts, records  # noqa: E402

TPM_PIN = "314159"
STATE = "/var/lib/passkeyd"
KEY = STATE + "/export.key"
BACKUP = "/root/passkeys.export"
signer = {}  # of the first life of this machine, and of the second


def ledger(sql):
    with sqlite3.connect(f"file:{LEDGER}?mode=ro", uri=True) as database:
        return database.execute(sql).fetchall()


def imported(*options, file=BACKUP, status=0):
    """passkeyctl import --json; its rows."""
    done = subprocess.run(["passkeyctl", "import", "--json", *options, file], capture_output=True, text=True, timeout=90,
                          check=False)
    check(done.returncode == status, f"import {options}: {done.returncode}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout) if status == 0 else done.stderr


def outcome(rows):
    return sorted((row["what"], row["user"], row["name"], row["why"], row["works"]) for row in rows)


def export(path, *options):
    done = subprocess.run(["passkeyctl", "export", *options, path], capture_output=True, text=True, timeout=90, check=False)
    check(done.returncode == 0, done.stderr)
    return re.search(r"Signed by (SHA256:\S{43})\.", done.stderr)[1]


def begin_anew(keep_key=False):
    """The machine is set up again: nothing is left but what lies elsewhere."""
    stop_daemon()
    old = f"{STATE}.{time.monotonic_ns()}"
    os.rename(STATE, old)
    os.mkdir(STATE, 0o700)
    shutil.chown(STATE, "passkeyd", "passkeyd")
    if keep_key:
        shutil.copy2(old + "/export.key", KEY)
        shutil.chown(KEY, "passkeyd", "passkeyd")
    status, said = start_daemon()
    check(status == 0, said)
    return old


class Filled:
    """The state directory's disk has no room left: a copy of it on a small tmpfs."""

    def __enter__(self):
        stop_daemon()
        must("cp", "-a", STATE, "/run/world/state-copy")
        must("mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs", STATE)
        must("sh", "-c", f"cp -a /run/world/state-copy/. {STATE}/ && chown passkeyd:passkeyd {STATE}")
        status, said = start_daemon()
        check(status == 0, said)
        imported("--dry-run", "--signer", signer["first"])  # the log is there, and as large as it gets
        run("sh", "-c", f"cat /dev/zero >{STATE}/filler")

    def __exit__(self, *_):
        stop_daemon()
        must("umount", STATE)
        shutil.rmtree("/run/world/state-copy")
        status, said = start_daemon()
        check(status == 0, said)


# --- the first life ---------------------------------------------------------------------------------------------------
def everything_is_written_down_in_a_file_of_ones_own():
    enroll("alice", "--usb", "--name", "Blue key", touched=True)
    enroll("bob", "--tpm", "--name", "This computer", answers=[TPM_PIN, TPM_PIN])
    enroll("carol", "--usb", "--name", "Lost key", touched=True)
    check(with_touch("alice"), "sudo did not take the passkey")
    must("passkeyctl", "backup-codes", "--user", "alice", "--yes")
    must("passkeyctl", "lock", "dave", "--reason", "left on Friday")
    revoke("carol")
    signer["first"] = export(BACKUP)
    check(os.stat(BACKUP).st_mode & 0o7777 == 0o600, "others can read it")
    check(os.stat(KEY).st_mode & 0o7777 == 0o600, "others can read the key")


def revoke(user):
    """By hand, as long as the daemon does not listen: what a revocation leaves in the ledger."""
    stop_daemon()
    with sqlite3.connect(LEDGER) as database:
        database.execute("UPDATE credential SET state = 'revoked', reason = 'lost on a train' WHERE user_name = ?", (user,))
    database.close()
    for name in os.listdir(STATE):
        shutil.chown(f"{STATE}/{name}", "passkeyd", "passkeyd")
    status, said = start_daemon()
    check(status == 0, said)


def others_can_check_the_signature_and_the_history_by_the_documented_format():
    check(openssl_accepts(BACKUP), "openssl does not take the signature")
    check(first_bad(BACKUP) is None, f"record {first_bad(BACKUP)} of the audit")
    (machine,) = records(BACKUP, "machine")
    check(machine["audit_last"] - machine["audit_first"] + 1 == len(records(BACKUP, "audit")) > 5, machine)


def nothing_in_it_opens_anything():
    with open(BACKUP, encoding="utf-8") as file:
        text = file.read()
    for (blob,) in ledger("SELECT hex(platform) FROM credential WHERE platform <> x''"):
        check(blob.lower()[20:80] not in text, "the TPM's blob is in it")
    for (code,) in ledger("SELECT hash FROM backup_code"):
        check(code not in text, "a code's hash is in it")
    with open(KEY, encoding="ascii") as file:
        check(file.read().splitlines()[1] not in text, "the private key is in it")


def a_file_that_is_there_is_not_replaced_unasked():
    before = open(BACKUP, "rb").read()
    status, said = run("passkeyctl", "export", BACKUP)
    check(status == 2 and "exists" in said and open(BACKUP, "rb").read() == before, said)
    check(export(BACKUP, "--force") == signer["first"], "another signer")
    check(open(BACKUP, "rb").read() != before, "not replaced")


def a_terminal_is_no_place_for_it():
    with Terminal("root", ["passkeyctl", "export"]) as terminal:
        check(terminal.end() == 2 and "passkeyd-export" not in terminal.screen, terminal.screen)


def a_target_that_is_full_or_read_only_is_said_and_leaves_nothing():
    os.makedirs("/run/world/stick", exist_ok=True)
    must("mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", "/run/world/stick")
    try:
        for target in ("/run/world/stick/x", "/proc/x", "/nowhere/x"):
            status, said = run("passkeyctl", "export", target)
            check(status == 3 and target in said or "No space" in said, f"{target}: {status}: {said}")
        check(os.listdir("/run/world/stick") == [], os.listdir("/run/world/stick"))
        status, said = run("sh", "-c", "passkeyctl export >/dev/full")
        check(status == 3 and "No space" in said, f"{status}: {said}")
    finally:
        must("umount", "/run/world/stick")


def who_cannot_be_asked_may_not():
    for command in (["export", "/tmp/x"], ["import", "/etc/passwd", "--dry-run"]):
        status, said = run("setpriv", "--reuid", "alice", "--regid", "alice", "--init-groups", "passkeyctl", *command)
        check(status == 4, f"{status}: {said}")


def importing_where_it_came_from_changes_nothing():
    rows = imported("--dry-run")
    check(all(row["what"] == "skip" and row["why"] == "known" for row in rows), rows)


# --- the second life ------------------------------------------------------------------------------------------------
def another_machine_takes_only_whom_it_is_told_to_trust():
    begin_anew()
    said = imported("--yes", status=3)
    check(signer["first"] in said and "--signer" in said, said)
    wrong = "SHA256:" + "A" * 43
    said = imported("--yes", "--signer", wrong, status=3)
    check(signer["first"] in said and wrong in said, said)
    check(not os.path.exists(KEY), "importing made a key")
    check(ledger("SELECT count(*) FROM credential") == [(0,)], "something was taken")


def what_is_damaged_is_not_taken():
    with open(BACKUP, "rb") as file:
        whole = file.read()
    damaged = "/root/damaged"
    for name, content in {"empty": b"", "noise": os.urandom(5000), "cut": whole[:-200], "half a line": whole[:100],
                          "altered": whole.replace(b"Blue key", b"Best key"), "longer": whole + b"\n",
                          "nothing inside": whole.split(b"\n")[0] + b"\n"}.items():
        with open(damaged, "wb") as file:
            file.write(content)
        said = imported("--yes", "--signer", signer["first"], file=damaged, status=3)
        check("damaged" in said or "not signed" in said or "altered" in said, f"{name}: {said}")
    with open(damaged, "wb") as file:
        file.truncate(65 * 1024 * 1024)
    said = imported("--yes", file=damaged, status=3)
    check("larger" in said, said)
    check(ledger("SELECT count(*) FROM credential") == [(0,)], "something was taken")


def a_dry_run_tells_everything_and_changes_nothing():
    before = ledger("SELECT * FROM setting") + ledger("SELECT * FROM audit")
    dry = imported("--dry-run", "--signer", signer["first"])
    check(outcome(dry) == [("add", "alice", "Blue key", "", True), ("lock", "dave", "", "", False),
                           ("revoke", "carol", "Lost key", "", False), ("skip", "bob", "This computer", "tpm", False)], dry)
    check(ledger("SELECT * FROM setting") + ledger("SELECT * FROM audit") == before, "something changed")


def a_full_disk_is_said_and_nothing_is_changed():
    with Filled():
        said = imported("--yes", "--signer", signer["first"], status=3)
        check("full" in said or "no room" in said, said)
        for user in ("alice", "bob", "carol"):
            check(json.loads(must("passkeyctl", "list", "--json", "--user", user)) == [], "something was taken")
        said = run("passkeyctl", "export", "/root/from-full")
        check(said[0] == 3 and "no room" in said[1] and not os.path.exists("/root/from-full"), said)
        check(not os.path.exists(KEY), "half a key is there")


def the_person_is_shown_what_would_change_and_asked():
    with Terminal("root", ["passkeyctl", "import", "--signer", signer["first"], BACKUP]) as terminal:
        terminal.wait_for("Make these changes")
        for part in ("will work here", "enroll again: its key is in the other computer's TPM", "was revoked there"):
            check(part in terminal.screen, terminal.screen)
        terminal.type("n")
        check(terminal.end() == 3, terminal.screen)
    check(ledger("SELECT count(*) FROM credential") == [(0,)], "something was taken")
    with Terminal("root", ["passkeyctl", "import", "--signer", signer["first"], BACKUP]) as terminal:
        terminal.wait_for("Make these changes")
        terminal.type("y")
        check(terminal.end() == 0, terminal.screen)
        check("Backup codes are not part of an export" in terminal.screen, terminal.screen)
        check("1 must be enrolled again" in terminal.screen, terminal.screen)


def the_security_key_opens_sudo_again():
    check(with_touch("alice"), "sudo did not take the passkey")
    check(ledger("SELECT count(*) FROM backup_code") == [(0,)], "there are codes")


def the_tpms_passkey_is_gone_and_can_be_made_again():
    with sudo("bob") as terminal:
        use_password(terminal)
        check("PIN" not in terminal.screen, terminal.screen)
    enroll("bob", "--tpm", "--name", "This computer", answers=[TPM_PIN, TPM_PIN])
    with sudo("bob") as terminal:
        terminal.wait_for("PIN[^\n]*: ")
        terminal.type_unseen(TPM_PIN)
        check(terminal.end() == 0, "sudo did not take the passkey")


def what_was_revoked_stays_revoked():
    listed = json.loads(must("passkeyctl", "list", "--json", "--revoked", "--user", "carol"))
    check([row["state"] for row in listed] == ["revoked"], listed)
    with sudo("carol") as terminal:
        key("count", "reset")
        use_password(terminal)


def who_was_locked_stays_locked():
    check("left on Friday" in must("passkeyctl", "list", "--user", "dave"), "not locked")


def it_is_on_record_where_everything_came_from():
    (machine,) = records(BACKUP, "machine")
    (reason,) = ledger("SELECT reason FROM audit WHERE event = 'import'")
    check(reason[0] == f"signer {signer['first']} head {machine['audit_head']}", reason)
    check(("enroll", "alice", "imported") in ledger("SELECT event, user_name, reason FROM audit"), "no record")


def the_second_time_there_is_nothing_to_change():
    rows = imported("--yes", "--signer", signer["first"])
    check({row["why"] for row in rows} == {"known", "tpm"}, rows)


def the_machines_own_exports_need_no_fingerprint():
    signer["second"] = export("/root/second.export")
    check(signer["second"] != signer["first"], "the same key")
    imported("--yes", file="/root/second.export")
    begin_anew(keep_key=True)
    rows = imported("--yes", file="/root/second.export")
    check(("add", "alice", "Blue key", "", True) in outcome(rows), rows)
    check(with_touch("alice"), "sudo did not take the passkey")


def an_import_while_somebody_signs_in_disturbs_nobody():
    with sudo("alice") as terminal:
        terminal.wait_for("Touch ")
        key("wait", "blinking")
        imported("--yes", file="/root/second.export")
        touch()
        check(terminal.end() == 0 and "assword" not in terminal.screen, terminal.screen)


def two_imports_at_once_do_what_one_does():
    begin_anew(keep_key=True)
    both = [subprocess.Popen(["passkeyctl", "import", "--yes", "--json", "/root/second.export"], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True) for _ in range(2)]
    for one in both:
        said = one.communicate(timeout=90)[0]
        check(one.returncode == 0 or "under way" in said, said)
    check(ledger("SELECT count(*) FROM credential WHERE user_name = 'alice'") == [(1,)], "not once")


def an_import_revokes_what_was_revoked_elsewhere_even_while_it_waits_for_a_touch():
    """The backup is older than the revocation here, and the other way round."""
    revoke("alice")
    export("/root/third.export")
    begin_anew(keep_key=True)
    imported("--yes", file="/root/second.export")
    with sudo("alice") as terminal:
        terminal.wait_for("Touch ")
        key("wait", "blinking")
        rows = imported("--yes", file="/root/third.export")
        check(("revoke", "alice", "Blue key", "", False) in outcome(rows), rows)
        touch()
        use_password(terminal)
    rows = imported("--yes", file="/root/second.export")
    check(("skip", "alice", "Blue key", "revoked", False) in outcome(rows), rows)


def a_damaged_signing_key_is_said_and_left_alone():
    with open(KEY, "wb") as file:
        file.write(b"-----BEGIN PRIVATE KEY-----\n")
    status, said = run("passkeyctl", "export", "/root/fourth.export")
    check(status == 3 and "export.key" in said and not os.path.exists("/root/fourth.export"), said)
    check(open(KEY, "rb").read() == b"-----BEGIN PRIVATE KEY-----\n", "replaced")
    os.unlink(KEY)


# --- large ones --------------------------------------------------------------------------------------------------------
def nobody_waits_long_for_a_large_export_or_import():
    """1000 passkeys of 50 people and 10,000 records: how long the daemon does not answer anybody else."""
    fill_ledger(1000, 50, 10_000)
    took, longest = watched(lambda: export("/root/large.export", "--force"))
    print(f"# export: {os.path.getsize('/root/large.export') / 1e6:.1f} MB in {took:.2f} s, longest silence {longest * 1000:.0f} ms")
    check(len(records("/root/large.export", "audit")) >= 10_000, "records are missing")
    check(len(records("/root/large.export", "credential")) >= 1000, "passkeys are missing")
    begin_anew(keep_key=True)
    took, longest_import = watched(lambda: imported("--yes", file="/root/large.export"))
    print(f"# import: {took:.2f} s, longest silence {longest_import * 1000:.0f} ms")
    check(ledger("SELECT count(*) FROM credential WHERE state = 'active'")[0][0] >= 64, "nothing was taken")
    check(longest < 2 and longest_import < 5, "others were kept waiting")


def fill_ledger(passkeys, people, audit):
    """Copies of a real passkey under other ids, and records that no hash fits: neither is asked for here."""
    stop_daemon()
    with sqlite3.connect(LEDGER) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(credential)")]
        row = dict(zip(columns, database.execute("SELECT * FROM credential WHERE way = 'usb' LIMIT 1").fetchone()))
        seq = database.execute("SELECT max(row) FROM credential").fetchone()[0]
        for at in range(passkeys):
            row.update(row=seq + 1 + at, credential_id=os.urandom(64), name=f"key {at}", state="active",
                       user_name=("alice", "bob", "carol", "dave")[at % 4] if at % people < 4 else f"person{at % people}")
            database.execute(f"INSERT INTO credential VALUES ({','.join('?' * len(columns))})", list(row.values()))
        first = database.execute("SELECT max(seq) FROM audit").fetchone()[0] + 1
        for at in range(first, first + audit):
            database.execute("INSERT INTO audit VALUES (?, 1700000000, 'login', 'alice', 1000, 'sudo', 'usb', 1, ?, 'granted', '',"
                             " 0, 4711, '', ?)", (at, os.urandom(64), os.urandom(32)))
    database.close()
    for name in os.listdir(STATE):
        shutil.chown(f"{STATE}/{name}", "passkeyd", "passkeyd")
    status, said = start_daemon()
    check(status == 0, said)


def watched(act):
    """Seconds that `act` takes, and the longest time that another caller waits for an answer meanwhile."""
    probe = subprocess.Popen([sys.executable, "-c", PROBE], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
    probe.stdout.readline()
    begin = time.monotonic()
    act()
    took = time.monotonic() - begin
    return took, float(probe.communicate("done\n", timeout=60)[0])


PROBE = """
import select, subprocess, sys, time
longest = 0
print('ready', flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    begin = time.monotonic()
    subprocess.run(['busctl', 'call', 'org.passkeyd1', '/org/passkeyd1', 'org.passkeyd1.Manager', 'GetStatus'], check=True,
                   stdout=subprocess.DEVNULL, timeout=60)
    longest = max(longest, time.monotonic() - begin)
print(longest)
"""

PROMISES = [
    everything_is_written_down_in_a_file_of_ones_own,
    others_can_check_the_signature_and_the_history_by_the_documented_format,
    nothing_in_it_opens_anything,
    a_file_that_is_there_is_not_replaced_unasked,
    a_terminal_is_no_place_for_it,
    a_target_that_is_full_or_read_only_is_said_and_leaves_nothing,
    who_cannot_be_asked_may_not,
    importing_where_it_came_from_changes_nothing,
    another_machine_takes_only_whom_it_is_told_to_trust,
    what_is_damaged_is_not_taken,
    a_dry_run_tells_everything_and_changes_nothing,
    a_full_disk_is_said_and_nothing_is_changed,
    the_person_is_shown_what_would_change_and_asked,
    the_security_key_opens_sudo_again,
    the_tpms_passkey_is_gone_and_can_be_made_again,
    what_was_revoked_stays_revoked,
    who_was_locked_stays_locked,
    it_is_on_record_where_everything_came_from,
    the_second_time_there_is_nothing_to_change,
    the_machines_own_exports_need_no_fingerprint,
    an_import_while_somebody_signs_in_disturbs_nobody,
    two_imports_at_once_do_what_one_does,
    an_import_revokes_what_was_revoked_elsewhere_even_while_it_waits_for_a_touch,
    a_damaged_signing_key_is_said_and_left_alone,
    nobody_waits_long_for_a_large_export_or_import,
]
sys.exit(keep(PROMISES))
