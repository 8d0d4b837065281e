#!/bin/bash
# Moving to another machine and back from a backup, in a world: export, a fresh state directory, import. See transfer/.
set -euo pipefail
cd "$(dirname "$0")/.."
exec tools/world -- /usr/bin/python3 tests/transfer/run.py "$@"
