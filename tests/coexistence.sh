#!/bin/bash
# Beside Debian's other PAM modules, in a world: the stacks that pam-auth-update and administrators make of them. The
# modules are unpacked in the world alone, so that nothing about this machine's own stacks changes. See coexistence/.
set -euo pipefail
cd "$(dirname "$0")/.."
tests/coexistence/fetch
exec tools/world -- with-usb /usr/bin/python3 tests/coexistence/run.py "$@"
