#!/bin/bash
# Hundreds of sign-ins at once against one daemon, in a world: nothing lost, nobody starved, nothing left behind. See scale/.
set -euo pipefail
cd "$(dirname "$0")/.."
exec tools/world -- /usr/bin/python3 tests/scale/run.py "$@"
