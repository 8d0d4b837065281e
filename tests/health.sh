#!/bin/bash
# What the TPM proves at enrollment, and what the daemon finds when its machine is out of order; in a world. See health/.
set -euo pipefail
cd "$(dirname "$0")/.."
exec tools/world -- /usr/bin/python3 tests/health/run.py "$@"
