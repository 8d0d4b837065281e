"""Who has what in these tests, and the PAM stacks of the programs they sign in with.

alice: a PIN in the TPM and backup codes. bob, dave: a PIN in the TPM. carol: the key in port 1, with a PIN. erin: the key
in port 0, with a PIN, as a passkey that is found without a name. frank, grace: a PIN in the TPM."""

from doors import only_plugged
from world import enroll, key, key2, must, usb

TPM_PIN, KEY_PIN = "314159", "2468"
IN_THE_TPM = ("alice", "bob", "dave", "frank", "grace")
STACKS = {"sshd": "", "swaylock": "typed=pin", "greetd": "usernameless", "sudo": "", "passkey-pin": ""}
#: Behind a prompt for passkey-askpass every text costs a hash, so that accounts look alike: ssh-remote.sh tries that.
CONFIGURATION = "[service sshd]\nbackup_codes = always\naskpass = no\n"


def write_stacks():
    """The module's own word is the stack's, and then there is the password."""
    for service, options in STACKS.items():
        with open(f"/etc/pam.d/{service}", "w", encoding="utf-8") as file:
            file.write(f"auth [success=done default=ignore] pam_passkey.so {options} nodelay debug\n"
                       "auth required pam_unix.so try_first_pass nodelay\n"
                       "account required pam_permit.so\n"
                       "password required pam_passkey.so\n")


def set_key_pin(port):
    node = dict(line.split() for line in usb("list").splitlines())[port]
    must("with-usb", "sh", "-c", f"printf '{KEY_PIN}\\n{KEY_PIN}\\n' | setsid fido2-token -S {node}")


def move_in():
    for person in ("erin", "frank", "grace"):
        must("useradd", "--create-home", "--shell", "/bin/bash", person)
    write_stacks()
    for person in IN_THE_TPM:
        enroll(person, "--tpm", answers=[TPM_PIN, TPM_PIN])
    only_plugged("1")
    set_key_pin("1")
    enroll("carol", "--usb", answers=[KEY_PIN], touched=True, hand=key2)
    only_plugged("0")
    set_key_pin("0")
    enroll("erin", "--usb", "--discoverable", answers=[KEY_PIN], touched=True, hand=key)
    only_plugged()
