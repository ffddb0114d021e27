// The registry's own database for tests: the SQL of `provision/supabase` on a real PostgreSQL, with PostgREST's roles and claims.
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import postgres from 'postgres';
import { createPglite } from '#db/pglite.ts';

export type CloudRow = Record<string, unknown>;
/** Who asks: the claims of his token; null: the operator, past every policy. */
export type CloudClaims = Readonly<Record<string, unknown>> | null;

export type RegistryCloud = AsyncDisposable & {
  /** One statement in a transaction of its own, as PostgREST does it. */
  run(claims: CloudClaims, text: string, values?: readonly unknown[]): Promise<CloudRow[]>;
};

type Run = (text: string, values?: readonly unknown[]) => Promise<CloudRow[]>;
type Transaction = <Result>(work: (run: Run) => Promise<Result>) => Promise<Result>;

const sqlFolder = new URL('../../../../provision/supabase/', import.meta.url);

/** Opens one: on a server when its superuser's URL is given, else in process. */
export async function openRegistryCloud(kind: string, serverUrl: string | undefined): Promise<RegistryCloud> {
  const { transaction, script, close } = kind === 'PGlite' || serverUrl === undefined ? await onPglite() : await onServer(serverUrl);
  const files = (await readdir(sqlFolder)).filter((name) => name.endsWith('.sql')).toSorted();
  // Twice: an operator who runs them again changes nothing.
  for (const file of [...files, ...files]) await script(await readFile(new URL(file, sqlFolder), 'utf8'));
  return {
    run: (claims, text, values) =>
      transaction(async (run) => {
        if (claims !== null)
          await run(`select set_config('request.jwt.claims', $1, true), set_config('role', $2, true)`, [
            JSON.stringify(claims),
            typeof claims['role'] === 'string' ? claims['role'] : 'anon',
          ]);
        return run(text, values);
      }),
    [Symbol.asyncDispose]: close,
  };
}

type Opened = {
  readonly transaction: Transaction;
  readonly script: (text: string) => Promise<unknown>;
  readonly close: () => Promise<void>;
};

async function onPglite(): Promise<Opened> {
  const pglite = await createPglite();
  return {
    transaction: async (work) =>
      pglite.transaction((inside) => work(async (text, values = []) => (await inside.query<CloudRow>(text, [...values])).rows)),
    script: (text) => pglite.exec(text),
    close: () => pglite.close(),
  };
}

async function onServer(serverUrl: string): Promise<Opened> {
  const name = `centralita_registry_${randomBytes(6).toString('hex')}`;
  const server = postgres(serverUrl, { max: 1, onnotice: () => {} });
  await server.unsafe(`create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const client = postgres(url.href, { max: 4, onnotice: () => {} });
  return {
    transaction: async (work) =>
      (await client.begin((inside) =>
        work(async (text, values = []) => [...(await inside.unsafe<CloudRow[]>(text, [...values] as string[]))]),
      )) as never,
    script: (text) => client.unsafe(text).simple(),
    async close() {
      await client.end();
      await server.unsafe(`drop database ${name} with (force)`);
      await server.end();
    },
  };
}
