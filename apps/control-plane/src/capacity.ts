// The server's capacity, composed: its measurements, the estimate made of them, and whether one more call is taken.
import type { Registry } from 'prom-client';
import { sql } from 'drizzle-orm';
import type { Database } from '#db/client.ts';
import type { CallEngineParts } from '#engine/call-engine.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { ScheduledJob } from '#features/appliance/scheduled-jobs.ts';
import { registerCapacityMetrics } from '#features/capacity/capacity-metrics.ts';
import type { CapacityReportParts, WaitingCallers } from '#features/capacity/capacity-report.ts';
import type { CapacityWatch } from '#features/capacity/capacity-watch.ts';
import { openCapacityWatch } from '#features/capacity/capacity-watch.ts';
import type { ProcessSampleStore } from '#features/capacity/process-sample-store.ts';
import { createProcessSampleStore } from '#features/capacity/process-sample-store.ts';
import type { ResourceProbe } from '#ports/resource-probe.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import type { AdmissionConfig } from './config.ts';

export type CapacityParts = {
  readonly database: Database;
  readonly audit: AuditTrail;
  readonly registry: Registry;
  /** Absent: nothing is measured, and only the configured number of calls counts. */
  readonly probe?: ResourceProbe | undefined;
  readonly server: string;
  readonly configuredCalls: number;
  readonly limits: AdmissionConfig;
  readonly liveCalls: () => number;
  readonly waiting: () => WaitingCallers;
  readonly journalDepth: () => number;
  readonly descriptorsLowSinceMs: () => number | null;
  readonly clock: Clock;
  readonly log: Log;
};

/** What the limits are where nobody configured them. */
export const DEFAULT_ADMISSION: AdmissionConfig = { byEstimate: false, gapP95Ms: 3_000, queueP95Ms: 500 };

/** Disposing it stops the measuring. */
export type ServerCapacity = AsyncDisposable & {
  /** For the engine. */
  readonly rules: Required<Pick<CallEngineParts, 'admission' | 'onOverload'>>;
  readonly watch: CapacityWatch;
  /** For the routes. */
  readonly capacity: CapacityReportParts;
  readonly processSamples: ProcessSampleStore;
  /** Thins out what was measured. */
  readonly job: ScheduledJob;
};

export function openServerCapacity(parts: CapacityParts): ServerCapacity {
  const { database, server, probe = null } = parts;
  const processSamples = createProcessSampleStore(parts);
  const watch = openCapacityWatch({ ...parts, probe, store: processSamples, askDatabase: () => askDatabase(database) });
  const capacity = { ...parts, watch, server };
  const countOverload = registerCapacityMetrics({ registry: parts.registry, capacity });
  const view = () => {
    const { maxCalls, gate } = watch.admission();
    return { maxCalls, isOpen: gate.kind === 'open' };
  };
  return {
    rules: { admission: view, onOverload: countOverload },
    watch,
    capacity,
    processSamples,
    job: { name: 'process-samples', schedule: '22 * * * *', run: async ({ scope, at }) => void (await processSamples.thin(scope, at)) },
    [Symbol.asyncDispose]: () => watch[Symbol.asyncDispose](),
  };
}

async function askDatabase(database: Database): Promise<{ readonly backendPid: number }> {
  const [row] = await database.inAppliance(mintApplianceScope(), (queries) =>
    queries.select({ pid: sql<number>`pid` }).from(sql`pg_backend_pid() as pid`),
  );
  return { backendPid: row?.pid ?? 0 };
}
