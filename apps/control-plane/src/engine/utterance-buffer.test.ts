import { expect, it } from 'vitest';
import { MAX_UTTERANCE_MS, POSTROLL_MS, PREROLL_MS } from './limits.ts';
import { UtteranceBuffer } from './utterance-buffer.ts';

/** Frames that arrive each 20 ms, each full of its own number. */
function filled(lengthMs: number): UtteranceBuffer {
  const buffer = new UtteranceBuffer();
  for (let atMs = 20; atMs <= lengthMs; atMs += 20) buffer.push(new Int16Array(320).fill(atMs / 20), atMs);
  return buffer;
}

it('cuts an utterance with its beginning and its end, in order', () => {
  const pcm = filled(3_000).cut(1_000, 2_000);
  const first = (pcm[0] ?? 0) * 20;
  const last = (pcm.at(-1) ?? 0) * 20;
  expect(first).toBe(1_000 - PREROLL_MS);
  expect(last).toBeGreaterThanOrEqual(2_000 + POSTROLL_MS);
  expect(last).toBeLessThanOrEqual(2_000 + POSTROLL_MS + 20);
  expect(pcm.length / 320).toBe((last - first) / 20 + 1);
});

it('gives what there is when the beginning or the end did not arrive', () => {
  expect(filled(500).cut(0, 5_000)).toHaveLength(25 * 320);
  expect(new UtteranceBuffer().cut(0, 1_000)).toHaveLength(0);
});

it('drops what cannot belong to later speech and keeps its pre-roll', () => {
  const buffer = filled(3_000);
  buffer.trimBefore(2_000);
  expect(buffer.cut(0, 3_000)[0]).toBe((2_000 - PREROLL_MS) / 20);
  buffer.trimBefore(10_000);
  expect(buffer.cut(0, 10_000)).toHaveLength(0);
});

it('never hands out more than the longest utterance nor keeps much more', () => {
  const buffer = filled(120_000);
  expect(buffer.cut(0, 120_000)).toHaveLength(MAX_UTTERANCE_MS * 16);
  const oldest = (buffer.cut(0, 120_000)[0] ?? 0) * 20;
  expect(oldest).toBeGreaterThan(120_000 - MAX_UTTERANCE_MS - 10_000);
});
