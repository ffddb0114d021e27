#!/bin/sh
# Makes this machine an appliance, or says and does what `./provision.sh --help` lists. Brings what its own program needs
# (Node from Debian as a launcher, then the project's pinned Node 24 from npm) and hands over to provision/src/main.ts.
set -eu

cd "$(dirname "$0")"
repository=$(pwd -P)

fail() {
  printf '\nFAILED: %s\n' "$1" >&2
  exit "${2:-1}"
}

# Before anything is installed: a word that nobody knows changes nothing.
case "${1:-}" in
  '' | start | stop | status | logs | new-admin-key | --plan | --help) ;;
  *) fail "there is no '$1'; ./provision.sh takes: --plan, status, logs [name], stop, start, new-admin-key, or nothing at all" 2 ;;
esac

[ "$(id -u)" = 0 ] || fail "needs root: run it with sudo, or as root" 20
[ "$(uname -s)" = Linux ] || fail "needs Linux" 20

# One run at a time: two would build the same root and start the same services. --close: the supervisor started
# below lives on and must not keep the lock.
case "${1:-}" in
  '' | start | stop | new-admin-key)
    if [ "${CENTRALITA_LOCKED:-}" != "$repository" ]; then
      command -v flock >/dev/null || fail "the program flock (package util-linux) is missing" 20
      export CENTRALITA_LOCKED="$repository"
      # A container's /run may be bare.
      mkdir -p /run/lock
      status=0
      flock --nonblock --close --conflict-exit-code 75 /run/lock/centralita-provision "$0" "$@" || status=$?
      [ "$status" != 75 ] || fail "another provision.sh is at work; wait for it" 20
      exit "$status"
    fi
    ;;
esac

if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
  command -v apt-get >/dev/null || fail "needs npm, and apt-get to install it with" 20
  case "${1:-}" in '' | start | --plan | --help) ;; *) fail "not installed yet: run ./provision.sh first" 20 ;; esac
  echo "Installing Debian's nodejs and npm (they only launch the project's own Node)"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get -q update && apt-get -q install -y --no-install-recommends nodejs npm ca-certificates; } >/dev/null || fail "apt-get could not install nodejs and npm"
fi

# Whether what is installed is what the lock file says, package by package.
installed() {
  [ -x node_modules/.bin/node ] && node -e '
    const wanted = require("./package-lock.json").packages;
    const present = require("./node_modules/.package-lock.json").packages;
    const isSame = ([path, entry]) => !path.includes("node_modules/") || entry.optional || entry.link || present[path]?.version === entry.version;
    process.exit(Object.entries(wanted).every(isSame) ? 0 : 1);
  ' 2>/dev/null
}

if ! installed; then
  case "${1:-}" in
    '' | start | --plan | --help) ;;
    *) [ -x node_modules/.bin/node ] || fail "not installed yet: run ./provision.sh first" 20 ;;
  esac
  echo "Installing the project's packages with npm ci"
  output=$(mktemp)
  # Install scripts must run: one brings the pinned Node's binary. onnxruntime's GPU libraries are not wanted.
  if ! ONNXRUNTIME_NODE_INSTALL=skip npm ci --no-audit --no-fund --ignore-scripts=false --loglevel=error >"$output" 2>&1; then
    tail -n 20 "$output" >&2
    fail "npm ci failed; its whole output is in $output"
  fi
  rm -f "$output"
fi

exec node_modules/.bin/node provision/src/main.ts "$@"
