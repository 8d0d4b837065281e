#!/bin/bash
# sudo, su and pkexec through the person's SSH agent, in a world: real ones over a real sshd, and agents that lie. See
# ssh/agent/.
set -euo pipefail
cd "$(dirname "$0")/.."
exec tools/world -- /usr/bin/python3 tests/ssh/agent/run.py "$@"
