"""SSH keys from one's own terminal: enrolled, made beside a passkey, revoked in sshd. Prints TAP; a test's name is a
promise."""

import json
import os
import shutil
import subprocess
import sys

sys.path[:0] = [os.environ["WORLD_TREE"] + "/tests/signin", os.environ["WORLD_TREE"] + "/tests/ssh",
                os.environ["WORLD_TREE"] + "/tests/authority"]

import far  # noqa: E402
from faces import PASSWORDS_AT_POLKIT, type_at_the_agent  # noqa: E402
from person import Terminal  # noqa: E402
from world import PASSWORD, check, configure, key, keep, must, restart_daemon, run, touch, usb  # noqa: E402

FOLDER = "/root/keys"
KRL = "/etc/ssh/revoked_keys"


def passkeys(user, *more):
    return json.loads(must("passkeyctl", "list", "--json", "--user", user, *more))


def ssh_keys(user, *more):
    return [each for each in passkeys(user, *more) if each["way"] == "ssh"]


def fingerprint(public):
    return must("ssh-keygen", "-l", "-f", public).split()[1]


def make(name, kind="ed25519-sk"):
    """A key of OpenSSH's own making, with what proves where it was made; its path."""
    path = f"{FOLDER}/{name}"
    with open(path + ".challenge", "wb") as challenge:
        challenge.write(os.urandom(32))
    far.make_sk_key(path, kind, [f"challenge={path}.challenge", f"write-attestation={path}.attestation"])
    return path


def enroll(user, path, *more):
    """For a program: standard output alone."""
    done = subprocess.run(["passkeyctl", "enroll", "--ssh", path + ".pub", "--user", user, "--json", *more],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
    check(done.returncode == 0, done.stderr)
    return json.loads(done.stdout)


# --- into the ledger --------------------------------------------------------------------------------------------------
def a_key_that_ssh_keygen_made_is_enrolled_with_its_attestation():
    for kind in ("ed25519-sk", "ecdsa-sk"):
        path = make(kind, kind)
        made = enroll("alice", path, "--name", kind, "--attestation", path + ".attestation", "--challenge",
                      path + ".challenge")
        check(made["way"] == "ssh" and made["state"] == "active" and made["name"] == kind, made)
        check(made["attestation"] not in ("none", "unknown"), made)
        with open(path + ".pub", encoding="utf-8") as public:
            check(made["ssh_key"] == " ".join(public.read().split()[:2]), made)
        shown = must("passkeyctl", "show", made["id"], "--user", "alice")
        check(fingerprint(path + ".pub") in shown and made["ssh_key"] in shown, shown)


def an_attestation_over_another_challenge_is_refused():
    path = make("lying")
    with open(path + ".challenge", "wb") as challenge:
        challenge.write(os.urandom(32))
    before = passkeys("alice")
    status, said = run("passkeyctl", "enroll", "--ssh", path + ".pub", "--user", "alice", "--attestation",
                       path + ".attestation", "--challenge", path + ".challenge")
    check(status != 0 and passkeys("alice") == before, said)


def the_same_key_is_not_enrolled_twice():
    status, said = run("passkeyctl", "enroll", "--ssh", FOLDER + "/ed25519-sk.pub", "--user", "alice")
    check(status == 3 and "enrolled already" in said, said)


def a_private_key_is_refused_and_nothing_of_it_is_shown():
    status, said = run("passkeyctl", "enroll", "--ssh", FOLDER + "/ed25519-sk", "--user", "alice")
    check(status == 2 and "private part" in said and "b3BlbnNzaC1rZXk" not in said, said)


# --- beside a passkey ---------------------------------------------------------------------------------------------------
def with_twin(file):
    """root enrolls for root at a terminal; the port is root's to open."""
    return Terminal("root", ["with-usb", "passkeyctl", "enroll", "--usb", "--name", "blue", "--no-backup-codes", "--no-test",
                             "--with-ssh-key=" + file])


def a_passkey_gets_its_twin_in_the_same_sitting():
    file = FOLDER + "/twin"
    with with_twin(file) as terminal:
        terminal.wait_for("Touch ")
        touch()
        terminal.wait_for("Now the SSH key")
        touch()
        check(terminal.end() == 0, terminal.screen)
    made = passkeys("root")
    check(sorted(each["way"] for each in made) == ["ssh", "usb"], made)
    twin = ssh_keys("root")[0]
    check(twin["name"] == "blue (SSH)" and twin["attestation"] not in ("none", "unknown"), twin)
    check(must("ssh-keygen", "-y", "-f", file).split()[:2] == twin["ssh_key"].split(), twin)
    check(not [name for name in os.listdir("/tmp") if name.startswith("passkeyctl.")], "something is left in /tmp")
    must("passkeyctl", "revoke", "root", "--all", "--yes")


def a_key_that_is_pulled_out_before_its_twin_is_made_keeps_the_passkey():
    file = FOLDER + "/untouched"
    with with_twin(file) as terminal:
        terminal.wait_for("Touch ")
        touch()
        terminal.wait_for("Now the SSH key")
        key("wait", "blinking")
        usb("unplug", "0")
        check(terminal.end() == 9 and "stays enrolled" in terminal.screen, terminal.screen)
    check([each["way"] for each in passkeys("root")] == ["usb"], "the passkey")
    check(not os.path.exists(file) and not os.path.exists(file + ".pub"), "a key was made after all")
    usb("plug", "0")
    must("passkeyctl", "revoke", "root", "--all", "--yes")


def a_person_who_is_not_root_gets_one_at_home_and_is_asked_who_they_are():
    """At each change: polkit remembers nobody."""
    far.open_key_to_all()
    with Terminal("alice", ["with-usb", "passkeyctl", "enroll", "--usb", "--name", "green", "--no-backup-codes", "--no-test",
                            "--with-ssh-key"]) as terminal:
        type_at_the_agent(terminal, PASSWORD)
        terminal.wait_for("Touch ")
        touch()
        terminal.wait_for("Now the SSH key")
        touch()
        type_at_the_agent(terminal, PASSWORD)
        check(terminal.end() == 0, terminal.screen)
    file = "/home/alice/.ssh/id_passkey_sk"
    check(os.stat(file).st_uid == os.stat("/home/alice").st_uid and os.stat(file).st_mode & 0o777 == 0o600, "whose is it?")
    check([each["name"] for each in ssh_keys("alice") if each["name"].startswith("green")] == ["green (SSH)"],
          passkeys("alice"))


# --- revoked, for sshd ----------------------------------------------------------------------------------------------------
def gets_in(path):
    near = far.Person("alice")
    for part in ("", ".pub"):
        shutil.copyfile(path + part, f"{near.folder}/id{part}")
        shutil.chown(f"{near.folder}/id{part}", "alice", "alice")
        os.chmod(f"{near.folder}/id{part}", 0o600)
    key("touch", "auto")
    status, said = run(*near.ssh("true", options=("-i", near.folder + "/id", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
                                                  "-o", "PreferredAuthentications=publickey")))
    key("touch", "wait")
    return status == 0, said


def a_key_that_is_revoked_is_refused_by_sshd_and_the_others_are_not():
    paths = [FOLDER + "/ed25519-sk", FOLDER + "/ecdsa-sk"]
    trusted = "/run/world/authorized"
    with open(trusted, "w", encoding="utf-8") as keys:
        for path in paths:
            with open(path + ".pub", encoding="utf-8") as public:
                keys.write(public.read())
    must("passkeyctl", "ssh-krl", KRL)
    far.open_key_to_all()
    with far.Server(f"AuthorizedKeysFile {trusted}\nRevokedKeys {KRL}\nStrictModes no") as server:
        for path in paths:
            done, said = gets_in(path)
            check(done, said + server.said())
        must("passkeyctl", "revoke", "alice", "ed25519-sk", "--yes")
        must("passkeyctl", "ssh-krl", KRL)
        check(not gets_in(paths[0])[0], "the revoked one still opens")
        check("revoked" in server.said(), server.said())
        done, said = gets_in(paths[1])
        check(done, said + server.said())


def the_list_says_what_the_ledger_says():
    gone, kept = (FOLDER + f"/{kind}.pub" for kind in ("ed25519-sk", "ecdsa-sk"))
    check(run("ssh-keygen", "-Q", "-f", KRL, gone)[0] != 0, "not in the list")
    must("ssh-keygen", "-Q", "-f", KRL, kept)


configure(PASSWORDS_AT_POLKIT)
# --- doctor -------------------------------------------------------------------------------------------------------------
SETTINGS = "/etc/ssh/sshd_config.d/passkeyd.conf"


def troubles_of_sshd():
    done = subprocess.run(["passkeyctl", "doctor", "--json"], stdout=subprocess.PIPE, text=True, timeout=60)
    return {each["check"]: each["level"] for each in json.loads(done.stdout)["findings"]
            if each["check"].startswith("ssh-") and each["level"] != "good"}


def doctor_looks_at_what_the_snippet_asks_for():
    check(troubles_of_sshd() == {"ssh-keys": "note"}, "keys that sshd does not ask for: " + str(troubles_of_sshd()))
    os.makedirs("/run/sshd", exist_ok=True)
    shutil.copyfile("/usr/share/passkeyd/sshd.conf", SETTINGS)
    quiet = troubles_of_sshd()
    check(not set(quiet) - {"ssh-session"}, quiet)
    with open(SETTINGS, "a", encoding="utf-8") as settings:
        settings.write(f"RevokedKeys {KRL}\n")
    check(troubles_of_sshd() == quiet, troubles_of_sshd())
    os.utime(KRL, (1, 1))
    check(troubles_of_sshd().get("ssh-revoked-keys") == "warning", troubles_of_sshd())
    said = run("passkeyctl", "doctor", "--quiet")[1]
    check(f"passkeyctl ssh-krl {KRL}" in said, said)
    must("passkeyctl", "ssh-krl", KRL)
    check(troubles_of_sshd() == quiet, troubles_of_sshd())
    os.chmod("/usr/libexec/passkeyd/passkey-authorized-keys", 0o775)
    check(troubles_of_sshd().get("ssh-keys-command") == "bad", troubles_of_sshd())


def whoever_revokes_a_key_is_told_that_sshd_has_a_list():
    last = [each for each in ssh_keys("alice") if each["state"] == "active"][-1]
    with Terminal("root", ["passkeyctl", "revoke", "alice", last["id"]]) as terminal:
        terminal.wait_for("Revoke it?")
        terminal.type("yes")
        check(terminal.end() == 0 and f"passkeyctl ssh-krl {KRL}" in terminal.screen, terminal.screen)


os.makedirs(FOLDER, mode=0o700, exist_ok=True)
restart_daemon()
sys.exit(keep([
    a_key_that_ssh_keygen_made_is_enrolled_with_its_attestation,
    an_attestation_over_another_challenge_is_refused,
    the_same_key_is_not_enrolled_twice,
    a_private_key_is_refused_and_nothing_of_it_is_shown,
    a_passkey_gets_its_twin_in_the_same_sitting,
    a_key_that_is_pulled_out_before_its_twin_is_made_keeps_the_passkey,
    a_person_who_is_not_root_gets_one_at_home_and_is_asked_who_they_are,
    a_key_that_is_revoked_is_refused_by_sshd_and_the_others_are_not,
    the_list_says_what_the_ledger_says,
    doctor_looks_at_what_the_snippet_asks_for,
    whoever_revokes_a_key_is_told_that_sshd_has_a_list,
]))
