"""Reading the configuration again while people sign in: what takes effect, for whom, and what is refused."""

import os
import signal

from bench import NoKeyAsked, Policy, daemon, policy_of, write
from world import CONFIG, check, daemon_log, key, must, sudo, touch, use_password, with_touch

TPM_ONLY = "[service sudo]\nways = tpm\n"
BROKEN = (  # what the file says, and the line and the words of its refusal
    ("touch_timeout = 20\nuser_verfication = required\n" + TPM_ONLY, 2, 'unknown key "user_verfication"'),
    ("touch_timeout = soon\n", 1, "touch_timeout: "),
    ("touch_timeout = 20\ntouch_timeout = 25\n", 2, "touch_timeout: is set a second time"),
    ("\n[sevice sudo]\nways = tpm\n", 2, "unknown section [sevice sudo]"),
    ("[service sudo]\nrp_id = elsewhere\n", 2, "rp_id: is the same for every service"),
    ("touch_timeout = 20\nways\n", 2, "neither"),
)


def nobody_is_asked_to_touch_in_sudo():
    with NoKeyAsked(), sudo("alice") as terminal:
        use_password(terminal)


def state_of_configuration():
    (line,) = [line for line in must("passkeyctl", "status").splitlines() if line.startswith("config:")]
    return line.removeprefix("config:").strip()


def a_reload_takes_effect_for_the_next_login_and_leaves_the_one_under_way():
    with sudo("alice") as terminal:
        terminal.wait_for("Touch ")
        key("wait", "blinking")
        key("count", "reset")
        with Policy(*TPM_ONLY.splitlines()):
            check(key("count", "cancel").split()[-1] == "0", "the login under way was dropped")
            nobody_else = policy_of("sudo")["ways"][0]
            check(nobody_else == "tpm", f"ways is {nobody_else}")
            touch()
            check(terminal.end() == 0 and "assword" not in terminal.screen, "the login under way did not end well")
            nobody_is_asked_to_touch_in_sudo()
    check(with_touch("alice"), "what was taken away again still holds")


def systemd_is_told_when_a_reload_begins_and_when_it_is_over():
    for text, end in (("touch_timeout = 20\n", "configuration loaded"), ("nonsense\n", "reload refused")):
        write(CONFIG, text)
        try:
            heard = daemon.reload()
        finally:
            os.unlink(CONFIG)
            daemon.reload()
        check(len(heard) == 2 and heard[0][0] == "RELOADING=1", f"{heard}")
        check(any(line.startswith("MONOTONIC_USEC=") and line.split("=")[1].isdigit() for line in heard[0]), f"{heard}")
        check(any(line.startswith("STATUS=") and end in line for line in heard[1]), f"{heard}")


def a_file_with_one_mistake_is_refused_as_a_whole_and_the_last_good_one_stays():
    with Policy(*TPM_ONLY.splitlines()):
        for text, line, why in BROKEN:
            write(CONFIG, text)
            before = len(daemon_log())
            daemon.reload()
            said = daemon_log()[before:]
            for part in (f"{CONFIG}:{line}: ", why):
                check(part in said, f"'{part}' is not in the log: {said}")
                check(part in state_of_configuration(), f"'{part}' is not in the status: {state_of_configuration()}")
            check(policy_of("sudo")["ways"][0] == "tpm", f"after {text!r} the last good file does not hold")
            check(policy_of("sudo")["touch_timeout"] == ("30", "default"), f"{text!r} was taken in part")
        nobody_is_asked_to_touch_in_sudo()
        write(CONFIG, "touch_timeout = 20\n")  # mended
        daemon.reload()
        check(state_of_configuration() == "loaded", state_of_configuration())
        check(policy_of("sudo")["touch_timeout"] == ("20", f"{CONFIG}:1"), "what was mended does not hold")
        check(with_touch("alice"), "what was mended does not hold in sudo")


def a_file_that_cannot_be_read_is_refused_by_its_name():
    with Policy(*TPM_ONLY.splitlines()):
        os.chmod(CONFIG, 0)
        daemon.reload()
        check(CONFIG in state_of_configuration(), state_of_configuration())
        check(policy_of("sudo")["ways"][0] == "tpm", "the last good file does not hold")
        os.chmod(CONFIG, 0o644)


def a_limit_that_is_reloaded_needs_no_restart():
    before = daemon.process.pid
    with Policy("tries_per_day = 1000"):
        check(policy_of("sudo")["tries_per_day"] == ("1000", f"{CONFIG}:1"), "it is not in force")
    os.kill(before, signal.SIGHUP)  # nothing to read at all
    daemon.until_ready()
    check(daemon.process.poll() is None and daemon.process.pid == before, "the daemon was started afresh")
    check(policy_of("sudo")["tries_per_day"][1] == "default", "what is gone still holds")


PROMISES = [
    a_reload_takes_effect_for_the_next_login_and_leaves_the_one_under_way,
    systemd_is_told_when_a_reload_begins_and_when_it_is_over,
    a_file_with_one_mistake_is_refused_as_a_whole_and_the_last_good_one_stays,
    a_file_that_cannot_be_read_is_refused_by_its_name,
    a_limit_that_is_reloaded_needs_no_restart,
]
