# Going away: PAM first, then the module; the ledger only if somebody says so. Sourced by ../packages.sh.

# --- lines that somebody wrote by hand --------------------------------------------------------------------------------
hand_written() { printf '%s\nauth required pam_unix.so\n' "$1" >"$root/etc/pam.d/lonely"; }
remove() { quietly remove --yes libpam-passkey; }
stays() { says "$1" remove && installed libpam-passkey; }

hand_written 'auth required pam_passkey.so'
check a_line_that_would_lock_out_is_named_and_the_module_stays stays '/etc/pam.d/lonely:1: without pam_passkey.so nobody gets in'
printf '%s\n' 'auth sufficient pam_passkey.so' 'auth required pam_deny.so' >"$root/etc/pam.d/lonely"
check a_line_that_pam_passes_over_keeps_it_where_nothing_else_opens stays '/etc/pam.d/lonely:1: without pam_passkey.so nobody gets in'
check then_the_profile_stays_enabled_too reads common-auth "$auth"
answer libpam-passkey remove-anyway true
goes() { remove && fails installed libpam-passkey; }
check who_insists_is_obeyed goes
rm "$root/etc/pam.d/lonely"
check then_pam_is_as_before_it_came pam_is_as_before

answer libpam-passkey remove-anyway false
everything newer >/dev/null && profile --enable >/dev/null
hand_written 'auth sufficient pam_passkey.so'
tells() { says '/etc/pam.d/lonely:1: without pam_passkey.so PAM passes over the line' remove && fails installed libpam-passkey; }
check a_line_that_works_without_the_module_is_named_and_stays tells
check it_is_as_it_was_written grep -qx 'auth sufficient pam_passkey.so' "$root/etc/pam.d/lonely"
rm "$root/etc/pam.d/lonely"
check then_pam_has_nothing_of_ours_left pam_is_as_before
check a_password_opens_what_it_opened_before opens_to 'the old way in'

everything newer >/dev/null && profile --enable >/dev/null
hand_written 'auth sufficient pam_passkey.so'
inside dpkg --remove --force-depends passkeyd >/dev/null 2>&1
dpkg_removes() { DEBIAN_FRONTEND=noninteractive inside dpkg --remove libpam-passkey; }
refuses() { says "$1" dpkg_removes && installed libpam-passkey; }
check without_passkeyctl_to_ask_a_line_keeps_the_module refuses '/etc/pam.d/lonely:auth sufficient pam_passkey.so'
rm "$root/etc/pam.d/lonely"
goes_alone() { dpkg_removes && fails installed libpam-passkey; }
check without_a_line_it_goes_all_the_same goes_alone
check and_takes_its_profile_along pam_is_as_before

# --- the ledger -------------------------------------------------------------------------------------------------------
purge() { DEBIAN_FRONTEND=noninteractive inside dpkg --purge libpam-passkey passkeyd passkey-ssh-client; }
gone() { fails installed passkeyd && [ ! -e "$root$ledger" ]; }
kept() { fails installed passkeyd && [ "$(sha256sum <"$root$ledger")" = "$has" ]; }
everything newer >/dev/null && remove >/dev/null
has=$(sha256sum <"$root$ledger") || bail_out "there is no ledger to keep"
check everything_is_removed quietly remove --yes passkeyd passkey-ssh-client
check removal_keeps_the_ledger kept
check everything_is_purged purge
check a_purge_that_asks_nobody_keeps_the_ledger kept
check the_settings_go_with_a_purge test ! -e "$root/etc/passkeyd/passkeyd.conf"
check it_can_be_installed_again everything newer
finds() { installed passkeyd && [ "$(sha256sum <"$root$ledger")" = "$has" ]; }
check and_finds_its_ledger finds
answer passkeyd purge-ledger false
check it_is_purged_with_the_answer_no purge
check a_purge_with_the_answer_no_keeps_the_ledger kept
everything newer >/dev/null
answer passkeyd purge-ledger true
rm "$root/etc/passkeyd/passkeyd.conf.d/mine.conf"  # an administrator's own file; it would stay, and its folder
check it_is_purged_with_the_answer_yes purge
check a_purge_with_the_answer_yes_deletes_the_ledger gone

# --- what is left -------------------------------------------------------------------------------------------------------
check pam_is_as_before_the_first_installation pam_is_as_before
nothing_left() {
  inside find / -xdev -name '*passkey*' -not -path '/debs/*' -not -path '/autopkgtest/*' -not -path '/var/log/*' \
    -not -path '/proc/*' | grep . && return 1
  return 0
}
check nothing_of_ours_is_left_but_the_users nothing_left
check the_users_stay says '^passkeyd:' inside getent passwd passkeyd
