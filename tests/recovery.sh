#!/bin/bash
# The ways back in of docs/recovery.md, in a world: its commands, as the page has them. See recovery/.
set -euo pipefail
cd "$(dirname "$0")/.."
exec tools/world -- /usr/bin/python3 tests/recovery/run.py "$@"
