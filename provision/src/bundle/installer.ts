/** The script that a bundle begins with: installs on a machine that has neither network nor Node nor anything of ours. */

/** `sh install.sh BUNDLE`: unpacks the release, after its digest was checked with the machine's own sha256sum, and hands over to it. */
export const INSTALLER_SCRIPT = `#!/bin/sh
# Installs Centralita from the bundle that this script came in: sh install.sh BUNDLE
set -eu

fail() {
  printf '\\nFAILED: %s\\n' "$1" >&2
  exit "\${2:-1}"
}

[ "$#" -ge 1 ] || fail "say the bundle: sh install.sh BUNDLE" 2
bundle=$(realpath "$1")
shift
[ -r "$bundle" ] || fail "$bundle cannot be read" 20
[ "$(id -u)" = 0 ] || fail "needs root" 20
home=\${CENTRALITA_HOME:-/var/lib/centralita}
mkdir -p "$home"
folder=$(mktemp -d "$home/.installer.XXXXXX")
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' INT TERM
cd "$folder"
tar -xf "$bundle" SHA256SUMS release.tar.gz || fail "$bundle is cut off: release.tar.gz cannot be read from it; copy it again" 20
grep ' release.tar.gz$' SHA256SUMS | sha256sum --check --status || fail "$bundle is damaged: release.tar.gz has another content than its SHA-256 says; copy it again" 20
tar -xzf release.tar.gz
rm release.tar.gz
status=0
"$folder"/*/node_modules/.bin/node "$folder"/*/provision/src/main.ts --offline "$bundle" "$@" || status=$?
exit "$status"
`;
