// The one door to the database: a transaction that is told whose rows it may see, the same on a PostgreSQL server and on PGlite.
import type { PGlite } from '@electric-sql/pglite';
import { sql } from 'drizzle-orm';
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import { drizzle as drizzleServer } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import type { AdminOrgScope, ApplianceScope, OneOrganization } from '#shared/appliance-scope.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import { connectGathered } from './gathered-socket.ts';
import type { BoundRead, RowsOf } from './prepared-read.ts';
import type { ReadSettings, WriteOptions } from './read-pipeline.ts';
import { openReadPipeline, scopeStatement } from './read-pipeline.ts';
import { addressOptions } from './server-address.ts';

/** Connections of one process besides the pipelined reads' own: the journal, routing and a page of requests; the server's limit is shared by all processes. */
export const MAX_CONNECTIONS = 10;
/** A server that does not answer is reported within this time. */
const CONNECT_TIMEOUT_S = 5;
/**
 * While the server is away every transaction tries to connect once, this long after the try before: a request does not wait for more. By its own rule
 * the driver waits up to 20 s after a few tries: requests met their limit of 15 s, and the first ones after a restart of the server waited as well.
 */
const RECONNECT_S = 0.1;
/** No statement of ours takes longer; a transaction left open by a bug does not hold its locks for ever. */
const STATEMENT_TIMEOUT_MS = 10_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000;
/** The database's roles: one bound to the organization that is set, one for the admin. */
const ROLES = { organization: 'centralita_app', appliance: 'centralita_admin' } as const;

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
  /** What hot paths read, in one transaction of the scope: every select is known beforehand, and a server gets them all in one write. */
  read<const Reads extends readonly BoundRead<unknown>[]>(scope: ReadScope, reads: Reads): Promise<RowsOf<Reads>>;
  /** What hot paths write, the same way: every statement is known beforehand and returns what it did. One that fails undoes all of its call. */
  write<const Writes extends readonly BoundRead<unknown>[]>(
    scope: OrgScope,
    writes: Writes,
    options?: WriteOptions,
  ): Promise<RowsOf<Writes>>;
  /** A transaction before the organization is known: sees no organization's rows. For routing and for rejected calls. */
  unscoped<Result>(work: (queries: Queries) => Promise<Result>): Promise<Result>;
  /** Hears `pg_notify` on a channel, from whichever process. Settles once it listens; the connection is renewed by itself, with a `gap` each time. */
  listen(channel: string, listener: (notification: Notification) => void): Promise<AsyncDisposable>;
  /** Settles when the database answers; rejects with the reason when it does not. */
  ping(): Promise<void>;
  /** Connections that ended without our ending them, so far: the server was restarted or died, or something on the way cut them. */
  connectionsLost(): number;
};

type Connection = AsyncDisposable &
  Pick<Database, 'listen' | 'connectionsLost'> & {
    readonly queries: Queries;
    /** The rows of each read, as arrays, from one transaction with these settings. */
    read(settings: ReadSettings, reads: readonly BoundRead<unknown>[]): Promise<unknown[][][]>;
  };

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

  async function together<const Reads extends readonly BoundRead<unknown>[]>(settings: ReadSettings, reads: Reads) {
    const rows = await connection.read(settings, reads);
    return reads.map((read, index) => (rows[index] ?? []).map((values) => read.toRow(values))) as RowsOf<Reads>;
  }
  const organizationSettings = ({ organizationId }: OrgScope) => ({ role: ROLES.organization, organizationId });

  const database: Database = {
    inOrg: (scope, work) => transaction(ROLES.organization, scope.organizationId, work),
    inAppliance: (_scope, work) => transaction(ROLES.appliance, '', work),
    inScope: (scope, work) => ('kind' in scope ? database.inAppliance(scope, work) : database.inOrg(scope, work)),
    read: (scope, reads) => together('kind' in scope ? { role: ROLES.appliance, organizationId: '' } : organizationSettings(scope), reads),
    write: (scope, writes, options = {}) => together({ ...organizationSettings(scope), ...options }, writes),
    unscoped: (work) => transaction(ROLES.organization, '', work),
    listen: (channel, listener) => connection.listen(channel, listener),
    ping: async () => void (await queries.execute(sql`select 1`)),
    connectionsLost: () => connection.connectionsLost(),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
  return database;
}

/** What the driver knows of the server when it opens a connection: a list of hosts, or the path of a Unix socket. */
type SocketTarget = { readonly host: readonly string[]; readonly port: readonly number[]; readonly path: string | false };

function connectServer(url: string): Connection {
  let lost = 0;
  const onLost = (): void => void (lost += 1);
  const options = {
    ...addressOptions(url),
    socket: (target: SocketTarget) =>
      connectGathered(target.path ? { path: target.path } : { host: target.host[0] ?? '', port: target.port[0] ?? 0 }, onLost),
    connect_timeout: CONNECT_TIMEOUT_S,
    backoff: () => RECONNECT_S,
    onnotice: () => {},
    connection: {
      application_name: 'centralita',
      statement_timeout: STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    },
  };
  const client = postgres(url, { ...options, max: MAX_CONNECTIONS });
  const pipeline = openReadPipeline(url, options);
  return {
    queries: drizzleServer(client),
    connectionsLost: () => lost,
    read: (settings, reads) => pipeline.run(settings, reads),
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
    [Symbol.asyncDispose]: async () => void (await Promise.all([client.end({ timeout: 5 }), pipeline[Symbol.asyncDispose]()])),
  };
}

async function connectPglite(pglite: PGlite): Promise<Connection> {
  // Loaded on demand: a production process never pays for the embedded engine.
  const { drizzle } = await import('drizzle-orm/pglite');
  return {
    queries: drizzle(pglite),
    connectionsLost: () => 0,
    read: (settings, reads) =>
      pglite.transaction(async (inside) => {
        await inside.query(scopeStatement(settings), [settings.role, settings.organizationId]);
        const rows: unknown[][][] = [];
        for (const { text, values } of reads) rows.push((await inside.query<unknown[]>(text, [...values], { rowMode: 'array' })).rows);
        return rows;
      }),
    async listen(channel, listener) {
      const unlisten = await pglite.listen(channel, (payload) => listener({ kind: 'payload', payload }));
      return { [Symbol.asyncDispose]: () => unlisten() };
    },
    [Symbol.asyncDispose]: () => pglite.close(),
  };
}
