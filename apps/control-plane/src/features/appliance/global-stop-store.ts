// The row that says whether new calls are taken: changed under a lock, written down in the audit log, told to every server.
import { eq, sql } from 'drizzle-orm';
import type { Database, Queries } from '#db/client.ts';
import type { stopCauses, stopStates } from '#db/schema/global-stops.ts';
import { globalStops, THE_STOP } from '#db/schema/global-stops.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { Actor } from '#shared/actor.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';

/** The channel on which servers hear of a change. */
export const GLOBAL_STOP_CHANGES = 'global_stop';

/** Whether new calls are taken, since when, and why. */
export type StopState = {
  readonly state: (typeof stopStates)[number];
  readonly cause: (typeof stopCauses)[number];
  readonly reason: string;
  /** Counts the changes. */
  readonly revision: number;
  readonly changedAt: Date;
};

/** A wish, and who has it. */
export type StopWish = Pick<StopState, 'state' | 'cause' | 'reason'> & {
  /** Only when nothing changed since; absent: whatever happened meanwhile. */
  readonly ifRevision?: number;
};
/** Who wants it. */
export type By = { readonly scope: ApplianceScope; readonly actor: Actor };

export type GlobalStopStore = {
  read(scope: ApplianceScope): Promise<StopState>;
  /** The state afterwards, and whether this changed it. A person who stops what failures stopped makes it his own stop. */
  change(by: By, wish: StopWish): Promise<StopState & { readonly changed: boolean }>;
};

const columns = {
  state: globalStops.state,
  cause: globalStops.cause,
  reason: globalStops.reason,
  revision: globalStops.revision,
  changedAt: globalStops.changedAt,
};

export function createGlobalStopStore(parts: {
  readonly database: Database;
  readonly audit: AuditTrail;
  readonly clock: Clock;
}): GlobalStopStore {
  const { database } = parts;
  return {
    read: (scope) => database.inAppliance(scope, async (queries) => theRow(await queries.select(columns).from(globalStops))),
    change: (by, wish) => database.inAppliance(by.scope, (queries) => change(parts, queries, { by, wish })),
  };
}

async function change(
  { audit, clock }: { readonly audit: AuditTrail; readonly clock: Clock },
  queries: Queries,
  { by, wish: { ifRevision, ...wish } }: { readonly by: By; readonly wish: StopWish },
): Promise<StopState & { readonly changed: boolean }> {
  const before = theRow(await queries.select(columns).from(globalStops).for('update'));
  const isTakenOver = wish.state === 'stopped' && wish.cause === 'admin' && before.cause !== 'admin';
  const isNews = before.state !== wish.state || isTakenOver;
  if (!isNews || (ifRevision !== undefined && ifRevision !== before.revision)) return { ...before, changed: false };
  const next = { ...wish, revision: before.revision + 1, changedAt: clock.wallAt() };
  await queries.update(globalStops).set(next).where(eq(globalStops.id, THE_STOP));
  const { state, cause, reason, revision } = next;
  const details = { cause, reason, revision, afterMs: next.changedAt.getTime() - before.changedAt.getTime() };
  await audit.append(queries, by, { action: state === 'stopped' ? 'global_stop.begun' : 'global_stop.ended', resource: THE_STOP, details });
  await queries.execute(sql`select pg_notify(${GLOBAL_STOP_CHANGES}, ${String(revision)})`);
  return { ...next, changed: true };
}

function theRow([row]: readonly StopState[]): StopState {
  if (!row) throw new Error('the row of the global stop is gone: the migrations put it there');
  return row;
}
