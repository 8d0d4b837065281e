#!/bin/bash
# Whole machines: Debian 12 with systemd, a TPM, a USB port and a screen, with passkeyd as installed from its packages.
# See vm/; tools/vm makes the machine. Alone: sudo tools/test vm, or sudo tests/vm.sh SUITE...
# seconds: 4000
set -euo pipefail
cd "$(dirname "$0")/.."
tools/vm
exec /usr/bin/python3 tests/vm/run.py "$@"
