"""The audit's chain, told anew from its description: what somebody who can write the ledger could compute as well."""

import hashlib
import sqlite3
import struct


def field(kind, data):
    return kind + struct.pack(">Q", len(data)) + data


def number(value):
    return field(b"n", b"") if value is None else field(b"i", struct.pack(">q", value))


def text(value):
    return field(b"t", value.encode())


def hash_of(before, row):
    (seq, time, event, user, uid, service, way, credential, credential_id, outcome, reason, caller_uid, caller_pid,
     rhost) = row
    return hashlib.sha256(
        text("passkeyd audit row 1") + field(b"b", before) + number(seq) + number(time) + text(event) + text(user) +
        number(uid) + text(service) + text(way) + number(credential) + field(b"b", credential_id) + text(outcome) +
        text(reason) + number(caller_uid) + number(caller_pid) + text(rhost)).digest()


def forge(path, change):
    """Runs `change` on the audit of the ledger, and makes all hashes fit again."""
    ledger = sqlite3.connect(path)
    triggers = ledger.execute("SELECT name, sql FROM sqlite_schema WHERE name LIKE 'audit_no_%'").fetchall()
    for name, _ in triggers:
        ledger.execute(f"DROP TRIGGER {name}")
    ledger.execute(change)
    before = ledger.execute("SELECT hash FROM audit_base").fetchone()[0]
    for row in ledger.execute("SELECT * FROM audit ORDER BY seq").fetchall():
        before = hash_of(before, row[:-1])
        ledger.execute("UPDATE audit SET hash = ? WHERE seq = ?", (before, row[0]))
    for _, sql in triggers:
        ledger.execute(sql)
    ledger.commit()
    ledger.close()


def newest(path):
    ledger = sqlite3.connect(path)
    row = ledger.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    ledger.close()
    return row[0], row[1].hex()
