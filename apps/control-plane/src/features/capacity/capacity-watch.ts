// The server's capacity as it is now: measures every ten seconds, looks at the models' queues every two, and says how many calls may be up and whether one more is taken.
import type { CallEvent } from '#ports/call-event.ts';
import type { ResourceProbe } from '#ports/resource-probe.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import { pause } from '#shared/waiting.ts';
import type { AdmissionGate, AdmissionLimits } from './admission-gate.ts';
import { GATE_WINDOW_MS, openGate, stepGate } from './admission-gate.ts';
import { openCallLatencies } from './call-latencies.ts';
import type { CallLatencies } from './call-latencies.ts';
import type { CapacityEstimate } from './capacity-estimate.ts';
import { estimateFromSamples } from './capacity-terms.ts';
import type { ProcessSample, ProcessSampleStore } from './process-sample-store.ts';
import { SAMPLE_SECONDS } from './process-sample-store.ts';
import type { ProcessSampler, ProcessSamplerParts } from './process-sampler.ts';
import { openProcessSampler } from './process-sampler.ts';
import { openQueueWatch } from './queue-watch.ts';

export type CapacityWatchParts = Pick<ProcessSamplerParts, 'askDatabase' | 'journalDepth'> & {
  /** Null: this process measures nothing, and only the configured number counts. */
  readonly probe: ResourceProbe | null;
  readonly store: ProcessSampleStore;
  readonly liveCalls: () => number;
  readonly configuredCalls: number;
  /** `byEstimate`: whether the estimate limits the calls. */
  readonly limits: AdmissionLimits & { readonly byEstimate: boolean };
  /** Since when this process has too few file descriptors left for a call, by `clock`; null: it has enough. */
  readonly descriptorsLowSinceMs: () => number | null;
  readonly clock: Clock;
  readonly log: Log;
};

/** Whether one more call is taken, and why not. */
export type AdmissionState = {
  /** Calls that may be up. */
  readonly maxCalls: number;
  readonly gate: AdmissionGate;
};

/** Disposing it stops the measuring. */
export type CapacityWatch = AsyncDisposable & {
  /** Takes what happens in calls. */
  observe(event: CallEvent): void;
  admission(): AdmissionState;
  /** Everything that is known, for whoever asks. */
  readonly latencies: CallLatencies;
  readonly databaseLatency: () => ProcessSampler['databaseLatency'] | null;
  estimate(): CapacityEstimate;
  /** The latest moment; empty before the first. */
  latest(): readonly ProcessSample[];
};

const SAMPLE_MS = SAMPLE_SECONDS * 1_000;
const GATE_MS = 2_000;
/** The estimate looks back two hours: a change of a model or of an agent is forgotten by then. */
const ESTIMATE_MS = 2 * 3_600_000;
/** An estimate limits the calls when its cost per call is known as well as this, standard error over cost. */
const TRUSTED_ERROR = 0.1;

/** Fewer answers in the window say nothing of the load: a single slow one would shut the box. */
const GATE_MIN_ANSWERS = 20;

/** Silence before answers that 95 % do not exceed; null while there are too few of them. */
function gapOf(latencies: CallLatencies, atMs: number): number | null {
  const read = latencies.control_plane.read({ overMs: GATE_WINDOW_MS, atMs });
  return read !== null && read.count >= GATE_MIN_ANSWERS ? read.p95Ms : null;
}

/** Work whose failure is only told: it is done again soon. */
function guardedBy(signal: AbortSignal, log: Log) {
  return (what: string, work: () => Promise<void>) => async (): Promise<void> => {
    await work().catch(
      (error: unknown) =>
        signal.aborted || log.warn({ error: loggableError(error), work: what }, 'a look at the capacity failed; the next one tries again'),
    );
  };
}

/** Starts measuring. */
export function openCapacityWatch(parts: CapacityWatchParts): CapacityWatch {
  const { probe, store, clock, log, liveCalls, configuredCalls, limits } = parts;
  const scope = mintApplianceScope();
  const latencies = openCallLatencies();
  const stopping = new AbortController();
  const { signal } = stopping;
  const sampler = probe === null ? null : openProcessSampler({ ...parts, probe, latencies });
  const queues = openQueueWatch();
  let samples: ProcessSample[] = [];
  let latest: readonly ProcessSample[] = [];
  let estimate: CapacityEstimate = { calls: null, binds: null, costs: [] };
  let gate: AdmissionGate = openGate;
  /** The most calls that were up while all of them were answered in time: more than any estimate, this is known. */
  let provenCalls = 0;

  const guarded = guardedBy(signal, log);
  const look = guarded('the queues of the models could not be looked at', async () => {
    if (probe === null) return;
    queues.observe(await probe.models({ signal }), clock.nowMs());
    const atMs = clock.nowMs();
    const gapP95Ms = gapOf(latencies, atMs);
    // It closes on a queue that stays, and opens again when the last minute was without one.
    const queueMs = gate.kind === 'open' ? queues.standingMs(atMs) : queues.p95Ms(atMs);
    const next = stepGate(gate, { gapP95Ms, queueMs }, { limits, atMs });
    if (next.kind !== gate.kind) log.warn({ gate: next, gapP95Ms, queueMs, liveCalls: liveCalls() }, 'admission of calls changed');
    gate = next;
    if (gate.kind === 'open' && gapP95Ms !== null) provenCalls = Math.max(provenCalls, liveCalls());
  });
  const sample = guarded('the processes of this server could not be measured', async () => {
    if (sampler === null || probe === null) return;
    const now = clock.wallAt().getTime();
    const at = new Date(Math.floor(now / SAMPLE_MS) * SAMPLE_MS);
    latest = await sampler.measure({ at, atMs: clock.nowMs(), liveCalls: liveCalls(), signal });
    samples = [...samples.filter((each) => each.at.getTime() > now - ESTIMATE_MS), ...latest];
    const { cores, memoryTotalBytes } = probe.host();
    estimate = estimateFromSamples(samples, { cores, memoryTotalBytes, queueLimitMs: limits.queueP95Ms });
    await store.insert(scope, latest);
  });
  const earlier = guarded('earlier measurements could not be read', async () => {
    const since = new Date(clock.wallAt().getTime() - ESTIMATE_MS);
    samples = [...(await store.listRecent(scope, since)), ...samples];
  });
  const started = probe === null ? Promise.resolve() : earlier();
  // The first look comes once whoever opens this has opened what it asks.
  const loops =
    probe === null ? [] : [started.then(() => repeat(look, GATE_MS, signal)), started.then(() => repeat(sample, SAMPLE_MS, signal))];

  return {
    latencies,
    databaseLatency: () => sampler?.databaseLatency ?? null,
    observe: (event) => latencies.observe(event, clock.nowMs()),
    admission: () => ({
      maxCalls: limits.byEstimate ? Math.min(configuredCalls, trustedCalls(estimate, provenCalls)) : configuredCalls,
      gate: withDescriptors(gate, parts.descriptorsLowSinceMs()),
    }),
    estimate: () => estimate,
    latest: () => latest,
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('the process stops'));
      sampler?.[Symbol.dispose]();
      await Promise.all([started, ...loops]);
    },
  };
}

/** A call that cannot have its sockets would be answered and hear nothing: closed at once, and open again as soon as there are enough. */
function withDescriptors(gate: AdmissionGate, lowSinceMs: number | null): AdmissionGate {
  return lowSinceMs === null ? gate : { kind: 'closed', cause: 'file_descriptors', sinceMs: lowSinceMs, betterSinceMs: null };
}

/** What the estimate allows; everything while it is not trusted. */
function trustedCalls({ calls, costs }: CapacityEstimate, provenCalls: number): number {
  const [binding] = costs;
  if (calls === null || !binding || binding.perCallError > TRUSTED_ERROR) return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.floor(calls), provenCalls);
}

/** One run after the other, `everyMs` apart, until the signal aborts. */
async function repeat(work: () => Promise<void>, everyMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await work();
    await pause(everyMs, signal);
  }
}
