// The databases that every `*.db.test.ts` runs on: PGlite always, and a PostgreSQL server when its superuser's URL is given.
import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import type { Database, DatabaseSource } from './client.ts';
import { openDatabase } from './client.ts';
import { migrateDatabase } from './migrate.ts';
import { createPglite } from './pglite.ts';

/** A migrated, empty database of one test file; disposing it removes it. */
export type TestDatabase = AsyncDisposable & {
  readonly database: Database;
  /** Runs SQL as superuser, past every policy, to look behind the product's back. */
  asSuperuser(query: string): Promise<Record<string, unknown>[]>;
};

/** One kind of database to run a suite on. */
export type TestDatabaseKind = { readonly kind: string; open(): Promise<TestDatabase> };

/** The kinds to run a suite on. `serverUrl` is TEST_DATABASE_URL: a superuser, whose server gets one scratch database per file. */
export function testDatabases(serverUrl: string | undefined): TestDatabaseKind[] {
  const kinds: TestDatabaseKind[] = [{ kind: 'PGlite', open: openPglite }];
  if (serverUrl) kinds.push({ kind: 'PostgreSQL server', open: () => openOnServer(serverUrl) });
  return kinds;
}

async function openPglite(): Promise<TestDatabase> {
  const pglite = await createPglite();
  const source: DatabaseSource = { kind: 'pglite', pglite };
  await migrateDatabase(source);
  const database = await openDatabase(source);
  return {
    database,
    asSuperuser: async (query) => (await pglite.query<Record<string, unknown>>(query)).rows,
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

async function openOnServer(serverUrl: string): Promise<TestDatabase> {
  const name = `centralita_test_${randomBytes(6).toString('hex')}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const source: DatabaseSource = { kind: 'server', url: url.href };
  const server = postgres(serverUrl, { max: 1, onnotice: () => {} });
  await server.unsafe(`create database ${name}`);
  // Roles are of the whole server while the migration's own lock is per database: two files would race to make them.
  await server.unsafe('select pg_advisory_lock(1)');
  await migrateDatabase(source);
  await server.unsafe('select pg_advisory_unlock(1)');
  const superuser = postgres(url.href, { max: 1, onnotice: () => {} });
  const database = await openDatabase(source);
  return {
    database,
    asSuperuser: async (query) => [...(await superuser.unsafe<Record<string, unknown>[]>(query))],
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      await superuser.end();
      await server.unsafe(`drop database ${name} with (force)`);
      await server.end();
    },
  };
}
