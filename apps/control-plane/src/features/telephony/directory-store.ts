// What the telephone system must know, read from the rows, and whether it does, written into them.
import { and, eq, ne, or, sql } from 'drizzle-orm';
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

/** A row as it was read. */
export type DirectoryRow = {
  readonly key: DirectoryKey;
  readonly says: DirectoryEntry | WithheldEntry;
  /** Later with every change of the row. */
  readonly version: Date;
};

/** Whether the telephone system has one entry. */
export type EntryState = { readonly key: DirectoryKey; readonly state: PushState; readonly reason: string | null };

/** The same, of the version of its row that it is true of. */
export type RowState = EntryState & { readonly version: Date };

export type DirectoryStore = {
  /** Everything that the telephone system must have now, and nothing else. */
  read(scope: ApplianceScope): Promise<readonly DirectoryRow[]>;
  /** Null without a row. */
  find(scope: ApplianceScope, key: DirectoryKey): Promise<DirectoryRow | null>;
  /** Writes it into the rows that still have that version. */
  note(scope: ApplianceScope, states: readonly RowState[]): Promise<void>;
  /** Entries that the telephone system does not have as their rows say, at most `limit`. */
  listOutOfStep(scope: ApplianceScope, limit: number): Promise<EntryState[]>;
  /** Writes down that somebody asked for a comparison. */
  noteRequest(by: { readonly scope: ApplianceScope; readonly actor: Actor }): Promise<void>;
};

type Parts = { readonly database: Database; readonly keys: SecretKeys; readonly audit: AuditTrail };

/** An organization that has thousands of rows to be noted gets them in pieces that a statement takes. */
const NOTED_AT_ONCE = 500;

export function createDirectoryStore({ database, keys, audit }: Parts): DirectoryStore {
  return {
    read: (scope) => database.inAppliance(scope, async (queries) => [...(await readPhones(queries)), ...(await readTrunks(queries, keys))]),
    find: (scope, { kind, name }) =>
      database.inAppliance(scope, async (queries) => {
        const rows = kind === 'phone' ? await readPhones(queries, name) : await readTrunks(queries, keys, name);
        return rows[0] ?? null;
      }),
    note: (scope, states) => database.inAppliance(scope, (queries) => note(queries, states)),
    listOutOfStep: (scope, limit) => database.inAppliance(scope, (queries) => listOutOfStep(queries, limit)),
    noteRequest: (by) =>
      database.inAppliance(by.scope, (queries) => audit.append(queries, by, { action: 'telephony.reconciled', resource: 'telephony' })),
  };
}

/** What a row says to the telephone system; null without a row, and when it is withheld. */
export function entryOf(row: DirectoryRow | null): DirectoryEntry | null {
  return row && 'kind' in row.says ? row.says : null;
}

async function readPhones(queries: Queries, username?: string): Promise<DirectoryRow[]> {
  const rows = await queries
    .select({
      username: phones.username,
      extension: phones.extension,
      displayName: phones.displayName,
      digestHa1: phones.digestHa1,
      organizationSlug: organizations.slug,
      isActive: organizations.active,
      version: phones.updatedAt,
    })
    .from(phones)
    .innerJoin(organizations, eq(organizations.id, phones.orgId))
    .where(username === undefined ? undefined : eq(phones.username, username));
  return rows.map(({ digestHa1, isActive, version, ...phone }): DirectoryRow => {
    const key = { kind: 'phone', name: phone.username } as const;
    const withheld = (reason: string): DirectoryRow => ({ key, version, says: { key, state: 'pending', reason } });
    if (!isActive) return withheld('its organization is not active');
    if (digestHa1 === null) return withheld('it has no password yet: reset it');
    return { key, version, says: { kind: 'phone', ...phone, digestHa1 } };
  });
}

async function readTrunks(queries: Queries, keys: SecretKeys, name?: string): Promise<DirectoryRow[]> {
  const rows = await queries
    .select()
    .from(trunks)
    .where(name === undefined ? undefined : eq(trunks.name, name));
  return rows.map((row) => ({ key: { kind: 'trunk', name: row.name }, version: row.updatedAt, says: openTrunk(row, keys) }));
}

function openTrunk(row: typeof trunks.$inferSelect, keys: SecretKeys): DirectoryRow['says'] {
  const { id, name, host, port, matches, username, sealedPassword, registers } = row;
  const trunk = { kind: 'trunk', name, host, port, matches, registers } as const;
  if (username === null || sealedPassword === null) return { ...trunk, credentials: null };
  try {
    return { ...trunk, credentials: { username, password: openTrunkPassword(keys, id, sealedPassword) } };
  } catch (error) {
    const reason = `its password cannot be opened, say it again: ${error instanceof Error ? error.message : String(error)}`;
    return { key: { kind: 'trunk', name }, state: 'failed', reason };
  }
}

/** One statement for each reason: nearly all rows have the same one. */
async function note(queries: Queries, states: readonly RowState[]): Promise<void> {
  const groups = Map.groupBy(states, ({ key, state, reason }) => JSON.stringify([key.kind, state, reason]));
  for (const group of groups.values()) {
    const [first] = group;
    if (!first) continue;
    const table = first.key.kind === 'phone' ? phones : trunks;
    const nameColumn = first.key.kind === 'phone' ? phones.username : trunks.name;
    const set = { pushState: first.state, pushError: first.reason };
    const differs = sql`(${table.pushState}, ${table.pushError}) is distinct from (${first.state}, ${first.reason})`;
    for (let from = 0; from < group.length; from += NOTED_AT_ONCE) {
      const versions = group
        .slice(from, from + NOTED_AT_ONCE)
        .map((at) => and(eq(nameColumn, at.key.name), eq(table.updatedAt, at.version)));
      await queries
        .update(table)
        .set(set)
        .where(and(or(...versions), differs));
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
