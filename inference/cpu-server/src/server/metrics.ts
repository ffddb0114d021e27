// The server's figures in Prometheus form. Our own names, so that boards tell this server from Triton.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What the server counts. One registry per server: two in one process do not mix. */
export interface Metrics {
  readonly registry: Registry;
  readonly requests: Counter<'model' | 'code'>;
  readonly seconds: Histogram<'model'>;
  readonly firstReplySeconds: Histogram<'model'>;
  readonly waiting: Gauge<'model'>;
  readonly slots: Gauge<'model'>;
  readonly engine: Gauge<'model' | 'engine'>;
}

// From the first PCM of a sentence (about 10 ms) to a long utterance on a slow processor.
const buckets = [0.005, 0.01, 0.02, 0.03, 0.06, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 12, 30];

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
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
    waiting: new Gauge({
      name: 'centralita_inference_queue_depth',
      help: 'Requests waiting for their turn.',
      labelNames: ['model'],
      registers,
    }),
    slots: new Gauge({
      name: 'centralita_inference_slots',
      help: 'Requests that a model works on at once.',
      labelNames: ['model'],
      registers,
    }),
    engine: new Gauge({
      name: 'centralita_inference_engine_info',
      help: 'Engine that runs a model: 1 when the model is ready, 0 when it is not.',
      labelNames: ['model', 'engine'],
      registers,
    }),
  };
}
