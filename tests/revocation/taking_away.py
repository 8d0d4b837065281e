"""What is revoked opens nothing, at once and for ever."""

import subprocess
import time

from everyone import must_revoke, passkeys, revoke, the_id, working
from world import Terminal, check, key, sudo, use_password, with_touch


def a_touch_that_was_waited_for_opens_nothing_once(*words):
    """Revokes while sudo waits for the touch. The key may go dark at once or be touched in vain."""
    with sudo("alice") as terminal:
        terminal.wait_for("Touch ")
        key("wait", "blinking")
        must_revoke("--reason", "lost", *words)
        subprocess.run(["softkey-ctl", "/run/world/key.control", "touch", "press"], stdout=subprocess.DEVNULL, check=False)
        use_password(terminal)
        before_password = terminal.screen.split("assword")[0]
        check("root" not in before_password, "the touch opened sudo")
    check(not working("alice"), "it is not revoked")


def a_revocation_while_a_touch_is_waited_for_wins():
    a_touch_that_was_waited_for_opens_nothing_once("alice", the_id("alice"))


def revoking_all_while_a_touch_is_waited_for_wins():
    a_touch_that_was_waited_for_opens_nothing_once("alice", "--all")


def a_revoked_passkey_lights_no_key_and_others_go_on():
    must_revoke("alice", "--all")
    with sudo("alice") as terminal:
        use_password(terminal)
        check("Touch" not in terminal.screen, terminal.screen)
    with sudo("bob") as terminal:
        terminal.wait_for("PIN[^\n]*: ")
        terminal.type_unseen("")
        use_password(terminal)


def what_is_revoked_stays_on_record_with_the_reason_and_cannot_be_resumed():
    gone = the_id("alice")
    must_revoke("alice", gone, "--reason", "lost on a train")
    (row,) = [row for row in passkeys("alice") if row["id"] == gone]
    check(row["state"] == "revoked", f"{row}")
    check("lost on a train" in row.get("reason", ""), f"no reason in {row}")
    done = subprocess.run(["passkeyctl", "resume", "alice", gone, "--yes"], text=True, stderr=subprocess.PIPE, check=False)
    check(done.returncode == 5 and "for ever" in done.stderr, done.stderr)


def a_name_means_the_passkey_that_bears_it_now():
    must_revoke("alice", "Blue key")
    status, said = revoke("alice", "Blue key")
    check(status == 5, f"{status}: {said}")


def a_person_at_a_terminal_is_told_it_is_the_last_one_and_may_think_better_of_it():
    with Terminal("root", ["passkeyctl", "revoke", "alice", the_id("alice")]) as terminal:
        terminal.wait_for("no passkey that works")
        terminal.wait_for(r"\[y/N\] ")
        terminal.type("")
        check(terminal.end() == 3 and "nothing was changed" in terminal.screen, terminal.screen)
    check(with_touch("alice"), "the passkey is gone")


def two_who_revoke_the_same_one_at_once_are_told_apart():
    """However they fall: one does it, the other hears that it is done."""
    gone = the_id("alice")
    both = [subprocess.Popen(["passkeyctl", "revoke", "alice", gone, "--yes"], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True) for _ in range(2)]
    said = [process.communicate(timeout=60)[0] for process in both]
    check(sorted(process.returncode for process in both) == [0, 5], f"{said}")
    check(sum("revoked already" in text for text in said) == 1, f"{said}")


def two_who_revoke_everything_at_once_revoke_it_once():
    both = [subprocess.Popen(["passkeyctl", "revoke", "alice", "--all", "--yes"], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True) for _ in range(2)]
    said = [process.communicate(timeout=60)[0] for process in both]
    check(sorted(process.returncode for process in both) == [0, 5], f"{said}")


def a_recall_takes_all_it_shows_and_nothing_it_does_not():
    """Everybody's from before tomorrow; and none from before 1971."""
    status, said = revoke("--enrolled-before", "@31536000")
    check(status == 5 and working("alice") and working("bob"), f"{status}: {said}")
    status, said = revoke("--enrolled-before", f"@{int(time.time()) + 86400}", "--dry-run")
    check(status == 0 and the_id("alice") in said and the_id("bob") in said, said)
    check(working("alice") and working("bob"), "a rehearsal revoked")
    said = must_revoke("--enrolled-before", f"@{int(time.time()) + 86400}", "--reason", "recalled")
    check("Revoked: 2 passkeys of 2 accounts" in said, said)
    check(not working("alice") and not working("bob"), "something is left")


PROMISES = [
    a_revocation_while_a_touch_is_waited_for_wins,
    revoking_all_while_a_touch_is_waited_for_wins,
    a_revoked_passkey_lights_no_key_and_others_go_on,
    what_is_revoked_stays_on_record_with_the_reason_and_cannot_be_resumed,
    a_name_means_the_passkey_that_bears_it_now,
    a_person_at_a_terminal_is_told_it_is_the_last_one_and_may_think_better_of_it,
    two_who_revoke_the_same_one_at_once_are_told_apart,
    two_who_revoke_everything_at_once_revoke_it_once,
    a_recall_takes_all_it_shows_and_nothing_it_does_not,
]
