// Counts and durations of one model since the server started, as KServe's ModelStatistics wants them.
import type { ModelStatistics } from 'triton-client-grpc-generated/generated/kserve-v2.ts';

/** One finished request. */
export interface RequestTimes {
  readonly isSuccess: boolean;
  readonly queuedMs: number;
  readonly computedMs: number;
}

interface Tally {
  count: number;
  ns: number;
}

/** Adds up requests of one model. */
export interface StatisticsRecorder {
  record(times: RequestTimes): void;
  snapshot(): ModelStatistics;
}

export function createStatisticsRecorder(name: string): StatisticsRecorder {
  const tally = (): Tally => ({ count: 0, ns: 0 });
  const [success, fail, queue, computeInfer] = [tally(), tally(), tally(), tally()];
  let lastInferenceAt = 0;
  const add = (to: Tally, ms: number) => {
    to.count += 1;
    to.ns += Math.round(ms * 1e6);
  };
  return {
    record: ({ isSuccess, queuedMs, computedMs }) => {
      lastInferenceAt = Date.now();
      add(isSuccess ? success : fail, queuedMs + computedMs);
      if (!isSuccess) return;
      add(queue, queuedMs);
      add(computeInfer, computedMs);
    },
    snapshot: () => ({
      name,
      version: '1',
      lastInference: lastInferenceAt,
      inferenceCount: success.count,
      executionCount: success.count,
      inferenceStats: {
        success: { ...success },
        fail: { ...fail },
        queue: { ...queue },
        computeInput: undefined,
        computeInfer: { ...computeInfer },
        computeOutput: undefined,
      },
    }),
  };
}
