/** A model that works on a few requests at once, as real ones do: the others wait in order, and it counts how long they waited and were worked on. */
import type { InferenceRole, StandInModel } from '@centralita/control-plane/sandbox/inference-request.ts';
import type { ModelStatistics } from 'triton-client-grpc-generated/generated/kserve-v2.ts';

/** The slots of one model. */
export type Slots = {
  limited(model: StandInModel): StandInModel;
  /** As KServe's ModelStatistics. */
  statistics(role: InferenceRole): ModelStatistics;
};

const NS_PER_MS = 1e6;

export function openSlots(count: number): Slots {
  const line: (() => void)[] = [];
  let running = 0;
  const queue = { count: 0, ns: 0 };
  const computeInfer = { count: 0, ns: 0 };
  const enter = async (): Promise<void> => {
    if (running < count) {
      running += 1;
      return;
    }
    await new Promise<void>((resolve) => line.push(resolve));
  };
  const leave = (): void => {
    const next = line.shift();
    if (next === undefined) running -= 1;
    else next();
  };
  const add = (tally: { count: number; ns: number }, ms: number): void => {
    tally.count += 1;
    tally.ns += Math.round(ms * NS_PER_MS);
  };
  return {
    limited: (model) => ({
      async *answer(request) {
        const receivedMs = performance.now();
        await enter();
        const startedMs = performance.now();
        try {
          request.signal.throwIfAborted();
          yield* model.answer(request);
        } finally {
          leave();
          add(queue, startedMs - receivedMs);
          add(computeInfer, performance.now() - startedMs);
        }
      },
    }),
    statistics: (name) => ({
      name,
      version: '1',
      lastInference: Date.now(),
      inferenceCount: queue.count,
      executionCount: queue.count,
      inferenceStats: {
        success: { count: queue.count, ns: queue.ns + computeInfer.ns },
        fail: { count: 0, ns: 0 },
        queue: { ...queue },
        computeInput: undefined,
        computeInfer: { ...computeInfer },
        computeOutput: undefined,
        cacheHit: undefined,
        cacheMiss: undefined,
      },
      batchStats: [],
      memoryUsage: [],
      responseStats: {},
    }),
  };
}
