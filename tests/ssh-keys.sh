#!/bin/bash
# OpenSSH's keys of security keys in the ledger, in a world with a real sshd, ssh and ssh-keygen. See ssh/keys/.
set -euo pipefail
cd "$(dirname "$0")/.."
exec tools/world -- /usr/bin/python3 tests/ssh/keys/run.py "$@"
