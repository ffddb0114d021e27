// What the registry is to hear: the outbox that triggers write, read together with how the things are now.
import { and, asc, eq, inArray, isNull, or, sql } from 'drizzle-orm';
import type { Database, Queries } from '#db/client.ts';
import { agents } from '#db/schema/agents.ts';
import { numbers } from '#db/schema/numbers.ts';
import { organizations } from '#db/schema/organizations.ts';
import type { outboxKinds } from '#db/schema/server-registry.ts';
import { registryOutbox, registryState } from '#db/schema/server-registry.ts';
import { agentSummaryColumns } from '#features/agents/agent-store.ts';
import type { RegistryRow } from '#ports/server-registry.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import { storable } from '#shared/storable.ts';

export type OutboxKind = (typeof outboxKinds)[number];
/** A row of the outbox with the thing as it is now; a tombstone when it is no more. */
export type WaitingRow = RegistryRow & { readonly organizationId: string; readonly kind: OutboxKind };

export type OutboxStore = {
  /** The oldest of a kind that wait, at most `limit`. */
  next(scope: ApplianceScope, kind: OutboxKind, limit: number): Promise<WaitingRow[]>;
  /** Takes out what was sent, unless it changed since. */
  sent(scope: ApplianceScope, rows: readonly WaitingRow[]): Promise<void>;
  /** Keeps a row back until it changes: the registry will not have it. */
  refused(scope: ApplianceScope, row: WaitingRow, reason: string): Promise<void>;
  /** The next version. */
  nextVersion(scope: ApplianceScope): Promise<number>;
  /** Versions count on from at least this one: a restored database catches up with what the registry has. */
  raiseVersions(scope: ApplianceScope, atLeast: number): Promise<void>;
  /**
   * Where a full push is wanted, fulfils the wish once: puts this server, every organization and every agent in, and returns a version below
   * all of theirs and above all before. Null where none is wanted.
   */
  fillIfWanted(scope: ApplianceScope): Promise<number | null>;
  /** Above `limit` rows, takes out those whose thing is no more. True when something was taken out: a full push says the same. */
  compact(scope: ApplianceScope, limit: number): Promise<boolean>;
  /** Takes out everything: there is no registry to tell. */
  empty(scope: ApplianceScope): Promise<void>;
};

/** The key of this server's own row; the registry knows it by its token's name. */
export const OWN_SERVER = 'self';
const MAX_REASON_LENGTH = 300;

export function createOutboxStore(database: Database): OutboxStore {
  const rowOf = ({ organizationId, kind, key, version }: WaitingRow) =>
    and(
      eq(registryOutbox.orgId, organizationId),
      eq(registryOutbox.kind, kind),
      eq(registryOutbox.key, key),
      eq(registryOutbox.version, version),
    );
  const run = (scope: ApplianceScope, work: (queries: Queries) => Promise<unknown>) =>
    database.inAppliance(scope, async (queries) => void (await work(queries)));
  return {
    next: (scope, kind, limit) => database.inAppliance(scope, (queries) => readNext(queries, kind, limit)),
    sent: (scope, rows) =>
      run(scope, async (queries) => {
        if (rows.length > 0) await queries.delete(registryOutbox).where(or(...rows.map(rowOf)));
      }),
    refused: (scope, row, reason) =>
      run(scope, (queries) =>
        queries
          .update(registryOutbox)
          .set({ refusal: storable(reason.slice(0, MAX_REASON_LENGTH)) })
          .where(rowOf(row)),
      ),
    nextVersion: (scope) => database.inAppliance(scope, nextVersion),
    raiseVersions: (scope, atLeast) =>
      run(scope, (queries) =>
        queries.execute(sql`select setval('registry_versions', greatest(${atLeast}::bigint, (select last_value from registry_versions)))`),
      ),
    fillIfWanted: (scope) => database.inAppliance(scope, fillIfWanted),
    compact: (scope, limit) => database.inAppliance(scope, (queries) => compact(queries, limit)),
    empty: (scope) => run(scope, (queries) => queries.delete(registryOutbox)),
  };
}

async function nextVersion(queries: Queries): Promise<number> {
  const [row] = await queries.select({ version: sql<string>`version` }).from(sql`nextval('registry_versions') as version`);
  if (!row) throw new Error('a sequence gave no number');
  return Number(row.version);
}

/** One transaction: a wish that was taken and not fulfilled would be lost. */
async function fillIfWanted(queries: Queries): Promise<number | null> {
  const taken = await queries
    .update(registryState)
    .set({ isFullPushWanted: false })
    .where(eq(registryState.isFullPushWanted, true))
    .returning({ id: registryState.id });
  if (taken.length === 0) return null;
  const floor = await nextVersion(queries);
  await queries.execute(sql`select note_registry_change('', 'server', ${OWN_SERVER})`);
  await queries.execute(sql`select note_registry_change(id, 'organization', id) from organizations`);
  await queries.execute(sql`select note_registry_change(org_id, 'agent', id) from agents`);
  return floor;
}

async function compact(queries: Queries, limit: number): Promise<boolean> {
  const [row] = await queries.select({ rows: sql<number>`count(*)::int` }).from(registryOutbox);
  if ((row?.rows ?? 0) <= limit) return false;
  const removed = await queries
    .delete(registryOutbox)
    .where(
      sql`(${registryOutbox.kind} = 'agent' and not exists (select from agents a where a.org_id = ${registryOutbox.orgId} and a.id = ${registryOutbox.key}))
        or (${registryOutbox.kind} = 'organization' and not exists (select from organizations o where o.id = ${registryOutbox.key}))`,
    )
    .returning({ key: registryOutbox.key });
  return removed.length > 0;
}

async function readNext(queries: Queries, kind: OutboxKind, limit: number): Promise<WaitingRow[]> {
  const waiting = await queries
    .select({ organizationId: registryOutbox.orgId, key: registryOutbox.key, version: registryOutbox.version })
    .from(registryOutbox)
    .where(and(eq(registryOutbox.kind, kind), isNull(registryOutbox.refusal)))
    .orderBy(asc(registryOutbox.version))
    .limit(limit);
  if (waiting.length === 0) return [];
  // Read after the outbox: what is newer than its version comes again under a newer one, what is older cannot be.
  const fieldsOf = await readers[kind](
    queries,
    waiting.map(({ key }) => key),
  );
  return waiting.map((row) => {
    const fields = fieldsOf.get(row.key);
    return { ...row, kind, isDeleted: fields === undefined, fields: fields ?? EMPTY_FIELDS[kind](row.organizationId) };
  });
}

type Fields = Readonly<Record<string, unknown>>;
type ReadFields = (queries: Queries, keys: string[]) => Promise<ReadonlyMap<string, Fields>>;

/** A tombstone says nothing but whose it was; every column is there, so that one request can hold it beside others. */
const EMPTY_FIELDS: Readonly<Record<OutboxKind, (organizationId: string) => Fields>> = {
  server: () => ({}),
  organization: () => ({ name: '', active: false }),
  agent: (organizationId) => ({
    organization_id: organizationId,
    name: '',
    language: '',
    state: 'inactive',
    agent_version: 0,
    numbers: [],
  }),
};

const readers: Readonly<Record<OutboxKind, ReadFields>> = {
  // Its fields are the process's own: whoever sends adds them.
  server: async (_queries, keys) => new Map(keys.map((key) => [key, {}])),
  organization: async (queries, keys) => {
    const rows = await queries
      .select({ id: organizations.id, name: organizations.name, active: organizations.active })
      .from(organizations)
      .where(inArray(organizations.id, keys));
    return new Map(rows.map(({ id, ...fields }) => [id, fields]));
  },
  agent: async (queries, keys) => {
    const rows = await queries.select(agentSummaryColumns).from(agents).where(inArray(agents.id, keys));
    const leading = await queries
      .select({ agentId: numbers.agentId, number: numbers.number })
      .from(numbers)
      .where(inArray(numbers.agentId, keys))
      .orderBy(asc(numbers.number));
    return new Map(
      rows.map(({ organizationId, agentId, name, language, state, version }) => {
        const own = leading.filter((lead) => lead.agentId === agentId).map(({ number }) => number);
        return [agentId, { organization_id: organizationId, name, language, state, agent_version: version, numbers: own }];
      }),
    );
  },
};
