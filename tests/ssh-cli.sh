#!/bin/bash
# SSH keys by passkeyctl in a world: a real ssh-keygen, sshd and security key (in software). See ssh/cli/.
set -euo pipefail
cd "$(dirname "$0")/.."
exec tools/world -- /usr/bin/python3 tests/ssh/cli/run.py
