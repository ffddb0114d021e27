#!/bin/sh
# Makes this machine an appliance, or says and does what `./provision.sh --help` lists. Brings what its own program needs
# (Node from Debian as a launcher, then the project's pinned Node 24 from npm) and hands over to provision/src/main.ts.
set -eu

# Paths that follow a word are meant from here.
export CENTRALITA_CALLER_FOLDER="${CENTRALITA_CALLER_FOLDER:-$PWD}"
cd "$(dirname "$0")"
repository=$(pwd -P)

fail() {
  printf '\nFAILED: %s\n' "$1" >&2
  exit "${2:-1}"
}

# What each word needs, as provision/src/verbs.ts has it (a test compares the two). `nothing`: it reads, and anybody may run it.
# `root`: root. `lock`: root, and one at a time. `install`: as lock, and the packages it runs on are brought first.
case "${1:-}" in
  --help | --check | --plan | --dry-run) needs=nothing ;;
  --support-bundle | status | logs | doctor | models) needs=root ;;
  --uninstall | triton | engines | stop | new-admin-key | --rollback | --backup | --bundle | --offline | calibrate) needs=lock ;;
  '' | start | --yes | --json | --profile | --runtime | --models | --upgrade | --restore) needs=install ;;
  # Before anything is installed: a word that nobody knows changes nothing.
  *) fail "there is no '$1'; ./provision.sh --help lists what there is" 2 ;;
esac

[ "$(uname -s)" = Linux ] || fail "needs Linux" 20
[ "$needs" = nothing ] || [ "$(id -u)" = 0 ] || fail "needs root: run it with sudo, or as root" 20

# One run at a time: two would build the same root and start the same services. --close: the supervisor started
# below lives on and must not keep the lock.
case "$needs" in
  lock | install)
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

# Whether what is installed is what the lock file says, package by package.
installed() {
  [ -x node_modules/.bin/node ] && node_modules/.bin/node -e '
    const wanted = require("./package-lock.json").packages;
    const present = require("./node_modules/.package-lock.json").packages;
    const isSame = ([path, entry]) => !path.includes("node_modules/") || entry.optional || entry.link || present[path]?.version === entry.version;
    process.exit(Object.entries(wanted).every(isSame) ? 0 : 1);
  ' 2>/dev/null
}

# Who only reads must write nothing: on a bare checkout he gets Node and what provision imports in a folder that is gone afterwards.
read_only() {
  command -v npm >/dev/null || fail "nodejs and npm are missing: apt-get install nodejs npm, or let ./provision.sh do it" 20
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT INT TERM
  for entry in "$repository"/*; do
    case "${entry##*/}" in node_modules | package.json | package-lock.json) ;; *) ln -s "$entry" "$folder/" ;; esac
  done
  ln -s "$repository/package-lock.json" "$folder/release-lock.json"
  version() { sed -n "/^    \"node_modules\/$1\": {/,/}/s/.*\"version\": \"\(.*\)\".*/\1/p" package-lock.json; }
  # What provision itself imports.
  needed() { sed -n '/^  "dependencies": {/,/^  }/s/^    "\(.*\)": "\(.*\)",*$/\1@\2/p' provision/package.json; }
  # shellcheck disable=SC2046
  if ! npm install --prefix "$folder" --no-audit --no-fund --ignore-scripts=false --loglevel=error "node@$(version node)" $(needed) >"$folder/npm.log" 2>&1; then
    tail -n 5 "$folder/npm.log" >&2
    fail "npm could not fetch Node to look with: no network, or no registry" 20
  fi
  cp package.json "$folder/package.json"
  status=0
  CENTRALITA_REPOSITORY="$repository" "$folder/node_modules/.bin/node" --preserve-symlinks --preserve-symlinks-main "$folder/provision/src/main.ts" "$@" || status=$?
  exit "$status"
}

if ! installed; then
  case "$needs" in
    install) ;;
    nothing) [ -x node_modules/.bin/node ] || read_only "$@" ;;
    *) [ -x node_modules/.bin/node ] || fail "not installed yet: run ./provision.sh first" 20 ;;
  esac
fi

if [ "$needs" = install ] && ! installed; then
  if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
    command -v apt-get >/dev/null || fail "needs npm, and apt-get to install it with" 20
    echo "Installing Debian's nodejs and npm (they only launch the project's own Node)" >&2
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q update >/dev/null || fail "apt-get update failed: no network, or no mirror in /etc/apt. Nothing was changed" 20
    # A run that was killed here leaves packages half configured, and apt-get then refuses everything.
    dpkg --configure -a >/dev/null || fail "dpkg --configure -a failed: packages of this machine are half installed" 20
    apt-get -q install -y --no-install-recommends nodejs npm ca-certificates >/dev/null || fail "apt-get could not install nodejs and npm"
  fi
  echo "Installing the project's packages with npm ci" >&2
  output=$(mktemp)
  # Install scripts must run: one brings the pinned Node's binary. onnxruntime's GPU libraries are not wanted.
  if ! ONNXRUNTIME_NODE_INSTALL=skip npm ci --no-audit --no-fund --ignore-scripts=false --loglevel=error >"$output" 2>&1; then
    tail -n 20 "$output" >&2
    if grep -Eq 'ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|ECONNRESET' "$output"; then
      fail "npm cannot reach its registry: put the network right, or name a mirror with 'npm config set registry', and run again" 20
    fi
    fail "npm ci failed; its whole output is in $output"
  fi
  rm -f "$output"
fi

exec node_modules/.bin/node provision/src/main.ts "$@"
