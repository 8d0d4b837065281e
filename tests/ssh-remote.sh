#!/bin/bash
# Signing in over SSH with a passkey of one's own computer, a password or a backup code, by real ssh and sshd in a world;
# and that nobody can tell accounts apart. See ssh/remote/.
set -euo pipefail
cd "$(dirname "$0")/.."
exec tools/world -- /usr/bin/python3 tests/ssh/remote/run.py "$@"
