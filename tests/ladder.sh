#!/bin/bash
# From the passkey down to the password, rung by rung, in a world: what people see, and what is counted. See ladder/.
set -euo pipefail
cd "$(dirname "$0")/.."
exec tools/world -- /usr/bin/python3 tests/ladder/run.py
