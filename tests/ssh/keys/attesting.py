"""What a security key says for a new SSH key, and whom the administrator believes."""

import dbus

from bench import PLACE, Key, add, check, is_refused_unasked, keys_of, opens
from papers import Vendor
from world import configure, key, restart_daemon

ROOTS = "/etc/passkeyd/attestation-roots"
BLUE, ZEROS = "b" * 32, "0" * 32
made = {}


def says(*words):
    key("knob", "reset")
    key("attest", *words)


def a_key_that_speaks_for_itself_is_enrolled_with_its_own_word():
    says("self", BLUE)
    for kind in ("ed25519-sk", "ecdsa-sk"):
        one = Key("self-" + kind, kind, attested=True)
        check(add("alice", one.line, name=kind, **one.evidence) is None, f"{kind}: not enrolled")
        row = keys_of("alice")[kind]
        check(row["attestation"] == "self" and row["aaguid"].replace("-", "") == BLUE, row)
    check(opens(one), "and it does not sign in")


def a_key_of_a_trusted_vendor_is_trusted():
    vendor = Vendor("Known")
    vendor.root.write_certificate(ROOTS + "/known.pem")
    vendor.issuer.write_certificate(ROOTS + "/issuer.pem")  # OpenSSH keeps but the first certificate
    restart_daemon()
    says("packed", vendor.papers("blue", aaguid=BLUE), BLUE)
    for kind in ("ed25519-sk", "ecdsa-sk"):
        one = made[kind] = Key("blue-" + kind, kind, attested=True)
        check(add("alice", one.line, name="Blue " + kind, **one.evidence) is None, f"{kind}: not enrolled")
        row = keys_of("alice")["Blue " + kind]
        check((row["attestation"], row["attested-by"]) == ("trusted", "Known Issuer"), row)
        check(row["aaguid"].replace("-", "") == BLUE and not row["user-verification"], row)


def an_old_key_is_believed_by_its_certificate():
    vendor = Vendor("Old")
    vendor.papers("old")
    vendor.leaf.write_all(PLACE + "/old.pem")
    vendor.issuer.write_certificate(ROOTS + "/old.pem")
    restart_daemon()
    says("u2f", PLACE + "/old.pem", ZEROS)
    old = Key("old", "ecdsa-sk", attested=True)
    check(add("alice", old.line, name="Old", **old.evidence) is None, "not enrolled")
    check(keys_of("alice")["Old"]["attestation"] == "trusted", keys_of("alice")["Old"])


def an_attestation_of_another_key_over_something_else_or_forged_enrolls_nothing():
    says("self")
    one, two = Key("one", attested=True), Key("two", attested=True)
    forged = dbus.ByteArray(bytes(byte ^ (at == 60) for at, byte in enumerate(one.evidence["attestation"])))
    for why, evidence in (("another key's", two.evidence), ("over something else", {**one.evidence, "challenge": dbus.ByteArray(b"x")}),
                          ("forged", {**one.evidence, "attestation": forged}),
                          ("none", {**one.evidence, "attestation": dbus.ByteArray(b"")}),
                          ("without what it is over", {"attestation": one.evidence["attestation"]}),
                          ("a challenge alone", {"challenge": one.evidence["challenge"]}),
                          ("too long", {**one.evidence, "attestation": dbus.ByteArray(b"x" * 17000)}),
                          ("a text", {"attestation": "x", "challenge": "x"})):
        check(add("alice", one.line, name="One", **evidence) == "InvalidInput", why)
    check(add("alice", one.line, name="One", **one.evidence) is None, "and what is right neither")


def where_attestation_is_required_a_key_without_is_not_taken():
    configure("attestation = required\n")
    restart_daemon()
    silent = Key("silent", attested=True)
    check(add("alice", silent.line, name="Silent") == "NotAttested", "a key that says nothing was enrolled")
    check(add("alice", silent.line, name="Silent", **silent.evidence) == "NotAttested", "its own word was enough")
    check(opens(made["ed25519-sk"]), "what was enrolled before does not open")
    configure("")
    restart_daemon()


def a_model_that_is_not_accepted_is_neither_taken_nor_let_in():
    configure("accepted_aaguids = " + "-".join(("c" * 8, "c" * 4, "c" * 4, "c" * 4, "c" * 12)) + "\n")
    restart_daemon()
    unknown = Key("unknown")
    check(add("alice", unknown.line, name="Unknown") == "ModelRefused", "it was enrolled")
    check(is_refused_unasked(made["ed25519-sk"]), "it was let in")
    configure("")
    restart_daemon()


PROMISES = [
    a_key_that_speaks_for_itself_is_enrolled_with_its_own_word,
    a_key_of_a_trusted_vendor_is_trusted,
    an_old_key_is_believed_by_its_certificate,
    an_attestation_of_another_key_over_something_else_or_forged_enrolls_nothing,
    where_attestation_is_required_a_key_without_is_not_taken,
    a_model_that_is_not_accepted_is_neither_taken_nor_let_in,
]
