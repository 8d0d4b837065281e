"""The walls around passkeyd on a whole machine: its unit, AppArmor's profile, what a ceremony gives up; and that all of
them together let every kind of sign-in through."""

import base64
import re
import subprocess

from kit import PIN, TREE, answer, check, enroll_key, enroll_tpm, sign_in, sign_out, touch_when_asked, wait_until

BEGIN = "installed"
HOSTILE = TREE / "build/tests/hostile-ceremony"
HELPERS = "/usr/libexec/passkeyd"


def pid(machine):
    return machine.run("systemctl", "show", "--property=MainPID", "--value", "passkeyd").strip()


def state(machine):
    return machine.run("systemctl", "is-active", "passkeyd", status=None).strip()


def change_unit(machine, *lines):
    """Until it is changed again; without lines it is as it was."""
    machine.sh("mkdir -p /run/systemd/system/passkeyd.service.d; cat >/run/systemd/system/passkeyd.service.d/test.conf; "
               "systemctl daemon-reload; systemctl restart passkeyd", input="\n".join(("[Service]", *lines, "")))


def mark(machine):
    """Where the kernel's and everybody's log ends now."""
    return machine.sh("journalctl --no-pager --lines=0 --show-cursor | sed -n 's/^-- cursor: //p'").strip()


def said_since(machine, cursor, *how):
    return machine.run("journalctl", "--no-pager", "--after-cursor=" + cursor, *how)


def nothing_was_denied(machine, cursor):
    """By AppArmor, by a ceremony's own filter."""
    kernel = said_since(machine, cursor, "--dmesg")
    bad = [line for line in kernel.splitlines() if 'apparmor="DENIED"' in line or "type=1326" in line]
    check(not bad, "\n".join(bad))


def tries(machine, user, expected=0):
    """`passkeyctl test` at the screen, by alice, whose key is touched where it blinks, or bob, whose PIN is typed."""
    screen = sign_in(machine, user)
    screen.begin("passkeyctl test; echo status: $?")
    if user == "alice" and expected == 0:
        touch_when_asked(machine, screen)
    if user == "bob":
        answer(screen, r"PIN[^\n]*: *$", PIN)
    shown = screen.wait_for(r"(?m)^status: \d+$")
    sign_out(screen)
    check(("status: 0" in shown.splitlines()) == (expected == 0), shown)


# --- the walls are there ------------------------------------------------------------------------------------------------
def systemd_finds_little_to_attack(machine):
    machine.run("passkeyctl", "status")
    said = machine.run("systemd-analyze", "security", "--no-pager", "passkeyd.service")
    level = float(re.search(r"Overall exposure level for passkeyd.service: ([\d.]+)", said)[1])
    print(f"# exposure: {level}")
    check(level <= 1.5, said)


def the_kernel_has_what_the_walls_are_made_of(machine):
    modules = machine.sh("cat /sys/kernel/security/lsm").split(",")
    check("landlock" in modules and "apparmor" in modules, modules)
    said = machine.run("passkeyctl", "doctor", status=None)
    check("can shut all files away" in said, said)


def the_profile_is_enforced_for_the_running_daemon(machine):
    machine.run("passkeyctl", "status")
    check(machine.sh(f"cat /proc/{pid(machine)}/attr/current").strip() == "passkeyd (enforce)",
          machine.sh(f"cat /proc/{pid(machine)}/attr/current; aa-status"))


# --- and everything goes through them -------------------------------------------------------------------------------------
def a_security_key_is_enrolled_and_opens_with_nothing_denied(machine):
    cursor = mark(machine)
    machine.plug()
    enroll_key(machine, "alice")
    tries(machine, "alice")
    nothing_was_denied(machine, cursor)


def a_key_in_the_tpm_is_enrolled_and_opens_with_nothing_denied(machine):
    cursor = mark(machine)
    enroll_tpm(machine, "bob")
    tries(machine, "bob")
    nothing_was_denied(machine, cursor)


def codes_are_made_and_the_service_is_examined_with_nothing_denied(machine):
    cursor = mark(machine)
    machine.run("passkeyctl", "backup-codes", "--user", "bob", "--yes")
    machine.run("passkeyctl", "doctor", status=None)
    nothing_was_denied(machine, cursor)


# --- the daemon's life ----------------------------------------------------------------------------------------------------
def wait_until_passkeyd_says(machine, cursor, pattern):
    machine.sh(f"timeout 200 journalctl --follow --unit=passkeyd --after-cursor='{cursor}' | grep -m1 -E '{pattern}'")


def a_daemon_that_stands_still_is_ended_and_the_next_call_is_answered(machine):
    machine.run("passkeyctl", "status")
    before, cursor = pid(machine), mark(machine)
    machine.run("kill", "-STOP", before)
    wait_until_passkeyd_says(machine, cursor, "Watchdog timeout")
    machine.run("passkeyctl", "status")
    check(pid(machine) not in (before, "0"), "the daemon that stood still is still there")


def a_daemon_that_fails_again_and_again_answers_who_waits_for_it_once_it_comes(machine):
    """As long as the bus waits, which is longer than systemd would try by itself."""
    machine.run("touch", "/run/well")
    change_unit(machine, "ExecStartPre=+/usr/bin/test -e /run/well")
    machine.sh("systemctl stop passkeyd; rm /run/well")
    cursor = mark(machine)
    machine.sh("busctl --timeout=100 call org.passkeyd1 /org/passkeyd1 org.passkeyd1.Manager GetStatus & asking=$!; "
               f"timeout 100 journalctl --follow --unit=passkeyd --after-cursor='{cursor}' | grep -m1 'restart counter is at 6'; "
               "touch /run/well; wait $asking")
    change_unit(machine)


def an_idle_daemon_ends_and_the_bus_starts_the_next(machine):
    cursor = mark(machine)
    change_unit(machine, "ExecStart=", f"ExecStart={HELPERS}/passkeyd --exit-when-idle 2")
    wait_until_passkeyd_says(machine, cursor, "nobody wants anything")
    wait_until("it has ended", lambda: state(machine) == "inactive")
    machine.run("passkeyctl", "status")
    check(state(machine) == "active", state(machine))


def whoever_calls_while_it_ends_is_answered(machine):
    """Calls around many ends: none is lost."""
    change_unit(machine, "ExecStart=", f"ExecStart={HELPERS}/passkeyd --exit-when-idle 1", "[Unit]", "StartLimitIntervalSec=0")
    cursor = mark(machine)
    # It ends when one to two seconds have passed: calls come around that, from before to after.
    machine.sh("for call in $(seq 30); do passkeyctl status >/dev/null || exit 1; sleep $((1 + call % 2)).$((call % 10))5; done")
    check(said_since(machine, cursor, "--unit=passkeyd").count("nobody wants anything") > 1, "it never ended meanwhile")
    change_unit(machine)


# --- a ceremony that was taken over -----------------------------------------------------------------------------------------
def put_a_hostile_one_in_its_place(machine):
    """It is in no package, and comes over the command channel."""
    bare = machine.folder / "hostile"
    subprocess.run(["strip", "-o", bare, HOSTILE], check=True)
    machine.sh("base64 --decode >/root/hostile", input=base64.b64encode(bare.read_bytes()).decode())
    machine.sh(f"cp {HELPERS}/passkeyd-ceremony /root/honest; install -m 755 /root/hostile {HELPERS}/passkeyd-ceremony")


def with_misdeed(machine, misdeed, *more):
    """What everybody's log says when alice tries her passkey and the ceremony does that instead."""
    cursor = mark(machine)
    change_unit(machine, f"Environment=MISDEED={misdeed} " + " ".join(more))
    tries(machine, "alice", expected=1)
    check(state(machine) == "active", misdeed)
    return said_since(machine, cursor)


def what_no_ceremony_does_ends_it_and_not_the_daemon(machine):
    put_a_hostile_one_in_its_place(machine)
    for misdeed in ("run-program", "trace-daemon", "peek-into-daemon", "read-daemons-memory", "signal-daemon",
                    "load-bpf", "rename-ledger"):
        said = with_misdeed(machine, misdeed, "MISDEEDS_OF=devices")
        check("made a system call that none makes" in said and "type=1326" in said, f"{misdeed}: {said}")


def what_libraries_may_try_is_refused(machine):
    for misdeed in ("read-ledger", "list-homes", "open-internet", "reach-bus"):
        said = with_misdeed(machine, misdeed, "MISDEEDS_OF=devices")
        check("Permission denied" in said, f"{misdeed}: {said}")


def who_looks_accounts_up_reads_no_ledger_either(machine):
    said = with_misdeed(machine, "read-ledger")
    check("Permission denied" in said, said)


def the_honest_one_signs_in_again(machine):
    machine.sh(f"install -m 755 /root/honest {HELPERS}/passkeyd-ceremony")
    change_unit(machine)
    tries(machine, "alice")


PROMISES = [
    systemd_finds_little_to_attack,
    the_kernel_has_what_the_walls_are_made_of,
    the_profile_is_enforced_for_the_running_daemon,
    a_security_key_is_enrolled_and_opens_with_nothing_denied,
    a_key_in_the_tpm_is_enrolled_and_opens_with_nothing_denied,
    codes_are_made_and_the_service_is_examined_with_nothing_denied,
    a_daemon_that_stands_still_is_ended_and_the_next_call_is_answered,
    a_daemon_that_fails_again_and_again_answers_who_waits_for_it_once_it_comes,
    an_idle_daemon_ends_and_the_bus_starts_the_next,
    whoever_calls_while_it_ends_is_answered,
    what_no_ceremony_does_ends_it_and_not_the_daemon,
    what_libraries_may_try_is_refused,
    who_looks_accounts_up_reads_no_ledger_either,
    the_honest_one_signs_in_again,
]
