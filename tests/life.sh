#!/bin/bash
# The life of a passkey, told at real terminals in a world: its owner's first five minutes, the day it is lost, and what
# becomes of somebody who changes the record afterwards. What each person sees is printed as it comes. See life/.
set -euo pipefail
cd "$(dirname "$0")/.."
exec tools/world -- /usr/bin/expect -f tests/life/run.exp
