#!/bin/bash
# The demo's world: nothing that happens there stays, nothing outlives it, and it works without overlayfs.
set -uo pipefail
cd "$(dirname "$0")/.."
. tests/tap.bash
world() { tools/world --bare -- "$@"; }

machine() {
  # Of /run and /var/lib only the names near the top: a machine that is up writes below them all the time.
  find /etc /usr /home -xdev -printf '%p %m %u %g %s %t %l\n'
  find /run /var/lib /dev -xdev -maxdepth 2 -not -path '/dev/pts/*' -not -path '/dev/shm/*' -printf '%p %m %u %g\n'
  hostname
  cat /proc/self/mountinfo
  ip -brief link 2>/dev/null
  find . -path ./build/meson-logs -prune -o -path ./.git -prune -o -printf '%p %m %u %g %s %t %l\n'
}

change_everything() {
  tools/world "$@" -- bash -c '
    useradd mallory && touch /etc/x /usr/x /usr/bin/x /var/lib/x /run/x /home/x /root/x &&
    touch x build/x 2>/dev/null; mknod /dev/x c 1 3 && rm /etc/hosts && hostname elsewhere && ip link add x type dummy; mount -t tmpfs x /srv &&
    ! touch /opt/x 2>/dev/null && ! touch /boot/x 2>/dev/null'
}

nothing_changes() {
  local before after
  before=$(machine)
  change_everything "$@" || return
  after=$(machine)
  diff <(echo "$before") <(echo "$after")
}
check what_happens_in_the_world_stays_there nothing_changes
check what_happens_there_stays_there_without_overlayfs_too nothing_changes --no-overlay

exits_with() { local wanted=$1 status=0; shift; "$@" || status=$?; [ "$status" = "$wanted" ] || { echo "$status"; return 1; }; }
check the_exit_status_is_passed_on exits_with 7 world sh -c 'exit 7'
check a_signal_is_passed_on_as_shells_do exits_with 143 world sh -c 'kill -TERM $$'
check standard_input_is_passed_on says '^through$' world cat <<<through
check arguments_arrive_as_they_are says '^<a  b><\$HOME><>$' world printf '<%s><%s><%s>\n' 'a  b' '$HOME' ''
check the_environment_does_not_leak says '^0$' env SECRET=leak tools/world --bare -- sh -c 'env | grep -c SECRET'

runs() { cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ' | grep -q -- "$1"; }
ends_with_it() {
  world sh -c "sleep $1 & setsid sleep $1 & exit 0" && eventually fails runs "sleep $1"
}
check processes_end_with_the_world ends_with_it 33445566
ends_with_a_kill() {
  setsid tools/world --bare -- sleep "$1" &
  local outer=$!
  eventually runs "sleep $1" && kill -KILL "$outer" && eventually fails runs "sleep $1"
}
check processes_end_when_the_world_is_killed_from_outside ends_with_a_kill 44556677

check a_key_socket_that_is_none_is_refused exits_with 2 tools/world --key-socket /etc/passwd -- true
check an_unknown_option_is_refused exits_with 2 tools/world --frobnicate -- true
finish
