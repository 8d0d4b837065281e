"""The plug is pulled out of the wall while something is being written down; and the orderly kind of off and on.

What the machine had not made its disk keep (fsync) is lost: it was in the memory that is gone, of the machine or of QEMU's own
tables. Not so here: disks that say they keep something and do not.
"""

import json

from begin import codes
from kit import (ASKS_CODE, ASKS_PIN, ENROLL, LEDGER, answer, arrive, at_prompt, audit, check, go_on_to_the_password,
                 sign_in_by_pin, sign_in_by_touch, sign_out, the_ledger_is_whole)

BEGIN = "enrolled"
A_TRY = 4 * 4120  # bytes that the write-ahead log grows by when a try is counted; what spends the code comes next


def after_a_reboot_both_passkeys_open(machine):
    machine.reboot()
    sign_out(sign_in_by_pin(machine))
    machine.plug()
    sign_out(sign_in_by_touch(machine))


# --- enrolling --------------------------------------------------------------------------------------------------------


def begin_a_log(machine):
    """The service begins a new write-ahead log as it starts: an old one is first written anew, and does not grow."""
    machine.run("systemctl", "restart", "passkeyd.service")


def begin_enrolling(machine):
    """bob's key is being made, and blinks."""
    begin_a_log(machine)
    terminal = machine.terminal("root", *ENROLL, "--user", "bob", "--usb", "--name", "Bobs")
    machine.key.wait_until_it_blinks()
    return terminal


def of_bob(machine):
    return json.loads(machine.run("passkeyctl", "list", "--user", "bob", "--revoked", "--json"))


def there_or_not_and_can_be_made(machine, there=None):
    """After the cut: nothing is there by halves. `there`: whether bob's passkey must be; None: either will do. He has none
    in the end."""
    machine.boot()
    the_ledger_is_whole(machine)
    machine.plug()
    on_record = {each["credential"] for each in audit(machine, "bob") if (each["event"], each["outcome"]) == ("enroll", "done")}
    kept = of_bob(machine)
    check({each["id"] for each in kept} == on_record, f"bob's: {kept}; on record: {on_record}")
    active = [each["id"] for each in kept if each["state"] == "active"]
    check(there is None or bool(active) == there, f"bob's: {kept}")
    print(f"# {'there' if active else 'not there'}")
    for each in active:
        machine.run("passkeyctl", "revoke", "bob", each, "--yes")
    terminal = begin_enrolling(machine)
    machine.key.press()
    terminal.wait_for(r"is ready to use")
    machine.run("passkeyctl", "revoke", "bob", "Bobs", "--yes")


def cut_while_the_touch_is_awaited_nothing_is_there(machine):
    begin_enrolling(machine)
    machine.cut_power()
    there_or_not_and_can_be_made(machine, there=False)


def cut_right_after_the_touch_it_is_there_or_not_and_can_be_made(machine):
    begin_enrolling(machine)
    machine.key.press()
    machine.cut_power()
    there_or_not_and_can_be_made(machine)


def cut_when(machine, grown):
    """As soon as the ledger's write-ahead log has so many bytes more: in the middle of a transaction."""
    watching = machine.terminal("root", "python3", "/vm/cut.py", LEDGER + "-wal", str(grown))
    watching.wait_for("ready")


def cut_at_the_first_write_of_the_commit_it_is_there_or_not(machine):
    begin_enrolling(machine)
    cut_when(machine, grown=1)
    machine.key.touch()
    machine.wait_for_cut()
    there_or_not_and_can_be_made(machine)


def cut_once_she_was_told_it_is_there(machine):
    """What was said stays so."""
    terminal = begin_enrolling(machine)
    machine.key.touch()
    terminal.wait_for(r"is ready to use")
    machine.cut_power()
    there_or_not_and_can_be_made(machine, there=True)


# --- backup codes -----------------------------------------------------------------------------------------------------


def type_code(machine, code):
    screen = arrive(machine)
    answer(screen, ASKS_PIN, "")
    answer(screen, ASKS_CODE, code)
    return screen


def spent(machine):
    """How many codes the record says were spent."""
    return len([each for each in audit(machine) if each["way"] == "code" and each["outcome"] == "granted"])


def opens_once_over_both_boots(machine, code, before, opened=False):
    """After the cut. `before`: how many were spent until then; `opened`: whether the person had been told that it opens."""
    machine.boot()
    the_ledger_is_whole(machine)
    used = spent(machine) - before
    check(used in (0, 1) and used >= opened, f"spent {used} times; it had opened: {opened}")
    print(f"# spent {used} times")
    screen = type_code(machine, code)
    if used:
        screen.wait_for("That is no backup code of this account, or it was used before")
        go_on_to_the_password(screen, skip=(ASKS_CODE,))
    at_prompt(screen)
    sign_out(screen)
    check(spent(machine) - before == 1, f"spent {spent(machine) - before} times")


def a_code_cut_off_right_after_enter_opens_once(machine):
    machine.unplug()
    before = spent(machine)
    type_code(machine, codes()[0])
    machine.cut_power()
    opens_once_over_both_boots(machine, codes()[0], before)


def a_code_cut_off_in_the_middle_of_the_commit_that_spends_it_opens_once(machine):
    before = spent(machine)
    begin_a_log(machine)
    screen = arrive(machine)
    answer(screen, ASKS_PIN, "")
    screen.wait_for(ASKS_CODE)
    cut_when(machine, grown=A_TRY + 1)
    screen.type(codes()[1])
    machine.wait_for_cut()
    opens_once_over_both_boots(machine, codes()[1], before)


def a_code_that_was_accepted_before_the_cut_is_spent(machine):
    before = spent(machine)
    screen = type_code(machine, codes()[2])
    screen.wait_for(r"Backup code accepted\.|alice@machine:")
    machine.cut_power()
    opens_once_over_both_boots(machine, codes()[2], before, opened=True)


PROMISES = [
    after_a_reboot_both_passkeys_open,
    cut_while_the_touch_is_awaited_nothing_is_there,
    cut_right_after_the_touch_it_is_there_or_not_and_can_be_made,
    cut_at_the_first_write_of_the_commit_it_is_there_or_not,
    cut_once_she_was_told_it_is_there,
    a_code_cut_off_right_after_enter_opens_once,
    a_code_cut_off_in_the_middle_of_the_commit_that_spends_it_opens_once,
    a_code_that_was_accepted_before_the_cut_is_spent,
]
