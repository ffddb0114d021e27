// What the registry told, kept so that a month without it changes nothing: other servers, whom they serve, and this server's licence.
import { and, asc, count, eq, lt, sql } from 'drizzle-orm';
import type { Database, Queries } from '#db/client.ts';
import { registryRemotes } from '#db/schema/server-registry.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import { storable } from '#shared/storable.ts';
import type { RemoteKind, RemoteRow } from './remote-schemas.ts';

/** What became of rows that were told. */
export type KeepOutcome = { readonly kept: number; readonly older: number; readonly full: number };
/** A row as it is kept. */
export type KeptRow = {
  readonly serverId: string;
  readonly key: string;
  readonly fields: unknown;
  readonly heardAt: Date;
};

export type RemoteStore = {
  /** Keeps what is newer than what is kept; tombstones take rows out. */
  keep(scope: ApplianceScope, rows: readonly RemoteRow[]): Promise<KeepOutcome>;
  /** At most `limit`, by server and key. */
  list(scope: ApplianceScope, kind: RemoteKind, limit: number): Promise<{ readonly rows: KeptRow[]; readonly total: number }>;
};

/** Two thousand servers with ten agents each; what is more is not kept, and counted. */
const MAX_ROWS = 20_000;

export function createRemoteStore(database: Database): RemoteStore {
  return {
    keep: (scope, rows) => database.inAppliance(scope, (queries) => keep(queries, rows)),
    list: (scope, kind, limit) =>
      database.inAppliance(scope, async (queries) => {
        const { serverId, key, fields, heardAt } = registryRemotes;
        const own = eq(registryRemotes.kind, kind);
        const rows = await queries
          .select({ serverId, key, fields, heardAt })
          .from(registryRemotes)
          .where(own)
          .orderBy(asc(serverId), asc(key))
          .limit(limit);
        const [counted] = await queries.select({ total: count() }).from(registryRemotes).where(own);
        return { rows, total: counted?.total ?? 0 };
      }),
  };
}

async function keep(queries: Queries, rows: readonly RemoteRow[]): Promise<KeepOutcome> {
  const [counted] = await queries.select({ total: count() }).from(registryRemotes);
  let room = MAX_ROWS - (counted?.total ?? 0);
  const outcome = { kept: 0, older: 0, full: 0 };
  for (const row of rows) {
    const became = row.isDeleted ? await take(queries, row) : await put(queries, row, room > 0);
    if (became === 'added') room -= 1;
    outcome[became === 'added' ? 'kept' : became] += 1;
  }
  return outcome;
}

async function take(queries: Queries, row: RemoteRow): Promise<'kept' | 'older'> {
  const taken = await queries
    .delete(registryRemotes)
    .where(and(isRow(row), lt(registryRemotes.version, row.version)))
    .returning({ key: registryRemotes.key });
  return taken.length > 0 ? 'kept' : 'older';
}

async function put(queries: Queries, row: RemoteRow, hasRoom: boolean): Promise<'kept' | 'added' | 'older' | 'full'> {
  const { kind, serverId, key, version } = row;
  const fields = storable(row.fields);
  const [known] = await queries.select({ version: registryRemotes.version }).from(registryRemotes).where(isRow(row));
  if (!known) {
    if (!hasRoom) return 'full';
    await queries.insert(registryRemotes).values({ kind, serverId, key, version, fields });
    return 'added';
  }
  if (known.version >= version) return 'older';
  await queries
    .update(registryRemotes)
    .set({ version, fields, heardAt: sql`now()` })
    .where(isRow(row));
  return 'kept';
}

function isRow({ kind, serverId, key }: RemoteRow) {
  return and(eq(registryRemotes.kind, kind), eq(registryRemotes.serverId, serverId), eq(registryRemotes.key, key));
}
