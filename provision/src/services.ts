/** The processes of an appliance, each as a command in the foreground and a digest that changes when it must restart. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { backupScheduleCommand } from '#backup/backup-schedule.ts';
import { renderAsterisk } from './asterisk-configuration.ts';
import { asteriskCommand } from './asterisk-process.ts';
import type { Instance } from './instance.ts';
import { MONITORING_SERVICES, monitoringCommand, renderMonitoring } from './monitoring.ts';
import type { Monitoring, MonitoringService } from './monitoring.ts';
import { renderPostgres } from './postgres-configuration.ts';
import { postgresCommand } from './postgres-process.ts';
import type { SystemUser } from './system-user.ts';

/** In the order in which they start. */
export const SERVICE_NAMES = ['postgres', 'asterisk', 'cpu-server', 'control-plane', ...MONITORING_SERVICES, 'backup'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

export type Service = {
  readonly name: ServiceName;
  readonly argv: readonly string[];
  /** Signal that asks for an orderly end, and how long it may take before SIGKILL. */
  readonly stop: { readonly signal: 'TERM' | 'INT'; readonly seconds: number };
  /** Hash of everything the running process was started from. */
  readonly digest: string;
};

/** How long a control plane may take to stop: it lets live calls end, ends the others and writes the last of them down. Only then it is killed. */
export function controlPlaneStopSeconds(drainSeconds: number): number {
  return drainSeconds + 15;
}

export type ServiceParts = {
  readonly home: string;
  /** Folder of the release that the Node processes run from. */
  readonly repository: string;
  readonly user: SystemUser;
  readonly instance: Instance;
  readonly monitoring: Monitoring;
  /** Text of `.env`. */
  readonly environmentText: string;
  /** Hash of the source and the locked dependencies. */
  readonly codeDigest: string;
  /** Hash of the secret keys, which the control plane reads at its start. Of the admin key it reads the hash at every request. */
  readonly secretKeysDigest: string;
  /** How long the control plane lets live calls go on after a stop. */
  readonly drainSeconds: number;
  /** Time of day of the daily backup; empty: none. */
  readonly backupAt: string;
};

/** The commands and digests of all services. Pure: same parts, same answer. */
export function describeServices(parts: ServiceParts): readonly Service[] {
  const { instance } = parts;
  const root = instance.root.versions;
  const node = (name: ServiceName, program: string, run: { readonly seconds: number; readonly reads: readonly string[] }): Service => {
    const argv = nodeCommand(parts, [program], instance.limits.nodeFiles);
    // Not the folder's name: a release whose code is the same for this service is no reason to restart it.
    const digest = digestOf([argv.filter((word) => word !== parts.repository), parts.environmentText, parts.codeDigest, ...run.reads]);
    return { name, argv, stop: { signal: 'TERM', seconds: run.seconds }, digest };
  };
  const postgres = postgresCommand(instance);
  const asterisk = asteriskCommand(instance);
  const backup = backupScheduleCommand(parts.home, parts.backupAt);
  return [
    {
      name: 'postgres',
      argv: postgres,
      stop: { signal: 'INT', seconds: 60 },
      digest: digestOf([postgres, renderPostgres(instance), root['postgresql-18']]),
    },
    // With calls up SIGTERM can take for ever: after ten seconds they are cut.
    {
      name: 'asterisk',
      argv: asterisk,
      stop: { signal: 'TERM', seconds: 10 },
      digest: digestOf([asterisk, renderAsterisk(instance), root['asterisk']]),
    },
    node('cpu-server', 'inference/cpu-server/src/main.ts', { seconds: 10, reads: [] }),
    node('control-plane', 'apps/control-plane/src/boot.ts', {
      seconds: controlPlaneStopSeconds(parts.drainSeconds),
      reads: [parts.secretKeysDigest],
    }),
    ...MONITORING_SERVICES.map((name) => describeMonitoringService(parts.monitoring, name)),
    { name: 'backup', argv: backup, stop: { signal: 'TERM', seconds: 5 }, digest: digestOf(backup) },
  ];
}

/** Prometheus writes what it holds in memory at its end, which takes seconds. */
function describeMonitoringService(monitoring: Monitoring, name: MonitoringService): Service {
  const argv = monitoringCommand(monitoring, name);
  const digest = digestOf([argv, renderMonitoring(monitoring), monitoring.instance.root.versions['prometheus']]);
  return { name, argv, stop: { signal: 'TERM', seconds: 30 }, digest };
}

/**
 * The release is mounted read-only under the home in a namespace of the process's own: the service user can run it
 * wherever it lies, in root's private folder too, and cannot change it.
 */
const NODE_SCRIPT = `
set -eu
repository=$1 app=$2 uid=$3 gid=$4 environment=$5 files=$6
shift 6
mount --bind "$repository" "$app"
mount -o remount,bind,ro "$app"
umask 0027
# A container may forbid the raise: then as many as it allows.
ulimit -n "$files" 2>/dev/null || ulimit -S -n "$(ulimit -H -n)"
cd "$app"
exec setpriv --reuid="$uid" --regid="$gid" --clear-groups --no-new-privs node_modules/.bin/node --env-file="$environment" "$@"
`;

/** Argv that runs a program of the release as the service user, with `.env`, whatever environment the caller has, and so many open files at most. */
export function nodeCommand(
  { home, repository, user }: Pick<ServiceParts, 'home' | 'repository' | 'user'>,
  program: readonly string[],
  files: number,
): readonly string[] {
  const wrapper = ['unshare', '--mount', '--propagation', 'private', '/bin/sh', '-c', NODE_SCRIPT, 'centralita'];
  return [...wrapper, repository, join(home, 'app'), String(user.uid), String(user.gid), join(home, '.env'), String(files), ...program];
}

/** Hash of any value, the same for equal values. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
