// The one door to the database: a transaction that is told whose rows it may see, the same on a PostgreSQL server and on PGlite.
import type { PGlite } from '@electric-sql/pglite';
import { sql } from 'drizzle-orm';
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import { drizzle as drizzleServer } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import type { AdminOrgScope, ApplianceScope, OneOrganization } from '#shared/appliance-scope.ts';
import type { OrgScope } from '#shared/org-scope.ts';

/** Connections of one process: the journal, routing and a page of requests; the server's own limit is shared by all processes. */
const MAX_CONNECTIONS = 10;
/** A server that does not answer is reported within this time. */
const CONNECT_TIMEOUT_S = 5;
/** No statement of ours takes longer; a transaction left open by a bug does not hold its locks for ever. */
const STATEMENT_TIMEOUT_MS = 10_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000;

/** Where the rows are: a PostgreSQL server, or an open PGlite that the database takes over and closes. */
export type DatabaseSource = { readonly kind: 'server'; readonly url: string } | { readonly kind: 'pglite'; readonly pglite: PGlite };

/** Queries, inside a transaction or not. Both drivers fit. Raw `execute` differs in what it returns: use its effect only. */
export type Queries = PgDatabase<PgQueryResultHKT, Record<string, never>>;

/** Whose rows a reader may see: one organization's, for its owner or for the admin, or every organization's. */
export type ReadScope = OneOrganization | ApplianceScope;

/** What a listener is told: a payload, or that some may have been missed because the connection was away. */
export type Notification = { readonly kind: 'payload'; readonly payload: string } | { readonly kind: 'gap' };

/** The database of one process. Every statement runs in one of its transactions. */
export type Database = AsyncDisposable & {
  /** A transaction that sees and writes one organization's rows. */
  inOrg<Result>(scope: OrgScope, work: (queries: Queries) => Promise<Result>): Promise<Result>;
  /** A transaction that reads every organization's rows and writes what an appliance's admin may. */
  inAppliance<Result>(scope: ApplianceScope | AdminOrgScope, work: (queries: Queries) => Promise<Result>): Promise<Result>;
  /** Whichever of the two the scope allows, for a store that serves both. */
  inScope<Result>(scope: ReadScope, work: (queries: Queries) => Promise<Result>): Promise<Result>;
  /** A transaction before the organization is known: sees no organization's rows. For routing and for rejected calls. */
  unscoped<Result>(work: (queries: Queries) => Promise<Result>): Promise<Result>;
  /** Hears `pg_notify` on a channel, from whichever process. Settles once it listens; the connection is renewed by itself, with a `gap` each time. */
  listen(channel: string, listener: (notification: Notification) => void): Promise<AsyncDisposable>;
  /** Settles when the database answers; rejects with the reason when it does not. */
  ping(): Promise<void>;
};

type Connection = AsyncDisposable & Pick<Database, 'listen'> & { readonly queries: Queries };

/** Opens the database. A server is not contacted before the first query, so a process can start while the server is away. */
export async function openDatabase(source: DatabaseSource): Promise<Database> {
  const connection = source.kind === 'server' ? connectServer(source.url) : await connectPglite(source.pglite);
  const { queries } = connection;

  // The role is taken in every transaction, whatever the login: PGlite logs in as superuser, and a server may be given an owner's URL.
  async function transaction<Result>(role: string, organizationId: string, work: (queries: Queries) => Promise<Result>) {
    return queries.transaction(async (inside) => {
      await inside.execute(sql`select set_config('role', ${role}, true), set_config('app.org_id', ${organizationId}, true)`);
      return work(inside);
    });
  }

  const database: Database = {
    inOrg: (scope, work) => transaction('centralita_app', scope.organizationId, work),
    inAppliance: (_scope, work) => transaction('centralita_admin', '', work),
    inScope: (scope, work) => ('kind' in scope ? database.inAppliance(scope, work) : database.inOrg(scope, work)),
    unscoped: (work) => transaction('centralita_app', '', work),
    listen: (channel, listener) => connection.listen(channel, listener),
    ping: async () => void (await queries.execute(sql`select 1`)),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
  return database;
}

function connectServer(url: string): Connection {
  const client = postgres(url, {
    max: MAX_CONNECTIONS,
    connect_timeout: CONNECT_TIMEOUT_S,
    onnotice: () => {},
    connection: {
      application_name: 'centralita',
      statement_timeout: STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    },
  });
  return {
    queries: drizzleServer(client),
    async listen(channel, listener) {
      let isFirst = true;
      // Called at the first LISTEN and again after every reconnection.
      const onListen = () => {
        if (!isFirst) listener({ kind: 'gap' });
        isFirst = false;
      };
      const listening = await client.listen(channel, (payload) => listener({ kind: 'payload', payload }), onListen);
      return { [Symbol.asyncDispose]: () => listening.unlisten() };
    },
    [Symbol.asyncDispose]: () => client.end({ timeout: 5 }),
  };
}

async function connectPglite(pglite: PGlite): Promise<Connection> {
  // Loaded on demand: a production process never pays for the embedded engine.
  const { drizzle } = await import('drizzle-orm/pglite');
  return {
    queries: drizzle(pglite),
    async listen(channel, listener) {
      const unlisten = await pglite.listen(channel, (payload) => listener({ kind: 'payload', payload }));
      return { [Symbol.asyncDispose]: () => unlisten() };
    },
    [Symbol.asyncDispose]: () => pglite.close(),
  };
}
