"""Runs test programs, each in a throw-away world of its own, shows how they go, and counts single tests.

A program speaks TAP (CMocka does, asked by CMOCKA_MESSAGE_OUTPUT); one that prints none counts as one test. A test
that was announced and never reported, because the program crashed or hung, has failed.
"""

import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

TREE = pathlib.Path(__file__).resolve().parents[2]
DEMO_LINES = ["usb granted", "usb-pin granted", "tpm granted", "wrong-pin denied", "no-touch denied",
              "unplugged unavailable", "not-enrolled ignored"]
SLOWNESS = 3  # how much slower than meant a machine may be before a test counts as hung


@dataclasses.dataclass
class Program:
    name: str
    command: list
    seconds: float
    alone: bool = False


@dataclasses.dataclass
class Outcome:
    passed: int = 0
    failed: list = dataclasses.field(default_factory=list)   # names
    skipped: list = dataclasses.field(default_factory=list)  # (name, reason)


def unit_tests():
    listing = subprocess.run(["meson", "introspect", "--tests", TREE / "build"], check=True, capture_output=True)
    for test in json.loads(listing.stdout):
        environment = [f"{name}={value}" for name, value in test["env"].items()]
        command = [str(TREE / "tools/world"), "--bare", "--", "env", "-C", test["workdir"] or str(TREE / "build"),
                   "CMOCKA_MESSAGE_OUTPUT=TAP", *environment, *test["cmd"]]
        yield Program(test["name"], command, (test["timeout"] or 600) * SLOWNESS, not test.get("is_parallel", True))


def scripts():
    for path in sorted((TREE / "tests").glob("*.sh")):
        seconds = re.search(r"^# seconds: (\d+)$", path.read_text(), re.MULTILINE)
        yield Program(path.stem, ["/bin/bash", str(path)], int(seconds[1]) if seconds else 900, alone=True)


def run(program):
    """Exit status (or why there is none), stdout, stderr. Whatever the program left running ends here."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(program.command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=TREE,
                                   start_new_session=True)
        try:
            status = process.wait(timeout=program.seconds)
        except subprocess.TimeoutExpired:
            status = f"hung for {program.seconds:.0f} s"
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
        said = []
        for file in (out, err):
            file.seek(0)
            said.append(file.read().decode("utf-8", "replace"))
    return status, *said


TAP = re.compile(r"^(?P<bad>not )?ok\b *(?P<number>\d+)? *-? *(?P<name>[^#]*)(?:# *(?P<skip>SKIP)\b *(?P<why>.*))?",
                 re.IGNORECASE)


def read_tap(status, out, err):
    outcome = Outcome()
    planned = reported = 0
    reasons = [line[len("skipped: "):] for line in err.splitlines() if line.startswith("skipped: ")]
    for line in out.splitlines():
        plan = re.match(r"^1\.\.(\d+)\s*$", line)
        if plan:
            planned += int(plan[1])
        found = TAP.match(line)
        if not found:
            continue
        reported += 1
        name = found["name"].strip()
        if found["skip"]:
            # CMocka puts the test's name where TAP has the reason; tests/check.h prints the reason on stderr.
            outcome.skipped.append((name or found["why"], found["why"] if name else (reasons or ["no reason given"])[0]))
            if not name:
                del reasons[:1]
        elif found["bad"]:
            outcome.failed.append(name)
        else:
            outcome.passed += 1
    if not planned and not reported:
        if status == 0:
            outcome.passed = 1
        else:
            outcome.failed.append(f"exit status {status}")
        return outcome
    if not planned:
        outcome.failed.append("no plan (1..N): nobody knows whether all of it ran")
    outcome.failed += [f"a test that never reported (exit status {status})"] * (planned - reported)
    if status != 0 and not outcome.failed:
        outcome.failed.append(f"exit status {status} though every test passed")
    return outcome


def read_demo(status, out, err):
    outcome = Outcome()
    said = dict(line.removeprefix("demo: ").split(" ", 1) for line in out.splitlines()
                if re.match(r"^demo: [a-z-]+ [a-z]+$", line))
    for line in DEMO_LINES:
        name, wanted = line.split()
        if said.get(name) == wanted:
            outcome.passed += 1
        else:
            outcome.failed.append(f"{name}: {said.get(name, 'nothing')} instead of {wanted}")
    if status != 0 and not outcome.failed:
        outcome.failed.append(f"exit status {status} though every line is right")
    return outcome


def report(program, seconds, outcome, out, err):
    counts = f"{outcome.passed:4} passed"
    counts += f", {len(outcome.failed)} failed" if outcome.failed else ""
    counts += f", {len(outcome.skipped)} skipped" if outcome.skipped else ""
    print(f"{program.name:<28}{counts}  ({seconds:.1f} s)", flush=True)
    for name, reason in outcome.skipped:
        print(f"    skipped: {name}: {reason}", flush=True)
    if outcome.failed:
        for name in outcome.failed:
            print(f"    FAILED: {name}")
        for title, text in (("stdout", out), ("stderr", err)):
            lines = text.splitlines()
            print(f"    its {title}" + (f" (the last 100 of {len(lines)} lines)" if len(lines) > 100 else "") + ":")
            print("".join(f"      | {line}\n" for line in lines[-100:]), end="", flush=True)


def judge(program):
    begin = time.monotonic()
    result = run(program)
    outcome = (read_demo if program.name == "demo" else read_tap)(*result)
    report(program, time.monotonic() - begin, outcome, *result[1:])
    return outcome


def main(wanted):
    programs = [*unit_tests(), Program("demo", [str(TREE / "tools/demo")], 600, alone=True), *scripts()]
    unknown = set(wanted) - {program.name for program in programs}
    if unknown:
        sys.exit(f"tools/test: no such test: {', '.join(sorted(unknown))}")
    programs = [program for program in programs if not wanted or program.name in wanted]
    with concurrent.futures.ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as side_by_side:
        outcomes = list(side_by_side.map(judge, [program for program in programs if not program.alone]))
    outcomes += [judge(program) for program in programs if program.alone]

    passed = sum(outcome.passed for outcome in outcomes)
    failed = sum(len(outcome.failed) for outcome in outcomes)
    skipped = sum(len(outcome.skipped) for outcome in outcomes)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""), flush=True)
    return 1 if failed or not passed else 0


sys.exit(main(sys.argv[1:]))
