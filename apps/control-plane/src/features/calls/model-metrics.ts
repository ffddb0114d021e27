// Shows whether the language model is being asked, so that an alert can say why every agent suddenly speaks by its flow.
import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { GuardedModel } from '#dialog/guarded-model.ts';

/** Registers the gauge. `breaker` is null where no model is configured; then it rests never. */
export function registerModelMetrics(parts: {
  readonly registry: Registry;
  readonly breaker: () => ReturnType<GuardedModel['breaker']> | null;
}): void {
  new Gauge({
    name: 'centralita_language_model_resting',
    help: '1 while the language model failed too often and is not asked, 0 otherwise',
    registers: [parts.registry],
    collect() {
      const state = parts.breaker();
      this.set(state === null || state === 'closed' ? 0 : 1);
    },
  });
}
