// The answer to "how full is this server": put together from what is measured, for the API.
import type { AdmissionState, CapacityWatch } from './capacity-watch.ts';
import type { CapacityTest, MeasuredService, ProcessSample } from './process-sample-store.ts';

/** Callers who are held until there is room. */
export type WaitingCallers = { readonly count: number; readonly longestMs: number };

export type CapacityReportParts = {
  readonly watch: Pick<CapacityWatch, 'admission' | 'estimate' | 'latest' | 'latencies' | 'databaseLatency'>;
  readonly server: string;
  readonly liveCalls: () => number;
  readonly waiting: () => WaitingCallers;
  readonly configuredCalls: number;
};

const LATENCY_MS = 5 * 60_000;

/** The report at this moment; `atMs` is of the clock that observed the latencies. */
export function capacityReport(
  parts: CapacityReportParts,
  { at, atMs, lastTest }: { at: Date; atMs: number; lastTest: CapacityTest | null },
) {
  const { watch, server, liveCalls, waiting, configuredCalls } = parts;
  const admission = watch.admission();
  const estimate = watch.estimate();
  const latest = watch.latest();
  const active = liveCalls();
  const gpu = latest.find(({ service }) => service === 'gpu');
  return {
    server,
    at: at.toISOString(),
    activeCalls: active,
    maximumCalls: admission.maxCalls,
    configuredCalls,
    estimatedCalls: estimate.calls === null ? null : Math.floor(estimate.calls),
    furtherCalls: admission.gate.kind === 'open' ? Math.max(0, admission.maxCalls - active) : 0,
    binds: bindingTerm(admission, { configuredCalls, binds: estimate.binds }),
    admission: admissionBody(admission, atMs),
    waitingCallers: waiting().count,
    longestWaitMs: waiting().longestMs,
    vram: gpu ? { usedBytes: gpu.vramUsedBytes ?? 0, totalBytes: gpu.vramTotalBytes ?? 0 } : null,
    services: latest.map((sample) => serviceBody(sample, { watch, atMs })),
    costs: estimate.costs.map(({ perCallError, calls, ...cost }) => ({
      ...cost,
      perCallErrorPercent: perCallError * 100,
      calls: Math.max(0, Math.floor(calls)),
    })),
    lastTest: lastTest && { ...lastTest, at: lastTest.at.toISOString(), errorPercent: errorPercent(lastTest) },
  };
}

/** How far the estimate was from what the load test met, percent of the latter. */
export function errorPercent({ estimatedCalls, measuredCalls }: Pick<CapacityTest, 'estimatedCalls' | 'measuredCalls'>): number {
  return (100 * Math.abs(estimatedCalls - measuredCalls)) / measuredCalls;
}

/** What keeps the next call out first: a reading beyond its limit, a resource, or the number that is configured. */
function bindingTerm(
  { maxCalls, gate }: AdmissionState,
  { configuredCalls, binds }: { configuredCalls: number; binds: string | null },
): string {
  if (gate.kind === 'closed') return gate.cause;
  return maxCalls < configuredCalls && binds !== null ? binds : 'configured';
}

function admissionBody({ gate }: AdmissionState, atMs: number) {
  return gate.kind === 'open'
    ? { open: true, cause: null, closedForMs: null }
    : { open: false, cause: gate.cause, closedForMs: Math.max(0, atMs - gate.sinceMs) };
}

function serviceBody(sample: ProcessSample, { watch, atMs }: { watch: CapacityReportParts['watch']; atMs: number }) {
  const { service, at, liveCalls: _liveCalls, requests: _requests, latencyMeanMs: _mean, latencyP95Ms: _p95, ...measured } = sample;
  const lately = windowOf(service, watch)?.read({ overMs: LATENCY_MS, atMs }) ?? null;
  return {
    service,
    measuredAt: at.toISOString(),
    ...measured,
    latencies: lately?.count ?? 0,
    latencyMeanMs: lately?.meanMs ?? null,
    latencyP95Ms: lately?.p95Ms ?? null,
  };
}

function windowOf(service: MeasuredService, { latencies, databaseLatency }: CapacityReportParts['watch']) {
  switch (service) {
    case 'control_plane':
    case 'speech_to_text':
    case 'language_model':
    case 'text_to_speech':
    case 'asterisk':
      return latencies[service];
    case 'postgres':
      return databaseLatency();
    case 'inference':
    case 'host':
    case 'gpu':
      return null;
  }
}
