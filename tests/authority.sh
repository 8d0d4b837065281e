#!/bin/bash
# Who may do what, in a world with a real polkit: people prove who they are at its agent, and revocation is immediate.
# See authority/.
set -euo pipefail
cd "$(dirname "$0")/.."
exec tools/world -- /usr/bin/python3 tests/authority/run.py "$@"
