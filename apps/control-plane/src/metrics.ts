// Every series of this process, registered in one place: what `/metrics` shows, and the observers that feed it.
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { createCallMetrics } from '#features/calls/call-metrics.ts';
import { registerModelMetrics } from '#features/calls/model-metrics.ts';
import { registerConversationMetrics } from '#features/conversations/conversation-metrics.ts';
import { createDatabaseMetrics, registerConnectionMetrics } from '#features/appliance/database-metrics.ts';
import { createHttpMetrics } from '#features/appliance/http-metrics.ts';
import { createTelephonyMetrics } from '#features/telephony/telephony-metrics.ts';
import type { Clock } from '#shared/clock.ts';
import { RELEASE } from '#shared/release.ts';

/** The registry of a process and what tells it of the outside. Opened before anything else: adapters are made with its observers. */
export type ProcessMetrics = {
  readonly registry: Registry;
  readonly telephony: ReturnType<typeof createTelephonyMetrics>;
  readonly database: ReturnType<typeof createDatabaseMetrics>;
  readonly http: ReturnType<typeof createHttpMetrics>;
};

/** What else is known of the process: lines that its log left out, how long its event loop stood still, ms, and how often the wall clock was set. */
export type ProcessFacts = { droppedLines(): number; stoodStillMs(): number; clockJumps(): number };

/** Opens the registry with Node's own series: event-loop lag, garbage collection, memory, processor. */
export function openProcessMetrics(clock: Pick<Clock, 'nowMs'>, facts?: ProcessFacts): ProcessMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const build = new Gauge({
    name: 'centralita_build_info',
    help: 'Always 1; the labels say what runs',
    labelNames: ['version', 'node'],
    registers: [registry],
  });
  build.set({ version: RELEASE, node: process.version }, 1);
  registerProcessFacts(registry, facts);
  return {
    registry,
    telephony: createTelephonyMetrics(registry),
    database: createDatabaseMetrics(registry, clock),
    http: createHttpMetrics(registry),
  };
}

function registerProcessFacts(registry: Registry, facts: ProcessFacts | undefined): void {
  const count = (name: string, help: string, read: () => number | undefined) =>
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read() ?? 0);
      },
    });
  count('centralita_log_lines_dropped_total', 'Lines of the log that were left out because there were more than 1,000 in a second', () =>
    facts?.droppedLines(),
  );
  count(
    'centralita_event_loop_stopped_seconds_total',
    'Time in which the event loop stood still for more than a second on end: no caller was heard or spoken to',
    () => (facts?.stoodStillMs() ?? 0) / 1_000,
  );
  count('centralita_clock_jumps_total', 'How often the wall clock was set by more than a second, forwards or back', () =>
    facts?.clockJumps(),
  );
}

/** What the series of calls, conversations and connections read when they are asked. */
export type EventSources = Parameters<typeof createCallMetrics>[0] &
  Parameters<typeof registerModelMetrics>[0] &
  Parameters<typeof registerConversationMetrics>[0] & { readonly database: Parameters<typeof registerConnectionMetrics>[1] };

/** Registers the series of calls, of the language model's breaker, of conversations and of lost connections; returns what takes the events of calls. */
export function createEventSeries(sources: EventSources): ReturnType<typeof createCallMetrics> {
  registerModelMetrics(sources);
  registerConversationMetrics(sources);
  registerConnectionMetrics(sources.registry, sources.database);
  return createCallMetrics(sources);
}
