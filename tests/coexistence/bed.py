"""What the tests here stand on: Debian's other modules unpacked in the world, stacks as pam-auth-update makes them of
profiles, and services that include them."""

import glob
import os
import re
import shutil

from bench import Stack, read, write
from world import PASSWORD, TREE, check, must

PAGE = TREE + "/docs/coexistence.md"
CONFIGS = "/usr/share/pam-configs"
COMMON = ["auth", "account", "password", "session", "session-noninteractive"]
SERVICE = "coexist"  # of nobody's: it talks, as sudo and login do
INCLUDES = [f"@include common-{group}" for group in ("auth", "account", "password", "session")]
KERBEROS = """[libdefaults]
default_realm = NOWHERE
dns_lookup_kdc = false
[realms]
NOWHERE = {
  kdc = tcp/127.0.0.1:1
}
"""
MODULES = {"gnome-keyring": "gnome_keyring", "capability": "cap", "u2f-first": "u2f", "faillock-preauth": "faillock"}
_kept = {}  # every profile that there is, by its name


def unpack():
    """The modules where Debian puts them, and the profiles aside: who wants one switches it on."""
    for package in glob.glob(TREE + "/build/foreign/*.deb"):
        must("sh", "-c", 'dpkg --fsys-tarfile "$1" | tar -x -C / --skip-old-files --keep-directory-symlink',
             "unpack", package)
    must("ldconfig")
    write("/etc/krb5.conf", KERBEROS)
    for path in glob.glob(CONFIGS + "/*") + glob.glob(TREE + "/tests/coexistence/profiles/*"):
        _kept[os.path.basename(path)] = read(path)
    for name in ("faillock", "faillock-preauth"):
        _kept[name] = "\n".join(shown(f"pam-config {name}")) + "\n"


def hash_passwords_as_debian_does():
    """Everybody's password, anew: by common-password, which has yescrypt."""
    people = ("alice", "bob", "carol", "dave", "erin", "frank")
    must("chpasswd", input="".join(f"{person}:{PASSWORD}\n" for person in people))


def version_of(package):
    """The version of a package as it was unpacked or is installed, without Debian's own part."""
    found = glob.glob(f"{TREE}/build/foreign/{package}_*.deb")
    full = must("dpkg-deb", "-f", found[0], "Version") if found else must("dpkg-query", "-W", "-f", "${Version}", package)
    return full.strip().split(":")[-1].rsplit("-", 1)[0]


def shown(name):
    """The lines of a block of the page, by what follows its three backticks."""
    found = re.search(rf"^```{name}\n(.*?)^```$", read(PAGE), re.MULTILINE | re.DOTALL)
    check(found, f"docs/coexistence.md shows no '{name}'")
    return found[1].splitlines()


class Profiles:
    """The common stacks are those that pam-auth-update makes of these profiles while the block runs."""

    def __init__(self, *names):
        self.names, self.before = names, {}

    def __enter__(self):
        self.before = {group: read(f"/etc/pam.d/common-{group}") for group in COMMON}
        for path in glob.glob(CONFIGS + "/*"):
            os.unlink(path)
        for name in self.names:
            write(f"{CONFIGS}/{name}", _kept[name])
        shutil.rmtree("/var/lib/pam", ignore_errors=True)
        os.mkdir("/var/lib/pam")
        must("pam-auth-update", "--force", "--enable", *self.names, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
        for name in self.names:
            check(f"pam_{MODULES.get(name, name)}.so" in self.text(), f"{name} is not switched on: {self.text()}")

    def __exit__(self, *_):
        for group, text in self.before.items():
            write(f"/etc/pam.d/common-{group}", text)

    @staticmethod
    def text():
        return "".join(read(f"/etc/pam.d/common-{group}") for group in COMMON)


def service(*lines):
    """A service with these lines, or with all that Debian's services usually include."""
    return Stack(SERVICE, *(lines or INCLUDES))


def lines_of(group):
    """What stands in a common stack, without the comments."""
    return [line.split("#")[0].split() for line in read(f"/etc/pam.d/common-{group}").splitlines() if line.split("#")[0].strip()]


def forget_failures(user):
    must("faillock", "--user", user, "--reset")


def failures(user):
    """Failed passwords that pam_faillock counts."""
    return sum(line.rstrip().endswith(" V") for line in must("faillock", "--user", user).splitlines())

