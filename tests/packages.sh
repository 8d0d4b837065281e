#!/bin/bash
# The Debian packages, as apt installs, upgrades, removes and purges them in a Debian that has nothing else of ours. What
# needs a booted machine (the service restarted, people who wait) is vm/packages.py. See packages/.
# seconds: 1800
set -uo pipefail
cd "$(dirname "$0")/.."
. tests/tap.bash
. tests/packages/root.bash

check the_packages_are_built tools/package
make_root
check lintian_has_nothing_to_say lintian_is_content

. tests/packages/ssh_client.bash
. tests/packages/installation.bash
. tests/packages/profile.bash
. tests/packages/upgrade.bash
. tests/packages/removal.bash
finish
