// Read transactions whose statements are all known beforehand go to the server in one write, without waiting for one answer before the next statement.
import postgres from 'postgres';
import type { BoundRead } from './prepared-read.ts';

/**
 * Each connection takes the statements of many transactions one behind the other, so that few are enough: 64 readers got 6,075 transactions/s from
 * two and 8,772 from four, on two cores; ten gave no more. A long read holds up only what was sent behind it on the same connection.
 */
const CONNECTIONS = 4;
/** While the server is away every transaction tries to connect once, this long after the try before: a request does not wait for more. */
const RECONNECT_S = 0.1;

/** The role and organization that a transaction takes first. */
export type ReadSettings = { readonly role: string; readonly organizationId: string };

/** The pipeline. Disposing it lets what was sent end. */
export type ReadPipeline = AsyncDisposable & {
  /** The rows of each read, as arrays. Rejects with the first error; then no row of any read is given. */
  run(settings: ReadSettings, reads: readonly BoundRead<unknown>[]): Promise<unknown[][][]>;
};

type PendingQuery = ReturnType<postgres.Sql['unsafe']>;
/** Role and organization of one transaction: the first statement after `begin`. */
export const SET_SCOPE = "select set_config('role', $1, true), set_config('app.org_id', $2, true)";
/** Parsed by the server once per connection. */
const PREPARED = { prepare: true };

/** `options` are the driver's, as for every other connection of the process. */
export function openReadPipeline(url: string, options: postgres.Options<Record<string, never>>): ReadPipeline {
  const lanes = Array.from({ length: CONNECTIONS }, () => ({
    client: postgres(url, { ...options, max: 1, backoff: () => RECONNECT_S }),
    underway: 0,
  }));
  return {
    async run({ role, organizationId }, reads) {
      // The shortest queue: on busy cores a backend may stand still for some milliseconds, and its connection gets nothing more meanwhile.
      const lane = lanes.reduce((shortest, other) => (other.underway < shortest.underway ? other : shortest));
      const { client } = lane;
      // Nothing is awaited in between: on a client of one connection the statements follow each other, and no other transaction's come between.
      const before = [client.unsafe('begin', [], PREPARED), client.unsafe(SET_SCOPE, [role, organizationId], PREPARED)];
      const selects = reads.map(({ text, values }) => client.unsafe(text, [...values], PREPARED).values() as unknown as PendingQuery);
      // After an error this rolls back.
      const commit = client.unsafe('commit', [], PREPARED);
      lane.underway += 1;
      try {
        return await settle({ before, selects, commit });
      } finally {
        lane.underway -= 1;
      }
    },
    [Symbol.asyncDispose]: async () => void (await Promise.all(lanes.map(({ client }) => client.end({ timeout: 5 })))),
  };
}

type Statements = { readonly before: PendingQuery[]; readonly selects: PendingQuery[]; readonly commit: PendingQuery };

async function settle({ before, selects, commit }: Statements): Promise<unknown[][][]> {
  const statements = [...before, ...selects, commit];
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
  return results.slice(before.length, -1) as unknown as unknown[][][];
}
