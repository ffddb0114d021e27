// Brings a database to the schema of this release. Runs as the tables' owner, never as the application's role.
import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import { drizzle as drizzleServer } from 'drizzle-orm/postgres-js';
import { migrate as migrateServer } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';
import type { DatabaseSource } from './client.ts';
import { addressOptions } from './server-address.ts';

const migrationsFolder = fileURLToPath(new URL('migrations', import.meta.url));
/** Any constant will do as long as every release uses the same: 'cent' in ASCII. */
const MIGRATION_LOCK = 0x63656e74;

/** Applies the migrations that are missing; repeating it changes nothing. Two at once wait for each other. */
export async function migrateDatabase(source: DatabaseSource): Promise<void> {
  if (source.kind === 'pglite') {
    const [{ drizzle }, { migrate }] = await Promise.all([import('drizzle-orm/pglite'), import('drizzle-orm/pglite/migrator')]);
    await migrate(drizzle(source.pglite), { migrationsFolder });
    return;
  }
  // One connection: the lock belongs to the session and ends with it.
  const client = postgres(source.url, {
    ...addressOptions(source.url),
    max: 1,
    connect_timeout: 5,
    onnotice: () => {},
    connection: { application_name: 'centralita-migrate' },
  });
  try {
    const queries = drizzleServer(client);
    await queries.execute(sql`select pg_advisory_lock(${MIGRATION_LOCK})`);
    await migrateServer(queries, { migrationsFolder });
  } finally {
    await client.end({ timeout: 5 });
  }
}
