#!/bin/bash
# The demo's options, with another key and another TPM than its own, and that it takes nothing for granted. (The demo
# itself is run by tools/test: its seven lines count as tests.)
set -uo pipefail
cd "$(dirname "$0")/.."
. tests/tap.bash
place=$(mktemp -d /tmp/passkeyd-test-demo.XXXXXX)
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$place"' EXIT
chmod 755 "$place"

exits_with() { local wanted=$1 status=0; shift; "$@" </dev/null || status=$?; [ "$status" = "$wanted" ] || { echo "$status"; return 1; }; }
check a_command_runs_there_as_root says '^root demo /home/alice$' \
  tools/demo --run 'echo $(id -un) $(hostname) ~alice'
check its_exit_status_is_passed_on exits_with 42 tools/demo --run 'exit 42'
check only_the_command_speaks_on_stdout says '^$' tools/demo --run true
check an_unknown_option_is_refused exits_with 2 tools/demo --frobnicate
check a_shell_without_a_terminal_is_refused exits_with 2 tools/demo --shell

# --- another security key: a process on this machine, listening on a socket ------------------------------------------
build/tests/softkey/softkey --listen "$place/key" --control "$place/control" --touch auto >/dev/null &
check the_other_key_is_up eventually test -S "$place/key"
with_key() { tools/demo --key-socket "$place/key" --run "$1"; }
check another_key_is_enrolled_and_signs_in says '^root$' \
  with_key 'passkeyctl enroll --user alice --usb --name Other && su alice -c "sudo whoami"'
asked() { build/tests/softkey/softkey-ctl "$place/control" count "$1"; }
check that_key_was_the_one_asked says '^1$' asked getAssertion
check the_worlds_own_hand_does_not_reach_it fails with_key 'key touch'

# --- another TPM ---------------------------------------------------------------------------------------------------------
mkdir -m 0700 "$place/tpm-state"
group=$(getent group tss | cut -d: -f3)
swtpm socket --tpm2 --tpmstate dir="$place/tpm-state" --flags not-need-init,startup-clear \
  --server "type=unixio,path=$place/tpm,mode=0660,gid=$group" --ctrl "type=unixio,path=$place/tpm.ctrl,mode=0660,gid=$group" 2>/dev/null &
check the_tpm_is_up eventually test -S "$place/tpm"
tpm=swtpm:path=$place/tpm
# 32 wrong tries before it locks, as real ones have it; swtpm's own 3 leave no room that the daemon would use.
check the_tpm_is_set_up tpm2_dictionarylockout -Q -T "$tpm" --setup-parameters --max-tries=32 --recovery-time=600 \
  --lockout-recovery-time=600
# shellcheck disable=SC2016
check another_tpm_holds_a_passkey tools/demo --tcti "$tpm" \
  --run 'printf "271828\n271828\n" | passkeyctl enroll --user dave --tpm --pin-stdin --name Other'
check that_tpm_was_the_one_used says '0x81000001' tpm2_getcap -T "$tpm" handles-persistent

# --- a shell ------------------------------------------------------------------------------------------------------------
shell() {
  PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=tools/demo.d /usr/bin/python3 - "$PWD/tools/demo" <<'END'
import sys
from person import Terminal

with Terminal("root", [sys.argv[1], "--shell"]) as terminal:
    terminal.wait_for(r"alice@demo:[^\n]*\$ ", 300)
    terminal.type("key touch & sudo whoami")
    terminal.wait_for(r"\nroot\r\n")
    terminal.type("exit 3")
    sys.exit(terminal.end() != 3)
END
}
check in_the_shell_alice_touches_the_key_by_a_command shell

without_overlayfs() { tools/world --no-overlay -- /usr/bin/python3 tools/demo.d/demo.py; }
check the_demo_does_without_overlayfs without_overlayfs

# --- the demo believes only what happened --------------------------------------------------------------------------------
with_module() {  # the demo's lines when the stack holds something else than our module
  tools/demo --run "sed -i 's/pam_passkey.so.*/$1/' /etc/pam.d/common-auth; DEMO_PATIENCE=2 exec /usr/bin/python3 tools/demo.d/demo.py" |
    grep '^demo: '
}
check a_module_that_lets_everybody_in_is_noticed fails says ' (granted|denied|unavailable|ignored)$' with_module pam_permit.so
check a_module_that_lets_nobody_in_is_noticed fails says ' (granted|denied|unavailable|ignored)$' with_module pam_deny.so
finish
