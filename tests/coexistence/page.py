"""docs/coexistence.md against what is run: its rows, its versions, and the stack that it shows. And docs/desktop.md: the promises
that it names."""

import ast
import fnmatch
import re

from bed import PAGE, Profiles, lines_of, shown, version_of
from bench import read
from matrix import AS_DEBIAN_COMES
from world import TREE, check


def rows():
    """The cells of every row whose last one names a test."""
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in read(PAGE).splitlines() if line.startswith("| ")]
    found = [cells for cells in found if cells[-1].startswith("`")]
    check(len(found) > 40, f"{len(found)} rows")
    return found


def promises_of_machines():
    """Names of all promises of tests/vm, as the files of its suites have them."""
    folder = TREE + "/tests/vm"
    suites = ast.literal_eval(re.search(r"^SUITES = (\[.*?\])$", read(folder + "/run.py"), re.MULTILINE | re.DOTALL)[1])
    files = [read(f"{folder}/{suite}.py") for suite in suites]
    return {f"vm:{name}" for text in files for name in re.findall(r"^    (\w+),$", text, re.MULTILINE)}


def every_row_names_a_test_that_is_run(names):
    run = names | promises_of_machines()
    for *_, test in rows():
        check(any(fnmatch.fnmatch(name, test.strip("`")) for name in run), f"no test of that name: {test}")


def every_promise_named_on_the_page_of_desktops_is_run(_):
    told = set(re.findall(r"`(vm:\w+)`", read(TREE + "/docs/desktop.md")))
    check(len(told) > 10, f"{told}")
    check(told <= promises_of_machines(), f"no promises of these names: {told - promises_of_machines()}")


def every_test_has_a_row(names):
    told = [test.strip("`") for *_, test in rows()]
    for name in names:
        check(any(fnmatch.fnmatch(name, test) for test in told), f"not on the page: {name}")


def every_version_is_the_one_that_was_run(_):
    looked_at = set()
    for cells in rows():
        for cell in cells[:-1]:
            for package, version in re.findall(r"^([a-z0-9-]+) ([0-9][^ ]*)$", cell):
                check(version_of(package) == version, f"{package} is {version_of(package)}; the page: {version}")
                looked_at.add(package)
    check(len(looked_at) > 10, f"{looked_at}")


def the_stack_that_it_shows_is_debians_with_ours(_):
    with Profiles(*AS_DEBIAN_COMES):
        check([line.split() for line in shown("pam common-auth")] == lines_of("auth"), f"{lines_of('auth')}")


def promises(parts):
    """Those of this file, about all promises of the others."""
    names = {promise.__name__ for part in parts for promise in part.PROMISES}
    for look in (every_row_names_a_test_that_is_run, every_promise_named_on_the_page_of_desktops_is_run, every_test_has_a_row, every_version_is_the_one_that_was_run,
                 the_stack_that_it_shows_is_debians_with_ours):
        def promise(look=look):
            look(names)
        promise.__name__ = look.__name__
        yield promise
