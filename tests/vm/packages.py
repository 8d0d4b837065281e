"""The packages on a running machine, from the first installation to the purge, with people who wait in between. What needs
no machine is tests/packages.sh."""

from kit import (ASKS_PASSWORD, PASSWORD, TOUCH, answer, at_prompt, check, check_dark, enroll_key, sign_in, sign_out,
                 the_ledger_is_whole, touch_when_asked)

BEGIN = "fresh"

APT = "DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 --yes"
# Made in the machine: the same packages under the number of the next version.
NEWER = """
mkdir /newer
for deb in /vm/packages/*.deb; do
  dpkg-deb --raw-extract "$deb" /newer/unpacked
  sed -i -E 's/^Version: .*/Version: 99/; s/\\(= [^)]*\\)/(= 99)/' /newer/unpacked/DEBIAN/control
  dpkg-deb --root-owner-group -Znone --build /newer/unpacked /newer
  rm -r /newer/unpacked
done
"""


def service(machine, what):
    return machine.run("systemctl", "show", "--property", what, "--value", "passkeyd.service").strip()


def install(machine, folder):
    return machine.sh(f"{APT} install {folder}/passkeyd_*.deb {folder}/libpam-passkey_*.deb {folder}/passkey-ssh-client_*.deb 2>&1")


def sudo(machine):
    """alice, who is signed in at the screen, is about to be root."""
    screen = machine.console()
    screen.begin("sudo whoami")
    return screen


def gets_in(screen):
    shown = at_prompt(screen)
    check("\nroot\n" in shown, shown)
    return shown


def goes_on_with_the_password(screen):
    answer(screen, ASKS_PASSWORD, PASSWORD)
    return gets_in(screen)


def signs_in_by_touch(machine):
    screen = sudo(machine)
    touch_when_asked(machine, screen)
    shown = gets_in(screen)
    check("assword" not in shown, shown)


def signs_in_by_password_alone(machine):
    shown = goes_on_with_the_password(sudo(machine))
    check("ouch" not in shown and "asskey" not in shown, shown)


def key_node(machine):
    """The device of the key that is plugged in: the machine's only one of its kind."""
    return "/dev/" + machine.run("ls", "/sys/class/hidraw").split()[0]


# --- installing -------------------------------------------------------------------------------------------------------


def installed_while_a_key_is_plugged_in_the_key_is_the_services_at_once(machine):
    """At the worst: udev and the bus read the files while they are but unpacked, and the users in them not yet there."""
    machine.plug()
    node = key_node(machine)
    check("passkeyd" not in machine.run("stat", "--format=%G", node, status=None), "the machine was not fresh")
    machine.sh("dpkg --unpack /vm/packages/*.deb && udevadm control --reload --ping && journalctl --sync")
    read = machine.run("journalctl", "--boot", "--no-pager")
    check("Unknown group 'passkeyd'" in read, "udev has not read the rules")
    check('Unknown username "passkeyd"' in read, "the bus has not read who may be org.passkeyd1")
    machine.sh(f"{APT} install --fix-broken 2>&1")
    said = machine.run("stat", "--format=%G %a", node)
    check(said == "passkeyd 660\n", f"{node}: {said}")


def nothing_is_started_before_somebody_asks(machine):
    check(service(machine, "ActiveState") == "inactive", service(machine, "ActiveState"))
    failed = machine.run("systemctl", "--failed", "--plain", "--no-legend")
    check(failed == "", failed)


def the_bus_starts_the_service_without_a_reboot(machine):
    machine.run("passkeyctl", "status")
    check(service(machine, "ActiveState") == "active", service(machine, "ActiveState"))


def nobody_is_asked_for_a_passkey_before_an_administrator_enables_it(machine):
    enroll_key(machine)
    sign_in(machine)
    signs_in_by_password_alone(machine)


def once_it_is_enabled_a_touch_is_enough(machine):
    machine.run("pam-auth-update", "--enable", "passkey")
    signs_in_by_touch(machine)


# --- upgrading --------------------------------------------------------------------------------------------------------


def an_upgrade_sends_who_is_waiting_on_to_the_password(machine):
    machine.sh(NEWER)
    before = service(machine, "MainPID")
    alice = sudo(machine)
    alice.wait_for(TOUCH)
    install(machine, "/newer")
    check_dark(machine)
    goes_on_with_the_password(alice)
    check(service(machine, "MainPID") not in (before, "0"), "it runs on as it was")


def after_an_upgrade_the_same_passkeys_open(machine):
    the_ledger_is_whole(machine)
    signs_in_by_touch(machine)


def an_upgrade_starts_nothing_that_did_not_run(machine):
    machine.run("systemctl", "stop", "passkeyd.service")
    machine.sh(f"{APT} install --reinstall /newer/passkeyd_*.deb 2>&1")
    check(service(machine, "ActiveState") == "inactive", service(machine, "ActiveState"))


# --- going away -------------------------------------------------------------------------------------------------------


def removal_sends_who_is_waiting_on_to_the_password(machine):
    alice = sudo(machine)
    alice.wait_for(TOUCH)
    machine.sh(f"{APT} remove passkeyd libpam-passkey 2>&1")
    check_dark(machine)
    goes_on_with_the_password(alice)
    check(service(machine, "ActiveState") == "inactive", service(machine, "ActiveState"))
    check(machine.sh("grep -l pam_passkey /etc/pam.d/*", status=None) == "", "PAM still asks for it")


def after_removal_sudo_takes_the_password_alone(machine):
    signs_in_by_password_alone(machine)


def after_removal_su_takes_the_password_alone(machine):
    with machine.terminal("bob", "su", "alice", "--command", "id --name --user") as bob:
        bob.wait_for(r"Password: *$")
        bob.type_unseen(PASSWORD)
        check(bob.end() == 0 and "alice" in bob.screen, bob.screen)


def after_removal_the_console_takes_the_password_alone(machine):
    sign_out(machine.console())
    sign_in(machine)


def no_program_looks_for_a_module_that_is_gone(machine):
    said = machine.sh("journalctl --boot --no-pager | grep -E 'unable to dlopen|adding faulty module'", status=None)
    check("pam_passkey" not in said, said)


def installed_again_it_has_everybodys_passkeys(machine):
    install(machine, "/newer")
    machine.run("pam-auth-update", "--enable", "passkey")
    signs_in_by_touch(machine)


def a_purge_that_asks_nobody_keeps_the_passkeys(machine):
    machine.sh(f"{APT} purge passkeyd libpam-passkey passkey-ssh-client 2>&1")
    the_file = machine.run("stat", "--format=%U %s", "/var/lib/passkeyd/ledger.db").split()
    check(the_file[0] == "passkeyd" and int(the_file[1]) > 0, str(the_file))


def a_purge_told_so_deletes_them(machine):
    install(machine, "/newer")
    machine.run("debconf-set-selections", input="passkeyd passkeyd/purge-ledger boolean true\n")
    machine.sh(f"{APT} purge passkeyd libpam-passkey passkey-ssh-client 2>&1")
    machine.run("test", "!", "-e", "/var/lib/passkeyd")


def after_a_reboot_without_it_the_machine_is_as_it_was(machine):
    machine.reboot()
    check(machine.run("systemctl", "is-system-running", status=None) == "running\n", machine.run("systemctl", "--failed"))
    sign_in(machine)
    signs_in_by_password_alone(machine)


PROMISES = [
    installed_while_a_key_is_plugged_in_the_key_is_the_services_at_once,
    nothing_is_started_before_somebody_asks,
    the_bus_starts_the_service_without_a_reboot,
    nobody_is_asked_for_a_passkey_before_an_administrator_enables_it,
    once_it_is_enabled_a_touch_is_enough,
    an_upgrade_sends_who_is_waiting_on_to_the_password,
    after_an_upgrade_the_same_passkeys_open,
    an_upgrade_starts_nothing_that_did_not_run,
    removal_sends_who_is_waiting_on_to_the_password,
    after_removal_sudo_takes_the_password_alone,
    after_removal_su_takes_the_password_alone,
    after_removal_the_console_takes_the_password_alone,
    no_program_looks_for_a_module_that_is_gone,
    installed_again_it_has_everybodys_passkeys,
    a_purge_that_asks_nobody_keeps_the_passkeys,
    a_purge_told_so_deletes_them,
    after_a_reboot_without_it_the_machine_is_as_it_was,
]
