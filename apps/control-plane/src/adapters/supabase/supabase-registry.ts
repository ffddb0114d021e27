// The registry of servers in Supabase, spoken to through PostgREST. The client does not throw and has no limit of its own: both are made here.
import { PostgrestClient } from '@supabase/postgrest-js';
import { z } from 'zod';
import type {
  ForeignRow,
  PullOutcome,
  PushOutcome,
  RegistryIdentity,
  RegistryFailure,
  RegistryRow,
  RegistryTable,
  ServerRegistry,
} from '#ports/server-registry.ts';
import { limitedFetch } from './limited-fetch.ts';
import { readRegistryToken } from './registry-token.ts';

/** A request that takes longer is given up; nobody waits for it but the registry's own loop. */
const REQUEST_LIMIT_MS = 15_000;
/** Statuses that another try may change: too slow, in each other's way, too many. */
const RETRIED_STATUSES = [408, 409, 429];
/** Longest text of a far side's that is kept as a reason. */
const MAX_REASON_LENGTH = 300;

/** The column that a row's key is in; null where the server is the key. */
const KEY_COLUMNS = {
  servers: null,
  organization_servers: 'organization_id',
  server_agents: 'agent_id',
  server_heartbeats: null,
} as const satisfies Record<RegistryTable, string | null>;
const FEED_COLUMNS = 'kind,server_id,key,fleet_id,version,deleted,position,fields';
const HEARTBEAT_COLUMNS = 'server_id,fleet_id,version,deleted,release,sent_at,uptime_seconds,live_calls,max_calls,accepting,updated_at';

/** Versions beyond this are no counting of ours: half of what a number holds exactly. */
const MAX_VERSION = 2 ** 52;
const storedSchema = z.array(z.looseObject({ version: z.int().positive().max(MAX_VERSION) }));
const rowsSchema = z.array(z.record(z.string(), z.unknown()));

export type SupabaseOptions = {
  /** Of the project, such as `https://abcdefgh.supabase.co`. */
  readonly url: string;
  /** The project's publishable key, which its gateway asks of everybody. */
  readonly publishableKey: string;
  readonly tokenFile: string;
  /** Default 15,000. */
  readonly requestLimitMs?: number;
};

/** Opens it; no request is made. Throws when the token's file holds none. */
export async function openSupabaseRegistry(options: SupabaseOptions): Promise<ServerRegistry> {
  let { identity } = await readRegistryToken(options.tokenFile);
  const { serverId, fleetId } = identity;
  const ask = createAsk(options, { expected: identity, onRead: (read) => (identity = read) });
  return {
    get identity() {
      return identity;
    },
    push: (table, rows, { signal }) =>
      ask(signal, async (client, limit) => {
        const keyColumn = KEY_COLUMNS[table];
        const body = rows.map((row) => columnsOf(row, { serverId, fleetId, keyColumn }));
        const conflict = keyColumn === null ? 'server_id' : `server_id,${keyColumn}`;
        const asked = client
          .from(table)
          .upsert(body, { onConflict: conflict })
          .select(`${keyColumn ?? 'server_id'},version`);
        return toPushOutcome(await asked.abortSignal(limit), keyColumn);
      }),
    retire: (table, version, { signal }) =>
      ask(signal, async (client, limit) => {
        const old = client.from(table).update({ deleted: true, version }, { count: 'exact' });
        const asked = old.eq('server_id', serverId).eq('deleted', false).lt('version', version);
        const answer = await asked.abortSignal(limit);
        return failureOf(answer) ?? { kind: 'retired', rows: answer.count ?? 0 };
      }),
    changes: ({ after, limit: rows }, { signal }) =>
      ask(signal, async (client, limit) => {
        const feed = client.from('registry_feed').select(FEED_COLUMNS).gt('position', after).order('position').limit(rows);
        return toPullOutcome(await feed.abortSignal(limit));
      }),
    heartbeats: ({ limit: rows }, { signal }) =>
      ask(signal, async (client, limit) => {
        const newest = client.from('server_heartbeats').select(HEARTBEAT_COLUMNS).order('updated_at', { ascending: false }).limit(rows);
        return toPullOutcome(await newest.abortSignal(limit));
      }),
  };
}

type Ask = <Outcome>(
  signal: AbortSignal,
  request: (client: PostgrestClient, limit: AbortSignal) => Promise<Outcome | RegistryFailure>,
) => Promise<Outcome | RegistryFailure>;

/** Reads the token anew for every request: one that was replaced on the disk holds from then on, without a restart. */
function createAsk(
  options: SupabaseOptions,
  { expected, onRead }: { expected: RegistryIdentity; onRead: (identity: RegistryIdentity) => void },
): Ask {
  const { url, publishableKey, tokenFile, requestLimitMs = REQUEST_LIMIT_MS } = options;
  return async (signal, request) => {
    const read = await readRegistryToken(tokenFile).catch(reasonOf);
    if (typeof read === 'string') return { kind: 'refused', reason: read };
    if (read.identity.serverId !== expected.serverId || read.identity.fleetId !== expected.fleetId)
      return { kind: 'refused', reason: `${tokenFile}: the token is another server's now; restart the control plane to go on as that one` };
    onRead(read.identity);
    const headers = { apikey: publishableKey, authorization: `Bearer ${read.token}` };
    // Retries are the loop's: it knows how long a registry has been away.
    const client = new PostgrestClient(`${url}/rest/v1`, { headers, fetch: limitedFetch, retry: false });
    const limit = AbortSignal.any([signal, AbortSignal.timeout(requestLimitMs)]);
    return request(client, limit).catch((error: unknown) => ({ kind: 'unavailable', reason: reasonOf(error) }));
  };
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, MAX_REASON_LENGTH);
}

type Owner = { readonly serverId: string; readonly fleetId: string; readonly keyColumn: string | null };

function columnsOf({ key, version, isDeleted, fields }: RegistryRow, { serverId, fleetId, keyColumn }: Owner): Record<string, unknown> {
  const own = { server_id: serverId, fleet_id: fleetId, version, deleted: isDeleted };
  return { ...fields, ...own, ...(keyColumn === null ? {} : { [keyColumn]: key }) };
}

/** What the client answers with: an error is a value, and no answer at all is the status 0. */
type Answer = {
  readonly status: number;
  readonly data: unknown;
  readonly error: { readonly message: string; readonly code: string } | null;
};

function toPushOutcome(answer: Answer, keyColumn: string | null): PushOutcome {
  const failure = failureOf(answer);
  if (failure) return failure;
  const stored = storedSchema.safeParse(answer.data);
  if (!stored.success) return { kind: 'unavailable', reason: 'the registry did not say what it stored' };
  return { kind: 'stored', versions: new Map(stored.data.map((row) => [String(row[keyColumn ?? 'server_id']), row.version])) };
}

function toPullOutcome(answer: Answer): PullOutcome {
  const failure = failureOf(answer);
  if (failure) return failure;
  const rows = rowsSchema.safeParse(answer.data);
  return rows.success
    ? { kind: 'rows', rows: rows.data satisfies readonly ForeignRow[] }
    : { kind: 'unavailable', reason: 'the registry answered with something that is no list of rows' };
}

function failureOf({ status, error }: Answer): RegistryFailure | null {
  if (error === null) return null;
  const said = error.message === '' ? 'no reason given' : error.message;
  const reason = `${status === 0 ? '' : `${status}: `}${said}`.slice(0, MAX_REASON_LENGTH);
  // 42501 is PostgreSQL's: row-level security or a missing right. PostgREST answers it with 403, or with 401 to whoever is nobody.
  if (status === 401 || status === 403) return { kind: 'refused', reason };
  const isFinal = status >= 400 && status < 500 && !RETRIED_STATUSES.includes(status);
  return { kind: isFinal ? 'invalid' : 'unavailable', reason };
}
