#!/bin/bash
# What `meson install` puts beside the programs: unit, bus policy, users, folders, udev rule, PAM profile. Judged by
# the programs that will read them, inside a world where they are installed.
set -uo pipefail
cd "$(dirname "$0")/.."
[ -n "${WORLD_TREE:-}" ] || exec tools/world -- /bin/bash tests/config.sh
. tests/tap.bash

# --- the unit -----------------------------------------------------------------------------------------------------
unit=/usr/lib/systemd/system/passkeyd.service
has_no_complaint() { ! systemd-analyze verify --man=no "$unit" 2>&1 | grep passkeyd; }
check systemd_has_no_complaint_about_the_unit has_no_complaint
# 1.3 with the walls that can be had (see the unit); a looser one must be noticed.
check the_unit_stays_as_closed_as_it_is systemd-analyze security --no-pager --offline=true --threshold=14 "$unit"
check the_unit_starts_a_program_that_is_there test -x "$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$unit")"

# --- the bus ------------------------------------------------------------------------------------------------------
as() { setpriv --reuid "$1" --regid "$1" --init-groups "${@:2}"; }
bus() { dbus-send --system --print-reply --dest="$1" "$2" "${@:3}"; }
own_name() { bus org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus.RequestName string:org.passkeyd1 uint32:4; }
export -f bus own_name
check root_cannot_pose_as_the_daemon says 'AccessDenied' own_name
check a_user_cannot_pose_as_the_daemon says 'AccessDenied' as alice bash -c own_name
check the_daemons_user_can_be_it says 'uint32 [13]' as passkeyd bash -c own_name
check anybody_may_call_the_manager says '^method return' as alice bash -c \
  'bus org.passkeyd1 /org/passkeyd1 org.passkeyd1.Manager.GetStatus'
check anybody_may_introspect says '^method return' as alice bash -c \
  'bus org.passkeyd1 /org/passkeyd1 org.freedesktop.DBus.Introspectable.Introspect'
check no_other_interface_is_reached says 'AccessDenied' as alice bash -c \
  'bus org.passkeyd1 /org/passkeyd1 org.passkeyd1.Elsewhere.Do'
check the_daemon_is_never_started_outside_its_unit says '^Exec=/bin/false$' \
  cat /usr/share/dbus-1/system-services/org.passkeyd1.service

# --- AppArmor ---------------------------------------------------------------------------------------------------------
profile=/etc/apparmor.d/usr.libexec.passkeyd.passkeyd
check apparmor_understands_the_profile apparmor_parser --skip-kernel-load --skip-cache "$profile"
check the_profile_is_enforced fails says 'complain|unconfined\)' grep -E '^ *profile|flags' "$profile"

# --- user and folder ------------------------------------------------------------------------------------------------
check the_daemons_user_cannot_log_in says ':/usr/sbin/nologin$' getent passwd passkeyd
check the_daemons_groups_are_its_own_and_the_tpms says '^passkeyd tss$' id -nG passkeyd
check sshds_user_cannot_log_in_and_is_in_no_group_but_its_own says '^passkeyd-ssh:.*:passkeyd-ssh$' \
  bash -c 'echo "$(getent passwd passkeyd-ssh | sed -n s,:/usr/sbin/nologin\$,:,p)$(id -nG passkeyd-ssh)"'
check the_state_folder_is_the_daemons_alone says '^700 passkeyd passkeyd$' stat -c '%a %U %G' /var/lib/passkeyd
check the_configuration_is_roots says '^644 root root$' stat -c '%a %U %G' /etc/passkeyd/passkeyd.conf

# --- the configuration as shipped: every option stands there with its default, commented ----------------------------------
second_daemon() {  # a second one, with this passkeyd.conf: it gets as far as the bus name, which the first one has
  local place=/run/world/second
  rm -rf "$place"
  install -d -m 0700 -o passkeyd "$place" "$place/state"
  install -m 0644 /dev/stdin "$place/passkeyd.conf"
  timeout 20 setpriv --reuid passkeyd --regid passkeyd --init-groups /usr/libexec/passkeyd/passkeyd \
    --config-directory "$place" --state-directory "$place/state"
}
shipped=/etc/passkeyd/passkeyd.conf
uncommented() { sed -E 's/^#rp_id =.*//; s/^#(\[service [a-z]+\]|[a-z_]+ =)/\1/' "$shipped"; }
every_option() { uncommented | second_daemon; }
an_unknown_one() { { uncommented; echo 'touch_time = 30'; } | second_daemon; }
check every_option_shown_is_one_the_daemon_takes says 'own the bus name' every_option
check it_would_have_said_so_otherwise says 'passkeyd.conf:[0-9]+: unknown key' an_unknown_one
keys_known() { passkeyctl policy | awk 'NR > 1 { print $1 }' | sort; }
keys_shown() { sed -nE 's/^#([a-z_]+) =.*/\1/p' "$shipped" | sort -u; }
keys_documented() { sed -n 's/^\.It Cm //p' man/passkeyd.conf.5 | sort; }
same() { [ -n "$("$1")" ] && diff <("$1") <("$2"); }
check the_shipped_file_shows_every_key_and_no_other same keys_known keys_shown
check the_manual_has_every_key_and_no_other same keys_known keys_documented
defaults_not_shown() {
  passkeyctl policy --json |
    python3 -c 'import json, sys; [print("#%(key)s = %(value)s" % row) for row in json.load(sys.stdin) if row["source"] == "default"]' |
    grep -v '^#accepted_names ' | grep -vxF -f "$shipped"  # whose default is this machine's name
}
check every_default_is_shown_as_it_is fails defaults_not_shown
check anybody_may_see_the_policy says '^touch_timeout +30 +default$' as alice passkeyctl policy sudo

# --- reading it again -------------------------------------------------------------------------------------------------
mine=/etc/passkeyd/passkeyd.conf.d/zz-mine.conf
daemon=$(bus org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus.GetConnectionUnixProcessID \
  string:org.passkeyd1 | awk '/uint32/ { print $2 }')
reload_with() { printf "$1" >"$mine"; kill -HUP "$daemon"; }
reload_with 'touch_timeout = 12\n[service sudo]\nuser_verification = required\n'
check a_reload_brings_what_was_changed eventually says "^touch_timeout +12 +$mine:1\$" passkeyctl policy
check a_section_holds_for_its_service says "^user_verification +required +$mine:3\$" passkeyctl policy sudo
check and_for_no_other says '^user_verification +preferred +default$' passkeyctl policy su
reload_with '\ntouch_timeout = 99\n'
check a_broken_file_is_refused_with_its_place eventually says "^config: +$mine:2: touch_timeout: must be" passkeyctl status
check the_log_says_so_too says "reload refused.* $mine:2: touch_timeout: must be" cat /run/world/passkeyd.log
check the_configuration_before_it_stays_in_force says '^touch_timeout +12 ' passkeyctl policy
reload_with 'rp_id = elsewhere.example\n'
check a_mended_file_is_taken eventually says '^config: +loaded$' passkeyctl status
check another_rp_id_has_no_effect fails says '^rp_id +elsewhere' passkeyctl policy
check another_rp_id_is_warned_of says 'rp_id in passkeyd.conf is elsewhere.example' cat /run/world/passkeyd.log
reload_with ''
check what_is_no_longer_set_is_the_default_again eventually says '^touch_timeout +30 +default$' passkeyctl policy
rm "$mine"

# --- the udev rule ----------------------------------------------------------------------------------------------------
hidraw=/devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/0003:1050:0407.0001/hidraw/hidraw7
group=$(getent group passkeyd | cut -d: -f3)
plugged() {  # what udev would do with a hidraw device that has this property
  printf '%s\n' "P: $hidraw" 'N: hidraw7' 'E: SUBSYSTEM=hidraw' 'E: DEVNAME=/dev/hidraw7' 'E: MAJOR=240' 'E: MINOR=7' \
    "E: $1" 'A: dev=240:7' '' >/run/world/key.umockdev
  umockdev-run --device /run/world/key.umockdev -- udevadm test --action=add "/sys$hidraw" 2>&1
}
check the_daemon_may_open_a_security_key says "passkeyd.rules:[0-9]+ GROUP $group\$" plugged ID_FIDO_TOKEN=1
check nobody_else_may says 'passkeyd.rules:[0-9]+ MODE 0660$' plugged ID_FIDO_TOKEN=1
check other_hid_devices_are_left_alone fails says 'passkeyd.rules:[0-9]+ (GROUP|MODE)' plugged ID_INPUT=1

# --- the PAM profile ----------------------------------------------------------------------------------------------------
common() { DEBIAN_FRONTEND=noninteractive pam-auth-update --force "${@:2}" >/dev/null 2>&1; grep -v '^#' "/etc/pam.d/common-$1"; }
common_auth() { common auth "$@"; }
check the_profile_is_off_unless_switched_on says '^Default: no$' cat /usr/share/pam-configs/passkey
check switched_off_the_module_is_gone fails says pam_passkey common_auth --disable passkey
comes_first() { common "$1" --enable passkey | awk '/pam_passkey/ { key = NR } /pam_unix/ { unix = NR } END { exit !(key && key < unix) }'; }
check switched_on_it_comes_before_the_password comes_first auth
# pam_unix ends the account stack early for an expired password: a lock must have been seen by then.
check a_lock_is_seen_before_anything_can_end_the_stack comes_first account
check nothing_but_a_lock_keeps_anybody_out says \
  '\[perm_denied=die default=ignore\].*pam_passkey\.so' common account --enable passkey
check a_passkey_lets_in_and_nothing_it_says_keeps_the_password_out says \
  '\[success=[0-9]+ default=ignore\].*pam_passkey\.so' common_auth --enable passkey
comes_before_pam_env() {  # what a person writes into ~/.pam_environment must come too late
  awk '/^@include common-session/ { ours = NR } /pam_env.*user_readenv/ { theirs = NR } END { exit !(ours && (!theirs || ours < theirs)) }' /etc/pam.d/sshd
}
check only_a_revoked_key_keeps_a_session_from_opening says \
  '\[session_err=die default=ignore\].*pam_passkey\.so' common session --enable passkey
check the_session_is_looked_at_before_people_have_a_say comes_before_pam_env

# --- sshd -------------------------------------------------------------------------------------------------------------
shipped_sshd=/usr/share/passkeyd/sshd.conf
check sshds_lines_are_off_unless_switched_on test ! -e /etc/ssh/sshd_config.d/passkeyd.conf
sshd_takes() {
  mkdir -p /run/sshd
  ssh-keygen -q -t ed25519 -N '' -f /run/world/a-host-key
  /usr/sbin/sshd -T -f "$1" -h /run/world/a-host-key
}
check sshd_takes_them_as_they_are_shipped says \
  '^authorizedkeyscommand /usr/libexec/passkeyd/passkey-authorized-keys %u %t %k$' sshd_takes "$shipped_sshd"
# sshd refuses to run it otherwise.
safe() { stat -c '%U %a' /usr/libexec/passkeyd/passkey-authorized-keys; }
check what_sshd_starts_is_roots_alone_to_change says '^root 755$' safe
finish
