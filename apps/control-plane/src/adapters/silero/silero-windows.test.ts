import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SLOTS_PER_STREAM, WINDOW_SAMPLES } from './silero-memory.ts';
import { SileroWindows, WAITING_MAX } from './silero-windows.ts';

const memory = () => new Int16Array(2 * SLOTS_PER_STREAM * WINDOW_SAMPLES);
const samplesOf = (windows: Int16Array, slot: number) => windows.subarray(slot * WINDOW_SAMPLES, (slot + 1) * WINDOW_SAMPLES);

it('windows hold the samples of the stream in order, whatever the length of the pieces', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 1_200 }), { maxLength: 40 }), (lengths) => {
      const shared = memory();
      const stream = new SileroWindows(shared, 1);
      let sent = 0;
      let next = 0;
      for (const length of lengths) {
        stream.push(
          Int16Array.from({ length }, () => sent++ % 30_000),
          sent,
        );
        for (let window = stream.take(); window; window = stream.take()) {
          expect(window.slot).toBeGreaterThanOrEqual(SLOTS_PER_STREAM);
          expect([...samplesOf(shared, window.slot)]).toEqual(Array.from({ length: WINDOW_SAMPLES }, () => next++ % 30_000));
          stream.release(window);
        }
      }
      expect(sent - next).toBeLessThan(WINDOW_SAMPLES);
    }),
    { numRuns: 40 },
  );
});

it('drops the oldest window when too many wait, and never writes into the one that is out', () => {
  const shared = memory();
  const stream = new SileroWindows(shared, 0);
  const window = (value: number) => new Int16Array(WINDOW_SAMPLES).fill(value);
  stream.push(window(1), 1);
  const out = stream.take();
  let dropped = 0;
  for (let value = 2; value < 60; value++) dropped += stream.push(window(value), value);
  expect(stream.waiting).toBe(WAITING_MAX);
  expect(dropped).toBe(58 - WAITING_MAX);
  expect(samplesOf(shared, out?.slot ?? -1)[0]).toBe(1);
  const oldest = stream.take();
  expect(oldest?.atMs).toBe(60 - WAITING_MAX);
  expect(samplesOf(shared, oldest?.slot ?? -1)[511]).toBe(60 - WAITING_MAX);
});
