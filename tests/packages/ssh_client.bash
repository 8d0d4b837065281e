# passkey-ssh-client, where nothing else of passkeyd is. Sourced by ../packages.sh.

comes_alone() { install "$(this passkey-ssh-client)" && installed passkey-ssh-client && fails installed passkeyd; }
check passkey_ssh_client_installs_without_passkeyd comes_alone
check passkey_askpass_starts_there says '^passkey-askpass [0-9]' inside passkey-askpass --version

# Its catalogs: in the folder that the program names, and with the words in them.
own_words() {
  local folder=/usr/share/passkey-askpass/locale
  grep -qaF "$folder" "$root/usr/bin/passkey-askpass" || { echo "the program does not look in $folder"; return 1; }
  LANGUAGE=$1 LC_ALL=C.UTF-8 TEXTDOMAINDIR=$root$folder gettext --domain=passkeyd 'Try again.' | grep -qxF "$2"
}
check it_brings_its_german_words own_words de "$(sed -n '/^msgid "Try again."/{n;s/msgstr "\(.*\)"/\1/p}' client/po/de.po)"
check it_brings_its_japanese_words own_words ja "$(sed -n '/^msgid "Try again."/{n;s/msgstr "\(.*\)"/\1/p}' client/po/ja.po)"
