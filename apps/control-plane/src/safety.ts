// What keeps failures small, composed: breakers that are heard of, the watch over calls, the global stop, and the administrator who is told.
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import type { Database } from '#db/client.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { AlertDesk } from '#features/appliance/alert-desk.ts';
import { openAlertDesk } from '#features/appliance/alert-desk.ts';
import { createAlertStore } from '#features/appliance/alert-store.ts';
import { createCallFailureWatch } from '#features/appliance/call-failure-watch.ts';
import type { Trip } from '#features/appliance/call-failure-watch.ts';
import { openFailureAudit } from '#features/appliance/failure-audit.ts';
import { createFailureMetrics } from '#features/appliance/failure-metrics.ts';
import type { GlobalStop } from '#features/appliance/global-stop.ts';
import type { StopState, StopWish } from '#features/appliance/global-stop-store.ts';
import type { ReadinessCheck } from '#features/appliance/readiness.ts';
import { retryDelayMs } from '#features/jobs/job-backoff.ts';
import type { CallEvent } from '#ports/call-event.ts';
import type { Notifier } from '#ports/notifier.ts';
import type { Actor } from '#shared/actor.ts';
import { mintApplianceScope, onOrganization } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import type { OrganizationId } from '#shared/id.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import type { BreakerChange, ModelBreakers } from '#shared/model-breakers.ts';

/** What the operator may choose. */
export type SafetyOptions = {
  /** Calls that fail for want of a model before all new ones are stopped; 0: never. */
  readonly stopAfterFailedCalls: number;
  /** Whether a stop of the appliance's own ends by itself once the probes pass. A person's never does. */
  readonly autoResume: boolean;
  /** The same alert is not sent again before. */
  readonly repeatAlertAfterMs: number;
  readonly notifiers: readonly Notifier[];
  /** Between two probes of a stop that may end by itself, ms; default 5,000. */
  readonly probeEveryMs?: number;
};

/** Those of a test and of a laptop: nobody is told. */
export const DEFAULT_SAFETY: SafetyOptions = {
  stopAfterFailedCalls: 5,
  autoResume: false,
  repeatAlertAfterMs: 600_000,
  notifiers: [],
};

export type SafetyParts = {
  readonly options: SafetyOptions;
  readonly database: Database;
  readonly audit: AuditTrail;
  readonly globalStop: GlobalStop;
  readonly breakers: ModelBreakers;
  /** Null when calls could be held; else why not. */
  readonly probe: () => Promise<string | null>;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Log;
};

const PROBE_EVERY_MS = 5_000;
/** How many probes must pass in a row. */
const PROBES_NEEDED = 3;

const applianceActor = (name: string): Actor => ({ kind: 'job', name, address: null, requestId: null });

export type Safety = AsyncDisposable & {
  /** Takes the events of all calls in order. */
  observe(event: CallEvent): void;
  /** Whether new calls are taken. */
  readonly check: ReadinessCheck;
};

/** Opens it. Disposing stops the probes, and the sending of alerts. */
export function openSafety(parts: SafetyParts): Safety {
  const { options, globalStop, breakers, registry, clock, log } = parts;
  const stopping = new AbortController();
  const channels = options.notifiers.map(({ channel }) => channel);
  const metrics = createFailureMetrics({ registry, breakers, channels, isStopped: () => globalStop.isStopped() });
  const desk = openAlertDesk({
    store: createAlertStore(parts.database),
    notifiers: options.notifiers,
    server: hostname(),
    repeatAfterMs: options.repeatAlertAfterMs,
    retryDelayMs,
    observe: metrics.notified,
    clock,
    log,
  });
  const watch = createCallFailureWatch({ maxFailed: options.stopAfterFailedCalls, clock, onTrip: (trip) => void stopFor(parts, trip) });
  const failures = openFailureAudit(parts);
  let probing = Promise.resolve();
  globalStop.listen((state, isFirst) => {
    watch.forget();
    if (!isFirst || state.state === 'stopped') desk.raise(stopAlert(state, options.autoResume));
    if (options.autoResume && isOwnStop(state)) probing = resumeOnceWell(parts, state, stopping.signal);
  });
  breakers.listen((change) => {
    void recordChange(parts, change);
    desk.raise(breakerAlert(change));
  });
  return {
    check: { name: 'global_stop', check: async () => whyStopped(globalStop) },
    observe(event) {
      metrics.observe(event);
      watch.observe(event);
      failures.observe(event);
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await probing;
      await failures[Symbol.asyncDispose]();
      await desk[Symbol.asyncDispose]();
    },
  };
}

function whyStopped(globalStop: GlobalStop): string | null {
  const state = globalStop.current();
  if (state === null) return 'not known yet: the database was not heard';
  return state.state === 'running' ? null : `stopped by ${state.cause}: ${state.reason}`;
}

function isOwnStop({ state, cause }: StopState): boolean {
  return state === 'stopped' && cause === 'failures';
}

/** The database may be away as well: then calls find no route, and the next failed calls ask again. */
async function changeStop({ globalStop, log }: SafetyParts, actor: Actor, wish: StopWish): Promise<void> {
  try {
    await globalStop.change({ scope: mintApplianceScope(), actor }, wish);
  } catch (error) {
    log.error({ error: loggableError(error), state: wish.state }, 'the global stop could not be changed');
  }
}

async function stopFor(parts: SafetyParts, { failedCalls, endedCalls, components }: Trip): Promise<void> {
  const reason = `${failedCalls} of the last ${endedCalls} calls failed: ${components.join(', ')}`;
  parts.log.error({ failedCalls, endedCalls, components }, 'calls fail one after the other: new ones are stopped');
  await changeStop(parts, applianceActor('failure-watch'), { state: 'stopped', cause: 'failures', reason });
}

async function resumeOnceWell(parts: SafetyParts, { revision }: StopState, signal: AbortSignal): Promise<void> {
  const { globalStop, probe, log, options } = parts;
  for (let passed = 0; passed < PROBES_NEEDED;) {
    await sleep(options.probeEveryMs ?? PROBE_EVERY_MS, undefined, { signal }).catch(() => {});
    if (signal.aborted || globalStop.current()?.revision !== revision) return;
    const reason = await probe();
    passed = reason === null ? passed + 1 : 0;
    log.info({ passed, needed: PROBES_NEEDED, reason }, 'probe during the global stop');
  }
  const wish = { state: 'running', cause: 'probes', reason: `${PROBES_NEEDED} probes in a row passed`, ifRevision: revision } as const;
  await changeStop(parts, applianceActor('global-stop-probes'), wish);
}

/** Best effort: a breaker opens also while the database is away, and then the log has it alone. */
async function recordChange({ database, audit, log }: SafetyParts, change: BreakerChange): Promise<void> {
  const { component, organizationId, kind, openMs } = change;
  log.warn({ component, organizationId, kind, openMs }, 'circuit breaker of a model');
  const appliance = mintApplianceScope();
  const scope = organizationId === null ? appliance : onOrganization(appliance, organizationId as OrganizationId);
  const entry = { action: `breaker.${kind}`, resource: component, details: openMs === null ? {} : { openMs } };
  try {
    await database.inAppliance(scope, (queries) => audit.append(queries, { scope, actor: applianceActor('circuit-breaker') }, entry));
  } catch (error) {
    log.warn({ error: loggableError(error), component, kind }, 'a breaker is not in the audit log');
  }
}

type Raised = Parameters<AlertDesk['raise']>[0];

function stopAlert({ state, cause, reason, revision }: StopState, autoResume: boolean): Raised {
  const isStop = state === 'stopped';
  const how = cause === 'failures' && autoResume ? 'it resumes by itself once the probes pass' : 'it resumes when an administrator says so';
  return {
    key: `global_stop ${revision}`,
    type: isStop ? 'global_stop.begun' : 'global_stop.ended',
    severity: isStop ? 'critical' : 'info',
    summary: isStop ? `New calls are stopped (${reason}); ${how}.` : `New calls are taken again (${reason}).`,
    details: { cause, reason, revision },
  };
}

function breakerAlert({ component, organizationId, kind, openMs }: BreakerChange): Raised {
  const whose = organizationId === null ? 'all organizations' : organizationId;
  return {
    key: `breaker ${kind} ${component} ${organizationId ?? ''}`,
    type: `breaker.${kind}`,
    severity: kind === 'closed' ? 'info' : organizationId === null ? 'critical' : 'warning',
    summary: kind === 'opened' ? `${component} failed too often for ${whose}.` : `${component} answers again for ${whose}.`,
    details: { component, organizationId, openMs },
  };
}
