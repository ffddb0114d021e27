/** A database server of its own for a measurement, migrated, from the private root. */
import { openTestDatabase } from '@centralita/e2e/test-database.ts';
import type { TestDatabase } from '@centralita/e2e/test-database.ts';
import { databaseUrl } from '@centralita/provision/instance.ts';
import { openDatabase } from '@centralita/control-plane/db/client.ts';
import type { Database } from '@centralita/control-plane/db/client.ts';
import { migrateDatabase } from '@centralita/control-plane/db/migrate.ts';

/** Disposing it closes the connections and stops the server. */
export type BenchDatabase = AsyncDisposable & {
  /** As the application's role: row-level security holds. */
  readonly database: Database;
  readonly url: string;
  /** For what may happen to a server. */
  readonly server: Pick<TestDatabase, 'instance' | 'kill' | 'start'>;
};

/** Starts a server and migrates it. */
export async function openBenchDatabase(): Promise<BenchDatabase> {
  const home = process.env['CENTRALITA_RIG'];
  if (!home) throw new Error('CENTRALITA_RIG must be the folder of the private root that `npm run rig` builds');
  await using opened = new AsyncDisposableStack();
  const server = opened.use(await openTestDatabase(home));
  await migrateDatabase({ kind: 'server', url: databaseUrl(server.instance, 'migrator') });
  const url = databaseUrl(server.instance, 'app');
  const database = opened.use(await openDatabase({ kind: 'server', url }));
  const running = opened.move();
  return { database, url, server, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
