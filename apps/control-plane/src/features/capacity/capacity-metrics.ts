// The server's capacity and what its processes take, as Prometheus series.
import type { Registry } from 'prom-client';
import { Counter, Gauge } from 'prom-client';
import type { OverloadWish } from '#ports/call-routing.ts';
import type { CapacityReportParts } from './capacity-report.ts';
import type { ProcessSample } from './process-sample-store.ts';

/** Registers the series, which read what is known when they are asked; returns what counts a call that there was no room for. */
export function registerCapacityMetrics({
  registry,
  capacity,
}: {
  registry: Registry;
  capacity: CapacityReportParts;
}): (choice: OverloadWish['choice']) => void {
  const { watch, liveCalls, waiting } = capacity;
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge(
    'centralita_call_capacity',
    'Calls that may be up: what is configured, or less where the estimate allows less',
    () => watch.admission().maxCalls,
  );
  gauge('centralita_capacity_headroom', 'Calls that may still come', () => Math.max(0, watch.admission().maxCalls - liveCalls()));
  gauge('centralita_admission_open', 'Whether calls are answered fast enough to take more: 1 or 0', () =>
    watch.admission().gate.kind === 'open' ? 1 : 0,
  );
  gauge('centralita_admission_waiting', 'Callers who are held until there is room', () => waiting().count);
  gauge('centralita_admission_longest_wait_seconds', 'How long the first of them has waited', () => waiting().longestMs / 1_000);
  registerServiceMetrics(registers, watch);
  const refused = new Counter({
    name: 'centralita_admission_refused_total',
    help: 'Calls that there was no room for when they came, by what their organization chose',
    labelNames: ['choice'],
    registers,
  });
  // From the first scrape: a rate needs the zero before.
  for (const choice of ['refuse', 'queue', 'fallback'] as const satisfies readonly OverloadWish['choice'][]) refused.inc({ choice }, 0);
  return (choice: OverloadWish['choice']) => refused.inc({ choice });
}

function registerServiceMetrics(registers: Registry[], watch: CapacityReportParts['watch']): void {
  const ofServices = (name: string, help: string, read: (sample: ProcessSample) => number | null) =>
    new Gauge({
      name,
      help,
      labelNames: ['service'],
      registers,
      collect() {
        this.reset();
        for (const sample of watch.latest()) {
          const value = read(sample);
          if (value !== null) this.set({ service: sample.service }, value);
        }
      },
    });
  ofServices('centralita_process_cpu_cores', 'Cores in use over the last ten seconds', ({ cpuCores }) => cpuCores);
  ofServices('centralita_process_memory_bytes', 'Memory in use', ({ memoryBytes }) => memoryBytes);
  ofServices('centralita_process_event_loop_lag_seconds', 'Lateness of the event loop, p99 of the last ten seconds', ({ eventLoopLagMs }) =>
    eventLoopLagMs === null ? null : eventLoopLagMs / 1_000,
  );
  ofServices('centralita_process_queue_depth', 'Work that waits', ({ queueDepth }) => queueDepth);
  ofServices(
    'centralita_process_busy',
    'Requests that a model worked on at once, on average over the last ten seconds',
    ({ busy }) => busy,
  );
  ofServices('centralita_process_slots', 'Requests that a model can work on at once', ({ slots }) => slots);
  ofServices('centralita_process_vram_used_bytes', 'Memory of the graphics processors in use', ({ vramUsedBytes }) => vramUsedBytes);
}
