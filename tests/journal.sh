#!/bin/bash
# The audit, from a real sign-in to a real systemd-journald, and over the bus. See journal/.
set -euo pipefail
cd "$(dirname "$0")/.."
exec tools/world -- /usr/bin/python3 tests/journal/run.py
