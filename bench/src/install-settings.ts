/** The `.env` that a proof puts down before the first run: an installation that shares this machine's network must not take its ports. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Settings of an installation on this machine alone, from `first` on: 9 ports, and from 20 on those for 40 calls. */
export function renderPorts(first: number): string {
  const names = ['SIP', 'ARI', 'POSTGRES', 'HTTP', 'CPU_SERVER', 'CPU_SERVER_METRICS', 'PROMETHEUS', 'NODE_EXPORTER', 'POSTGRES_EXPORTER'];
  const ports = names.map((name, index) => `${name}_PORT=${first + index}`);
  return [
    '# Written before the first run.',
    'BIND_ADDRESS=127.0.0.1',
    ...ports,
    `RTP_FIRST_PORT=${first + 20}`,
    `RTP_LAST_PORT=${first + 98}`,
    '',
  ].join('\n');
}

export async function writeSettings(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text, { mode: 0o600 });
}
