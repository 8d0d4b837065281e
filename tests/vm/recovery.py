"""A machine that somebody cannot get into as they used to, and what docs/recovery.md says of it: the ways back in that need a
machine that is booted. The commands are the page's."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "recovery"))
import page  # noqa: E402
from kit import (PASSWORD, check, enroll_key, enroll_tpm, sign_in_by_pin, sign_in_by_touch, sign_out,  # noqa: E402
                 the_password_alone_is_asked_for)

BEGIN = "installed"
ROOT = r"root@machine:\S+#"
NEW_PASSWORD = "a new way in"


def do(machine, name, status=0):
    """What the page's block says, by root; what it printed."""
    return machine.sh("\n".join(page.commands(name)), status=status)


def mask(machine):
    machine.run("systemctl", "mask", "--now", "passkeyd.service")


# --- before it goes wrong --------------------------------------------------------------------------------------------
def what_there_is_can_be_written_down(machine):
    enroll_tpm(machine, "bob")
    machine.plug()
    enroll_key(machine, "alice", "Blue key")
    machine.unplug()
    machine.run("pam-auth-update", "--enable", "passkey")
    check("SHA256:" in machine.sh(page.commands("export")[0] + " 2>&1"), "no fingerprint is shown")


# --- the service does not run ------------------------------------------------------------------------------------------
def with_the_service_masked_the_password_signs_in_and_the_page_mends_it(machine):
    mask(machine)
    the_password_alone_is_asked_for(machine, "bob")
    check("masked" in do(machine, "service", status=None), "nobody is told")
    do(machine, "unmask")
    sign_out(sign_in_by_pin(machine, "bob"))


def a_ledger_that_is_damaged_leaves_the_password_and_comes_back_from_the_export(machine):
    machine.sh("systemctl stop passkeyd && cd /var/lib/passkeyd && rm -f ledger.db-* && echo 'no ledger at all' >ledger.db")
    the_password_alone_is_asked_for(machine, "bob")
    machine.run("systemctl", "start", "passkeyd", status=1)
    check("ledger.db" in do(machine, "service", status=None), "nobody is told which file it is")
    do(machine, "ledger")
    check("Blue key" in machine.run("passkeyctl", "list", "--user", "alice"), "it is not in the new ledger")
    machine.plug()
    sign_out(sign_in_by_touch(machine, "alice"))
    machine.unplug()


def a_ledger_that_cannot_be_read_leaves_the_password(machine):
    machine.sh("systemctl stop passkeyd && chown root: /var/lib/passkeyd/ledger.db && chmod 0600 /var/lib/passkeyd/ledger.db")
    the_password_alone_is_asked_for(machine, "alice")
    machine.sh("chown passkeyd: /var/lib/passkeyd/ledger.db && systemctl start passkeyd")


# --- packages ------------------------------------------------------------------------------------------------------------
def an_installation_that_was_interrupted_leaves_the_password_and_can_be_finished(machine):
    machine.sh("dpkg --unpack /vm/packages/libpam-passkey_*.deb")
    the_password_alone_is_asked_for(machine, "carol")
    do(machine, "configure")
    check("pam_passkey" in machine.run("cat", "/etc/pam.d/common-auth"), "the profile was switched off by that")


# --- nobody gets in --------------------------------------------------------------------------------------------------
def the_rescue_target_asks_for_roots_password_alone_and_switches_passkeys_off(machine):
    mask(machine)
    machine.run("systemctl", "set-default", "multi-user.target")  # or the greeter takes the screen that is looked at
    machine.shut_down()
    machine.boot(target="rescue.target")
    machine.console().wait_for("Give root password")
    machine.console().type(PASSWORD)
    machine.console().wait_for(ROOT)
    (disable, go_on) = page.commands("rescue")
    machine.console().begin(disable + "; echo and it is $?")
    machine.console().wait_for("and it is 0")
    machine.console().type(go_on)
    machine.sh("until systemctl --quiet is-active multi-user.target; do sleep 1; done")
    check("pam_passkey" not in machine.run("cat", "/etc/pam.d/common-auth"), "passkeys are still on")
    the_password_alone_is_asked_for(machine, "bob")
    machine.run("systemctl", "unmask", "passkeyd.service")


def without_any_password_a_shell_for_init_is_a_way_in(machine):
    """Its console is a screen that nobody can read here; what it says goes to the serial line."""
    machine.run("pam-auth-update", "--enable", "passkey")
    machine.run("passwd", "--lock", "root")
    machine.shut_down()
    machine.switch_on("init=/bin/bash loglevel=7")
    machine.wait_for_serial("EXT4-fs (vda): mounted")  # what is typed from here on is there when the shell reads
    (disable, password, sync) = page.commands("init")
    machine.monitor.type(disable + " >/dev/ttyS0 2>&1; echo and it is $? >/dev/ttyS0\n")
    machine.wait_for_serial("and it is 0")
    machine.monitor.type(password + " 2>/dev/ttyS0\n")
    for question in ("New password:", "Retype new password:"):
        machine.wait_for_serial(question)
        machine.monitor.type(NEW_PASSWORD + "\n")
    machine.monitor.type(sync + "; echo and it is on the disk >/dev/ttyS0\n")
    machine.wait_for_serial("and it is on the disk")
    machine.cut_power()
    machine.boot()
    check("pam_passkey" not in machine.run("cat", "/etc/pam.d/common-auth"), "passkeys are still on")
    the_password_alone_is_asked_for(machine, "alice", NEW_PASSWORD)


PROMISES = [
    what_there_is_can_be_written_down,
    with_the_service_masked_the_password_signs_in_and_the_page_mends_it,
    a_ledger_that_is_damaged_leaves_the_password_and_comes_back_from_the_export,
    a_ledger_that_cannot_be_read_leaves_the_password,
    an_installation_that_was_interrupted_leaves_the_password_and_can_be_finished,
    the_rescue_target_asks_for_roots_password_alone_and_switches_passkeys_off,
    without_any_password_a_shell_for_init_is_a_way_in,
]
