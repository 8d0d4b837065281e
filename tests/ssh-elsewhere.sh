#!/bin/bash
# Passkeys made on another computer, and what this computer's TPM holds for machines elsewhere. See ssh/elsewhere/.
set -euo pipefail
cd "$(dirname "$0")/.."
exec tools/world -- /usr/bin/python3 tests/ssh/elsewhere/run.py "$@"
