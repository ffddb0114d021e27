// The registry of servers as Prometheus series. What the database knows is read in the background: a scrape waits for no query.
import type { Registry } from 'prom-client';
import { Counter, Gauge } from 'prom-client';
import type { RegistryIdentity } from '#ports/server-registry.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import type { PulledAs } from './registry-pull.ts';
import { pullOutcomes } from './registry-pull.ts';
import type { PushParts } from './registry-push.ts';
import type { RegistryStanding, RegistryStateStore } from './registry-state-store.ts';

export type RegistryMetricsParts = {
  readonly registry: Registry;
  /** Null without a registry of servers: the series are there and have no values. */
  readonly identity: () => RegistryIdentity | null;
  readonly state: Pick<RegistryStateStore, 'read'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Default 15,000 ms: as often as Prometheus asks. */
  readonly everyMs?: number;
};

type PushedAs = Parameters<PushParts['observe']>[0];
const pushOutcomes = ['stored', 'unavailable', 'refused', 'invalid', 'overtaken'] as const satisfies readonly PushedAs[];
const EVERY_MS = 15_000;

export type RegistryMetrics = AsyncDisposable & {
  readonly observePush: (outcome: PushedAs) => void;
  readonly observePull: (outcome: PulledAs, rows: number) => void;
};

/** Registers the series, and reads the database's until disposed. */
export function openRegistryMetrics(parts: RegistryMetricsParts): RegistryMetrics {
  const { identity, state, log, everyMs = EVERY_MS } = parts;
  const { set, counters } = createSeries(parts);
  const observed = {
    observePush: (outcome: PushedAs) => counters.pushes.inc({ outcome }),
    observePull: (outcome: PulledAs, rows: number) => counters.pulled.inc({ outcome }, rows),
  };
  if (identity() === null) return { ...observed, [Symbol.asyncDispose]: async () => {} };
  for (const outcome of pushOutcomes) counters.pushes.inc({ outcome }, 0);
  for (const outcome of pullOutcomes) counters.pulled.inc({ outcome }, 0);
  const readOnce = async (): Promise<void> => {
    try {
      set(await state.read(mintApplianceScope()));
    } catch (error) {
      log.warn({ error: loggableError(error) }, 'how the registry stands could not be read; the metrics keep their last value');
    }
  };
  let reading = readOnce();
  const timer = setInterval(() => (reading = reading.then(readOnce)), everyMs);
  timer.unref();
  return {
    ...observed,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await reading;
    },
  };
}

function createSeries({ registry, identity, clock }: RegistryMetricsParts) {
  const registers = [registry];
  const gauge = (name: string, help: string, labelNames: string[] = []) => new Gauge({ name, help, labelNames, registers });
  const age = gauge(
    'centralita_registry_sync_age_seconds',
    'Time since the registry of servers last had everything (push) and last told everything (pull); infinite when it never did',
    ['direction'],
  );
  const waiting = gauge('centralita_registry_outbox_rows', 'Changes that the registry was not told of yet');
  const refused = gauge('centralita_registry_refused_rows', 'Rows that the registry will not have as they are');
  new Gauge({
    name: 'centralita_registry_token_expiry_seconds',
    help: "Time until this server's token for the registry ends; below zero afterwards",
    registers,
    collect() {
      const expiresAt = identity()?.expiresAt;
      if (expiresAt) this.set((expiresAt.getTime() - clock.wallAt().getTime()) / 1_000);
    },
  });
  const pushes = new Counter({
    name: 'centralita_registry_pushes_total',
    help: 'Requests that told the registry something, by what became of them; `overtaken`: it had newer rows of this server',
    labelNames: ['outcome'],
    registers,
  });
  const pulled = new Counter({
    name: 'centralita_registry_pulled_rows_total',
    help: 'Rows that the registry told, by what became of them; `refused`: of no form that we take, or of another fleet',
    labelNames: ['outcome'],
    registers,
  });
  const set = (standing: RegistryStanding): void => {
    age.set({ direction: 'push' }, standing.pushAgeSeconds ?? Infinity);
    age.set({ direction: 'pull' }, standing.pullAgeSeconds ?? Infinity);
    waiting.set(standing.waiting);
    refused.set(standing.refused);
  };
  return { set, counters: { pushes, pulled } };
}
