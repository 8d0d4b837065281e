"""Security keys of several makers, and what the daemon believes of them. Prints TAP; a test's name is a promise. In
order: later ones use what earlier ones enrolled and imported."""

import contextlib
import os
import sqlite3
import subprocess
import sys

import dbus

sys.path.insert(0, os.environ["WORLD_TREE"] + "/tests/signin")
from papers import PLACE, Publisher, Vendor, entry, write  # noqa: E402
from world import (LEDGER, Failed, check, configure, daemon_log, key, must, keep, restart_daemon, run, start_daemon, stop_daemon,  # noqa: E402
                   touch, with_touch)

ROOTS, SIGNERS = "/etc/passkeyd/attestation-roots", PLACE + "/signers.pem"
BLUE, RED, GREEN = (number * 32 for number in "bcd")
ZEROS = "0" * 32
# Imports what is at its standard input.
IMPORT = ["/usr/bin/python3", "-c", """
import dbus
manager = dbus.SystemBus().get_object("org.passkeyd1", "/org/passkeyd1")
summary = manager.ImportMetadata(dbus.types.UnixFd(0), dbus_interface="org.passkeyd1.Manager", timeout=60)
print("number", summary["number"])
"""]


def dashed(aaguid):
    return "-".join((aaguid[:8], aaguid[8:12], aaguid[12:16], aaguid[16:20], aaguid[20:]))


known, unknown = Vendor("Known"), Vendor("Unknown")
publisher, imposter = Publisher("Web Root"), Publisher("Web Root")


# --- helpers ----------------------------------------------------------------------------------------------------------
def manager():
    return dbus.Interface(dbus.SystemBus().get_object("org.passkeyd1", "/org/passkeyd1"), "org.passkeyd1.Manager")


def configured(**keys):
    configure("".join(f"{name} = {value}\n" for name, value in {"metadata_root": SIGNERS, **keys}.items()))
    restart_daemon()


def person(name):
    """Whose passkey of that name is: one for each, for a key makes no two for one person."""
    user = "alice" if name == "Blue key" else name.lower().replace(" ", "-")
    if run("getent", "passwd", user)[0] != 0:
        must("useradd", "--no-create-home", user)
    return user


def enroll(name, *attest):
    """With a key that says this for itself; what passkeyctl said if it was refused, else None."""
    key("knob", "reset")
    key("attest", *(attest or ("self",)))
    process = subprocess.Popen(["passkeyctl", "enroll", "--no-backup-codes", "--user", person(name), "--usb", "--name", name],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    touch()
    said = process.communicate(timeout=60)[0]
    key("knob", "reset")
    return said if process.returncode else None


def stored(name):
    """Attestation and who attested it, of the passkey of that name; None: there is none."""
    with contextlib.closing(sqlite3.connect(f"file:{LEDGER}?mode=ro", uri=True)) as ledger:
        return ledger.execute("SELECT attestation, attested_by FROM credential WHERE name = ?", (name,)).fetchone()


def must_be(name, attestation, by, *attest):
    refused = enroll(name, *attest)
    check(refused is None, f"refused: {refused}")
    check(stored(name) == (attestation, by), f"{name}: {stored(name)}")


def must_be_refused(kind, name, *attest):
    before = len(daemon_log())
    said = enroll(name, *attest)
    check(said is not None, "it was enrolled")
    check(stored(name) is None, "it was stored all the same")
    last = daemon_log().splitlines()[-2:]
    check(f"failed ({kind})" in "\n".join(last), last)


def import_blob(blob):
    path = PLACE + "/blob.jwt"
    write(path, blob)
    with open(path, "rb") as file:
        return dbus_values(manager().ImportMetadata(dbus.types.UnixFd(file)))


def dbus_values(summary):
    return {str(name): str(value) if isinstance(value, str) else int(value) for name, value in summary.items()}


def refused_import(file):
    """The error's name without what all begin with."""
    try:
        manager().ImportMetadata(dbus.types.UnixFd(file), timeout=60)
    except dbus.DBusException as error:
        return error.get_dbus_name().removeprefix("org.passkeyd1.Error.")
    raise Failed("it was imported")


def refused_blob(blob):
    path = PLACE + "/blob.jwt"
    write(path, blob)
    with open(path, "rb") as file:
        return refused_import(file)


def listed(name):
    return next(row for row in manager().ListCredentials(person(name)) if row["name"] == name)


# --- whom to believe ----------------------------------------------------------------------------------------------------
def a_key_of_a_trusted_vendor_is_trusted():
    must_be("Blue key", "trusted", "Known Root", "packed", known.papers("blue", aaguid=BLUE), BLUE)
    check(with_touch("alice"), "and it does not sign in")


def a_key_of_nobody_known_is_taken_and_said_to_be_untrusted():
    must_be("Red key", "untrusted", "Unknown Issuer", "packed", unknown.papers("red"), RED)


def a_key_that_says_nothing_or_only_itself_is_taken_and_said_to_be_so():
    must_be("Own word", "self", "", "self", GREEN)
    must_be("No word", "none", "", "none", GREEN)


def an_old_key_is_believed_by_its_certificate():
    """It brings one, so who issued that must be trusted itself."""
    known.papers("old")
    known.old = known.leaf
    known.leaf.write_all(PLACE + "/old.pem")
    must_be("Old key", "trusted", "Known Issuer", "u2f", PLACE + "/old.pem", ZEROS)


def an_expired_certificate_makes_nothing_trusted():
    must_be("Late key", "untrusted", "Known Issuer", "packed", known.papers("late", days=(-10, -1)), BLUE)


def a_certificate_for_another_model_is_refused():
    check(enroll("Liar", "packed", known.papers("liar", aaguid=BLUE), RED) is not None, "it was enrolled")
    check(stored("Liar") is None, "it was stored")


# --- insisting ----------------------------------------------------------------------------------------------------------
def where_attestation_is_required_nothing_else_enrolls():
    configured(attestation="required")
    must_be_refused("not-attested", "Red again", "packed", unknown.papers("red"), RED)
    must_be_refused("not-attested", "Own word again", "self", GREEN)
    must_be_refused("not-attested", "No word again", "none", GREEN)
    must_be("Blue again", "trusted", "Known Root", "packed", known.papers("blue", aaguid=BLUE), BLUE)
    configured()


def a_damaged_root_is_a_loud_error_that_names_the_file():
    write(ROOTS + "/broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    stop_daemon()
    status, said = start_daemon()
    os.unlink(ROOTS + "/broken.pem")
    configured()
    check(status != 0 and ROOTS + "/broken.pem: a block in it is damaged" in said + daemon_log(), said)


# --- metadata -----------------------------------------------------------------------------------------------------------
def metadata_says_what_came_of_it():
    summary = import_blob(publisher.blob(7, entry("Blue Key 5", "REVOKED", aaguid=dashed(BLUE)),
                                         entry("Red Key", "FIDO_CERTIFIED_L1", [unknown.root], aaguid=dashed(RED)),
                                         entry("Old Key", "FIDO_CERTIFIED", attestationCertificateKeyIdentifiers=[known.old.key_identifier])))
    check(summary == {"number": 7, "next-update": "2999-01-01", "models": 3, "recalled": 1, "flagged": 3}, summary)


def a_recalled_model_is_refused():
    must_be_refused("model-recalled", "Blue once more", "packed", known.papers("blue", aaguid=BLUE), BLUE)


def a_recalled_model_that_is_enrolled_still_signs_in():
    check(with_touch("alice"), "it does not")


def the_metadatas_roots_are_trusted_for_their_model_alone():
    must_be("Red by metadata", "trusted", "Unknown Root", "packed", unknown.papers("red"), RED)
    must_be("Green by metadata", "untrusted", "Unknown Issuer", "packed", unknown.papers("green"), GREEN)


def metadata_that_somebody_else_signed_changes_nothing():
    check(refused_blob(imposter.blob(8)) == "Untrusted", "")
    check(refused_blob(publisher.blob(8)[:-4] + "AAAA") == "Untrusted", "")
    must_be_refused("model-recalled", "Blue once more", "packed", known.papers("blue", aaguid=BLUE), BLUE)


def older_metadata_is_not_taken():
    check(refused_blob(publisher.blob(6)) == "NotAllowed", "")
    must_be_refused("model-recalled", "Blue once more", "packed", known.papers("blue", aaguid=BLUE), BLUE)


def what_is_no_metadata_is_refused():
    check(refused_blob("") == "Malformed", "nothing")
    check(refused_blob("hello") == "Malformed", "a word")
    with open("/dev/zero", "rb") as endless:
        check(refused_import(endless) == "InvalidInput", "what never ends")
    with open(PLACE + "/blob.jwt", "wb") as written:
        check(refused_import(written) == "InvalidInput", "a file that cannot be read")
    with open(PLACE + "/long", "wb") as file:
        file.truncate(33 * 1024 * 1024)
    with open(PLACE + "/long", "rb") as file:
        check(refused_import(file) == "Malformed", "a file too long")


def a_pipe_is_read_to_its_end_and_keeps_nobody_waiting():
    reading, writing = os.pipe2(os.O_CLOEXEC)
    pending = subprocess.Popen(IMPORT, stdin=reading, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    os.close(reading)
    blob = publisher.blob(9, entry("Blue Key 5", "REVOKED", aaguid=dashed(BLUE))).encode()
    os.write(writing, blob[:100])
    check("version" in manager().GetStatus(), "the daemon does not answer meanwhile")
    check(pending.poll() is None, "it did not wait for the end")
    os.write(writing, blob[100:])
    os.close(writing)
    said = pending.communicate(timeout=60)[0]
    check(said == "number 9\n", said)


def nobody_imports_who_cannot_be_asked():
    write(PLACE + "/blob.jwt", publisher.blob(10))
    with open(PLACE + "/blob.jwt", "rb") as file:
        status, said = run("setpriv", "--reuid", "alice", "--regid", "alice", "--init-groups", *IMPORT, stdin=file)
    check(status != 0 and "org.passkeyd1.Error.NotAllowed" in said, said)


def a_listing_names_models_and_says_which_are_recalled():
    blue, own = listed("Blue key"), listed("Own word")
    check(blue.get("model") == "Blue Key 5" and blue.get("recalled") == "REVOKED", blue)
    check(blue.get("attestation") == "trusted" and blue.get("attested-by") == "Known Root", blue)
    check(own.get("recalled") == "" and own.get("attestation") == "self", own)


def people_with_passkeys_of_recalled_models_are_counted():
    recalled = {str(row["user"]): int(row["recalled"]) for row in manager().GetPeople()}
    check(recalled["alice"] == 1, recalled)
    check(recalled["old-key"] == 0 and recalled["red-key"] == 0, recalled)  # known by a certificate, and not warned of
    must_import = publisher.blob(20, entry("Old Key", "REVOKED", attestationCertificateKeyIdentifiers=[known.old.key_identifier]))
    import_blob(must_import)
    recalled = {str(row["user"]): int(row["recalled"]) for row in manager().GetPeople()}
    check(recalled["old-key"] == 1 and recalled["alice"] == 0, recalled)


def main():
    os.makedirs(ROOTS, exist_ok=True)
    known.root.write_certificate(ROOTS + "/known.pem")
    known.issuer.write_certificate(ROOTS + "/z-issuer.pem")
    publisher.root.write_certificate(SIGNERS)
    configured()
    return keep([
        a_key_of_a_trusted_vendor_is_trusted,
        a_key_of_nobody_known_is_taken_and_said_to_be_untrusted,
        a_key_that_says_nothing_or_only_itself_is_taken_and_said_to_be_so,
        an_expired_certificate_makes_nothing_trusted,
        a_certificate_for_another_model_is_refused,
        an_old_key_is_believed_by_its_certificate,
        where_attestation_is_required_nothing_else_enrolls,
        a_damaged_root_is_a_loud_error_that_names_the_file,
        metadata_says_what_came_of_it,
        a_recalled_model_is_refused,
        a_recalled_model_that_is_enrolled_still_signs_in,
        the_metadatas_roots_are_trusted_for_their_model_alone,
        metadata_that_somebody_else_signed_changes_nothing,
        older_metadata_is_not_taken,
        what_is_no_metadata_is_refused,
        a_pipe_is_read_to_its_end_and_keeps_nobody_waiting,
        nobody_imports_who_cannot_be_asked,
        a_listing_names_models_and_says_which_are_recalled,
        people_with_passkeys_of_recalled_models_are_counted,
    ])


if __name__ == "__main__":
    sys.exit(main())
