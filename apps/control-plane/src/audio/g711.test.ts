import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alaw, ulaw } from './g711.ts';

const allCodes = Uint8Array.from({ length: 256 }, (_, code) => code);

describe.each([
  { name: 'µ-law', codec: ulaw, negativeZero: 0x7f },
  { name: 'A-law', codec: alaw, negativeZero: null },
])('$name', ({ codec, negativeZero }) => {
  it('gives every code back after decoding and encoding, but for the second zero of µ-law', () => {
    const pcm = new Int16Array(256);
    const codes = new Uint8Array(256);
    codec.decode(allCodes, pcm);
    codec.encode(pcm, codes);
    const changed = [...allCodes].filter((code) => codes[code] !== code);
    expect(changed).toEqual(negativeZero === null ? [] : [negativeZero]);
  });

  it('stays within half a step of the sample: 3.2 % of its size, or 8', () => {
    fc.assert(
      fc.property(fc.integer({ min: -32_768, max: 32_767 }), (sample) => {
        const codes = new Uint8Array(1);
        const back = new Int16Array(1);
        codec.encode(Int16Array.of(sample), codes);
        codec.decode(codes, back);
        expect(Math.abs((back[0] as number) - sample)).toBeLessThanOrEqual(Math.max(8, Math.abs(sample) * 0.0323) + 4);
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps a full-scale sine at 30 dB over its quantization noise', () => {
    const sine = Int16Array.from({ length: 8_000 }, (_, i) => Math.round(20_000 * Math.sin(i * 0.77)));
    const codes = new Uint8Array(sine.length);
    const back = new Int16Array(sine.length);
    codec.encode(sine, codes);
    codec.decode(codes, back);
    const noise = sine.reduce((sum, sample, i) => sum + (sample - (back[i] as number)) ** 2, 0);
    const signal = sine.reduce((sum, sample) => sum + sample ** 2, 0);
    expect(10 * Math.log10(signal / noise)).toBeGreaterThan(30);
  });

  it('refuses an array that is too short', () => {
    expect(() => codec.encode(new Int16Array(3), new Uint8Array(2))).toThrow(RangeError);
    expect(() => codec.decode(new Uint8Array(3), new Int16Array(2))).toThrow(RangeError);
  });
});

it('agrees with the published code points', () => {
  const codes = new Uint8Array(4);
  ulaw.encode(Int16Array.of(0, -1, 32_767, -32_768), codes);
  expect([...codes]).toEqual([0xff, 0x7f, 0x80, 0x00]);
  alaw.encode(Int16Array.of(0, -1, 32_767, -32_768), codes);
  expect([...codes]).toEqual([0xd5, 0x55, 0xaa, 0x2a]);
  expect([ulaw.silence, alaw.silence]).toEqual([0xff, 0xd5]);
  const pcm = new Int16Array(2);
  ulaw.decode(Uint8Array.of(0x80, 0x00), pcm);
  expect([...pcm]).toEqual([32_124, -32_124]);
  alaw.decode(Uint8Array.of(0xaa, 0x2a), pcm);
  expect([...pcm]).toEqual([32_256, -32_256]);
});
