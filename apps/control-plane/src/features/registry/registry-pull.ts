// One turn of hearing from the registry: what changed since the last time, page by page, and how the other servers are.
import type { ForeignRow, RegistryFailure, ServerRegistry } from '#ports/server-registry.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import type { Log } from '#shared/log.ts';
import type { RemoteReading, RemoteRow } from './remote-schemas.ts';
import { positionOf, readFeedRow, readHeartbeat } from './remote-schemas.ts';
import type { RemoteStore } from './remote-store.ts';

/** What became of a row that was told. */
export const pullOutcomes = ['kept', 'older', 'own', 'refused', 'full'] as const;
export type PulledAs = (typeof pullOutcomes)[number];

export type PullParts = {
  readonly registry: ServerRegistry;
  readonly remotes: RemoteStore;
  readonly observe: (outcome: PulledAs, rows: number) => void;
  readonly log: Log;
};

/** Where the next turn goes on, or why this one ended; what was read before counts. */
export type PullTurn = { readonly position: string; readonly failure: RegistryFailure | null };

const PAGE_ROWS = 500;
/** 100,000 rows in one turn: five times what is kept. A registry that tells more has the rest to tell at the next one. */
const MAX_PAGES = 200;
const MAX_HEARTBEATS = 1_000;

/** Reads what is new after `position`; empty: from the beginning. */
export async function pull(
  parts: PullParts,
  { scope, signal }: { scope: ApplianceScope; signal: AbortSignal },
  position: string,
): Promise<PullTurn> {
  const { registry } = parts;
  let after = position;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const told = await registry.changes({ after, limit: PAGE_ROWS }, { signal });
    if (told.kind !== 'rows') return { position: after, failure: told };
    await take(parts, scope, { rows: told.rows, read: (row) => readFeedRow(registry.identity, row) });
    const last = told.rows.findLast((row) => positionOf(row) !== null);
    const next = last && positionOf(last);
    // A feed that does not go on would be read for ever.
    if (told.rows.length < PAGE_ROWS || !next || next <= after) {
      after = next && next > after ? next : after;
      break;
    }
    after = next;
  }
  const beats = await registry.heartbeats({ limit: MAX_HEARTBEATS }, { signal });
  if (beats.kind !== 'rows') return { position: after, failure: beats };
  await take(parts, scope, { rows: beats.rows, read: (row) => readHeartbeat(registry.identity, row) });
  return { position: after, failure: null };
}

type Told = { readonly rows: readonly ForeignRow[]; readonly read: (row: ForeignRow) => RemoteReading };

async function take({ remotes, observe, log }: PullParts, scope: ApplianceScope, { rows, read }: Told): Promise<void> {
  const good: RemoteRow[] = [];
  const reasons: string[] = [];
  let own = 0;
  for (const row of rows) {
    const reading = read(row);
    if (reading.kind === 'row') good.push(reading.row);
    else if (reading.kind === 'own') own += 1;
    else reasons.push(reading.reason);
  }
  const outcome = await remotes.keep(scope, good);
  if (reasons.length > 0) log.warn({ rows: reasons.length, first: reasons[0] }, 'the registry told rows that are not taken');
  for (const [name, count] of Object.entries({ ...outcome, own, refused: reasons.length })) observe(name as PulledAs, count);
}
