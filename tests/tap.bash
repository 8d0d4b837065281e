# TAP for the test scripts here: check runs one test, finish says how many there were. A script that stops in between
# never says so, which counts as failed. A test's name is a promise.
tap_count=0 tap_failed=0

# check NAME COMMAND...: passes if the command succeeds; shows what it said if not.
check() {
  local name=$1 said
  shift
  tap_count=$((tap_count + 1))
  if said=$("$@" 2>&1); then
    echo "ok $tap_count - $name"
  else
    tap_failed=$((tap_failed + 1))
    echo "not ok $tap_count - $name"
    sed 's/^/# /' <<<"$said"
  fi
}

finish() {
  echo "1..$tap_count"
  exit $((tap_failed > 0))
}

# eventually COMMAND...: tries again for up to ten seconds, until the command succeeds.
eventually() {
  local try
  for try in $(seq 100); do
    "$@" && return
    sleep 0.1
  done
  echo "not within $try tries: $*"
  return 1
}

says() {  # says PATTERN COMMAND...: the command's output, success or not, has a line that matches
  local pattern=$1 said
  shift
  said=$("$@" 2>&1 || true)
  grep -Eq -- "$pattern" <<<"$said" || { echo "no line matches '$pattern' in:"; echo "$said"; return 1; }
}

fails() { ! "$@"; }
