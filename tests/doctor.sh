#!/bin/bash
# passkeyctl doctor, audit and metadata before the real service, in a world: as it is installed, and as it breaks.
set -uo pipefail
cd "$(dirname "$0")/.."
[ -n "${WORLD_TREE:-}" ] || exec tools/world -- /bin/bash tests/doctor.sh
. tests/tap.bash

as() { setpriv --reuid "$1" --regid "$1" --init-groups "${@:2}"; }
exits_with() { local wanted=$1 status=0; shift; "$@" >/dev/null || status=$?; [ "$status" = "$wanted" ] || { echo "$status"; return 1; }; }
doctor() { passkeyctl doctor "$@"; }

# --- the machine as it is installed -----------------------------------------------------------------------------------
check nothing_is_bad_about_a_fresh_installation fails says '^bad' doctor
check it_says_where_passkeys_are_asked_for says '^good +Passkeys are asked for by: .*sudo' doctor
check the_service_answers says '^good +The passkey service answers' doctor
check the_service_tells_of_its_ledger says '^good +The audit is whole' doctor
check the_service_tells_of_its_tpm says "lockout authorisation is not set" doctor
quick() { local begin=${EPOCHREALTIME/./}; doctor >/dev/null; [ $((${EPOCHREALTIME/./} - begin)) -lt 3000000 ]; }
check it_is_quick_also_with_a_tpm_to_ask quick
is_json() {
  doctor --json >/run/findings  # its exit status tells of findings
  python3 -c 'import json; assert len(json.load(open("/run/findings"))["findings"]) > 15'
}
check programs_get_json is_json

state() { find /etc /var/lib/passkeyd /usr/share/dbus-1 -printf '%p %m %u %g %s\n' | grep -v ledger.db; }
changes_nothing() { local before; before=$(state); doctor >/dev/null; doctor --people >/dev/null; diff <(echo "$before") <(state); }
check it_changes_nothing changes_nothing

# --- people who are not root --------------------------------------------------------------------------------------------
check anybody_may_look_at_what_anybody_can_see says '^good +Passkeys are asked for by' as alice passkeyctl doctor
check what_is_not_theirs_to_see_is_said_to_be_unseen says '^note +Could not look at what the service knows' as alice passkeyctl doctor
check nobody_but_administrators_looks_at_people exits_with 4 as alice passkeyctl doctor --people
check nobody_but_administrators_reads_everybodys_audit exits_with 4 as alice passkeyctl audit --all
check everybody_may_read_their_own_audit exits_with 0 as alice passkeyctl audit
check nobody_but_administrators_verifies_it exits_with 4 as alice passkeyctl audit --verify
check nobody_but_administrators_imports_metadata exits_with 4 as alice passkeyctl metadata import /etc/hostname

# --- what breaks is found -------------------------------------------------------------------------------------------------
broken() {  # broken FINDING BREAK MEND: doctor has it once it is broken, and no more once it is mended
  local finding=$1
  fails says "$finding" doctor || return
  eval "$2"
  says "$finding" doctor
  local found=$?
  eval "$3"
  [ $found = 0 ] && fails says "$finding" doctor
}
rule=$(find /usr/lib/udev /lib/udev -name 72-passkeyd.rules | head -n 1)
check a_missing_udev_rule_is_found broken 'udev rule for security keys is not installed' "mv '$rule' /run/rule" "mv /run/rule '$rule'"
check a_state_folder_open_to_others_is_found broken '^bad +Others than the service can reach into' \
  'chmod 755 /var/lib/passkeyd' 'chmod 700 /var/lib/passkeyd'
check settings_of_somebody_else_are_found broken '^bad .*mine.conf can be changed by others' \
  'install -o alice /dev/null /etc/passkeyd/passkeyd.conf.d/mine.conf' 'rm /etc/passkeyd/passkeyd.conf.d/mine.conf'
check a_stack_that_locks_out_is_found broken '^warning +/etc/pam.d/lonely:1: nobody gets in without a passkey' \
  'echo "auth required pam_passkey.so" >/etc/pam.d/lonely' 'rm /etc/pam.d/lonely'
check a_typing_mistake_in_a_stack_is_found broken "^bad +/etc/pam.d/lonely:1: the option 'wiat=5' is not known" \
  'printf "auth sufficient pam_passkey.so wiat=5\nauth required pam_unix.so\n" >/etc/pam.d/lonely' 'rm /etc/pam.d/lonely'
check without_the_module_nobody_is_shut_out_here exits_with 0 passkeyctl doctor --without-module
only_a_passkey() {
  printf '%s\n' 'auth sufficient pam_passkey.so' 'auth required pam_deny.so' >/etc/pam.d/lonely
  says '^bad +/etc/pam.d/lonely:1: without pam_passkey.so nobody gets in' passkeyctl doctor --without-module --quiet &&
    exits_with 11 passkeyctl doctor --without-module
  local found=$?
  rm /etc/pam.d/lonely
  return $found
}
check a_service_that_only_the_module_opens_is_found only_a_passkey
check what_is_broken_shows_in_the_exit_status exits_with 11 env -S sh -c \
  'chmod 755 /var/lib/passkeyd; passkeyctl doctor; status=$?; chmod 700 /var/lib/passkeyd; exit $status'

# --- people and their record -------------------------------------------------------------------------------------------
check who_has_no_passkey_is_found says '^note +has no passkey' doctor --people
passkeyctl lock dave --reason 'left on Friday' >/dev/null 2>&1
check who_is_locked_is_found says 'passkeyctl unlock dave' doctor --people
check what_was_done_is_on_record says 'dave .*account locked .*left on Friday' passkeyctl audit --user dave
check the_record_is_whole says '^chain: +whole' passkeyctl audit --verify
head_now() { passkeyctl audit --verify --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["head"])'; }
noted=$(head_now)
passkeyctl unlock dave >/dev/null 2>&1
check a_head_noted_earlier_is_found_in_it exits_with 0 passkeyctl audit --verify --head "$noted"
check another_is_not exits_with 11 passkeyctl audit --verify --head "$(printf '0%.0s' $(seq 64))"
follows() {
  timeout 30 passkeyctl audit --follow -n 1 >/run/followed 2>&1 &
  local follower=$!
  eventually grep -q dave /run/followed || return
  passkeyctl lock dave --reason 'come to stay' >/dev/null 2>&1
  eventually grep -q 'come to stay' /run/followed
  local found=$?
  kill -INT $follower
  wait $follower
  return $found
}
check what_happens_is_told_as_it_happens follows
tampered() {  # as somebody would who can write the file, and knows that it guards itself
  /usr/bin/python3 - <<'END' || return
import sqlite3
ledger = sqlite3.connect("/var/lib/passkeyd/ledger.db")
for (name,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'").fetchall():
    ledger.execute(f"DROP TRIGGER {name}")
ledger.execute("UPDATE audit SET user_name = 'mallory' WHERE seq = (SELECT min(seq) FROM audit)")
ledger.commit()
END
  exits_with 11 passkeyctl audit --verify && says '^bad +The audit is broken' doctor
}
check an_altered_record_is_found tampered
finish
