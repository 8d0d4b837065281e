"""What a TPM proves for a new passkey, and what GetHealth finds once something is out of order. Prints TAP; a test's name
is a promise. In order: later tests use what earlier ones left."""

import ctypes
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time

for room in ("tests/attacker", "tests/signin"):
    sys.path.insert(0, os.path.join(os.environ["WORLD_TREE"], room))
from clock import Clock  # noqa: E402
from world import (CONFIG, LEDGER, TREE, check, configure, daemon_log, daemon_pids, enroll, keep, must, restart_daemon,  # noqa: E402
                   run)

TCTI = "swtpm:path=/run/world/tpm/socket"
PIN, WRONG_PIN = "314159", "271828"
ROOT = "/etc/passkeyd/tpm-roots/world.pem"
CERTIFICATE = "0x01C0000A"
CEREMONY = "/usr/libexec/passkeyd/passkeyd-ceremony"
CHECKS = ["tpm-present", "tpm-software", "tpm-lockout-auth", "tpm-counter", "tpm-parameters", "tpm-srk", "tpm-owner-auth",
          "tpm-credentials", "ledger-chain", "ledger-integrity", "ledger-disk", "config", "clock", "metadata", "rp-id",
          "ceremonies", "landlock", "version"]


def tpm(command, *words):
    must("tpm2_" + command, "-Q", "-T", TCTI, *words)


def health():
    """Every finding by its check's name."""
    said = json.loads(must("busctl", "--json=short", "call", "org.passkeyd1", "/org/passkeyd1", "org.passkeyd1.Manager",
                           "GetHealth"))
    rows = [{key: value["data"] for key, value in row.items()} for row in said["data"][0]]
    return {row["check"]: row for row in rows}


def finds(name, level, **numbers):
    found = health()[name]
    print(f"# {name}: {found}")
    check(found["level"] == level, f"{name} should be {level}")
    for number, value in numbers.items():
        check(found[number.replace("_", "-")] == value, f"{name}: {number} should be {value}")


def credentials():
    with sqlite3.connect(f"file:{LEDGER}?mode=ro", uri=True) as ledger:
        ledger.row_factory = sqlite3.Row
        return ledger.execute("SELECT * FROM credential ORDER BY row").fetchall()


def enrolled(user, name):
    enroll(user, "--tpm", "--name", name, answers=[PIN, PIN])
    return credentials()[-1]


def refused(user, name):
    """What enrolling said; nothing may have been stored."""
    before = len(credentials())
    done = subprocess.run(["passkeyctl", "enroll", "--no-backup-codes", "--user", user, "--pin-stdin", "--tpm", "--name", name],
                          input=f"{PIN}\n{PIN}\n", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=90)
    check(done.returncode != 0, "the enrollment went through: " + done.stdout)
    check(len(credentials()) == before, "something was stored")
    return done.stdout


def guess(user):
    """One wrong PIN."""
    done = subprocess.run(["passkeyctl", "test", "--user", user, "--pin-stdin"], input=WRONG_PIN + "\n" * 9,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=90)
    check(done.returncode != 0, done.stdout)


# --- attestation ----------------------------------------------------------------------------------------------------
def a_tpm_that_a_trusted_maker_certified_is_trusted():
    begin = time.monotonic()
    made = enrolled("alice", "proven")
    print(f"# an enrollment with its proof took {(time.monotonic() - begin) * 1000:.0f} ms")
    check(made["attestation"] == "trusted" and made["attested_by"] == "World TPM Maker", dict(made))
    check(made["device"] == "TPM (IBM swtpm)" and len(made["certificates"]) > 200, dict(made))
    done = subprocess.run(["passkeyctl", "test", "--user", "alice", "--pin-stdin"], input=PIN + "\n", text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=90)
    check(done.returncode == 0, done.stdout)


def one_of_a_maker_nobody_trusts_is_untrusted():
    os.rename(ROOT, ROOT + ".away")
    reload_daemon("is in force")
    try:
        made = enrolled("alice", "of a stranger")
        check(made["attestation"] == "untrusted" and made["attested_by"] == "World TPM Maker", dict(made))
        check(made["device"].startswith("TPM (IBM SW"), made["device"])
    finally:
        os.rename(ROOT + ".away", ROOT)
        reload_daemon("is in force")


class Meddled:
    """While the block runs, ceremony processes change a byte string of what they say."""

    def __init__(self, event, field):
        self.what = f"{event} {field}"

    def __enter__(self):
        with open("/run/world/meddle", "w", encoding="ascii") as file:
            file.write(self.what)
        os.chmod("/run/world/meddle", 0o644)
        os.rename(CEREMONY, CEREMONY + ".real")
        must("install", "-m", "0755", TREE + "/tests/health/meddler.py", CEREMONY)

    def __exit__(self, *_):
        os.rename(CEREMONY + ".real", CEREMONY)


def a_proof_that_was_tampered_with_is_refused():
    for field in ("key", "witness", "statement", "signature"):
        with Meddled("enrolled", field):
            check("security chip does not work" in refused("alice", "tampered"), field)
    with Meddled("activated", "secret"):
        check("security chip does not work" in refused("alice", "tampered"), "secret")
    check("another secret" in daemon_log(), "the log does not say why")


def a_certificate_that_was_tampered_with_makes_nothing_trusted():
    with Meddled("enrolled", "certificate"):
        done = enrolled("alice", "certificate")
    check(done["attestation"] in ("untrusted", "self"), dict(done))


def a_tpm_without_a_certificate_is_untrusted():
    tpm("nvundefine", "-C", "p", CERTIFICATE)
    made = enrolled("alice", "no certificate")
    check(made["attestation"] == "untrusted" and made["attested_by"] == "" and made["certificates"] == b"", dict(made))


def a_tpm_that_cannot_say_who_it_is_enrolls_all_the_same():
    tpm("changeauth", "-c", "e", "secret")
    made = enrolled("alice", "closed")
    check(made["attestation"] == "self" and made["certificates"] == b"", dict(made))
    check("endorsement hierarchy" in daemon_log(), "the log does not say why")
    tpm("changeauth", "-c", "e", "-p", "secret")


# --- health ---------------------------------------------------------------------------------------------------------
def every_check_speaks_once_and_nothing_is_bad():
    found = health()
    check(list(found) == CHECKS, list(found))
    check(all(row["level"] in ("good", "note", "warning") and row["detail"] for row in found.values()), found)
    check(found["tpm-software"]["level"] == "note" and found["tpm-lockout-auth"]["level"] == "warning", found)
    check(found["tpm-credentials"]["loads"] == len(credentials()), found["tpm-credentials"])


def what_the_kernel_has_of_landlock_is_told():
    """Asked of the kernel in the manner of landlock_create_ruleset(2); without it the call fails."""
    version = max(ctypes.CDLL(None).syscall(444, None, 0, 1), 0)
    finds("landlock", "good" if version else "warning", version=version)


def who_cannot_be_asked_does_not_hear_of_it():
    status, said = run("runuser", "-u", "bob", "--", "busctl", "call", "org.passkeyd1", "/org/passkeyd1", "org.passkeyd1.Manager",
                       "GetHealth")
    check(status != 0 and "org.passkeyd1.examine" in said, said)


def wrong_pins_are_counted():
    before = health()["tpm-counter"]["used"]
    guess("alice")
    check(health()["tpm-counter"]["used"] > before, "the count has not grown")


def a_locked_tpm_is_bad():
    tpm("dictionarylockout", "--setup-parameters", "--max-tries=1", "--recovery-time=600", "--lockout-recovery-time=86400")
    finds("tpm-counter", "bad", max=1)
    finds("tpm-parameters", "note", max=1)


def the_manuals_commands_set_a_lockout_password():
    """Those of passkeyctl(1), section TPM."""
    password = "/run/world/tpm-lockout"
    must("bash", "-c", f"umask 077; openssl rand -hex 16 | tr -d '\\n' >{password}")
    tpm("dictionarylockout", "--setup-parameters", "--max-tries=32", "--recovery-time=600", "--lockout-recovery-time=86400")
    tpm("changeauth", "--object-context=lockout", f"file:{password}")
    finds("tpm-lockout-auth", "good")
    finds("tpm-parameters", "good", max=32, interval=600, recovery=86400)
    tpm("dictionarylockout", "--clear-lockout", f"--auth=file:{password}")
    finds("tpm-counter", "good", used=0)
    tpm("changeauth", "--object-context=lockout", f"--object-auth=file:{password}")
    finds("tpm-lockout-auth", "warning")


def a_refused_configuration_is_a_warning_with_its_line():
    configure("tries_per_day = many\n")
    reload_daemon("reload refused")
    finds("config", "warning")
    check(CONFIG + ":1" in health()["config"]["detail"], health()["config"])
    configure("")
    reload_daemon("is in force")
    finds("config", "good")


def reload_daemon(said):
    """Tells it, and waits until it has said so."""
    before = daemon_log().count(said)
    for pid in daemon_pids():
        os.kill(pid, signal.SIGHUP)
    deadline = time.monotonic() + 20
    while daemon_log().count(said) == before:
        check(time.monotonic() < deadline, "the daemon does not reload")
        health()  # answered after the signal was


def another_rp_id_is_a_warning():
    configure("rp_id = other.example\n")
    restart_daemon()
    finds("rp-id", "warning")
    configure("")
    restart_daemon()
    finds("rp-id", "good")


def a_stored_passkey_that_makes_no_sense_is_bad():
    with sqlite3.connect(LEDGER) as ledger:
        ledger.execute("UPDATE credential SET state = 'nonsense' WHERE name = 'closed'")
    finds("ledger-integrity", "bad", bad_rows=1)
    with sqlite3.connect(LEDGER) as ledger:
        ledger.execute("UPDATE credential SET state = 'active' WHERE name = 'closed'")
    finds("ledger-integrity", "good", bad_rows=0)


def an_altered_audit_record_is_bad():
    def alter(value):
        with sqlite3.connect(LEDGER) as ledger:
            guard = ledger.execute("SELECT sql FROM sqlite_schema WHERE name = 'audit_no_update'").fetchone()[0]
            ledger.execute("DROP TRIGGER audit_no_update")
            before = ledger.execute("SELECT user_name FROM audit WHERE seq = 2").fetchone()[0]
            ledger.execute("UPDATE audit SET user_name = ? WHERE seq = 2", (value,))
            ledger.execute(guard)
            return before

    before = alter("mallory")
    finds("ledger-chain", "bad", first_bad=2)
    alter(before)
    finds("ledger-chain", "good")


def a_clock_that_was_set_back_is_a_warning():
    clock = Clock()
    clock.wall = -1
    clock.restart()
    finds("clock", "warning")
    restart_daemon()
    finds("clock", "good")


def a_cleared_tpm_is_bad_and_counts_who_must_enroll_again():
    tpm("clear")
    finds("tpm-srk", "bad", parent_changed=len(credentials()))
    finds("tpm-credentials", "bad", loads=0, parent_changed=len(credentials()))


def the_manuals_commands_make_a_root_key_where_the_owner_has_a_password():
    """Those of passkeyctl(1), section TPM."""
    with open("/run/world/tpm-owner", "w", encoding="ascii") as file:
        file.write("its password")
    tpm("changeauth", "-c", "o", "file:/run/world/tpm-owner")
    finds("tpm-owner-auth", "warning")
    refused("bob", "without a root key")
    tpm("createprimary", "--hierarchy=o", "--hierarchy-auth=file:/run/world/tpm-owner", "--hash-algorithm=sha256",
        "--key-algorithm=ecc", "--attributes=fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt",
        "--key-context=/run/world/srk.context")
    tpm("evictcontrol", "--hierarchy=o", "--auth=file:/run/world/tpm-owner", "--object-context=/run/world/srk.context", "0x81000001")
    tpm("flushcontext", "-t")
    finds("tpm-owner-auth", "note")


def another_root_key_than_at_the_enrollment_is_bad():
    with_new_root = enrolled("bob", "after the clearing")
    check(with_new_root["attestation"] == "untrusted", dict(with_new_root))
    finds("tpm-credentials", "bad", loads=1, parent_changed=len(credentials()) - 1)


def a_tpm_that_is_gone_is_bad_while_somebody_needs_it():
    last = "/etc/passkeyd/passkeyd.conf.d/zz.conf"  # after the world's own
    with open(last, "w", encoding="ascii") as file:
        file.write("tcti = swtpm:path=/run/world/nowhere\n")
    restart_daemon()
    finds("tpm-present", "bad", credentials=len(credentials()))
    check("tpm-counter" not in health(), "it speaks of a TPM that is not there")
    os.unlink(last)
    restart_daemon()


PROMISES = [
    a_tpm_that_a_trusted_maker_certified_is_trusted,
    one_of_a_maker_nobody_trusts_is_untrusted,
    a_proof_that_was_tampered_with_is_refused,
    a_certificate_that_was_tampered_with_makes_nothing_trusted,
    a_tpm_without_a_certificate_is_untrusted,
    a_tpm_that_cannot_say_who_it_is_enrolls_all_the_same,
    every_check_speaks_once_and_nothing_is_bad,
    what_the_kernel_has_of_landlock_is_told,
    who_cannot_be_asked_does_not_hear_of_it,
    wrong_pins_are_counted,
    a_locked_tpm_is_bad,
    the_manuals_commands_set_a_lockout_password,
    a_refused_configuration_is_a_warning_with_its_line,
    another_rp_id_is_a_warning,
    a_stored_passkey_that_makes_no_sense_is_bad,
    an_altered_audit_record_is_bad,
    a_clock_that_was_set_back_is_a_warning,
    a_cleared_tpm_is_bad_and_counts_who_must_enroll_again,
    the_manuals_commands_make_a_root_key_where_the_owner_has_a_password,
    another_root_key_than_at_the_enrollment_is_bad,
    a_tpm_that_is_gone_is_bad_while_somebody_needs_it,
]

sys.exit(keep(PROMISES))
