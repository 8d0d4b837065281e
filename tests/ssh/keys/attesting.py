"""What a security key says for a new SSH key, and whom the administrator believes."""

import os

import dbus

from bench import PLACE, Key, add, check, is_refused_unasked, keys_of, must, opens
from papers import Vendor
from world import Misbehaving, configure, key, restart_daemon, usb

ROOTS = "/etc/passkeyd/attestation-roots"
BLUE, ZEROS = "b" * 32, "0" * 32
PIN, SAY_PIN = "2468", "/run/world/say-pin"
ASKING = {"SSH_ASKPASS": SAY_PIN, "SSH_ASKPASS_REQUIRE": "force"}
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


def set_a_pin():
    node = usb("list").splitlines()[0].split()[1]
    must("with-usb", "sh", "-c", f"printf '{PIN}\\n{PIN}\\n' | setsid fido2-token -S {node}")
    with open(SAY_PIN, "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\necho '{PIN}'\n")
    os.chmod(SAY_PIN, 0o755)


def with_pin(name, *arguments):
    """Made by somebody who types the PIN."""
    os.environ.update(ASKING)
    try:
        return Key(name, attested=True, arguments=arguments)
    finally:
        for variable in ASKING:
            del os.environ[variable]


def a_key_that_wants_its_pin_each_time_is_let_in_with_it_and_not_without():
    says("self")
    set_a_pin()
    always = with_pin("always", "verify-required")
    check(add("alice", always.line, name="Always", **always.evidence) is None, "not enrolled")
    check(keys_of("alice")["Always"]["user-verification"], keys_of("alice")["Always"])
    check(opens(always, more=("-o", "BatchMode=no"), settings=[f"{name}={value}" for name, value in ASKING.items()]),
          "it does not open")
    with Misbehaving(no_uv=1):
        check(not opens(always, more=("-o", "BatchMode=no"), settings=[f"{name}={value}" for name, value in ASKING.items()]),
              "it opens without")


def a_key_that_wanted_its_pin_only_when_it_was_made_is_let_in_with_a_touch():
    once = with_pin("once")
    check(add("alice", once.line, name="Once", **once.evidence) is None, "not enrolled")
    check(not keys_of("alice")["Once"]["user-verification"], keys_of("alice")["Once"])
    check(opens(once), "it does not open")


PROMISES = [
    a_key_that_speaks_for_itself_is_enrolled_with_its_own_word,
    a_key_of_a_trusted_vendor_is_trusted,
    an_old_key_is_believed_by_its_certificate,
    an_attestation_of_another_key_over_something_else_or_forged_enrolls_nothing,
    where_attestation_is_required_a_key_without_is_not_taken,
    a_model_that_is_not_accepted_is_neither_taken_nor_let_in,
    a_key_that_wants_its_pin_each_time_is_let_in_with_it_and_not_without,
    a_key_that_wanted_its_pin_only_when_it_was_made_is_let_in_with_a_touch,
]
