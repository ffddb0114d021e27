// The registry of servers, composed: what is told and heard in the background, and what people and metrics are shown of it. Without one: local-only.
import type { Registry } from 'prom-client';
import type { Database } from '#db/client.ts';
import type { Dependency, DependencyReport } from '#features/appliance/dependency-board.ts';
import { up } from '#features/appliance/dependency-board.ts';
import type { ScheduledJob } from '#features/appliance/scheduled-jobs.ts';
import { createOutboxStore } from '#features/registry/outbox-store.ts';
import { openRegistryMetrics } from '#features/registry/registry-metrics.ts';
import type { ServerDescription, ServerPulse } from '#features/registry/registry-push.ts';
import { registryStateOf } from '#features/registry/registry-report.ts';
import type { RhythmTimes } from '#features/registry/registry-rhythm.ts';
import type { RegistryRouteParts } from '#features/registry/registry-routes.ts';
import { createRegistryStateStore } from '#features/registry/registry-state-store.ts';
import type { RegistryStateStore } from '#features/registry/registry-state-store.ts';
import { openRegistrySync } from '#features/registry/registry-sync.ts';
import { createRemoteStore } from '#features/registry/remote-store.ts';
import type { ServerRegistry } from '#ports/server-registry.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';

/** A registry, and what this server is to it. */
export type ConfiguredRegistry = {
  readonly registry: ServerRegistry;
  readonly description: ServerDescription;
  readonly times?: RhythmTimes;
  readonly lookEveryMs?: number;
  readonly maxWaiting?: number;
};

export type ServerRegistryParts = {
  /** Null: this server is on its own. */
  readonly configured: ConfiguredRegistry | null;
  readonly database: Database;
  readonly registry: Registry;
  readonly pulse: () => ServerPulse;
  readonly clock: Clock;
  readonly log: Log;
};

/** Disposing it stops what runs in the background. */
export type OpenServerRegistry = AsyncDisposable & {
  readonly serverRegistry: RegistryRouteParts['serverRegistry'];
  readonly dependency: Dependency;
  /** Without a registry the triggers' outbox is emptied now and then: nobody will ever send it. */
  readonly jobs: readonly ScheduledJob[];
};

/** Opens it; nobody waits for a registry. */
export function openServerRegistry({ configured, ...parts }: ServerRegistryParts): OpenServerRegistry {
  const { database } = parts;
  const state = createRegistryStateStore(database);
  const outbox = createOutboxStore(database);
  const remotes = createRemoteStore(database);
  const identity = () => configured?.registry.identity ?? null;
  const opened = new AsyncDisposableStack();
  const metrics = opened.use(openRegistryMetrics({ ...parts, identity, state }));
  const sync = configured && opened.use(openRegistrySync({ ...parts, ...configured, ...metrics, outbox, remotes, state }));
  return {
    serverRegistry: {
      identity,
      state,
      remotes,
      async push(scope) {
        await state.wantFullPush(scope);
        sync?.wake();
      },
    },
    dependency: { name: 'registry', probe: () => probe(configured, state) },
    jobs: configured === null ? [{ name: 'registry-outbox-cleanup', schedule: '32 * * * *', run: ({ scope }) => outbox.empty(scope) }] : [],
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Never `down`: nothing on this server waits for the registry, and another alert tells when it was away for a day. */
async function probe(configured: ConfiguredRegistry | null, state: RegistryStateStore): Promise<DependencyReport> {
  if (configured === null) return { state: 'off', mode: 'local_only', model: null, reason: 'not configured' };
  const standing = await state.read(mintApplianceScope());
  const word = registryStateOf(standing);
  if (word === 'synced') return { ...up, mode: 'connected' };
  const waiting = `${standing.waiting} change(s) wait for the registry`;
  const reason = standing.lastError ?? standing.refusal ?? (word === 'waiting' ? 'the registry was not reached yet' : waiting);
  return { state: 'degraded', mode: word, model: null, reason };
}
