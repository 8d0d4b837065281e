# An upgrade, with an administrator's settings and ledgers of every schema there ever was. Sourced by ../packages.sh.

ledger=/var/lib/passkeyd/ledger.db
# put_ledger FILE.sql: it is the machine's from now on.
put_ledger() {
  rm -f "$root$ledger"*
  /usr/bin/python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[2]).executescript(open(sys.argv[1]).read())' \
    "tests/ledger_data/$1" "$root$ledger" && inside chown passkeyd:passkeyd "$ledger" && inside chmod 600 "$ledger"
}
asked() {  # asked SQL: what the ledger's file says
  /usr/bin/python3 -c 'import sqlite3, sys
print(*sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone())' "$root$ledger" "$1"
}
sum() { sha256sum "$root$ledger" "$root/etc/passkeyd/passkeyd.conf" "$root/etc/passkeyd/passkeyd.conf.d/mine.conf"; }

profile --enable >/dev/null
put_ledger version-1.sql
echo '# a word of the administrator' >>"$root/etc/passkeyd/passkeyd.conf"
echo 'tries_per_day = 6' >"$root/etc/passkeyd/passkeyd.conf.d/mine.conf"
before=$(sum)
check a_newer_version_takes_the_place_of_this_one everything newer
upgraded() { [ "$(inside dpkg-query --show --showformat='${Version} ' passkeyd libpam-passkey passkey-ssh-client)" = '99 99 99 ' ]; }
check all_three_are_upgraded upgraded
check the_ledger_and_the_settings_are_untouched test "$before" = "$(sum)"
check the_profile_stays_enabled reads common-auth "$auth"

# takes_on VERSION: the daemon of the package takes that ledger on, and has everything in it.
newest=$(find tests/ledger_data -name 'version-*.sql' | sed 's/.*-\(.*\).sql/\1/' | sort -n | tail -n 1)
takes_on() {
  put_ledger "version-$1.sql" || return
  local alices
  alices=$(asked "SELECT count(*) FROM credential WHERE user_name = 'alice'")
  [ "$alices" -ge 2 ] && inside env "ALICES=$alices" bash -s <tests/packages/daemon.bash || return
  [ "$(asked 'PRAGMA user_version')" = "$newest" ] || { echo "its schema is not $newest"; return 1; }
}
for version in $(seq "$newest"); do
  check "a_ledger_of_schema_${version}_is_taken_on_with_all_it_holds" takes_on "$version"
done
