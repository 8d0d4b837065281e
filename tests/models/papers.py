"""Certificate authorities, keys' certificates and FIDO Metadata, made for one run and worth nothing after it."""

import base64
import datetime
import json
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import NameOID, ObjectIdentifier

PLACE = "/run/world/papers"
AAGUID_EXTENSION = ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")
PUBLISHER = "mds.fidoalliance.org"
DAY = datetime.timedelta(days=1)


def name(common_name, unit=None):
    parts = [(NameOID.COUNTRY_NAME, "AT"), (NameOID.ORGANIZATION_NAME, "Test Keys")]
    parts += [(NameOID.ORGANIZATIONAL_UNIT_NAME, unit)] if unit else []
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in parts + [(NameOID.COMMON_NAME, common_name)]])


class Holder:
    """A P-256 key and the certificate that `issuer`, or itself, gave it."""

    def __init__(self, subject, issuer=None, authority=False, aaguid=None, host=None, days=(-10, 10)):
        now = datetime.datetime.now(datetime.timezone.utc)
        self.key = ec.generate_private_key(ec.SECP256R1())
        builder = (x509.CertificateBuilder().subject_name(subject).public_key(self.key.public_key())
                   .issuer_name(issuer.certificate.subject if issuer else subject).serial_number(x509.random_serial_number())
                   .not_valid_before(now + days[0] * DAY).not_valid_after(now + days[1] * DAY)
                   .add_extension(x509.BasicConstraints(authority, None), critical=True))
        if aaguid:
            value = x509.UnrecognizedExtension(AAGUID_EXTENSION, b"\x04\x10" + bytes.fromhex(aaguid.replace("-", "")))
            builder = builder.add_extension(value, critical=False)
        if host:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        self.certificate = builder.sign((issuer or self).key, hashes.SHA256())

    @property
    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def base64(self):
        return base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()

    @property
    def key_identifier(self):
        return x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()).digest.hex()

    def write_certificate(self, path):
        write(path, self.pem)

    def write_all(self, path, *others):
        """Key and chain, as the softkey reads them."""
        key = self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                     serialization.NoEncryption()).decode()
        write(path, key + self.pem + "".join(other.pem for other in others))


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class Vendor:
    """Root, issuer, and certificates for keys."""

    def __init__(self, called):
        self.root = Holder(name(called + " Root"), authority=True)
        self.issuer = Holder(name(called + " Issuer"), self.root, authority=True)

    def papers(self, file, **about):
        """A file for the softkey with a new certificate; its path."""
        path = f"{PLACE}/{file}.pem"
        self.leaf = Holder(name("Test Key", "Authenticator Attestation"), self.issuer, **about)
        self.leaf.write_all(path, self.issuer)
        return path


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Publisher:
    """Signs metadata."""

    def __init__(self, called):
        self.root = Holder(name(called), authority=True)
        self.signer = Holder(name(PUBLISHER), self.root, host=PUBLISHER)

    def blob(self, number, *entries, next_update="2999-01-01"):
        header = {"alg": "ES256", "typ": "JWT", "x5c": [self.signer.base64]}
        payload = {"legalHeader": "", "no": number, "nextUpdate": next_update, "entries": list(entries)}
        head = ".".join(base64url(json.dumps(part).encode()) for part in (header, payload))
        r, s = utils.decode_dss_signature(self.signer.key.sign(head.encode(), ec.ECDSA(hashes.SHA256())))
        return head + "." + base64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def entry(description, status, roots=(), **ids):
    return {"metadataStatement": {"description": description, "attestationRootCertificates": [root.base64 for root in roots]},
            "statusReports": [{"status": status, "effectiveDate": "2026-01-01"}], **ids}
