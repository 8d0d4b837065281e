"""sk-ssh-ed25519 in software: a key whose holder can sign whatever they like, with whatever flags and counter."""

import hashlib
import struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KIND = b"sk-ssh-ed25519@openssh.com"
APPLICATION = b"ssh:"


def string(value):
    return struct.pack(">I", len(value)) + value


class SkKey:
    def __init__(self, seed):
        self.private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.blob = string(KIND) + string(self.public) + string(APPLICATION)

    def sign(self, text, counter, flags=1, application=APPLICATION, kind=KIND):
        """A signature blob, as PROTOCOL.u2f of OpenSSH has it."""
        covered = hashlib.sha256(application).digest() + bytes([flags]) + struct.pack(">I", counter) + \
            hashlib.sha256(text).digest()
        return string(kind) + string(self.private.sign(covered)) + bytes([flags]) + struct.pack(">I", counter)
