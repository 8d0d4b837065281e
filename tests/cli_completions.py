#!/usr/bin/python3
"""The completions of bash, zsh and fish: each shell itself is asked what it would offer. No daemon is there."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

PASSKEYCTL, SCRIPTS = sys.argv[1:3]
PLACE = tempfile.mkdtemp(prefix="completions.")
ENVIRONMENT = {"PATH": os.path.dirname(os.path.abspath(PASSKEYCTL)) + ":/usr/bin:/bin", "HOME": PLACE, "LC_ALL": "C.UTF-8"}

BASH = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_passkeyctl passkeyctl "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""
# The completion system around it needs a person at a keyboard; its functions that our script calls are played.
ZSH = """
_call_program() { shift; eval "$@" 2>/dev/null }
_describe() { print -rl -- ${${(P)@[-1]}%%:*} }
_files() { : }
script=$1; shift
words=("$@"); CURRENT=$#
source $script
"""
FISH = """
source $argv[1]
complete -C (string join ' ' -- (string escape -n -- $argv[2..-2]) $argv[-1]) | string replace -r '\\t.*' ''
"""


def ran(*command):
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False)


def offered(shell, *words):
    """What `shell` offers for the last word."""
    script = {"bash": "passkeyctl.bash", "zsh": "_passkeyctl", "fish": "passkeyctl.fish"}[shell]
    start = {"bash": ["bash", "--norc", "-c", BASH, "bash"], "zsh": ["zsh", "-f", "-c", ZSH, "zsh"],
             "fish": ["fish", "--no-config", "-c", FISH]}[shell]
    result = ran(*start, os.path.join(SCRIPTS, script), "passkeyctl", *words)
    assert not result.stderr, f"{shell} complains: {result.stderr}"
    return result.stdout.split()


def expect(found, wanted):
    missing = set(wanted) - set(found)
    assert not missing, f"not offered: {sorted(missing)}; but: {found}"


def verbs():
    text = ran(PASSKEYCTL, "--help").stdout.split("Subcommands:")[1].split("Exit status")[0]
    return re.findall(r"^  ([a-z][a-z-]*)", text, re.MULTILINE)


def options(*verb):
    return re.findall(r"^  (?:-[a-z],)?(--[a-z-]+)", ran(PASSKEYCTL, *verb, "--help").stdout, re.MULTILINE)


def every_verb_is_offered(shell):
    assert len(verbs()) > 8, "no verbs in --help"
    expect(offered(shell, ""), verbs())


def a_begun_verb_is_completed(shell):
    assert offered(shell, "ren") == ["rename"], offered(shell, "ren")


def every_option_of_every_verb_is_offered(shell):
    for verb in verbs():
        expect(offered(shell, verb, "--"), options(verb) + ["--no-ask-password"])


def what_holds_for_all_verbs_is_offered_before_them(shell):
    expect(offered(shell, "--"), options())


def people_are_offered_where_one_is_wanted(shell):
    expect(offered(shell, "list", "--user", "ro"), ["root"])
    expect(offered(shell, "lock", "ro"), ["root"])


def where_nothing_is_known_nothing_is_offered(shell):
    assert not offered(shell, "nonsense", "xyz"), offered(shell, "nonsense", "xyz")


def main():
    promises = [every_verb_is_offered, a_begun_verb_is_completed, every_option_of_every_verb_is_offered,
                what_holds_for_all_verbs_is_offered_before_them, people_are_offered_where_one_is_wanted,
                where_nothing_is_known_nothing_is_offered]
    shells = ["bash", "zsh", "fish"]
    print(f"1..{len(promises) * len(shells)}")
    failures = number = 0
    for shell in shells:
        for promise in promises:
            number += 1
            name = f"{number} - {shell}: {promise.__name__.replace('_', ' ')}"
            if not shutil.which(shell, path=ENVIRONMENT["PATH"]):
                print(f"ok {name} # SKIP {shell} is not installed", flush=True)
                continue
            try:
                promise(shell)
                print(f"ok {name}", flush=True)
            except (AssertionError, subprocess.TimeoutExpired) as problem:
                failures += 1
                print(f"not ok {name}", flush=True)
                print(f"# {problem}", file=sys.stderr)
    shutil.rmtree(PLACE)
    return 1 if failures else 0


sys.exit(main())
