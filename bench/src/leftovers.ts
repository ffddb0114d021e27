/** What calls left behind in Asterisk and in the control plane when nobody talks any more. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Rig } from '@centralita/e2e/rig.ts';

export type Leftovers = {
  readonly channels: number;
  readonly bridges: number;
  /** Connections to Asterisk's HTTP server beyond those that were there before. */
  readonly mediaSockets: number;
  readonly liveCalls: number;
};

/** An end takes its time: sockets are closed by both sides, files are flushed. */
const SETTLE_MS = 10_000;

/** Counts connections now, before any call. */
export async function connectionsOf(rig: Rig): Promise<number> {
  return await establishedAt(rig.ports.ari);
}

/** Looks until nothing is left, for at most ten seconds, and answers with what is there then. */
export async function leftoversOf(rig: Rig, connectionsBefore: number): Promise<Leftovers> {
  const giveUpAt = performance.now() + SETTLE_MS;
  for (;;) {
    const left = await look(rig, connectionsBefore);
    if (countOf(left) === 0 || performance.now() > giveUpAt) return left;
    await sleep(500);
  }
}

export function countOf({ channels, bridges, mediaSockets, liveCalls }: Leftovers): number {
  return channels + bridges + mediaSockets + liveCalls;
}

async function look(rig: Rig, connectionsBefore: number): Promise<Leftovers> {
  const [channels, bridges, live] = await Promise.all([
    rig.asterisk('core show channels count'),
    rig.asterisk('bridge show all'),
    liveCallsOf(rig),
  ]);
  return {
    channels: Number(/^(\d+) active channel/m.exec(channels)?.[1] ?? Number.NaN),
    // One line of headings, one line per bridge.
    bridges: bridges.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('Bridge-ID')).length,
    mediaSockets: Math.max(0, (await establishedAt(rig.ports.ari)) - connectionsBefore),
    liveCalls: live,
  };
}

async function liveCallsOf(rig: Rig): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${rig.ports.http}/metrics`);
  const value = /^centralita_calls_live (\d+)$/m.exec(await response.text())?.[1];
  if (value === undefined) throw new Error('the control plane shows no centralita_calls_live in its metrics');
  return Number(value);
}

/** Established connections whose server is this port: state 01 in /proc/net/tcp. */
async function establishedAt(port: number): Promise<number> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n');
  return lines.filter((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/);
    return local.endsWith(`:${hex}`) && state === '01';
  }).length;
}
