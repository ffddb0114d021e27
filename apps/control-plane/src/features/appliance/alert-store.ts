// Alerts that wait to be sent: left once for each thing in a while, sent by one server at a time.
import { and, asc, eq, gte, inArray, isNull, lt, lte, or, sql } from 'drizzle-orm';
import type { Database, Queries } from '#db/client.ts';
import { adminAlerts } from '#db/schema/admin-alerts.ts';
import type { AdminAlert } from '#ports/notifier.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import { storable } from '#shared/storable.ts';

/** An alert to leave. */
export type NewAlert = {
  readonly alert: AdminAlert;
  /** What it is about: not told again before `repeatAfterMs`. */
  readonly key: string;
  readonly repeatAfterMs: number;
  readonly channels: readonly string[];
};

/** An alert that this server sends. */
export type ClaimedAlert = { readonly alert: AdminAlert; readonly channel: string; readonly attempt: number };

export type AlertStore = {
  /** False when the same was told lately. */
  leave(scope: ApplianceScope, wanted: NewAlert): Promise<boolean>;
  claim(scope: ApplianceScope, options: { channels: readonly string[]; limit: number; leaseMs: number }): Promise<ClaimedAlert[]>;
  sent(scope: ApplianceScope, claimed: ClaimedAlert): Promise<void>;
  /** Null as `retryInMs` gives it up. */
  failed(scope: ApplianceScope, claimed: ClaimedAlert, failure: { error: string; retryInMs: number | null }): Promise<void>;
  removeBefore(scope: ApplianceScope, before: Date): Promise<void>;
};

const MAX_ERROR_LENGTH = 500;

export function createAlertStore(database: Database): AlertStore {
  const end = (scope: ApplianceScope, { alert, channel, attempt }: ClaimedAlert, set: Record<string, unknown>) =>
    database.inAppliance(scope, async (queries) => {
      const own = and(eq(adminAlerts.id, alert.alertId), eq(adminAlerts.channel, channel), eq(adminAlerts.attempts, attempt));
      await queries
        .update(adminAlerts)
        .set({ ...set, leaseUntil: null })
        .where(own);
    });
  return {
    leave: (scope, wanted) => database.inAppliance(scope, (queries) => leave(queries, wanted)),
    claim: (scope, options) => database.inAppliance(scope, (queries) => claim(queries, options)),
    sent: (scope, claimed) => end(scope, claimed, { state: 'sent', endedAt: sql`now()`, lastError: null }),
    failed: (scope, claimed, { error, retryInMs }) =>
      end(scope, claimed, {
        lastError: storable(error.slice(0, MAX_ERROR_LENGTH)),
        ...(retryInMs === null ? { state: 'dead', endedAt: sql`now()` } : { nextAttemptAt: inMs(retryInMs) }),
      }),
    removeBefore: (scope, before) =>
      database.inAppliance(scope, async (queries) => void (await queries.delete(adminAlerts).where(lt(adminAlerts.createdAt, before)))),
  };
}

async function leave(queries: Queries, { alert, key, repeatAfterMs, channels }: NewAlert): Promise<boolean> {
  // Two servers that see the same thing at once: the second waits here and then finds the first one's.
  await queries.execute(sql`select pg_advisory_xact_lock(hashtextextended(${key}, 0))`);
  const since = sql`now() - make_interval(secs => ${repeatAfterMs / 1_000})`;
  const [known] = await queries
    .select({ id: adminAlerts.id })
    .from(adminAlerts)
    .where(and(eq(adminAlerts.key, key), gte(adminAlerts.createdAt, since)))
    .limit(1);
  if (known) return false;
  const stored = { ...alert, at: alert.at.toISOString() };
  await queries.insert(adminAlerts).values(channels.map((channel) => ({ id: alert.alertId, channel, key, alert: stored })));
  return true;
}

async function claim(
  queries: Queries,
  { channels, limit, leaseMs }: { channels: readonly string[]; limit: number; leaseMs: number },
): Promise<ClaimedAlert[]> {
  const isFree = or(isNull(adminAlerts.leaseUntil), lt(adminAlerts.leaseUntil, sql`now()`));
  // Of a channel that no server has any more alerts wait until they are removed: they must not fill the limit.
  const isOurs = and(sql`${adminAlerts.state} = 'waiting'`, inArray(adminAlerts.channel, [...channels]));
  const due = await queries
    .select({ id: adminAlerts.id, channel: adminAlerts.channel, alert: adminAlerts.alert, attempts: adminAlerts.attempts })
    .from(adminAlerts)
    .where(and(isOurs, lte(adminAlerts.nextAttemptAt, sql`now()`), isFree))
    .orderBy(asc(adminAlerts.nextAttemptAt))
    .limit(limit)
    .for('update', { skipLocked: true });
  for (const { id, channel, attempts } of due) {
    await queries
      .update(adminAlerts)
      .set({ attempts: attempts + 1, leaseUntil: inMs(leaseMs) })
      .where(and(eq(adminAlerts.id, id), eq(adminAlerts.channel, channel)));
  }
  return due.map(({ channel, alert, attempts }) => ({ channel, attempt: attempts + 1, alert: read(alert) }));
}

/** Written by us and by nobody else: the column has no other writer. */
function read(stored: unknown): AdminAlert {
  const alert = stored as Omit<AdminAlert, 'at'> & { readonly at: string };
  return { ...alert, at: new Date(alert.at) };
}

function inMs(ms: number) {
  return sql`now() + make_interval(secs => ${ms / 1_000})`;
}
