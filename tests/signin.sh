#!/bin/bash
# The whole of it, in a world: setuid sudo, the real module, daemon, ceremony process, libfido2 and TPM. See signin/.
set -euo pipefail
cd "$(dirname "$0")/.."
exec tools/world -- /usr/bin/python3 tests/signin/run.py
