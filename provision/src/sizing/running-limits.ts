/** The limits that the running servers really have, beside those that the calls ask for: a container or a unit may have given them less. */
import { readFile } from 'node:fs/promises';
import { describeAppliance } from '#appliance.ts';
import { tryCommand } from '#command.ts';
import type { Facts } from '#facts.ts';
import { psqlCommand } from '#postgres-process.ts';
import type { ServiceName } from '#services.ts';
import { readServicePids } from '#supervisor.ts';
import { limitServers } from './server-limits.ts';

export type RunningLimit = {
  /** Such as `open files of asterisk`. */
  readonly name: string;
  /** `files` are the system's to give, `connections` the database's configuration. */
  readonly kind: 'files' | 'connections';
  readonly running: number;
  readonly planned: number;
};

const QUERY_TIMEOUT_MS = 10_000;

/** Those that can be read: of services that run, as root. Changes nothing. */
export async function readRunningLimits(facts: Facts): Promise<readonly RunningLimit[]> {
  const { serverFiles, nodeFiles, maxConnections } = limitServers(facts);
  const planned: readonly (readonly [ServiceName, number])[] = [
    ['postgres', serverFiles.value],
    ['asterisk', serverFiles.value],
    ['cpu-server', nodeFiles.value],
    ['control-plane', nodeFiles.value],
  ];
  const pids = await readServicePids(facts.home);
  const files = await Promise.all(
    planned.map(async ([name, value]) => {
      const pid = pids.get(name);
      const text = pid === undefined ? '' : await readFile(`/proc/${pid}/limits`, 'utf8').catch(() => '');
      const running = parseOpenFiles(text);
      return running === null ? [] : [{ name: `open files of ${name}`, kind: 'files' as const, running, planned: value }];
    }),
  );
  const connections = pids.has('postgres') ? await readMaxConnections(facts) : null;
  return [
    ...files.flat(),
    ...(connections === null
      ? []
      : [{ name: 'connections of the database', kind: 'connections' as const, running: connections, planned: maxConnections.value }]),
  ];
}

/** The soft limit in the text of `/proc/<pid>/limits`; null where it is not there. */
export function parseOpenFiles(text: string): number | null {
  const [, soft] = /^Max open files\s+(\d+|unlimited)\s/m.exec(text) ?? [];
  if (soft === undefined) return null;
  return soft === 'unlimited' ? Infinity : Number(soft);
}

async function readMaxConnections(facts: Facts): Promise<number | null> {
  const instance = describeAppliance(facts)?.instance;
  if (!instance) return null;
  const { exitCode, stdout } = await tryCommand(psqlCommand(instance, 'postgres'), {
    input: 'show max_connections;',
    timeoutMs: QUERY_TIMEOUT_MS,
  });
  const value = Number(stdout.trim());
  return exitCode === 0 && Number.isInteger(value) && value > 0 ? value : null;
}

/** Such as `open files of asterisk: 1024, planned 4096`. */
export function describeRunningLimit({ name, running, planned }: RunningLimit): string {
  return `${name}: ${running}, planned ${planned}`;
}
