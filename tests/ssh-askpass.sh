#!/bin/bash
# passkey-askpass in a world: the real ssh before it, a real sshd and a directed server behind it, a software key beside
# it. See ssh/askpass/.
set -euo pipefail
cd "$(dirname "$0")/.."
exec tools/world -- /usr/bin/python3 tests/ssh/askpass/run.py "$@"
