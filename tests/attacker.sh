#!/bin/bash
# What an attacker gets at each door of the running daemon, in numbers, in a world. See attacker/ and docs/threat-model.md.
set -euo pipefail
cd "$(dirname "$0")/.."
exec tools/world -- /usr/bin/python3 tests/attacker/run.py
