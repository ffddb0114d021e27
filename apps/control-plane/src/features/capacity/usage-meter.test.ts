import { expect, it } from 'vitest';
import { openCpuMeter, openModelMeter } from './usage-meter.ts';

it('tells the cores in use between two readings, and nothing across a restart', () => {
  const meter = openCpuMeter();
  expect(meter({ cpuSeconds: 100 }, 1_000)).toBeNull();
  expect(meter({ cpuSeconds: 105 }, 11_000)).toBe(0.5);
  expect(meter({ cpuSeconds: 2 }, 21_000)).toBeNull();
  expect(meter(null, 31_000)).toBeNull();
  expect(meter({ cpuSeconds: 3 }, 41_000)).toBeNull();
});

it('tells what a model did between two readings', () => {
  const meter = openModelMeter();
  const reading = { role: 'speech_to_text', requests: 10, queuedSeconds: 1, busySeconds: 5, slots: 2 } as const;
  expect(meter([reading], 0)).toEqual([]);
  expect(meter([{ ...reading, requests: 30, queuedSeconds: 3, busySeconds: 13 }], 10_000)).toEqual([
    { role: 'speech_to_text', requests: 20, busy: 0.8, queuedMs: 100, slots: 2 },
  ]);
  expect(meter([{ ...reading, requests: 30, queuedSeconds: 3, busySeconds: 13 }], 20_000)).toMatchObject([
    { requests: 0, busy: 0, queuedMs: null },
  ]);
  // The server was started anew: its counts begin again.
  expect(meter([{ ...reading, requests: 1, queuedSeconds: 0, busySeconds: 0.4 }], 30_000)).toEqual([]);
});
