// Read transactions whose statements are all known beforehand go to the server in one write, without waiting for one answer before the next statement.
import postgres from 'postgres';
import type { BoundRead } from './prepared-read.ts';

/**
 * Each connection takes the statements of many transactions one behind the other, so that few are enough: 64 readers got 6,075 transactions/s from
 * two and 8,772 from four, on two cores; ten gave no more. A long read holds up only what was sent behind it on the same connection.
 */
const CONNECTIONS = 4;
/**
 * Readers of one organization whose requests arrive in the same turn of the event loop share a transaction: of four statements for each, three are the
 * transaction's own. At most so many, that a connection is not held up for long.
 */
const MAX_READERS = 16;
/** The role and organization that a transaction takes first; `durable: false` as in `WriteOptions`. */
export type ReadSettings = { readonly role: string; readonly organizationId: string } & WriteOptions;

/** `durable: false`: the answer does not wait for the disk. A power cut may undo the last 0.6 s of such writes, and nothing of any other. */
export type WriteOptions = { readonly durable?: false };

/** The pipeline. Disposing it lets what was sent end. */
export type ReadPipeline = AsyncDisposable & {
  /** The rows of each read, as arrays. Rejects with the first error; then no row of any read is given. */
  run(settings: ReadSettings, reads: readonly BoundRead<unknown>[]): Promise<Rows[]>;
};

type Rows = unknown[][];
type PendingQuery = ReturnType<postgres.Sql['unsafe']>;
type Lane = { readonly client: postgres.Sql; underway: number };
/** Who waits for some rows. */
type Reader = PromiseWithResolvers<Rows[]> & { readonly reads: readonly BoundRead<unknown>[] };
/** Readers of one organization, or all of the appliance: they see the same rows. */
type Group = { readonly settings: ReadSettings; readonly readers: Reader[] };

const SET_SCOPE = "select set_config('role', $1, true), set_config('app.org_id', $2, true)";
const SET_SCOPE_UNFLUSHED = `${SET_SCOPE}, set_config('synchronous_commit', 'off', true)`;
/** Role and organization of one transaction, and whether its end waits for the disk: the first statement after `begin`. */
export function scopeStatement({ durable }: WriteOptions): string {
  return durable === false ? SET_SCOPE_UNFLUSHED : SET_SCOPE;
}

/** Parsed by the server once per connection. */
const PREPARED = { prepare: true };

/** `options` are the driver's, as for every other connection of the process. */
export function openReadPipeline(url: string, options: postgres.Options<Record<string, never>>): ReadPipeline {
  const lanes: Lane[] = Array.from({ length: CONNECTIONS }, () => ({
    client: postgres(url, { ...options, max: 1 }),
    underway: 0,
  }));
  const gathering = new Map<string, Group>();

  async function send({ settings, readers }: Group): Promise<void> {
    // The shortest queue: on busy cores a backend may stand still for some milliseconds, and its connection gets nothing more meanwhile.
    const lane = lanes.reduce((shortest, other) => (other.underway < shortest.underway ? other : shortest));
    const allReads = readers.flatMap(({ reads }) => reads);
    lane.underway += allReads.length;
    try {
      const rows = await transact(lane.client, settings, allReads);
      let start = 0;
      for (const reader of readers) reader.resolve(rows.slice(start, (start += reader.reads.length)));
    } catch (error) {
      // One statement that the server refused spoils the whole transaction: each reader gets one of its own.
      const isSpoiltByAnother = error instanceof postgres.PostgresError && readers.length > 1;
      for (const reader of readers) {
        if (isSpoiltByAnother) void send({ settings, readers: [reader] });
        else reader.reject(error);
      }
    } finally {
      lane.underway -= allReads.length;
    }
  }

  function flush(): void {
    for (const group of gathering.values()) void send(group);
    gathering.clear();
  }

  return {
    run(settings, reads) {
      const reader: Reader = { ...Promise.withResolvers<Rows[]>(), reads };
      const key = `${settings.role} ${settings.organizationId} ${settings.durable ?? true}`;
      const group = gathering.get(key) ?? { settings, readers: [] };
      if (gathering.size === 0) setImmediate(flush);
      gathering.set(key, group);
      group.readers.push(reader);
      if (group.readers.length === MAX_READERS) {
        gathering.delete(key);
        void send(group);
      }
      return reader.promise;
    },
    async [Symbol.asyncDispose]() {
      flush();
      await Promise.all(lanes.map(({ client }) => client.end({ timeout: 5 })));
    },
  };
}

/** Nothing is awaited in between: on a client of one connection the statements follow each other, and no other transaction's come between. */
async function transact(client: postgres.Sql, settings: ReadSettings, reads: readonly BoundRead<unknown>[]): Promise<Rows[]> {
  const { role, organizationId } = settings;
  const statements: PendingQuery[] = [
    client.unsafe('begin', [], PREPARED),
    client.unsafe(scopeStatement(settings), [role, organizationId], PREPARED),
    ...reads.map(({ text, values }) => client.unsafe(text, [...values], PREPARED).values() as unknown as PendingQuery),
    // After an error this rolls back.
    client.unsafe('commit', [], PREPARED),
  ];
  let results: Awaited<PendingQuery>[];
  try {
    results = await Promise.all(statements);
  } catch (error) {
    // A server that refused a statement answers the rest by itself. Without a server they would wait for one: each for its own attempt to connect.
    if (!(error instanceof postgres.PostgresError)) for (const statement of statements) statement.cancel();
    throw error;
  }
  const backends = new Set(results.map(({ state }) => state.pid));
  // Reconnected half-way: what came after was read without the organization, by a role that sees no row. An empty answer would be a wrong one.
  if (backends.size !== 1 || results.at(-1)?.command !== 'COMMIT')
    throw new Error('the connection to the database changed within a transaction');
  return results.slice(2, -1) as unknown as Rows[];
}
