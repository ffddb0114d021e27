// What the telephone system must know, read from the rows, and whether it does, written into them.
import { and, eq, inArray, lte, ne, sql } from 'drizzle-orm';
import type { Database, Queries } from '#db/client.ts';
import { organizations } from '#db/schema/organizations.ts';
import { phones } from '#db/schema/phones.ts';
import { trunks } from '#db/schema/trunks.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { DirectoryEntry, DirectoryKey } from '#ports/telephony-directory.ts';
import type { Actor } from '#shared/actor.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import type { SecretKeys } from '#shared/secret-keys.ts';
import type { PushState } from './phone-store.ts';
import { openTrunkPassword } from './trunk-password.ts';

/** A row that says nothing to the telephone system, and why. */
export type WithheldEntry = { readonly key: DirectoryKey; readonly state: 'pending' | 'failed'; readonly reason: string };

/** Everything that the telephone system must have now, and nothing else. */
export type WantedDirectory = {
  readonly entries: readonly DirectoryEntry[];
  readonly withheld: readonly WithheldEntry[];
  /** The database's clock when it was read: what changed later is not in it. */
  readonly readAt: Date;
};

/** Whether the telephone system has one entry. */
export type EntryState = { readonly key: DirectoryKey; readonly state: PushState; readonly reason: string | null };

export type DirectoryStore = {
  read(scope: ApplianceScope): Promise<WantedDirectory>;
  /** The entry, the reason why there is none although there is a row, or null without a row. */
  find(scope: ApplianceScope, key: DirectoryKey): Promise<{ readonly row: DirectoryEntry | WithheldEntry | null; readonly readAt: Date }>;
  /** Writes it into the rows that did not change after `readAt`. */
  note(scope: ApplianceScope, states: readonly EntryState[], readAt: Date): Promise<void>;
  /** Entries that the telephone system does not have as their rows say, at most `limit`. */
  listOutOfStep(scope: ApplianceScope, limit: number): Promise<EntryState[]>;
  /** Writes down that somebody asked for a comparison. */
  noteRequest(by: { readonly scope: ApplianceScope; readonly actor: Actor }): Promise<void>;
};

type Parts = { readonly database: Database; readonly keys: SecretKeys; readonly audit: AuditTrail };
type Row = DirectoryEntry | WithheldEntry;

/** An organization that has thousands of rows to be noted gets them in pieces that a statement takes. */
const NOTED_AT_ONCE = 500;

export function createDirectoryStore({ database, keys, audit }: Parts): DirectoryStore {
  return {
    read: (scope) =>
      database.inAppliance(scope, async (queries) => {
        const rows: Row[] = [...(await readPhones(queries)), ...(await readTrunks(queries, keys))];
        return {
          entries: rows.filter(isEntry),
          withheld: rows.filter((row): row is WithheldEntry => !isEntry(row)),
          readAt: await readClock(queries),
        };
      }),
    find: (scope, { kind, name }) =>
      database.inAppliance(scope, async (queries) => {
        const rows = kind === 'phone' ? await readPhones(queries, name) : await readTrunks(queries, keys, name);
        return { row: rows[0] ?? null, readAt: await readClock(queries) };
      }),
    note: (scope, states, readAt) => database.inAppliance(scope, (queries) => note(queries, states, readAt)),
    listOutOfStep: (scope, limit) => database.inAppliance(scope, (queries) => listOutOfStep(queries, limit)),
    noteRequest: (by) =>
      database.inAppliance(by.scope, (queries) => audit.append(queries, by, { action: 'telephony.reconciled', resource: 'telephony' })),
  };
}

/** When this transaction began. Columns keep whole milliseconds, rounded: one more, so that a row written just before counts. */
async function readClock(queries: Queries): Promise<Date> {
  const [clock] = await queries.select({ ms: sql<string>`extract(epoch from now()) * 1000` }).from(sql`(values (1)) as one`);
  return new Date(Number(clock?.ms ?? 0) + 1);
}

/** Whether a row is for the telephone system, and not withheld from it. */
export function isEntry(row: DirectoryEntry | WithheldEntry): row is DirectoryEntry {
  return 'kind' in row;
}

async function readPhones(queries: Queries, username?: string): Promise<Row[]> {
  const rows = await queries
    .select({
      username: phones.username,
      extension: phones.extension,
      displayName: phones.displayName,
      digestHa1: phones.digestHa1,
      organizationSlug: organizations.slug,
      isActive: organizations.active,
    })
    .from(phones)
    .innerJoin(organizations, eq(organizations.id, phones.orgId))
    .where(username === undefined ? undefined : eq(phones.username, username));
  return rows.map(({ digestHa1, isActive, ...phone }): Row => {
    const key = { kind: 'phone', name: phone.username } as const;
    if (!isActive) return { key, state: 'pending', reason: 'its organization is not active' };
    if (digestHa1 === null) return { key, state: 'pending', reason: 'it has no password yet: reset it' };
    return { kind: 'phone', ...phone, digestHa1 };
  });
}

async function readTrunks(queries: Queries, keys: SecretKeys, name?: string): Promise<Row[]> {
  const rows = await queries
    .select()
    .from(trunks)
    .where(name === undefined ? undefined : eq(trunks.name, name));
  return rows.map(({ id, name: trunkName, host, port, matches, username, sealedPassword, registers }): Row => {
    const trunk = { kind: 'trunk', name: trunkName, host, port, matches, registers } as const;
    if (username === null || sealedPassword === null) return { ...trunk, credentials: null };
    try {
      return { ...trunk, credentials: { username, password: openTrunkPassword(keys, id, sealedPassword) } };
    } catch (error) {
      const reason = `its password cannot be opened, say it again: ${error instanceof Error ? error.message : String(error)}`;
      return { key: { kind: 'trunk', name: trunkName }, state: 'failed', reason };
    }
  });
}

/** One statement for each reason: nearly all rows have the same one. */
async function note(queries: Queries, states: readonly EntryState[], readAt: Date): Promise<void> {
  const groups = Map.groupBy(states, ({ key, state, reason }) => JSON.stringify([key.kind, state, reason]));
  for (const group of groups.values()) {
    const [first] = group;
    if (!first) continue;
    const table = first.key.kind === 'phone' ? phones : trunks;
    const nameColumn = first.key.kind === 'phone' ? phones.username : trunks.name;
    const set = { pushState: first.state, pushError: first.reason };
    const differs = sql`(${table.pushState}, ${table.pushError}) is distinct from (${first.state}, ${first.reason})`;
    for (let from = 0; from < group.length; from += NOTED_AT_ONCE) {
      const names = group.slice(from, from + NOTED_AT_ONCE).map(({ key }) => key.name);
      await queries
        .update(table)
        .set(set)
        .where(and(inArray(nameColumn, names), lte(table.updatedAt, readAt), differs));
    }
  }
}

async function listOutOfStep(queries: Queries, limit: number): Promise<EntryState[]> {
  const fromPhones = await queries
    .select({ name: phones.username, state: phones.pushState, reason: phones.pushError })
    .from(phones)
    .where(ne(phones.pushState, 'applied'))
    .orderBy(phones.username)
    .limit(limit);
  const fromTrunks = await queries
    .select({ name: trunks.name, state: trunks.pushState, reason: trunks.pushError })
    .from(trunks)
    .where(ne(trunks.pushState, 'applied'))
    .orderBy(trunks.name)
    .limit(limit);
  const withKind = (kind: DirectoryKey['kind'], rows: typeof fromPhones): EntryState[] =>
    rows.map(({ name, state, reason }) => ({ key: { kind, name }, state, reason }));
  return [...withKind('trunk', fromTrunks), ...withKind('phone', fromPhones)].slice(0, limit);
}
