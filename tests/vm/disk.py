"""No room on the disk, or a disk that takes no more: passkeys open nothing, nobody waits, the password opens; nothing is lost,
and all is well again as soon as there is room."""

from kit import (PASSWORD, PIN, TOUCH, arrive, at_prompt, check, sign_in_by_pin, sign_in_by_touch,
                 sign_out, the_ledger_is_whole)

BEGIN = "enrolled"
# All that is not kept for root; passkeyd is not root. The journal, which is, must not go on writing: what it takes from
# root's share would be missing before there is any for others.
FILL = """
mkdir -p /run/systemd/journald.conf.d
printf '[Journal]\\nStorage=volatile\\n' >/run/systemd/journald.conf.d/test.conf
systemctl restart systemd-journald
for try in 1 2 3 4 5 6 7 8; do
  left=$(df --output=avail --block-size=4096 / | tail -1)
  [ $left -gt 0 ] && fallocate --length $((left * 4096)) /var/tmp/fill.$try
done
sync
runuser -u nobody -- dd if=/dev/zero of=/tmp/nobody bs=4096 count=1 2>&1 | grep 'No space left'
"""


def signs_in_by_the_password_in_the_end(machine, person="alice"):
    """Answers whatever is asked before: a touch, the right PIN, no code. What the screen showed."""
    screen = arrive(machine, person)
    asked = ""
    while not asked.lower().startswith("password"):
        shown = screen.wait_for(rf"({TOUCH}[^\n]*|skip: *|assword: *)$")
        asked = shown.splitlines()[-1]
        if asked.startswith("Touch"):
            machine.key.touch()
            screen.wait_for(rf"{TOUCH}[^\n]*\n")
        elif asked.startswith("PIN"):
            screen.type(PIN)
            screen.wait_for(r"skip: *\n")
        elif asked.startswith("Backup"):
            screen.type("")
            screen.wait_for(r"Backup code, or Enter to skip: *\n")
    screen.type(PASSWORD)
    at_prompt(screen, person)
    sign_out(screen)
    return shown


def on_a_full_disk_a_touch_and_the_pin_open_nothing_and_the_password_does(machine):
    machine.plug()
    machine.run("systemctl", "restart", "passkeyd.service")
    machine.sh(FILL)
    shown = signs_in_by_the_password_in_the_end(machine)
    check("there is no room on the disk" in " ".join(shown.split()), shown)


def a_service_that_starts_on_a_full_disk_still_locks_for_the_administrator(machine):
    """It keeps room for that."""
    machine.run("systemctl", "stop", "passkeyd.service")
    machine.run("passkeyctl", "lock", "alice", "--reason", "No room")
    shown = signs_in_by_the_password_in_the_end(machine)
    check("Touch" not in shown and "PIN" not in shown, shown)
    machine.run("passkeyctl", "unlock", "alice")


def with_room_again_both_open_and_nothing_was_lost(machine):
    machine.sh("rm /var/tmp/fill.*")
    sign_out(sign_in_by_touch(machine))
    machine.unplug()
    sign_out(sign_in_by_pin(machine))
    machine.plug()
    the_ledger_is_whole(machine)


def on_a_disk_with_errors_which_the_kernel_has_made_read_only_the_password_opens(machine):
    machine.sh("sync; echo 'a test' >/sys/fs/ext4/vda/trigger_fs_error; touch /var/tmp/x 2>&1 | grep 'Read-only'")
    shown = signs_in_by_the_password_in_the_end(machine)
    check("Reading or writing failed" in " ".join(shown.split()), shown)


def after_a_reboot_which_mends_it_both_open(machine):
    machine.reboot()
    sign_out(sign_in_by_touch(machine))
    machine.unplug()
    sign_out(sign_in_by_pin(machine))
    the_ledger_is_whole(machine)


PROMISES = [
    on_a_full_disk_a_touch_and_the_pin_open_nothing_and_the_password_does,
    a_service_that_starts_on_a_full_disk_still_locks_for_the_administrator,
    with_room_again_both_open_and_nothing_was_lost,
    on_a_disk_with_errors_which_the_kernel_has_made_read_only_the_password_opens,
    after_a_reboot_which_mends_it_both_open,
]
