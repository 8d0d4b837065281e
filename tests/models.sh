#!/bin/bash
# Whom to believe about a security key's model, in a world: real daemon, ceremony process and libfido2. See models/.
set -euo pipefail
cd "$(dirname "$0")/.."
exec tools/world -- /usr/bin/python3 tests/models/run.py
