import { expect, it } from 'vitest';
import { estimateFromSamples } from './capacity-terms.ts';
import type { MeasuredService, ProcessSample } from './process-sample-store.ts';
import { UNMEASURED } from './process-sampler.ts';

const terms = { cores: 4, memoryTotalBytes: 16e9, queueLimitMs: 500 };

/** Moments with 0 to 5 calls: each speaks to a model of 3 slots for 0.4 s every 5 s, and takes a hundredth of a core and 10 MB. */
function samplesOf(services: readonly MeasuredService[]): ProcessSample[] {
  return Array.from({ length: 60 }, (_, moment) => {
    const at = new Date(1_700_000_000_000 + moment * 10_000);
    const liveCalls = moment % 6;
    return services.map((service): ProcessSample => {
      const sample = { ...UNMEASURED, service, at, liveCalls };
      if (service === 'host') return { ...sample, cpuCores: 0.5 + liveCalls * 0.01, memoryBytes: 4e9 + liveCalls * 1e7 };
      if (service === 'control_plane') return { ...sample, cpuCores: 0.05 + liveCalls * 0.005 };
      if (service === 'gpu') return { ...sample, vramUsedBytes: 20e9 + liveCalls * 5e8, vramTotalBytes: 80e9 };
      return { ...sample, busy: liveCalls * 0.08, slots: 3, requests: liveCalls * 2, latencyMeanMs: 402, latencyP95Ms: 404 };
    });
  }).flat();
}

it('finds the model that runs out of slots first, with room for requests that come together', () => {
  const { calls, binds } = estimateFromSamples(samplesOf(['host', 'control_plane', 'speech_to_text']), terms);
  expect(binds).toBe('speech_to_text');
  // All slots busy would be 37.5 calls; with waits below 500 ms two thirds of them may be.
  expect(calls).toBeGreaterThan(22);
  expect(calls).toBeLessThan(32);
});

it('falls back on processors and memory where no model is measured, and counts graphics memory', () => {
  const { costs } = estimateFromSamples(samplesOf(['host', 'control_plane', 'gpu']), terms);
  expect(costs.map(({ resource, calls }) => [resource, Math.round(calls)])).toEqual([
    ['vram', 112],
    ['control_plane', 130],
    ['cpu', 270],
    ['memory', 1_040],
  ]);
});
