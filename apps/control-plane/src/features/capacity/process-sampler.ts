// Measures everything of this server once: what each process, model and the machine did since the time before.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ResourceProbe } from '#ports/resource-probe.ts';
import type { CallLatencies } from './call-latencies.ts';
import type { LatencyWindow } from './latency-window.ts';
import { openLatencyWindow } from './latency-window.ts';
import type { MeasuredService, ProcessSample } from './process-sample-store.ts';
import { SAMPLE_SECONDS } from './process-sample-store.ts';
import { openCpuMeter, openModelMeter } from './usage-meter.ts';

export type ProcessSamplerParts = {
  readonly probe: ResourceProbe;
  readonly latencies: CallLatencies;
  /** How long the database takes to answer, and the process that answers. Rejects while it is away. */
  readonly askDatabase: () => Promise<{ readonly backendPid: number }>;
  readonly journalDepth: () => number;
};

/** A moment of this server. */
export type ProcessSampler = Disposable & {
  /** `at` is the beginning of the interval that ends now; `atMs` is now, monotonic. */
  measure(moment: { at: Date; atMs: number; liveCalls: number; signal: AbortSignal }): Promise<ProcessSample[]>;
  /** How long the database took lately. */
  readonly databaseLatency: LatencyWindow;
};

/** Half of the shortest frame: a loop that is later than this is heard. */
const LOOP_RESOLUTION_MS = 10;
const INTERVAL_MS = SAMPLE_SECONDS * 1_000;

/** A sample of which nothing was measured. */
export const UNMEASURED = {
  cpuCores: null,
  memoryBytes: null,
  eventLoopLagMs: null,
  queueDepth: null,
  vramUsedBytes: null,
  vramTotalBytes: null,
  busy: null,
  slots: null,
  requests: null,
  latencyMeanMs: null,
  latencyP95Ms: null,
} as const;

export function openProcessSampler({ probe, latencies, askDatabase, journalDepth }: ProcessSamplerParts): ProcessSampler {
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  loop.enable();
  const meters = {
    host: openCpuMeter(),
    control_plane: openCpuMeter(),
    asterisk: openCpuMeter(),
    postgres: openCpuMeter(),
    inference: openCpuMeter(),
  };
  const meterModels = openModelMeter();
  const databaseLatency = openLatencyWindow();
  return {
    databaseLatency,
    async measure({ at, atMs, liveCalls, signal }) {
      const host = probe.host();
      const startedMs = performance.now();
      const database = await askDatabase().catch(() => null);
      if (database !== null) databaseLatency.observe(performance.now() - startedMs, atMs);
      const [asterisk, postgres, inference, models, gpu] = await Promise.all([
        probe.asterisk(),
        database === null ? null : probe.postgres(database.backendPid),
        probe.inference({ signal }),
        probe.models({ signal }),
        probe.gpu({ signal }),
      ]);
      const { user, system } = process.cpuUsage();
      const own = { cpuSeconds: (user + system) / 1e6, memoryBytes: process.memoryUsage.rss() };
      const eventLoopLagMs = Math.max(0, loop.percentile(99) / 1e6 - LOOP_RESOLUTION_MS);
      loop.reset();
      const row = (service: MeasuredService, values: Partial<typeof UNMEASURED | ProcessSample>): ProcessSample => ({
        ...UNMEASURED,
        service,
        at,
        liveCalls,
        ...values,
      });
      const processRow = (service: 'asterisk' | 'postgres' | 'inference', reading: typeof asterisk): ProcessSample =>
        row(service, { cpuCores: meters[service](reading, atMs), memoryBytes: reading?.memoryBytes ?? null });
      return [
        row('host', { cpuCores: meters.host(host, atMs), memoryBytes: host.memoryUsedBytes }),
        row('control_plane', {
          cpuCores: meters.control_plane(own, atMs),
          memoryBytes: own.memoryBytes,
          eventLoopLagMs,
          queueDepth: journalDepth(),
          ...latencyOf(latencies.control_plane, atMs),
        }),
        { ...processRow('asterisk', asterisk), ...latencyOf(latencies.asterisk, atMs) },
        { ...processRow('postgres', postgres), ...latencyOf(databaseLatency, atMs) },
        processRow('inference', inference),
        ...meterModels(models, atMs).map(({ role, requests, busy, slots, queuedMs }) =>
          // By Little's law: requests that waited at once, on average.
          row(role, { busy, slots, requests, queueDepth: ((queuedMs ?? 0) * requests) / INTERVAL_MS, ...latencyOf(latencies[role], atMs) }),
        ),
        ...(gpu === null ? [] : [row('gpu', { vramUsedBytes: gpu.memoryUsedBytes, vramTotalBytes: gpu.memoryTotalBytes })]),
      ];
    },
    [Symbol.dispose]: () => loop.disable(),
  };
}

function latencyOf(window: LatencyWindow, atMs: number) {
  const lately = window.read({ overMs: INTERVAL_MS, atMs });
  return { latencyMeanMs: lately?.meanMs ?? null, latencyP95Ms: lately?.p95Ms ?? null };
}
