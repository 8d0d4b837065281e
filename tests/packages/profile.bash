# The profile for pam-auth-update, on and off. Sourced by ../packages.sh.

profile() { DEBIAN_FRONTEND=noninteractive inside pam-auth-update "$1" passkey; }
lines_of() { grep -v -e '^#' -e '^$' "$root/etc/pam.d/$1" | tr -s '\t ' ' ' | sed 's/ $//'; }
check the_profile_is_enabled_by_name profile --enable

# What stands between the lines of pam_unix and its neighbours, in the order in which PAM goes through it.
auth='auth [success=2 default=ignore] pam_passkey.so
auth [success=1 default=ignore] pam_unix.so nullok try_first_pass
auth requisite pam_deny.so
auth required pam_permit.so'
account='account [perm_denied=die default=ignore] pam_passkey.so
account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so
account requisite pam_deny.so
account required pam_permit.so'
reads() { diff <(echo "$2") <(lines_of "$1"); }
check a_passkey_comes_before_the_password_and_in_its_place reads common-auth "$auth"
check an_account_that_is_locked_stays_out reads common-account "$account"
check sessions_are_asked_about says 'session \[session_err=die default=ignore\] pam_passkey.so' lines_of common-session
check sessions_of_programs_are_not fails says passkey lines_of common-session-noninteractive
check the_password_is_nobodys_business_of_ours fails says passkey lines_of common-password
check doctor_sees_where_passkeys_are_asked_for says '^good +Passkeys are asked for by: .*\bsu\b' inside passkeyctl doctor
check without_a_service_the_password_opens opens_to 'the old way in'
check and_another_does_not fails opens_to 'another'
check the_profile_is_disabled_by_name profile --disable
check then_pam_is_as_before pam_is_as_before

# What autopkgtest would do with the same packages, in this root.
autopkgtest() {
  quietly install --yes --no-install-recommends pamtester && mkdir "$root/autopkgtest" && cp debian/tests/pam-profile "$root/autopkgtest" &&
    inside env AUTOPKGTEST_TMP=/autopkgtest /autopkgtest/pam-profile
}
check debian_tests_pass_here autopkgtest
