#!/bin/bash
# What administrators decide, in a world: stacks as the manual has them, policies, reload, locks, and who is at this
# machine. See stacks/.
set -euo pipefail
cd "$(dirname "$0")/.."
exec tools/world -- /usr/bin/python3 tests/stacks/run.py
