# Fed to a shell in the root: a system bus, and the daemon as its unit would start it, less the kernel's walls. Succeeds if
# it opens the ledger, its audit's chain is whole, and all $ALICES passkeys of alice's are there, revoked ones too.
set -eu
mkdir -p /run/dbus
dbus-daemon --system --fork --nopidfile
setpriv --reuid passkeyd --regid passkeyd --init-groups --no-new-privs --bounding-set=-all --inh-caps=-all \
  "$(sed -n 's/^ExecStart=//p' /lib/systemd/system/passkeyd.service)" &
# Until it has its name, whoever calls is told that nobody has it.
for _ in $(seq 300); do
  passkeyctl status >/dev/null 2>&1 && break
  kill -0 $!
  sleep 0.1
done
passkeyctl audit --verify | grep '^chain: *whole'
[ "$(passkeyctl list --user alice --revoked --json | grep -o '"id"' | grep -c .)" = "$ALICES" ]
kill $!
wait $! || true
