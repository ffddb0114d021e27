// One turn of telling the registry: the heartbeat, then everything that waits, then the end of a full push. Ends early at the first failure.
import type { PushOutcome, RegistryFailure, RegistryRow, RegistryTable, ServerRegistry } from '#ports/server-registry.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import type { Log } from '#shared/log.ts';
import type { OutboxKind, OutboxStore, WaitingRow } from './outbox-store.ts';

/** What this server is, beyond what is in its database. */
export type ServerDescription = {
  readonly release: string;
  readonly addresses: readonly string[];
  /** As the provisioner found the machine; null where nobody wrote it down. */
  readonly hardware: Readonly<Record<string, unknown>> | null;
};

/** How it is now. */
export type ServerPulse = {
  readonly uptimeSeconds: number;
  readonly liveCalls: number;
  readonly maxCalls: number;
  readonly accepting: boolean;
};

export type PushParts = {
  readonly registry: ServerRegistry;
  readonly outbox: OutboxStore;
  readonly description: ServerDescription;
  readonly pulse: () => ServerPulse;
  readonly wallAt: () => Date;
  /** Counts requests by what became of them. */
  readonly observe: (outcome: PushOutcome['kind'] | 'overtaken') => void;
  readonly log: Log;
};

type Turn = { readonly scope: ApplianceScope; readonly signal: AbortSignal };
/** Rows are in the registry, or why not; `overtaken`: it has newer ones, and everything is to be sent anew. */
export type PushTurn = { readonly kind: 'done' } | { readonly kind: 'overtaken' } | RegistryFailure;

/** Rows in one request: 100 agents are about 30 KB. */
const BATCH_ROWS = 100;
/** Beyond what the registry has: more than a server writes between two backups, so that one look catches up with all of it. */
const CATCH_UP = 1_000_000;

const TABLES = {
  server: 'servers',
  organization: 'organization_servers',
  agent: 'server_agents',
} as const satisfies Record<OutboxKind, RegistryTable>;
const KINDS = ['server', 'organization', 'agent'] as const satisfies readonly OutboxKind[];

/** Tells that the server is there. */
export async function pushHeartbeat(parts: PushParts, { scope, signal }: Turn): Promise<PushTurn> {
  const { registry, outbox, description, pulse, wallAt, observe } = parts;
  const { uptimeSeconds, liveCalls, maxCalls, accepting } = pulse();
  const { serverId } = registry.identity;
  const row: RegistryRow = {
    key: serverId,
    version: await outbox.nextVersion(scope),
    isDeleted: false,
    fields: {
      release: description.release,
      sent_at: wallAt().toISOString(),
      uptime_seconds: Math.floor(uptimeSeconds),
      live_calls: liveCalls,
      max_calls: maxCalls,
      accepting,
    },
  };
  const outcome = await registry.push('server_heartbeats', [row], { signal });
  observe(outcome.kind);
  if (outcome.kind !== 'stored') return outcome;
  const stored = outcome.versions.get(serverId) ?? 0;
  if (stored < row.version) return { kind: 'unavailable', reason: 'the registry did not store the heartbeat' };
  return stored === row.version ? { kind: 'done' } : catchUp(parts, scope, stored);
}

/** Tells everything that waits. */
export async function pushWaiting(parts: PushParts, turn: Turn): Promise<PushTurn> {
  for (const kind of KINDS) {
    for (;;) {
      const rows = await parts.outbox.next(turn.scope, kind, BATCH_ROWS);
      if (rows.length === 0) break;
      if (turn.signal.aborted) return { kind: 'unavailable', reason: 'the process stops' };
      const done = await pushBatch(parts, turn, rows);
      if (done.kind !== 'done') return done;
    }
  }
  return { kind: 'done' };
}

/** What the registry has of this server and was not told of since `floor` is no more. */
export async function retireOthers({ registry }: PushParts, { signal }: Turn, floor: number): Promise<PushTurn> {
  for (const table of ['organization_servers', 'server_agents'] as const) {
    const retired = await registry.retire(table, floor, { signal });
    if (retired.kind !== 'retired') return retired;
  }
  return { kind: 'done' };
}

async function pushBatch(parts: PushParts, turn: Turn, rows: readonly WaitingRow[]): Promise<PushTurn> {
  const outcome = await send(parts, turn, rows);
  if (outcome.kind === 'stored') return settle(parts, turn, { rows, versions: outcome.versions });
  if (outcome.kind !== 'invalid') return outcome;
  // One of them is at fault and the request takes all or none: each by itself, and the guilty one waits for its next change.
  for (const row of rows) {
    const single = rows.length === 1 ? outcome : await send(parts, turn, [row]);
    if (single.kind === 'invalid') {
      parts.log.warn(
        { kind: row.kind, key: row.key, reason: single.reason },
        'the registry does not take a row; it waits for its next change',
      );
      await parts.outbox.refused(turn.scope, row, single.reason);
    } else if (single.kind === 'stored') {
      const settled = await settle(parts, turn, { rows: [row], versions: single.versions });
      if (settled.kind !== 'done') return settled;
    } else return single;
  }
  return { kind: 'done' };
}

async function send({ registry, description, observe }: PushParts, { signal }: Turn, rows: readonly WaitingRow[]): Promise<PushOutcome> {
  const [{ kind }] = rows as readonly [WaitingRow, ...WaitingRow[]];
  const { release, addresses, hardware } = description;
  const added = { server: { release, addresses, hardware }, organization: { addresses }, agent: {} }[kind];
  const sent = rows.map(({ key, version, isDeleted, fields }) => ({
    key: kind === 'server' ? registry.identity.serverId : key,
    version,
    isDeleted,
    fields: { ...fields, ...(isDeleted && kind === 'organization' ? { addresses: [] } : added) },
  }));
  const outcome = await registry.push(TABLES[kind], sent, { signal });
  observe(outcome.kind);
  return outcome;
}

type Stored = { readonly rows: readonly WaitingRow[]; readonly versions: ReadonlyMap<string, number> };

/** What the registry has now goes out of the outbox; what it has newer is sent again under a newer version. */
async function settle(parts: PushParts, { scope }: Turn, { rows, versions }: Stored): Promise<PushTurn> {
  const storedOf = (row: WaitingRow) => versions.get(row.kind === 'server' ? parts.registry.identity.serverId : row.key) ?? 0;
  await parts.outbox.sent(
    scope,
    rows.filter((row) => storedOf(row) === row.version),
  );
  if (rows.some((row) => storedOf(row) < row.version))
    return { kind: 'unavailable', reason: 'the registry did not store all that was sent' };
  const newer = rows.filter((row) => storedOf(row) > row.version).map(storedOf);
  return newer.length === 0 ? { kind: 'done' } : catchUp(parts, scope, Math.max(...newer));
}

async function catchUp({ outbox, observe, log }: PushParts, scope: ApplianceScope, highest: number): Promise<PushTurn> {
  await outbox.raiseVersions(scope, highest + CATCH_UP);
  observe('overtaken');
  log.warn(
    { highest },
    'the registry has newer rows of this server than its database: it was restored, or another server has the same token',
  );
  return { kind: 'overtaken' };
}
