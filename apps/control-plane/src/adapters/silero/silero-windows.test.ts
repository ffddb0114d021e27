import fc from 'fast-check';
import { expect, it } from 'vitest';
import { HalfRate } from './silero-half-rate.ts';
import { SLOTS_PER_STREAM, WINDOW_SAMPLES } from './silero-memory.ts';
import { SileroWindows, WAITING_MAX } from './silero-windows.ts';

const memory = () => new Int16Array(2 * SLOTS_PER_STREAM * WINDOW_SAMPLES);
const samplesOf = (windows: Int16Array, slot: number) => windows.subarray(slot * WINDOW_SAMPLES, (slot + 1) * WINDOW_SAMPLES);

/** The whole stream at half the rate. */
function halved(pcm: Int16Array): Int16Array {
  const halfRate = new HalfRate();
  const parts: number[] = [];
  for (let at = 0; at < pcm.length; at += HalfRate.maxSamples) parts.push(...halfRate.push(pcm.subarray(at, at + HalfRate.maxSamples)));
  return Int16Array.from(parts);
}

it('windows hold the samples of the stream in order and at half the rate, whatever the length of the pieces', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 1_200 }), { maxLength: 40 }), (lengths) => {
      const shared = memory();
      const stream = new SileroWindows(shared, 1);
      const sound = Int16Array.from({ length: lengths.reduce((total, length) => total + length, 0) }, (_, i) => (i * 7_919) % 30_000);
      const heard: number[] = [];
      let sent = 0;
      for (const length of lengths) {
        stream.push(sound.subarray(sent, sent + length), sent);
        sent += length;
        for (let window = stream.take(); window; window = stream.take()) {
          expect(window.slot).toBeGreaterThanOrEqual(SLOTS_PER_STREAM);
          heard.push(...samplesOf(shared, window.slot));
          stream.release(window);
        }
      }
      const expected = halved(sound);
      expect(heard).toEqual([...expected.subarray(0, heard.length)]);
      expect(expected.length - heard.length).toBeLessThan(WINDOW_SAMPLES);
    }),
    { numRuns: 40 },
  );
});

it('drops the oldest window when too many wait, and never writes into the one that is out', () => {
  const shared = memory();
  const stream = new SileroWindows(shared, 0);
  const window = (value: number) => new Int16Array(2 * WINDOW_SAMPLES).fill(value);
  stream.push(window(1), 1);
  const out = stream.take();
  let dropped = 0;
  for (let value = 2; value < 60; value++) dropped += stream.push(window(value), value);
  expect(stream.waiting).toBe(WAITING_MAX);
  expect(dropped).toBe(58 - WAITING_MAX);
  expect(samplesOf(shared, out?.slot ?? -1)[255]).toBe(1);
  const oldest = stream.take();
  expect(oldest?.atMs).toBe(60 - WAITING_MAX);
  expect(samplesOf(shared, oldest?.slot ?? -1)[255]).toBe(60 - WAITING_MAX);
});
