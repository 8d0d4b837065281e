"""An export as docs/export-format.md describes it, read without any of our own code: the signature by openssl, the
chain of the audit by this page."""

import base64
import hashlib
import json
import subprocess
import tempfile


def openssl_accepts(path):
    """Whether openssl says that the file is signed, and by the fingerprint it names."""
    with open(path, "rb") as file:
        first, payload = file.readline(), file.read()
    envelope = json.loads(first)
    key = bytes.fromhex(envelope["key"])
    fingerprint = "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")
    if fingerprint != envelope["signer"]:
        return False
    statement = f"passkeyd-export 1 sha256:{hashlib.sha256(payload).hexdigest()}\n".encode()
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("key", key), ("text", statement), ("signature", bytes.fromhex(envelope["signature"]))):
            with open(f"{folder}/{name}", "wb") as file:
                file.write(content)
        return subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", folder + "/key", "-rawin",
                               "-in", folder + "/text", "-sigfile", folder + "/signature"], capture_output=True,
                              check=False).returncode == 0


def records(path, kind):
    with open(path, encoding="utf-8") as file:
        return [record for record in map(json.loads, list(file)[1:]) if record["record"] == kind]


def field(kind, value):
    return kind + len(value).to_bytes(8, "big") + value


def number(value):
    return field(b"n", b"") if value is None else field(b"i", (value % 2**64).to_bytes(8, "big"))


def text(value):
    return field(b"t", value.encode())


def hash_of(before, row):
    return hashlib.sha256(
        text("passkeyd audit row 1") + field(b"b", before) + number(row["seq"]) + number(row["time"]) + text(row["event"]) +
        text(row["user"]) + number(row.get("uid")) + text(row["service"]) + text(row["way"]) + number(row.get("credential")) +
        field(b"b", bytes.fromhex(row["credential_id"])) + text(row["outcome"]) + text(row["reason"]) +
        number(row["caller_uid"]) + number(row["caller_pid"]) + text(row["rhost"])).digest()


def first_bad(path):
    """The first record of the audit whose hash does not fit; None: all of them do, and lead to the head."""
    (machine,) = records(path, "machine")
    before, expected = bytes.fromhex(machine["audit_before"]), machine["audit_first"]
    for row in records(path, "audit"):
        before = hash_of(before, row)
        if row["seq"] != expected or before.hex() != row["hash"]:
            return expected
        expected += 1
    return None if before.hex() == machine["audit_head"] and expected == machine["audit_last"] + 1 else expected
