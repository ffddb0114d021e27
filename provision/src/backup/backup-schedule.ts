/** The daily backup as a program of the supervisor: cron and systemd's timers are not on every machine, and a container has neither. */
import { currentLink } from '#releases/release-store.ts';

/** Another run of provision.sh may be at work at that minute. */
const RETRIES = 12;
const RETRY_SECONDS = 600;

/**
 * A shell waits, since it takes 1 MB for it and Node 50. It asks the clock again every hour: one that was set right in the meantime counts.
 * What comes of it is in the service's log, and in `state.json` for `doctor`.
 */
const SCRIPT = `
set -eu
release=$1 at=$2 retries=$3 pause=$4
nap() { sleep "$1" & wait $!; }
trap 'kill "\${!:-}" 2>/dev/null; exit 0' TERM
while [ -z "$at" ]; do nap 3600; done
while :; do
  next=$(date -u -d "today $at" +%s)
  [ "$next" -gt "$(date -u +%s)" ] || next=$((next + 86400))
  while [ "$(date -u +%s)" -lt "$next" ]; do
    left=$((next - $(date -u +%s)))
    [ "$left" -lt 3600 ] || left=3600
    nap "$left"
  done
  try=0
  until "$release/node_modules/.bin/node" "$release/provision/src/main.ts" --backup --scheduled; do
    try=$((try + 1))
    [ "$try" -lt "$retries" ] || break
    nap "$pause"
  done
done
`;

/** Argv of the program. It goes through the link to the release that runs: a change of release is no reason to restart it. */
export function backupScheduleCommand(home: string, at: string): readonly string[] {
  const argv = ['/bin/sh', '-c', SCRIPT, 'centralita', currentLink(home), at, String(RETRIES), String(RETRY_SECONDS)];
  return ['/usr/bin/env', `CENTRALITA_HOME=${home}`, ...argv];
}
