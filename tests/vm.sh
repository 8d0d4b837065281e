#!/bin/bash
# Whole machines: Debian 12 with systemd, a TPM, a USB port and a screen, with passkeyd as installed from its packages.
# See vm/; tools/vm makes the machine. Alone: sudo tools/test vm, or sudo tests/vm.sh SUITE...
# seconds: 4000
set -euo pipefail
cd "$(dirname "$0")/.."

# What two machines and the making of one take.
gigabytes_of_memory=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo)
gigabytes_of_disk=$(df --output=avail --block-size=1G . | tail -1)
if [ "$gigabytes_of_memory" -lt 6 ] || [ "$gigabytes_of_disk" -lt 10 ]; then
  echo "ok 1 - whole machines # SKIP they take 6 GB of memory and 10 GB of disk; here are $gigabytes_of_memory and $gigabytes_of_disk"
  echo 1..1
  exit
fi
tools/build
tools/vm
exec /usr/bin/python3 tests/vm/run.py "$@"
