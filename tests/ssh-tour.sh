#!/bin/bash
# The four ways over SSH, as people see them at real terminals, in a world with a real sshd. Prints the transcripts. See
# ssh/tour/.
set -euo pipefail
cd "$(dirname "$0")/.."
exec tools/world -- /usr/bin/python3 tests/ssh/tour/run.py
