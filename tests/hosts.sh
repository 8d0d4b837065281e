#!/bin/bash
# Every kind of program that signs people in, by its own habits of conversation, in a world. See hosts/.
set -euo pipefail
cd "$(dirname "$0")/.."
exec tools/world -- /usr/bin/python3 tests/hosts/run.py
