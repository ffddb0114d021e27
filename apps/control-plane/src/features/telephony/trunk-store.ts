// Trunks as rows. They belong to the appliance; its chain keeps who changed them.
import { asc, eq, gt, sql } from 'drizzle-orm';
import type { Database } from '#db/client.ts';
import { trunks } from '#db/schema/trunks.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { Actor } from '#shared/actor.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import type { TrunkId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';
import type { SecretKeys } from '#shared/secret-keys.ts';
import type { PushState } from './phone-store.ts';
import { sealTrunkPassword } from './trunk-password.ts';

/** What the admin says of a trunk. */
export type TrunkSettings = {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly matches: readonly string[];
  /** Null: the carrier knows us by our address. */
  readonly username: string | null;
  readonly registers: boolean;
};

/** A trunk, without its secret. */
export type TrunkSummary = TrunkSettings & {
  readonly trunkId: string;
  readonly pushState: PushState;
  readonly pushError: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

/** A trunk to make. */
export type NewTrunk = TrunkSettings & { readonly password: string | null };
/** What of a trunk may change: everything but its name. Without a user name there is no password either. */
export type TrunkChanges = Partial<Omit<NewTrunk, 'name'>>;

/** Who changes a trunk. */
export type TrunkEditor = { readonly scope: ApplianceScope; readonly actor: Actor };

export type TrunkChange =
  | { readonly kind: 'changed'; readonly trunk: TrunkSummary }
  | { readonly kind: 'not_found' }
  /** The two that do not go together, such as a registration without a user name. */
  | { readonly kind: 'inconsistent'; readonly problem: TrunkInconsistency };

/** A field that does not go with another one. */
export type TrunkInconsistency = { readonly path: 'username' | 'password' | 'registers'; readonly message: string };

export type TrunkStore = {
  /** By name, at most `limit`, those after `after` only. */
  list(scope: ApplianceScope, page: { limit: number; after: string | null }): Promise<TrunkSummary[]>;
  find(scope: ApplianceScope, trunkId: string): Promise<TrunkSummary | null>;
  create(by: TrunkEditor, trunk: NewTrunk): Promise<{ kind: 'taken' } | Exclude<TrunkChange, { kind: 'not_found' }>>;
  update(by: TrunkEditor, trunkId: string, changes: TrunkChanges): Promise<TrunkChange>;
  /** What was removed, or null when there is no such trunk. */
  remove(by: TrunkEditor, trunkId: string): Promise<TrunkSummary | null>;
};

const columns = {
  trunkId: trunks.id,
  name: trunks.name,
  host: trunks.host,
  port: trunks.port,
  matches: trunks.matches,
  username: trunks.username,
  registers: trunks.registers,
  pushState: trunks.pushState,
  pushError: trunks.pushError,
  createdAt: trunks.createdAt,
  updatedAt: trunks.updatedAt,
};

/** Asterisk has to be told. The instant is the row's version too: later than before, also when two changes began in one millisecond. */
const changed = { pushState: 'pending', pushError: null, updatedAt: sql`greatest(now(), ${trunks.updatedAt} + interval '1 ms')` } as const;

type Parts = { readonly database: Database; readonly audit: AuditTrail; readonly keys: SecretKeys };

export function createTrunkStore(parts: Parts): TrunkStore {
  const { database, audit } = parts;
  return {
    list: (scope, { limit, after }) =>
      database.inAppliance(scope, (queries) =>
        queries
          .select(columns)
          .from(trunks)
          .where(after === null ? undefined : gt(trunks.name, after))
          .orderBy(asc(trunks.name))
          .limit(limit),
      ),
    find: (scope, trunkId) =>
      database.inAppliance(scope, async (queries) => {
        const [found] = await queries.select(columns).from(trunks).where(eq(trunks.id, trunkId));
        return found ?? null;
      }),
    create: (by, trunk) => create(parts, by, trunk),
    update: (by, trunkId, changes) => update(parts, by, { trunkId, changes }),
    remove: (by, trunkId) =>
      database.inAppliance(by.scope, async (queries) => {
        const [removed] = await queries.delete(trunks).where(eq(trunks.id, trunkId)).returning(columns);
        if (!removed) return null;
        await audit.append(queries, by, { action: 'trunk.removed', resource: trunkId, details: settingsOf(removed) });
        return removed;
      }),
  };
}

async function create({ database, audit, keys }: Parts, by: TrunkEditor, { password, ...settings }: NewTrunk) {
  const problem = inconsistency({ ...settings, hasPassword: password !== null });
  if (problem) return { kind: 'inconsistent' as const, problem };
  const id = newId('trunk');
  return await database.inAppliance(by.scope, async (queries) => {
    const [trunk] = await queries
      .insert(trunks)
      .values({ ...settings, matches: [...settings.matches], id, sealedPassword: seal(keys, id, password) })
      .onConflictDoNothing()
      .returning(columns);
    if (!trunk) return { kind: 'taken' as const };
    await audit.append(queries, by, { action: 'trunk.created', resource: id, details: settingsOf(trunk) });
    return { kind: 'changed' as const, trunk };
  });
}

type Update = { readonly trunkId: string; readonly changes: TrunkChanges };

function update({ database, audit, keys }: Parts, by: TrunkEditor, { trunkId, changes }: Update): Promise<TrunkChange> {
  return database.inAppliance(by.scope, async (queries) => {
    const [current] = await queries.select().from(trunks).where(eq(trunks.id, trunkId)).for('no key update');
    if (!current) return { kind: 'not_found' };
    const { password, matches = current.matches, ...rest } = changes;
    const username = rest.username === undefined ? current.username : rest.username;
    const sealed = password === undefined ? current.sealedPassword : seal(keys, trunkId as TrunkId, password);
    const sealedPassword = username === null && password === undefined ? null : sealed;
    const next = { ...rest, username, registers: rest.registers ?? current.registers };
    const problem = inconsistency({ ...next, hasPassword: sealedPassword !== null });
    if (problem) return { kind: 'inconsistent', problem };
    const [trunk] = await queries
      .update(trunks)
      .set({ ...next, matches: [...matches], sealedPassword, ...changed })
      .where(eq(trunks.id, trunkId))
      .returning(columns);
    if (!trunk) return { kind: 'not_found' };
    const details = { ...settingsOf(trunk), passwordChanged: password !== undefined };
    await audit.append(queries, by, { action: 'trunk.updated', resource: trunkId, details });
    return { kind: 'changed', trunk };
  });
}

function seal(keys: SecretKeys, trunkId: TrunkId, password: string | null): string | null {
  return password === null ? null : sealTrunkPassword(keys, trunkId, password);
}

type Credentials = { readonly username: string | null; readonly hasPassword: boolean; readonly registers: boolean };

function inconsistency({ username, hasPassword, registers }: Credentials): TrunkInconsistency | null {
  if (username !== null && !hasPassword) return { path: 'password', message: 'a trunk with a user name needs a password' };
  if (username === null && hasPassword) return { path: 'username', message: 'a trunk with a password needs a user name' };
  if (username === null && registers) return { path: 'registers', message: 'only a trunk with a user name and a password can register' };
  return null;
}

/** For the audit log: everything but the secret. */
function settingsOf({ name, host, port, matches, username, registers }: TrunkSettings) {
  return { name, host, port, matches, username, registers };
}
