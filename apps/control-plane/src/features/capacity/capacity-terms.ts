// Which measurements are resources that calls use up, and how much of each may be used. Pure.
import type { CapacityEstimate, ResourceLimit, UsageSample } from './capacity-estimate.ts';
import { estimateCapacity } from './capacity-estimate.ts';
import type { ProcessSample } from './process-sample-store.ts';
import { SAMPLE_SECONDS } from './process-sample-store.ts';
import { mostCalls } from './queueing.ts';

/** What the estimate is told of the machine. */
export type CapacityTerms = {
  readonly cores: number;
  readonly memoryTotalBytes: number;
  /** Wait for a model that 95 % of requests may have, ms. */
  readonly queueLimitMs: number;
};

/** Of all cores: beyond it the clocks of calls are served late (hold bench: sound gets holes at 90 %). */
const CPU_SHARE = 0.8;
/** Of the one core that the control plane's loop has: beyond it frames are late. */
const LOOP_CORES = 0.7;
const MEMORY_SHARE = 0.9;
const VRAM_SHARE = 0.95;
const MODELS = ['speech_to_text', 'language_model', 'text_to_speech'] as const;

/** The estimate from samples of ten seconds. */
export function estimateFromSamples(samples: readonly ProcessSample[], terms: CapacityTerms): CapacityEstimate {
  const byTime = Map.groupBy(samples, ({ at }) => at.getTime());
  const usage = [...byTime.values()].map(usageOf);
  return estimateCapacity(usage, limitsOf(samples, terms));
}

function usageOf(samples: readonly ProcessSample[]): UsageSample {
  const used: Record<string, number> = {};
  const put = (resource: string, value: number | null): void => {
    if (value !== null) used[resource] = value;
  };
  for (const { service, ...sample } of samples) {
    if (service === 'host') {
      put('cpu', sample.cpuCores);
      put('memory', sample.memoryBytes);
    }
    if (service === 'control_plane') put('control_plane', sample.cpuCores);
    if (service === 'gpu') put('vram', sample.vramUsedBytes);
    if (MODELS.some((model) => model === service)) put(service, sample.busy);
  }
  return { liveCalls: samples[0]?.liveCalls ?? 0, used };
}

function limitsOf(samples: readonly ProcessSample[], { cores, memoryTotalBytes, queueLimitMs }: CapacityTerms): ResourceLimit[] {
  const vram = samples.findLast(({ service }) => service === 'gpu')?.vramTotalBytes ?? null;
  return [
    { resource: 'cpu', limit: cores * CPU_SHARE },
    { resource: 'control_plane', limit: LOOP_CORES },
    { resource: 'memory', limit: memoryTotalBytes * MEMORY_SHARE },
    ...(vram === null ? [] : [{ resource: 'vram', limit: vram * VRAM_SHARE }]),
    ...MODELS.flatMap((model) => modelLimit(samples, { model, queueLimitMs }) ?? []),
  ];
}

/** As many calls as leave requests without long waits; null while its slots or its speed are not known. */
function modelLimit(
  samples: readonly ProcessSample[],
  { model, queueLimitMs }: { model: (typeof MODELS)[number]; queueLimitMs: number },
): ResourceLimit | null {
  const own = samples.filter(({ service }) => service === model);
  const slots = own.findLast((sample) => sample.slots !== null)?.slots ?? null;
  const worked = own.filter(({ requests, busy }) => requests !== null && requests > 0 && busy !== null);
  const requests = worked.reduce((sum, sample) => sum + (sample.requests ?? 0), 0);
  if (slots === null || requests === 0) return null;
  const busySeconds = worked.reduce((sum, sample) => sum + (sample.busy ?? 0), 0) * SAMPLE_SECONDS;
  const serviceMs = (busySeconds * 1_000) / requests;
  const variation = variationOf(own, slots);
  return { resource: model, callsAt: (perCall) => mostCalls({ slots, serviceMs, variation, perCall }, queueLimitMs) };
}

/** Where nothing tells how requests differ: lengths of utterances vary about as much. */
const USUAL_VARIATION = 0.3;

/**
 * How much requests differ in length, from p95 against the mean while few wait: they are the same for lengths that are all the same, and 3 to 1 for
 * exponential ones, whose variation is 1.
 */
function variationOf(samples: readonly ProcessSample[], slots: number): number {
  const calm = samples.flatMap(({ busy, latencyMeanMs, latencyP95Ms }) =>
    busy !== null && busy < slots / 2 && latencyMeanMs !== null && latencyP95Ms !== null ? [latencyP95Ms / latencyMeanMs] : [],
  );
  if (calm.length === 0) return USUAL_VARIATION;
  const ratio = calm.toSorted((a, b) => a - b)[Math.floor(calm.length / 2)] as number;
  return Math.min(1, Math.max(0, (ratio - 1) / 2) ** 2);
}
