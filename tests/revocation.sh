#!/bin/bash
# Passkeys that are taken away, in a world: at once, for ever, with the sessions they opened; and what nonsense and a
# full disk do not change. See revocation/.
set -euo pipefail
cd "$(dirname "$0")/.."
exec tools/world -- /usr/bin/python3 tests/revocation/run.py "$@"
