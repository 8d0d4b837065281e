"""The machines at rest that suites begin with. What one suite does to its machine, no other sees.

    fresh       a Debian with all that the packages depend on, and not yet them
    installed   the packages are installed, and the maker of its TPM is trusted
    enrolled    alice has a passkey on the security key (a touch) and one in the TPM (PIN), and backup codes, which are
                in the file "codes" beside the disk; passkeys are enabled for everything that asks PAM
"""

import shutil

from kit import BUILD, Machine, enroll_key, enroll_tpm


# tools/vm empties it when it installs anew.
MADE_HERE = BUILD / "made"


def at(name):
    """The folder of the machine at rest; made if it is not there."""
    folder = (BUILD if name in ("fresh", "installed") else MADE_HERE) / name
    if not folder.exists():
        MADE[name](folder)
    return folder


def codes():
    """alice's backup codes, on machines that were enrolled."""
    return (MADE_HERE / "enrolled/codes").read_text().split()


def enrolled(folder):
    making = folder.with_name(folder.name + ".making")
    with Machine(BUILD / "installed") as machine:
        machine.boot()
        machine.plug()
        enroll_key(machine)
        enroll_tpm(machine)
        codes = machine.run("passkeyctl", "backup-codes", "--user", "alice", "--yes")
        machine.run("pam-auth-update", "--enable", "passkey")
        machine.shut_down()
        machine.keep_as(making)
    (making / "codes").write_text(codes)
    shutil.rmtree(folder, ignore_errors=True)
    making.rename(folder)


MADE = {"enrolled": enrolled}


def make():
    """All that are made here, before two suites would make the same."""
    for name in MADE:
        at(name)
