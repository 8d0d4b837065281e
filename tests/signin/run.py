"""Sign-ins in a world, and what must come of them. Prints TAP; a test's name is a promise. In order: later tests use
the passkeys that earlier ones enrolled."""

import concurrent.futures
import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import time

from world import (CONFIG, DAEMON_LOG, LEDGER, SYSLOG, Failed, Misbehaving, Terminal, check, configure, daemon_log, daemon_pids,
                   enroll, keep, key, key2, must, restart_daemon, run, start_daemon, stop_daemon, stops_blinking_by_itself,
                   sudo, touch, transactions, until, usb, use_password, with_touch)

TPM_PIN, WRONG_PIN = "314159", "271828"


# --- what a sign-in costs -------------------------------------------------------------------------------------------
def a_touch_is_enough_and_costs_three_transactions():
    enroll("alice", "--usb", "--name", "Blue key", touched=True)
    key("count", "reset")
    check(with_touch("alice"), "sudo did not take the passkey")
    print(f"# CTAPHID transactions of a login with a touch: {transactions()}")
    check(transactions() == 3, key("count"))


def a_tpm_passkey_opens_with_its_pin():
    enroll("bob", "--tpm", "--name", "This computer", answers=[TPM_PIN, TPM_PIN])
    with sudo("bob") as terminal:
        terminal.wait_for("PIN[^\n]*: ")
        terminal.type_unseen(TPM_PIN)
        check(terminal.end() == 0 and "assword" not in terminal.screen, "sudo did not take the passkey")


def an_empty_line_steps_down_to_the_password():
    with sudo("bob") as terminal:
        terminal.wait_for("PIN[^\n]*: ")
        terminal.type_unseen("")
        use_password(terminal)


# --- people who go away, and people who wait ---------------------------------------------------------------------------
def interrupted(end):
    """Ends a login that waits for a touch; how long the key went on blinking."""
    with sudo("alice") as terminal:
        key("count", "reset")
        terminal.wait_for("Touch ")
        key("wait", "blinking")
        begin = time.monotonic()
        end(terminal)
        stops_blinking_by_itself()
        print(f"# the key stopped blinking after {(time.monotonic() - begin) * 1000:.0f} ms")
    check(key("count", "cancel").split()[-1] == "1", "the key was not told to stop")


def control_c_in_sudo_makes_the_key_stop_blinking():
    def press(terminal):
        os.write(terminal.master, b"\x03")
        use_password(terminal)
    interrupted(press)
    check(with_touch("alice"), "the next login does not work")


def a_killed_host_makes_the_key_stop_blinking():
    interrupted(lambda terminal: os.kill(terminal.pid, 9))
    check(with_touch("alice"), "the next login does not work")


def a_service_that_ends_makes_the_key_stop_blinking():
    """As an upgrade does it: what still blinked would take the next touch for a sign-in that is no more."""
    def end(terminal):
        stop_daemon()
        use_password(terminal)
    interrupted(end)
    status, said = start_daemon()
    check(status == 0, said)
    check(with_touch("alice"), "the next login does not work")


def a_key_that_ignores_being_told_is_let_go_all_the_same():
    with Misbehaving(ignore_cancel=1):
        with sudo("alice") as terminal:
            terminal.wait_for("Touch ")
            os.write(terminal.master, b"\x03")
            use_password(terminal)
        nobody_holds_a_ceremony()
    replug()
    check(with_touch("alice"), "the next login does not work")


def replug():
    """What a person does with a key that hangs."""
    usb("unplug", "0")
    usb("plug", "0")


def nobody_holds_a_ceremony():
    for _ in range(100):
        if run("pidof", "/usr/libexec/passkeyd/passkeyd-ceremony")[0] != 0:
            return
        time.sleep(0.05)
    raise Failed("a ceremony process is still there")


def two_logins_for_one_key_take_turns():
    enroll("carol", "--usb", "--name", "The same blue key", touched=True)
    with sudo("alice") as first:
        first.wait_for("Touch ")
        with sudo("carol") as second:
            second.wait_for("Another sign-in is using")
            touch()
            check(first.end() == 0, "the first did not get in")
            second.wait_for("Touch ")
            touch()
            check(second.end() == 0, "the second did not get in")


# --- several keys -----------------------------------------------------------------------------------------------------
class SecondKey:
    """A spare key is plugged in beside the first while the block runs."""

    def __enter__(self):
        usb("plug", "1")

    def __exit__(self, *_):
        usb("unplug", "1")


def a_strangers_key_beside_ones_own_is_not_asked_to_blink():
    with SecondKey():
        key2("count", "reset")
        check(with_touch("alice"), "sudo did not take the passkey")
        print("# the stranger's key answered:", " ".join(key2("count").split()))
    check(not asks_for_a_person(key2), "the stranger's key was asked for more than what it holds")


def asks_for_a_person(hand):
    """Whether the key was asked to do more than be looked at: one silent getAssertion."""
    counted = dict(line.rsplit(" ", 1) for line in hand("count").splitlines())
    return int(counted.get("getAssertion", 0)) > 1 or "clientPIN" in counted


def of_two_enrolled_keys_the_one_that_is_touched_decides():
    with SecondKey():
        usb("unplug", "0")
        enroll("alice", "--usb", "--name", "Spare key", touched=True, hand=key2)
        usb("plug", "0")
        for hand, other in ((key, key2), (key2, key)):
            with sudo("alice") as terminal:
                terminal.wait_for("Touch ")
                other("wait", "blinking")
                touch(hand)
                check(terminal.end() == 0 and "assword" not in terminal.screen, "sudo did not take the passkey")
                other("wait", "idle")


# --- fair shares ------------------------------------------------------------------------------------------------------
def one_persons_hanging_programs_leave_room_for_others():
    """su is root to the daemon, but not to the share it takes."""
    with contextlib.ExitStack() as hanging:
        terminals = [hanging.enter_context(Terminal("dave", ["su", "bob", "--command", "true"])) for _ in range(16)]
        for terminal in terminals:
            terminal.wait_for("PIN[^\n]*: ")
        one_more = hanging.enter_context(Terminal("dave", ["su", "bob", "--command", "true"]))
        check(with_touch("alice"), "somebody else was turned away")
        one_more.read(0)
        check("PIN" not in one_more.screen, one_more.screen)
        terminals[0].type_unseen("")
        one_more.wait_for("PIN[^\n]*: ")


# --- keys that lie ----------------------------------------------------------------------------------------------------
def lies(refusal, **knobs):
    with Misbehaving(**knobs):
        check(not with_password_after_touch("alice"), f"{knobs}: the lie was believed")
    check(refusal in daemon_log().splitlines()[-1], f"{knobs}: {daemon_log().splitlines()[-1]} instead of {refusal}")


def with_password_after_touch(user):
    """A login that fails with the key and is then given up; true if sudo let them in."""
    with sudo(user) as terminal:
        terminal.wait_for("Touch ")
        touch()
        terminal.wait_for(r"assword[^\n]*: ")
        terminal.type_unseen("")
        return terminal.end() == 0


def a_bad_signature_opens_nothing():
    lies("signature-wrong", bad_signature=1)


def an_answer_for_another_relying_party_opens_nothing():
    lies("rp-id-wrong", wrong_rp_id_hash=1)


def an_answer_without_user_presence_opens_nothing():
    lies("no-user-presence", no_up=1)


def an_extension_nobody_asked_for_opens_nothing():
    lies("extensions-wrong", extra_extension=1)


def malformed(**knobs):
    with Misbehaving(only="getAssertion", **knobs):
        with sudo("alice") as terminal:
            terminal.wait_for("Touch ")
            touch()
            use_password(terminal)
    check(with_touch("alice"), f"{knobs}: the next login does not work")


def a_malformed_answer_leaves_the_password_and_the_next_login():
    malformed(malformed_cbor=1)


def an_oversized_answer_leaves_the_password_and_the_next_login():
    malformed(oversized_cbor=4000)


def a_key_that_falls_silent_leaves_the_password():
    configure("touch_timeout = 5\n")
    restart_daemon()
    with Misbehaving(silent=1, only="getAssertion"):
        with sudo("alice") as terminal:
            terminal.wait_for("Touch ")
            use_password(terminal)
    configure("")
    restart_daemon()
    replug()
    check(with_touch("alice"), "the next login does not work")


def a_key_pulled_out_during_the_touch_leaves_the_password_at_once():
    with sudo("alice") as terminal:
        terminal.wait_for("Touch ")
        key("wait", "blinking")
        usb("unplug", "0")
        use_password(terminal)
    usb("plug", "0")
    check(with_touch("alice"), "the key does not work after being plugged in again")


def a_clone_is_noticed_and_shut_out():
    with Misbehaving(counter_rollback=1000):
        check(not with_password_after_touch("carol"), "the clone was let in")
    denied, suspended = daemon_log().splitlines()[-2:]
    check("counter-went-back" in denied and "was suspended (possible clone)" in suspended, daemon_log())
    with sudo("carol") as terminal:  # suspended: the key is not even asked any more
        key("count", "reset")
        use_password(terminal)
        check(transactions() == 0, "a suspended credential was asked for")
    check("suspended" in must("passkeyctl", "list", "--user", "carol"), "the list does not say so")


# --- who may what -------------------------------------------------------------------------------------------------------
def as_user(user, *command):
    return run("setpriv", "--reuid", user, "--regid", user, "--init-groups", *command)


def nobody_tries_the_passkeys_of_others():
    key("count", "reset")
    stranger = as_user("bob", "passkeyctl", "test", "--user", "alice", "--pin-stdin")
    nobody = as_user("bob", "passkeyctl", "test", "--user", "nobody-here", "--pin-stdin")
    check(stranger[0] == 5 and stranger == nobody, f"{stranger}, {nobody}")
    check(transactions() == 0, "the key was asked")


def a_user_may_try_their_own_as_screen_lockers_do():
    process = subprocess.Popen(["setpriv", "--reuid", "alice", "--regid", "alice", "--init-groups", "passkeyctl", "test",
                                "--pin-stdin"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, env={**os.environ, "USER": "alice", "LOGNAME": "alice"})
    touch()
    said = process.communicate(timeout=60)[0]
    check(process.returncode == 0, said)


def nobody_enrolls_who_cannot_be_asked():
    for user in ("alice", "bob"):
        status, said = as_user("alice", "passkeyctl", "enroll", "--user", user, "--usb", "--pin-stdin")
        check(status == 4, f"{status}: {said}")


def nobody_sees_the_passkeys_of_others():
    status, said = as_user("bob", "passkeyctl", "list", "--user", "alice")
    said = said.replace("alice", "dave")  # a name that they typed themself is no news
    check("Blue" not in said and (status, said) == as_user("bob", "passkeyctl", "list", "--user", "dave"), said)
    status, said = as_user("alice", "passkeyctl", "list", "--user", "alice")
    check(status == 0 and "Blue key" in said, f"{status}: {said}")


def a_key_is_enrolled_only_once_for_an_account():
    try:
        enroll("alice", "--usb", touched=True)  # a key asks for a touch before it says so
    except Failed as refusal:
        check("already" in str(refusal), str(refusal))
    else:
        raise Failed("the key was enrolled twice")


def the_daemon_runs_without_any_privilege():
    (pid,) = daemon_pids()
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        status = file.read()
    uid = must("id", "-u", "passkeyd").strip()
    check(f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}" in status and uid != "0", status)
    for line in ("CapPrm:\t0000000000000000", "CapEff:\t0000000000000000", "NoNewPrivs:\t1"):
        check(line in status, f"no {line} in {status}")


# --- remote, unknown and changed people -----------------------------------------------------------------------------------
def authenticate(user, *items):
    """What libpam says of the stack for sudo, with items such as rhost set; no password is given."""
    return run("pamtester", "-v", *(f"-I{item}" for item in items), "sudo", user, "authenticate", stdin=subprocess.DEVNULL)


def no_key_lights_up_for_someone_from_another_machine():
    key("count", "reset")
    authenticate("alice", "rhost=192.0.2.7")
    check(transactions() == 0, "the key was asked")
    check("remote-session" in daemon_log().splitlines()[-2] + daemon_log().splitlines()[-1], daemon_log())


def someone_without_a_passkey_hears_nothing_of_passkeys():
    with sudo("bob") as terminal:
        use_password(terminal)
        check("asskey" not in terminal.screen and "PIN" not in terminal.screen, terminal.screen)


def a_user_that_does_not_exist_is_not_told_apart_from_one_without_passkeys():
    nobody, dave = (run("passkeyctl", "test", "--user", user, "--pin-stdin", stdin=subprocess.DEVNULL)
                    for user in ("nobody-here", "dave"))
    check(nobody == dave, f"{nobody} is not {dave}")


def a_uid_that_changed_hands_opens_nothing():
    uid = must("id", "-u", "alice").strip()
    must("usermod", "--uid", "4242", "alice")
    try:
        with sudo("alice") as terminal:
            key("count", "reset")
            use_password(terminal)
        check(transactions() == 0, "the credential of the account's former owner was used")
    finally:
        must("usermod", "--uid", uid, "alice")
    check(with_touch("alice"), "the rightful owner cannot sign in")


# --- guessing -----------------------------------------------------------------------------------------------------------
def five_wrong_pins_make_the_sixth_wait_even_if_it_is_right():
    def try_pin(pin):
        return run("passkeyctl", "test", "--user", "bob", "--pin-stdin", input=pin + "\n")
    for _ in range(5):
        status, said = try_pin(WRONG_PIN)
        check(status == 1, f"{status}: {said}")
    status, said = try_pin(TPM_PIN)
    check(status == 6, f"{status}: {said}")
    restart_daemon()
    status, said = try_pin(TPM_PIN)
    check(status == 6, f"a restart of the daemon ended the wait: {said}")


def a_locked_out_pin_leaves_the_password():
    with sudo("bob") as terminal:  # and no PIN is asked for in vain
        terminal.wait_for("Too many failed tries. Try again in [0-9]+ seconds")
        use_password(terminal)
        check("PIN" not in terminal.screen, terminal.screen)


def no_pin_is_in_any_log():
    for path in (SYSLOG, DAEMON_LOG):
        with open(path, encoding="utf-8", errors="replace") as log:
            said = log.read()
        for pin in (TPM_PIN, WRONG_PIN):
            check(pin not in said, f"{path} has a PIN")


# --- when the daemon cannot ---------------------------------------------------------------------------------------------
def without_the_daemon_the_password_works():
    stop_daemon()
    with sudo("alice") as terminal:
        use_password(terminal)
    status, said = start_daemon()
    check(status == 0, said)


def refuses_to_start(*parts):
    status, said = start_daemon()
    if status == 0:
        stop_daemon()
        raise Failed("the daemon started")
    for part in parts:
        check(part in said, f"'{part}' is not in: {said}")
    with sudo("alice") as terminal:
        use_password(terminal)


def mended_by(meanwhile):
    """The daemon is started while it cannot serve, and `meanwhile` is done while it says so; whether it serves in the end."""
    with concurrent.futures.ThreadPoolExecutor(1) as starter:
        starting = starter.submit(start_daemon)
        must("gdbus", "wait", "--system", "--timeout=20", "org.passkeyd1")
        meanwhile()
        return starting.result()[0] == 0


def tells_who_calls_that_it_is_out_of_order(reason):
    """Root hears why. Who signs in then has the password's prompt, and nothing else."""
    status, said = run("passkeyctl", "list", "--user", "alice")
    check(status == 3 and reason in said, f"{status}: {said}")
    status, said = run("runuser", "--user", "alice", "--", "passkeyctl", "list")
    check(status == 3 and "out of order" in said and reason not in said, f"{status}: {said}")
    with sudo("alice") as terminal:
        use_password(terminal)
        check("Touch" not in terminal.screen and "PIN" not in terminal.screen, terminal.screen)


def a_damaged_ledger_is_named_and_left_alone():
    stop_daemon()
    shutil.copy2(LEDGER, "/run/world/ledger.saved")
    with open(LEDGER, "r+b") as file:
        file.seek(100)
        file.write(os.urandom(4000))
    with open(LEDGER, "rb") as file:
        damaged = file.read()
    try:
        refuses_to_start(LEDGER)
        check(not mended_by(lambda: tells_who_calls_that_it_is_out_of_order(LEDGER)), "the daemon started")
        check(not daemon_pids(), "it stays")
        with open(LEDGER, "rb") as file:
            check(file.read() == damaged, "the damaged file was changed")
    finally:
        with open("/run/world/ledger.saved", "rb") as saved, open(LEDGER, "wb") as file:
            file.write(saved.read())
        for rest in ("-wal", "-shm"):
            if os.path.exists(LEDGER + rest):
                os.unlink(LEDGER + rest)
    status, said = start_daemon()
    check(status == 0, said)


def a_foreign_database_is_named_and_left_alone():
    stop_daemon()
    os.rename(LEDGER, "/var/lib/passkeyd/saved")
    try:
        other = sqlite3.connect(LEDGER)
        other.execute("CREATE TABLE somebody (elses)")
        other.commit()
        other.close()
        shutil.chown(LEDGER, "passkeyd", "passkeyd")
        os.chmod(LEDGER, 0o600)
        refuses_to_start(LEDGER)
    finally:
        os.rename("/var/lib/passkeyd/saved", LEDGER)
    status, said = start_daemon()
    check(status == 0, said)


def an_unreadable_state_directory_is_named():
    stop_daemon()
    shutil.chown("/var/lib/passkeyd", "root", "root")
    try:
        refuses_to_start("/var/lib/passkeyd")
    finally:
        shutil.chown("/var/lib/passkeyd", "passkeyd", "passkeyd")
    status, said = start_daemon()
    check(status == 0, said)


def mend_and_stop():
    configure("")
    stop_daemon()


def a_mistyped_configuration_is_named_with_file_and_line():
    stop_daemon()
    configure("touch_timeout = 10\nuser_verfication = required\n")
    try:
        refuses_to_start(CONFIG + ":2:", "user_verfication")
        check(mended_by(lambda: configure("")), "it looks only once")
        stop_daemon()
        configure("user_verfication = required\n")
        check(not mended_by(mend_and_stop), "it was told to stop, and began")
    finally:
        configure("")
    status, said = start_daemon()
    check(status == 0, said)


def wait_for_syslog(words):
    """Another process writes it, when it comes to that."""
    def said():
        with open(SYSLOG, encoding="utf-8", errors="replace") as log:
            return words in log.read()
    until(said, f"the log never said {words}")


def a_mistyped_module_option_is_named_and_leaves_the_password():
    with open("/etc/pam.d/sudo", encoding="utf-8") as file:
        before = file.read()
    try:
        with open("/etc/pam.d/sudo", "w", encoding="utf-8") as file:
            file.write("auth sufficient pam_passkey.so pinverification=1\n" + before)
        key("count", "reset")
        subprocess.run(["sed", "-i", "/pam_passkey/d", "/etc/pam.d/common-auth"], check=True)
        with sudo("alice") as terminal:
            use_password(terminal)
        check(transactions() == 0, "the key was asked in spite of the mistake")
        wait_for_syslog("pinverification")
    finally:
        with open("/etc/pam.d/sudo", "w", encoding="utf-8") as file:
            file.write(before)


PROMISES = [
    someone_without_a_passkey_hears_nothing_of_passkeys,
    a_touch_is_enough_and_costs_three_transactions,
    a_tpm_passkey_opens_with_its_pin,
    an_empty_line_steps_down_to_the_password,
    control_c_in_sudo_makes_the_key_stop_blinking,
    a_killed_host_makes_the_key_stop_blinking,
    a_service_that_ends_makes_the_key_stop_blinking,
    a_key_that_ignores_being_told_is_let_go_all_the_same,
    two_logins_for_one_key_take_turns,
    one_persons_hanging_programs_leave_room_for_others,
    a_strangers_key_beside_ones_own_is_not_asked_to_blink,
    of_two_enrolled_keys_the_one_that_is_touched_decides,
    a_bad_signature_opens_nothing,
    an_answer_for_another_relying_party_opens_nothing,
    an_answer_without_user_presence_opens_nothing,
    an_extension_nobody_asked_for_opens_nothing,
    a_malformed_answer_leaves_the_password_and_the_next_login,
    an_oversized_answer_leaves_the_password_and_the_next_login,
    a_key_that_falls_silent_leaves_the_password,
    a_key_pulled_out_during_the_touch_leaves_the_password_at_once,
    a_clone_is_noticed_and_shut_out,
    nobody_tries_the_passkeys_of_others,
    a_user_may_try_their_own_as_screen_lockers_do,
    nobody_enrolls_who_cannot_be_asked,
    nobody_sees_the_passkeys_of_others,
    a_key_is_enrolled_only_once_for_an_account,
    the_daemon_runs_without_any_privilege,
    no_key_lights_up_for_someone_from_another_machine,
    a_user_that_does_not_exist_is_not_told_apart_from_one_without_passkeys,
    a_uid_that_changed_hands_opens_nothing,
    five_wrong_pins_make_the_sixth_wait_even_if_it_is_right,
    a_locked_out_pin_leaves_the_password,
    no_pin_is_in_any_log,
    without_the_daemon_the_password_works,
    a_damaged_ledger_is_named_and_left_alone,
    a_foreign_database_is_named_and_left_alone,
    an_unreadable_state_directory_is_named,
    a_mistyped_configuration_is_named_with_file_and_line,
    a_mistyped_module_option_is_named_and_leaves_the_password,
]


wanted = sys.argv[1:]
sys.exit(keep([promise for promise in PROMISES if not wanted or promise.__name__ in wanted]))
