/** The limits that the servers in containers really have, beside those that the calls ask for: an engine may give them less, a container may be of an earlier plan. */
import { tryCommand } from '#command.ts';
import type { Facts } from '#facts.ts';
import { parseOpenFiles } from '#sizing/running-limits.ts';
import type { RunningLimit } from '#sizing/running-limits.ts';
import { limitServers } from '#sizing/server-limits.ts';
import { findRunning } from './compose.ts';
import { DATABASE_WORDS } from './container-steps.ts';

const ASK_TIMEOUT_MS = 15_000;

/** Those of containers that run; what does not answer is left out. Changes nothing. */
export async function readContainerLimits(facts: Facts, signal: AbortSignal): Promise<readonly RunningLimit[]> {
  const { serverFiles, nodeFiles, maxConnections } = limitServers(facts);
  const planned: readonly (readonly [string, number])[] = [
    ['postgres', serverFiles.value],
    ['asterisk', serverFiles.value],
    ['cpu-server', nodeFiles.value],
    ['control-plane', nodeFiles.value],
  ];
  const limits: RunningLimit[] = [];
  for (const [name, value] of planned) {
    // The server is its container's first process.
    const running = parseOpenFiles(await askContainer(name, { words: ['cat', '/proc/1/limits'], signal }));
    if (running !== null) limits.push({ name: `open files of ${name}`, kind: 'files', running, planned: value });
  }
  // Without compose's own words for it.
  const psql = DATABASE_WORDS.slice(3);
  const answer = await askContainer('postgres', { words: psql, input: 'show max_connections;', signal });
  const connections = /^\d+$/.test(answer.trim()) ? Number(answer) : null;
  if (connections === null) return limits;
  return [...limits, { name: 'connections of the database', kind: 'connections', running: connections, planned: maxConnections.value }];
}

type Question = { readonly words: readonly string[]; readonly input?: string; readonly signal: AbortSignal };

/** What the words print in a service's container; empty where none runs or they fail. */
async function askContainer(service: string, { words, input = '', signal }: Question): Promise<string> {
  const container = await findRunning(service, signal);
  if (container === null) return '';
  const answer = await tryCommand(['docker', 'exec', '-i', container, ...words], { input, timeoutMs: ASK_TIMEOUT_MS, signal });
  return answer.exitCode === 0 ? answer.stdout : '';
}
