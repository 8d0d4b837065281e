#!/bin/bash
# Sign-ins with a ceremony that was taken over, and a daemon that nobody wants anything of; in a world. See walls/.
set -euo pipefail
cd "$(dirname "$0")/.."
exec tools/world -- /usr/bin/python3 tests/walls/run.py
