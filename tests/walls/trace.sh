#!/bin/bash
# What ceremonies call behind their walls: runs a test's command in a world in which each of them is under strace, and counts
# the calls that came after the filter, as one process of its kind made them. For whoever changes the tables in
# daemon/ceremony/call_walls.cpp, or brings another C library.
#
# usage: sudo tests/walls/trace.sh COMMAND...     such as: /usr/bin/python3 tests/signin/run.py
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || { sed -n 's/^# \{0,1\}//; 6p' "$0" >&2; exit 2; }
[ -n "${WORLD_TREE:-}" ] || exec tools/world -- /bin/bash "$0" "$@"

program=/usr/libexec/passkeyd/passkeyd-ceremony
mv "$program" "$program.traced"
install -d -m 1777 /run/world/traces
cat >"$program" <<END
#!/bin/bash
exec strace --follow-forks --output=/run/world/traces/\$\$ $program.traced
END
chmod 755 "$program"
"$@" >&2 || echo "(it ended with status $?)" >&2
awk 'FNR == 1 { behind = 0 }
     behind && match($0, /^[0-9]+ +[a-z0-9_]+\(/) { split(substr($0, 1, RLENGTH - 1), word, " +"); ++calls[word[2]] }
     /SECCOMP_SET_MODE_FILTER, .*TSYNC.* = 0$/ { behind = 1 }
     END { for (call in calls) print calls[call], call }' /run/world/traces/* | sort -rn
