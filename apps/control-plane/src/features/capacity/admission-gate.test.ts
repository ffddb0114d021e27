import { expect, it } from 'vitest';
import type { AdmissionGate, AdmissionReading } from './admission-gate.ts';
import { openGate, stepGate } from './admission-gate.ts';

const limits = { gapP95Ms: 2_000, queueP95Ms: 500 };
const after = (readings: readonly AdmissionReading[], everyMs = 2_000): AdmissionGate =>
  readings.reduce((gate, reading, index) => stepGate(gate, reading, { limits, atMs: index * everyMs }), openGate);
const fine = { gapP95Ms: 900, queueMs: 20 };

it('stays open while calls are answered in time, or none is up', () => {
  expect(after([fine, { gapP95Ms: null, queueMs: null }, { gapP95Ms: 2_000, queueMs: 500 }])).toEqual({ kind: 'open' });
});

it('closes at the first reading beyond a limit, and says of which', () => {
  expect(after([fine, { ...fine, gapP95Ms: 2_001 }])).toMatchObject({ kind: 'closed', cause: 'turn_gap', sinceMs: 2_000 });
  expect(after([{ ...fine, queueMs: 501 }])).toMatchObject({ kind: 'closed', cause: 'inference_queue' });
});

it('does not open at the limit, where it would swing with every call', () => {
  const near = { gapP95Ms: 1_900, queueMs: 0 };
  expect(after([{ ...fine, gapP95Ms: 2_001 }, ...Array.from({ length: 100 }, () => near)]).kind).toBe('closed');
});

it('opens when both were clearly better for ten seconds, and counts anew after a relapse', () => {
  const closed = { ...fine, queueMs: 900 };
  const better = Array.from({ length: 5 }, () => fine);
  expect(after([closed, ...better]).kind).toBe('closed');
  expect(after([closed, ...better, fine]).kind).toBe('open');
  expect(after([closed, ...better, closed, ...better]).kind).toBe('closed');
});
