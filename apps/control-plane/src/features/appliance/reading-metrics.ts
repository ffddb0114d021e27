// Figures of the whole appliance that only the database knows, as Prometheus series. Read in the background: a scrape waits for no query.
import type { Registry } from 'prom-client';
import { Gauge } from 'prom-client';
import type { Database } from '#db/client.ts';
import type { AuditCheck } from '#features/access/audit-check-store.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import type { ApplianceReadings } from './reading-store.ts';
import { readAppliance } from './reading-store.ts';

/** What is read changes by the day; a sum over 100,000 calls takes about 50 ms of the database. */
const EVERY_MS = 300_000;

export type ReadingMetricsParts = {
  readonly registry: Registry;
  readonly database: Database;
  readonly auditCheck: Pick<AuditCheck, 'countForeignEnds'>;
  readonly clock: Pick<Clock, 'wallAt'>;
  readonly log: Log;
};

/** Reads now and every five minutes until disposed. What could not be read keeps its last value, and none before the first. */
export function openReadingMetrics({ registry, database, auditCheck, clock, log }: ReadingMetricsParts): AsyncDisposable {
  const set = createReadingSeries(registry);
  const scope = mintApplianceScope();
  const readOnce = async (): Promise<void> => {
    try {
      set(await readAppliance(database, scope, clock.wallAt()), (await auditCheck.countForeignEnds(scope)) === 0);
    } catch (error) {
      log.warn({ error: loggableError(error) }, 'figures for the metrics could not be read; they keep their last value');
    }
  };
  let reading = readOnce();
  const timer = setInterval(() => (reading = reading.then(readOnce)), EVERY_MS);
  timer.unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await reading;
    },
  };
}

function createReadingSeries(registry: Registry): (readings: ApplianceReadings, isChainGood: boolean) => void {
  const registers = [registry];
  const tokens = new Gauge({
    name: 'centralita_tokens_expiring',
    help: 'Active API tokens that expire within a time, at the last look',
    labelNames: ['within'],
    registers,
  });
  const recordings = new Gauge({
    name: 'centralita_recordings_bytes',
    help: 'Size of all recordings that calls have, at the last look',
    registers,
  });
  const chain = new Gauge({
    name: 'centralita_audit_chain_ok',
    help: '1 when every audit chain ended under our keys at the last look, 0 when one was forged or the keys were lost',
    registers,
  });
  const trunks = new Gauge({
    name: 'centralita_trunks_registering',
    help: 'Trunks that are to be registered at their carrier, at the last look',
    registers,
  });
  return ({ tokensExpiring, recordingsBytes, registeringTrunks }, isChainGood) => {
    for (const [days, count] of tokensExpiring) tokens.set({ within: `${days}d` }, count);
    recordings.set(recordingsBytes);
    trunks.set(registeringTrunks);
    chain.set(isChainGood ? 1 : 0);
  };
}
