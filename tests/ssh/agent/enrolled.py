"""SSH keys in the ledger of a world: put there as a row, since what is tested here is what becomes of them."""

import base64
import hashlib
import pwd
import shutil
import sqlite3
import struct
import time

from world import LEDGER, start_daemon, stop_daemon, check


def fields(blob):
    found = []
    while blob:
        size = struct.unpack(">I", blob[:4])[0]
        found.append(blob[4:4 + size])
        blob = blob[4 + size:]
    return found


def cose_of(blob):
    """The algorithm and the COSE_Key of an sk key's blob."""
    kind, *rest = fields(blob)
    if kind == b"sk-ssh-ed25519@openssh.com":
        return -8, bytes.fromhex("a4010103272006215820") + rest[0]
    point = rest[1]
    return -7, bytes.fromhex("a5010203262001215820") + point[1:33] + bytes.fromhex("225820") + point[33:]


def id_of(user, blob):
    """As ssh/key.h has it: a key has an id of its own in each account."""
    parts = (b"passkeyd ssh key", user.encode(), blob)
    return hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()


def row_of(user, blob, name, verified):
    algorithm, cose = cose_of(blob)
    now = int(time.time())
    return {"credential_id": id_of(user, blob), "algorithm": algorithm, "public_key": cose,
            "rp_id": fields(blob)[-1].decode(), "user_name": user, "uid": pwd.getpwnam(user).pw_uid, "way": "ssh",
            "aaguid": bytes(16), "name": name, "device": "", "user_verification": verified, "built_in_uv": 0,
            "backup_eligible": 0, "backed_up": 0, "counter": 0, "max_allow_list": 0, "platform": b"", "state": "active",
            "reason": "", "changed_by_uid": 0, "changed_by": "test", "created": now, "changed": now,
            "user_handle": b"", "discoverable": 0, "attestation": "none", "attested_by": "", "certificates": b""}


def enroll(*keys):
    """Each key: user, blob or line of a .pub file, name, and perhaps whether it was enrolled with verification."""
    stop_daemon()
    with sqlite3.connect(LEDGER) as ledger:
        for user, key, name, *verified in keys:
            blob = base64.b64decode(key.split()[1]) if isinstance(key, str) else key
            row = row_of(user, blob, name, int(bool(verified and verified[0])))
            ledger.execute(f"INSERT INTO credential ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
                           tuple(row.values()))
    ledger.close()
    for suffix in ("", "-wal", "-shm"):
        try:
            shutil.chown(LEDGER + suffix, "passkeyd", "passkeyd")
        except FileNotFoundError:
            pass
    status, said = start_daemon()
    check(status == 0, "the daemon does not start: " + said)


def ledger_says(query, *values):
    with sqlite3.connect(f"file:{LEDGER}?mode=ro", uri=True) as ledger:
        rows = ledger.execute(query, values).fetchall()
    ledger.close()
    return rows


def state_of(name):
    return ledger_says("SELECT state FROM credential WHERE name = ? ORDER BY row DESC", name)[0][0]


def last_records(count=1):
    """Way, outcome and reason of the last sign-ins on record, the newest first."""
    return ledger_says("SELECT way, outcome, reason FROM audit WHERE event = 'login' ORDER BY rowid DESC LIMIT ?", count)


def records():
    return ledger_says("SELECT count(*) FROM audit WHERE event = 'login'")[0][0]
