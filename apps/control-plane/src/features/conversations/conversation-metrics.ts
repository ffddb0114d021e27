// How well the memory of the last conversations serves, as Prometheus series. No label carries an organization or a word.
import type { Registry } from 'prom-client';
import { Counter } from 'prom-client';
import type { CacheCounts } from './conversation-cache.ts';

/** Registers the series; the hit rate is hits divided by hits and misses. */
export function registerConversationMetrics({ registry, counts }: { registry: Registry; counts: () => CacheCounts }): void {
  new Counter({
    name: 'centralita_conversation_cache_total',
    help: 'Messages that went on with a conversation, by whether its state was in memory and true',
    labelNames: ['result'],
    registers: [registry],
    collect() {
      const { hits, misses } = counts();
      this.reset();
      this.inc({ result: 'hit' }, hits);
      this.inc({ result: 'miss' }, misses);
    },
  });
}
