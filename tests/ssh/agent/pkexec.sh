#!/bin/bash
# pkexec as where there is no desktop: with polkit's agent for terminals beside it.
set -euo pipefail
ready=$(mktemp -u)
mkfifo "$ready"
pkttyagent --process $$ --notify-fd 3 3>"$ready" &
agent=$!
cat "$ready"  # ends when the agent is there
rm "$ready"
status=0
pkexec --disable-internal-agent "$@" || status=$?
kill "$agent"
exit $status
