# What the packages bring: whose it is, and who may do what with it. Sourced by ../packages.sh.

everything() { install "$("$1" passkeyd)" "$("$1" libpam-passkey)" "$("$1" passkey-ssh-client)"; }
check everything_installs_with_what_debian_has everything this
{ installed passkeyd && installed libpam-passkey && installed passkey-ssh-client; } || bail_out "they are not installed"
check dpkg_finds_nothing_amiss fails says . inside dpkg --audit
check nothing_in_pam_changes_before_somebody_enables_it pam_is_as_before
check a_password_opens_what_it_opened opens_to 'the old way in'
check another_does_not fails opens_to 'another'

# OWNER:GROUP MODE PATH. Whatever is not here is root's, and only root's to change.
places='
passkeyd:passkeyd 700 /var/lib/passkeyd
root:root 755 /etc/passkeyd
root:root 644 /etc/passkeyd/passkeyd.conf
root:root 755 /etc/passkeyd/passkeyd.conf.d
root:root 755 /etc/passkeyd/attestation-roots
root:root 755 /etc/passkeyd/tpm-roots
root:root 755 /usr/libexec/passkeyd/passkeyd
root:root 755 /usr/libexec/passkeyd/passkeyd-ceremony
root:root 755 /usr/libexec/passkeyd/passkey-authorized-keys
root:root 755 /usr/bin/passkeyctl
root:root 644 /usr/share/passkeyd/sshd.conf
root:root 644 /lib/systemd/system/passkeyd.service
root:root 644 /lib/udev/rules.d/72-passkeyd.rules'
as_listed() {
  diff <(sort <<<"$places" | grep .) \
    <(awk 'NF { print $3 }' <<<"$places" | xargs tools/in-root "$root" stat --format='%U:%G %a %n' | sort)
}
check files_have_the_owners_and_modes_they_should as_listed
nothing_loose() {
  inside sh -c 'dpkg -L passkeyd libpam-passkey passkey-ssh-client | sort -u | grep . | while read -r path; do
    find "$path" -maxdepth 0 ! -type l \( ! -user root -o ! -group root -o -perm /7022 \); done' | grep . && return 1
  return 0
}
check no_file_of_theirs_is_anybody_elses_or_privileged nothing_loose
check the_module_is_where_pam_looks \
  inside test -f "/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)/security/pam_passkey.so"

check the_daemon_is_a_system_user_that_cannot_sign_in \
  says '^passkeyd:[^:]*:[1-9][0-9]{0,2}:.*:/usr/sbin/nologin$' inside getent passwd passkeyd
check the_daemon_may_use_the_tpm says '\btss\b' inside id -nG passkeyd
check sshds_helper_has_a_user_of_its_own says '^passkeyd-ssh:.*:/usr/sbin/nologin$' inside getent passwd passkeyd-ssh
check the_programs_have_the_packages_version says "^passkeyctl $(dpkg-parsechangelog -S Version)\$" inside passkeyctl --version
check the_service_is_nobodys_to_start_at_boot fails says passkeyd inside find /etc/systemd -name '*.wants' -exec ls {} +
check sshd_is_left_alone test ! -e "$root/etc/ssh"
