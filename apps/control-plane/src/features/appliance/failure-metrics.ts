// Failures, what was done about them, and whether calls are taken, as Prometheus series. No label carries an organization or a call.
import type { Registry } from 'prom-client';
import { Counter, Gauge } from 'prom-client';
import type { CallEvent } from '#ports/call-event.ts';
import type { ModelBreakers } from '#shared/model-breakers.ts';
import { guardedComponents } from '#shared/model-breakers.ts';
import type { SendOutcome } from './alert-desk.ts';

/** What the series read when they are asked. */
export type FailureMetricSources = {
  readonly registry: Registry;
  readonly breakers: Pick<ModelBreakers, 'whole'>;
  readonly isStopped: () => boolean;
  /** Ways to tell the administrator. */
  readonly channels: readonly string[];
};

const BREAKER_VALUES = { closed: 0, half_open: 1, open: 2 } as const;
const components = [...guardedComponents, 'configuration'] as const;
/** `try`: another one followed; `call`: none was left; `reply`: the flow answered in the model's place. */
const kinds = ['try', 'call', 'reply'] as const;

/** Registers the series; returns what takes the events of calls and the outcomes of notifications. */
export function createFailureMetrics({ registry, breakers, channels, isStopped }: FailureMetricSources) {
  const registers = [registry];
  const failures = new Counter({
    name: 'centralita_failures_total',
    help: 'Failures of models in calls: of a try, of a call, or of a reply that the flow then gave',
    labelNames: ['component', 'kind'],
    registers,
  });
  const fallbacks = new Counter({
    name: 'centralita_fallbacks_total',
    help: 'Waits in calls that were filled by a prepared sound, and replies that the flow gave in place of the language model',
    labelNames: ['component'],
    registers,
  });
  const notifications = new Counter({
    name: 'centralita_notifications_total',
    help: 'Tries to tell the administrator, by channel and outcome',
    labelNames: ['channel', 'outcome'],
    registers,
  });
  // From zero on, so that an alert sees the first one as a rise.
  for (const component of components) {
    for (const kind of kinds) failures.inc({ component, kind }, 0);
    fallbacks.inc({ component }, 0);
  }
  for (const channel of channels)
    for (const outcome of ['sent', 'failed', 'dead'] satisfies SendOutcome[]) notifications.inc({ channel, outcome }, 0);
  registerStates({ registry, breakers, isStopped });
  return {
    observe(event: CallEvent): void {
      if (event.kind !== 'note') return;
      const component = typeof event.fields['component'] === 'string' ? event.fields['component'] : 'language_model';
      if (event.name === 'model_retried') failures.inc({ component, kind: 'try' });
      if (event.name === 'filler_played') fallbacks.inc({ component });
      if (event.name !== 'model_failed') return;
      // The dialog's own note names no component: its model failed and the flow answered.
      const isReply = event.fields['component'] === undefined;
      failures.inc({ component, kind: isReply ? 'reply' : 'call' });
      if (isReply) fallbacks.inc({ component });
    },
    notified: (channel: string, outcome: SendOutcome): void => notifications.inc({ channel, outcome }),
  };
}

function registerStates({ registry, breakers, isStopped }: Omit<FailureMetricSources, 'channels'>): void {
  const registers = [registry];
  new Gauge({
    name: 'centralita_breaker_state',
    help: 'Circuit breaker of each model in this process: 0 closed, 1 on trial, 2 open',
    labelNames: ['component'],
    registers,
    collect() {
      for (const component of guardedComponents) this.set({ component }, BREAKER_VALUES[breakers.whole(component).state()]);
    },
  });
  new Gauge({
    name: 'centralita_global_stop',
    help: '1 while new calls are refused on all servers, 0 otherwise',
    registers,
    collect() {
      this.set(isStopped() ? 1 : 0);
    },
  });
}
