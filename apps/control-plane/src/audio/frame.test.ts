import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  bytesFromPcm,
  concatPcm,
  durationMs,
  FRAME_BYTES,
  FRAME_SAMPLES,
  framesOf,
  openFrameBlock,
  openFrameSlicer,
  pcmFromBytes,
  rmsDbfs,
  SILENCE_DBFS,
  silentFrames,
} from './frame.ts';

it('a slicer gives whole frames only, loses no sample and fills the last frame with silence', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1_500 }), { maxLength: 10 }), (lengths) => {
      const total = lengths.reduce((sum, length) => sum + length, 0);
      const stream = Int16Array.from({ length: total }, (_, i) => (i % 30_000) + 1);
      const slicer = openFrameSlicer();
      const got: Int16Array[] = [];
      let at = 0;
      for (const length of lengths) {
        got.push(slicer.push(stream.subarray(at, at + length)));
        at += length;
      }
      got.push(slicer.flush());
      for (const piece of got) expect(piece.length % FRAME_SAMPLES).toBe(0);
      const joined = concatPcm(got);
      expect(joined.subarray(0, total)).toEqual(stream);
      expect(joined.length - total).toBeLessThan(FRAME_SAMPLES);
      expect(joined.subarray(total).every((sample) => sample === 0)).toBe(true);
      expect(slicer.flush()).toHaveLength(0);
    }),
  );
});

it('frames are views of the same memory', () => {
  const pcm = new Int16Array(700);
  const frames = [...framesOf(pcm)];
  expect(frames).toHaveLength(2);
  pcm[320] = 9;
  expect(frames[1]?.[0]).toBe(9);
});

it('bytes and samples are the same at any offset, and aligned bytes are not copied', () => {
  fc.assert(
    fc.property(fc.int16Array({ maxLength: 400 }), fc.integer({ min: 0, max: 5 }), (pcm, offset) => {
      const memory = new Uint8Array(pcm.byteLength + offset);
      memory.set(bytesFromPcm(pcm), offset);
      const bytes = memory.subarray(offset);
      const back = pcmFromBytes(bytes);
      expect(back).toEqual(pcm);
      expect(back.buffer === bytes.buffer).toBe(offset % 2 === 0);
    }),
  );
});

it('an odd number of bytes is refused', () => {
  expect(() => pcmFromBytes(new Uint8Array(FRAME_BYTES + 1))).toThrow(/641 bytes/);
});

it('the level of a full-scale sine is -3 dBFS and that of silence a finite floor', () => {
  const sine = Int16Array.from({ length: 16_000 }, (_, i) => Math.round(32_767 * Math.sin((2 * Math.PI * i) / 100)));
  expect(rmsDbfs(sine)).toBeCloseTo(-3.01, 1);
  expect(rmsDbfs(silentFrames(3))).toBe(SILENCE_DBFS);
  expect(rmsDbfs(new Int16Array(0))).toBe(SILENCE_DBFS);
});

it('durations follow the rate', () => {
  expect(durationMs(silentFrames(2))).toBe(40);
  expect(durationMs(new Int16Array(80), 8_000)).toBe(10);
});

it('a block of memory gives every frame once, silent, and never the same place twice', () => {
  const frames = openFrameBlock();
  const taken = Array.from({ length: 200 }, (_, index) => frames.take().fill(index));
  expect(taken.every((frame, index) => frame.length === FRAME_SAMPLES && frame.every((sample) => sample === index))).toBe(true);
  expect(frames.take().every((sample) => sample === 0)).toBe(true);
});
