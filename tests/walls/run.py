"""What comes of sign-ins when the ceremony at the device is a hostile one (hostile.cpp), as the person sees it; and that a
daemon that has nothing to do ends."""

import os
import pathlib
import select
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "signin"))
from world import (TREE, check, configure, daemon_log, daemon_pids, enroll, keep, restart_daemon, start_daemon,  # noqa: E402
                   stop_daemon, sudo, touch, use_password, with_touch)

CEREMONY = "/usr/libexec/passkeyd/passkeyd-ceremony"
HONEST = "/run/world/honest-ceremony"


def in_its_place(program, **misdeed):
    """From now on the daemon starts this ceremony."""
    shutil.copy(program, CEREMONY + ".new")
    os.chmod(CEREMONY + ".new", 0o755)
    os.rename(CEREMONY + ".new", CEREMONY)
    for name in ("MISDEED", "MISDEEDS_OF"):
        os.environ.pop(name, None)
    os.environ.update(misdeed)
    restart_daemon()


def hostile(misdeed):
    in_its_place(TREE + "/build/tests/hostile-ceremony", MISDEED=misdeed, MISDEEDS_OF="devices")


def what_no_ceremony_does_ends_it_and_the_password_goes_on():
    for misdeed in ("run-program", "signal-daemon", "trace-daemon"):
        hostile(misdeed)
        before, daemons = len(daemon_log()), daemon_pids()
        with sudo("alice") as terminal:
            use_password(terminal)
        check("made a system call that none makes" in daemon_log()[before:], misdeed)
        check(daemon_pids() == daemons, "the daemon did not survive " + misdeed)


def what_libraries_may_try_is_refused_and_the_password_goes_on():
    for misdeed in ("read-ledger", "open-internet", "reach-bus"):
        hostile(misdeed)
        before = len(daemon_log())
        with sudo("alice") as terminal:
            use_password(terminal)
        check("Permission denied" in daemon_log()[before:], f"{misdeed}: {daemon_log()[before:]}")


def the_honest_one_opens_again():
    in_its_place(HONEST)
    check(with_touch("alice"), "a touch was not enough")


def a_daemon_that_nobody_wants_anything_of_ends_in_order():
    stop_daemon()
    status, said = start_daemon("--exit-when-idle", "1")
    check(status == 0, said)
    watched = [os.pidfd_open(pid) for pid in daemon_pids()]
    select.select(watched, [], [], 30)
    check(not daemon_pids() and daemon_log().splitlines()[-1].endswith("ends until the next call"), daemon_log()[-300:])


def ends():
    watched = [os.pidfd_open(pid) for pid in daemon_pids()]
    check(select.select(watched, [], [], 30)[0], "it stays though all is well")


def stays(why):
    """Until the log says that it would have gone, and why it did not."""
    before = len(daemon_log())
    watched = [os.pidfd_open(pid) for pid in daemon_pids()]
    for _ in range(100):
        if why in daemon_log()[before:]:
            return
        check(not select.select(watched, [], [], 0.3)[0], "it went")
    check(False, daemon_log()[before:])


def it_stays_while_the_next_one_would_refuse_the_configuration():
    status, said = start_daemon("--exit-when-idle", "1")
    check(status == 0, said)
    configure("nonsense = 1\n")
    stays("the next start would refuse the configuration")
    configure("")
    ends()


def it_stays_while_somebody_else_waits_for_its_name():
    """As its user, which the bus lets have the name: a look-up that was taken over could ask for it."""
    status, said = start_daemon("--exit-when-idle", "1")
    check(status == 0, said)
    code = ("import dbus, sys; bus = dbus.SystemBus(); print(bus.request_name('org.passkeyd1'), flush=True); "
            "sys.stdin.read()")
    with subprocess.Popen(["setpriv", "--reuid", "passkeyd", "--regid", "passkeyd", "--init-groups", "/usr/bin/python3", "-c", code],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as waiting:
        check(waiting.stdout.readline() == "2\n", "it is not queued for the name")
        stays("another process waits for the name")
        waiting.stdin.close()
    ends()


def it_stays_while_somebody_signs_in():
    status, said = start_daemon("--exit-when-idle", "1")
    check(status == 0, said)
    watched = [os.pidfd_open(pid) for pid in daemon_pids()]
    with sudo("alice") as terminal:
        terminal.wait_for("Touch ")
        # Twice as long as it would take, and once more.
        check(not select.select(watched, [], [], 3)[0], "it went while the key blinked")
        touch()
        check(terminal.end() == 0 and "assword" not in terminal.screen, terminal.screen)


def main():
    shutil.copy(CEREMONY, HONEST)
    enroll("alice", "--usb", "--name", "Blue", touched=True)
    return keep([what_no_ceremony_does_ends_it_and_the_password_goes_on,
                 what_libraries_may_try_is_refused_and_the_password_goes_on,
                 the_honest_one_opens_again,
                 a_daemon_that_nobody_wants_anything_of_ends_in_order,
                 it_stays_while_the_next_one_would_refuse_the_configuration,
                 it_stays_while_somebody_else_waits_for_its_name,
                 it_stays_while_somebody_signs_in])


if __name__ == "__main__":
    sys.exit(main())
