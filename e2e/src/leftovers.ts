/** After a call nothing may be left: no channel, no bridge, no media socket, no live call, no row that is not at its end. */
import { readFile } from 'node:fs/promises';
import { ARI_USER, ariUrl } from '@centralita/provision/instance.ts';
import { RIG_PASSWORDS } from './rig-ports.ts';
import type { Rig } from './rig.ts';

/** What is still there. */
export type Leftovers = {
  readonly channels: number;
  readonly bridges: number;
  /** Connections to Asterisk's HTTP port besides the one ARI socket of the control plane. */
  readonly mediaSockets: number;
  readonly liveCalls: number;
  readonly openRows: number;
};

/** Time in which a call that ended must be gone everywhere. */
const SETTLE_MS = 10_000;

type LookOptions = {
  /** False looks at Asterisk alone. */
  readonly controlPlaneIsUp?: boolean;
  /** How long to look at the most. */
  readonly withinMs?: number;
};

/** Looks until nothing is left or the time is over, and answers with what is there then. */
export async function leftoversOf(rig: Rig, options: LookOptions = {}): Promise<Leftovers> {
  const { controlPlaneIsUp = true, withinMs = SETTLE_MS } = options;
  const deadline = Date.now() + withinMs;
  for (;;) {
    const left = await findLeftovers(rig, controlPlaneIsUp);
    if (countOf(left) === 0 || Date.now() > deadline) return left;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Everything that is left, as one number. */
export function countOf(left: Leftovers): number {
  return Object.values(left).reduce((sum, count) => sum + count, 0);
}

/** Waits until nothing is left; throws with what is. */
export async function expectNothingLeft(rig: Rig, options: LookOptions = {}): Promise<void> {
  const left = await leftoversOf(rig, options);
  if (countOf(left) > 0) throw new Error(`left behind ${options.withinMs ?? SETTLE_MS} ms after the call: ${JSON.stringify(left)}`);
}

async function findLeftovers(rig: Rig, controlPlaneIsUp: boolean): Promise<Leftovers> {
  const [channels, bridges, sockets] = await Promise.all([
    ari(rig, 'channels'),
    ari(rig, 'bridges'),
    countConnections(rig.instance.ports.ari),
  ]);
  const mediaSockets = Math.max(0, sockets - (controlPlaneIsUp ? 1 : 0));
  if (!controlPlaneIsUp) return { channels, bridges, mediaSockets, liveCalls: 0, openRows: 0 };
  const live = (await rig.admin('/admin/live-calls')) as { calls: unknown[] };
  const recent = (await rig.admin('/admin/calls?limit=100')) as { calls: { state: string }[] };
  const openRows = recent.calls.filter(({ state }) => state !== 'ended' && state !== 'rejected').length;
  return { channels, bridges, mediaSockets, liveCalls: live.calls.length, openRows };
}

async function ari(rig: Rig, what: 'channels' | 'bridges'): Promise<number> {
  const url = `${ariUrl(rig.instance)}/ari/${what}?api_key=${ARI_USER}:${RIG_PASSWORDS.ari}`;
  const response = await fetch(url, { headers: { connection: 'close' } });
  if (!response.ok) throw new Error(`ARI ${what}: ${response.status}`);
  return ((await response.json()) as unknown[]).length;
}

/** Established connections whose server is on `port` of the loopback, read from the kernel's own table. */
async function countConnections(port: number): Promise<number> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = (await readFile('/proc/net/tcp', 'utf8')).split('\n').slice(1);
  return rows.filter((row) => {
    const [, address, , state] = row.trim().split(/\s+/);
    return address?.endsWith(local) === true && state === '01';
  }).length;
}
