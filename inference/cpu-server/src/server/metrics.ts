// The server's figures in Prometheus form. Our own names, so that boards tell this server from Triton.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ModelLimits } from './role-model.ts';

/** What can be seen of one role at a moment. */
export interface ModelLoad {
  readonly model: string;
  readonly engine: string;
  readonly isReady: boolean;
  readonly limits: ModelLimits;
  readonly running: number;
  readonly waiting: number;
}

/** What the server counts. One registry per server: two in one process do not mix. */
export interface Metrics {
  readonly registry: Registry;
  readonly requests: Counter<'model' | 'code'>;
  readonly seconds: Histogram<'model'>;
  readonly firstReplySeconds: Histogram<'model'>;
  /** Shows a role from now on; asked at every scrape. */
  show(role: () => ModelLoad): void;
}

// From the first PCM of a sentence (about 10 ms) to a long utterance on a slow processor.
const buckets = [0.005, 0.01, 0.02, 0.03, 0.06, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 12, 30];

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const shown: (() => ModelLoad)[] = [];
  registerGauges(registers, shown);
  return {
    registry,
    requests: new Counter({
      name: 'centralita_inference_requests_total',
      help: 'Inference requests by model and gRPC status code.',
      labelNames: ['model', 'code'],
      registers,
    }),
    seconds: new Histogram({
      name: 'centralita_inference_seconds',
      help: 'Time from a request to its last reply, waiting included.',
      labelNames: ['model'],
      buckets,
      registers,
    }),
    firstReplySeconds: new Histogram({
      name: 'centralita_inference_first_reply_seconds',
      help: 'Time from a request to its first reply, waiting included.',
      labelNames: ['model'],
      buckets,
      registers,
    }),
    show: (role) => void shown.push(role),
  };
}

type Shown = readonly (() => ModelLoad)[];

/** Gauges that are read when somebody asks, so that they cannot lag behind a model that died or was replaced. */
function registerGauges(registers: Registry[], shown: Shown): void {
  const gauge = (name: string, help: string, valueOf: (role: ModelLoad) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['model'],
      registers,
      collect() {
        for (const role of shown) this.set({ model: role().model }, valueOf(role()));
      },
    });
  gauge('centralita_inference_queue_depth', 'Requests waiting for their turn.', ({ waiting }) => waiting);
  gauge(
    'centralita_inference_queue_limit',
    'Requests that may wait for their turn; one more is refused.',
    ({ limits }) => limits.maxWaiting,
  );
  gauge('centralita_inference_running', 'Requests that a model works on.', ({ running }) => running);
  gauge('centralita_inference_slots', 'Requests that a model works on at once.', ({ limits }) => limits.maxRunning);
  new Gauge({
    name: 'centralita_inference_engine_info',
    help: 'Engine that runs a model: 1 when the model is ready, 0 when it is not.',
    labelNames: ['model', 'engine'],
    registers,
    collect() {
      // A role that was given another engine has one, not two.
      this.reset();
      for (const role of shown) this.set({ model: role().model, engine: role().engine }, role().isReady ? 1 : 0);
    },
  });
}
