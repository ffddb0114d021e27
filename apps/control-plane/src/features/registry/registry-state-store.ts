// Which process speaks to the registry, and how the two stand: one row, read by everybody, on the database's clock alone.
import { eq, sql } from 'drizzle-orm';
import type { Database } from '#db/client.ts';
import { registryOutbox, registryState, THE_REGISTRY } from '#db/schema/server-registry.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import { storable } from '#shared/storable.ts';

/** How the registry and this database stand. Ages are seconds; null: never. */
export type RegistryStanding = {
  readonly holder: string | null;
  /** Since the registry had everything that was waiting. */
  readonly pushAgeSeconds: number | null;
  /** Since it told everything that was new. */
  readonly pullAgeSeconds: number | null;
  readonly pushedAt: Date | null;
  readonly pulledAt: Date | null;
  readonly waiting: number;
  /** Rows that the registry will not have. */
  readonly refused: number;
  /** Why, of one of them. */
  readonly refusal: string | null;
  readonly oldestWaitingSeconds: number | null;
  readonly lastError: string | null;
  readonly lastErrorAt: Date | null;
};

export type RegistryStateStore = {
  /** Takes or keeps the lease for this process. False while another one holds it. */
  hold(scope: ApplianceScope, lease: { holder: string; leaseMs: number }): Promise<boolean>;
  /** Gives the lease back, so that another process need not wait for its end. */
  release(scope: ApplianceScope, holder: string): Promise<void>;
  /** Everything is to be sent anew. */
  wantFullPush(scope: ApplianceScope): Promise<void>;
  pushed(scope: ApplianceScope): Promise<void>;
  pulled(scope: ApplianceScope): Promise<void>;
  /** Null takes the last one back. */
  failed(scope: ApplianceScope, reason: string | null): Promise<void>;
  read(scope: ApplianceScope): Promise<RegistryStanding>;
};

const own = eq(registryState.id, THE_REGISTRY);
const secondsSince = (at: unknown) => sql<number | null>`extract(epoch from now() - ${at})::float8`;

export function createRegistryStateStore(database: Database): RegistryStateStore {
  const set = (scope: ApplianceScope, values: Record<string, unknown>, condition = own) =>
    database.inAppliance(scope, async (queries) => {
      const changed = await queries.update(registryState).set(values).where(condition).returning({ id: registryState.id });
      return changed.length > 0;
    });
  return {
    hold: (scope, { holder, leaseMs }) =>
      set(
        scope,
        { holder, leaseUntil: sql`now() + make_interval(secs => ${leaseMs / 1_000})` },
        sql`${registryState.holder} is null or ${registryState.holder} = ${holder} or ${registryState.leaseUntil} < now()`,
      ),
    release: async (scope, holder) => void (await set(scope, { holder: null, leaseUntil: null }, eq(registryState.holder, holder))),
    wantFullPush: async (scope) => void (await set(scope, { isFullPushWanted: true })),
    pushed: async (scope) => void (await set(scope, { pushedAt: sql`now()` })),
    pulled: async (scope) => void (await set(scope, { pulledAt: sql`now()` })),
    failed: async (scope, reason) =>
      void (await set(scope, reason === null ? { lastError: null } : { lastError: storable(reason), lastErrorAt: sql`now()` })),
    read: (scope) => database.inAppliance(scope, async (queries) => readStanding(queries)),
  };
}

async function readStanding(queries: Parameters<Parameters<Database['inAppliance']>[1]>[0]): Promise<RegistryStanding> {
  const [state] = await queries
    .select({
      holder: registryState.holder,
      pushedAt: registryState.pushedAt,
      pulledAt: registryState.pulledAt,
      pushAgeSeconds: secondsSince(registryState.pushedAt),
      pullAgeSeconds: secondsSince(registryState.pulledAt),
      lastError: registryState.lastError,
      lastErrorAt: registryState.lastErrorAt,
    })
    .from(registryState);
  const [counts] = await queries
    .select({
      waiting: sql<number>`count(*) filter (where ${registryOutbox.refusal} is null)::int`,
      refused: sql<number>`count(*) filter (where ${registryOutbox.refusal} is not null)::int`,
      refusal: sql<string | null>`min(${registryOutbox.refusal})`,
      oldestWaitingSeconds: secondsSince(sql`min(${registryOutbox.changedAt}) filter (where ${registryOutbox.refusal} is null)`),
    })
    .from(registryOutbox);
  if (!state || !counts) throw new Error('the row of the registry is gone: the migrations put it there');
  return { ...state, ...counts };
}
