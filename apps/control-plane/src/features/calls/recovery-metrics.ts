// What a crash, a broken sound or an absent database cost, as Prometheus series.
import type { Registry } from 'prom-client';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { CallControl, OrphanKind } from '#ports/call-control.ts';
import type { CallEvent } from '#ports/call-event.ts';

/** What the series read when they are asked. */
export type RecoveryMetricsSources = {
  readonly registry: Registry;
  readonly callControl: Pick<CallControl, 'onOrphans'>;
  /** Null where events are kept in memory alone. */
  readonly spool: { records(): number; bytes(): number } | null;
  /** Events since the start that the spool did not take. */
  readonly unspooled: () => number;
};

/** From a frame that was late to a process that took ten seconds to come back. */
const GAP_BUCKETS_S = [0.05, 0.1, 0.2, 0.5, 1, 1.5, 2, 3, 5, 10];
/** Ends that the recovery writes, by what it found. */
const CLOSED_BY_RECOVERY = new Set(['ended_while_away', 'node_lost', 'agent_gone', 'agent_unknown']);
const STRAY_ROW = 'channel_gone';

/** Registers the series; returns what takes the events. */
export function createRecoveryMetrics({ registry, callControl, spool, unspooled }: RecoveryMetricsSources): (event: CallEvent) => void {
  const registers = [registry];
  const readopted = new Counter({
    name: 'centralita_calls_readopted_total',
    help: 'Calls of a process that died, which went on in this one',
    registers,
  });
  const closed = new Counter({
    name: 'centralita_calls_closed_while_away_total',
    help: 'Calls that were closed because their end was not seen, by what was found',
    labelNames: ['reason'],
    registers,
  });
  const gap = new Histogram({
    name: 'centralita_media_gap_seconds',
    help: 'How long a caller heard nothing because the sound had to be built again, by cause',
    labelNames: ['cause'],
    buckets: GAP_BUCKETS_S,
    registers,
  });
  for (const reason of CLOSED_BY_RECOVERY) closed.inc({ reason }, 0);
  const countReaped = orphanSeries(registers, callControl);
  spoolSeries(registers, { spool, unspooled });
  return (event) => {
    if (event.kind === 'call_resumed') {
      readopted.inc();
      if (event.gapMs !== null) gap.observe({ cause: 'crash' }, event.gapMs / 1_000);
    }
    if (event.kind === 'note' && event.name === 'media_reattached') gap.observe({ cause: 'socket' }, Number(event.fields['gapMs']) / 1_000);
    if (event.kind !== 'call_ended') return;
    if (CLOSED_BY_RECOVERY.has(event.reason)) closed.inc({ reason: event.reason });
    if (event.reason === STRAY_ROW) countReaped('row', 1);
  };
}

const orphanKinds = ['ringing', 'media', 'transfer', 'bridge'] as const satisfies readonly OrphanKind[];

/** Returns what counts what others took away. The gauge is of the last look alone: a row that was closed once is no orphan for ever. */
function orphanSeries(registers: Registry[], callControl: Pick<CallControl, 'onOrphans'>) {
  const orphans = new Gauge({
    name: 'centralita_orphans',
    help: 'What belonged to no call at the last look, by kind; it is destroyed at once',
    labelNames: ['kind'],
    registers,
  });
  const reaped = new Counter({
    name: 'centralita_reaped_total',
    help: 'What belonged to no call and was destroyed or closed, by kind',
    labelNames: ['kind'],
    registers,
  });
  const count = (kind: OrphanKind | 'row', taken: number): void => reaped.inc({ kind }, taken);
  count('row', 0);
  for (const kind of orphanKinds) {
    count(kind, 0);
    orphans.set({ kind }, 0);
  }
  callControl.onOrphans((found) => {
    for (const kind of orphanKinds) {
      orphans.set({ kind }, found[kind]);
      count(kind, found[kind]);
    }
  });
  return count;
}

function spoolSeries(registers: Registry[], { spool, unspooled }: Pick<RecoveryMetricsSources, 'spool' | 'unspooled'>): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge('centralita_turn_spool_records', 'Call events on the local disk that are not in the database yet', () => spool?.records() ?? 0);
  gauge('centralita_turn_spool_bytes', 'Size of the call events on the local disk', () => spool?.bytes() ?? 0);
  new Counter({
    name: 'centralita_turn_spool_dropped_total',
    help: 'Call events that the local disk did not take: they were in memory alone',
    registers,
    collect() {
      this.reset();
      this.inc(unspooled());
    },
  });
}
