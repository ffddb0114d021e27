// From espeak-ng's wav to the samples that Asterisk and the control plane play.
import { describe, expect, it } from 'vitest';
import { readWav, resample } from './prompts.ts';

const SOURCE_HZ = 22_050;

function tone(hz: number): Int16Array {
  return Int16Array.from({ length: SOURCE_HZ }, (_, index) => Math.round(10_000 * Math.sin((2 * Math.PI * hz * index) / SOURCE_HZ)));
}

/** Root mean square of the middle, away from the edges of the filter. */
function level(bytes: Uint8Array): number {
  const samples = new Int16Array(bytes.buffer).subarray(500, -500);
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}

function wav(samples: Int16Array, channels = 1): Uint8Array {
  const bytes = Buffer.alloc(44 + samples.length * 2);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + samples.length * 2, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(channels, 22);
  bytes.writeUInt32LE(SOURCE_HZ, 24);
  bytes.writeUInt32LE(SOURCE_HZ * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(samples.length * 2, 40);
  samples.forEach((sample, index) => bytes.writeInt16LE(sample, 44 + index * 2));
  return new Uint8Array(bytes);
}

describe('prompts', () => {
  it('keep a voice and its length when they are brought to the telephone', () => {
    const samples = resample({ rateHz: SOURCE_HZ, samples: tone(1000) }, 8000);
    expect(samples.length / 2).toBe(8000);
    expect(level(samples)).toBeGreaterThan(6800);
    expect(level(samples)).toBeLessThan(7300);
  });

  it('lose what the telephone would fold back into the voice', () => {
    expect(level(resample({ rateHz: SOURCE_HZ, samples: tone(6000) }, 8000))).toBeLessThan(100);
  });

  it('are read from a mono 16-bit wav, and from nothing else', () => {
    const { rateHz, samples } = readWav(wav(tone(440)), 'spoken');
    expect(rateHz).toBe(SOURCE_HZ);
    expect(samples).toEqual(tone(440));
    expect(() => readWav(wav(tone(440), 2), 'stereo')).toThrow(/stereo.*mono/);
    expect(() => readWav(new Uint8Array(100), 'noise')).toThrow(/noise.*not a wav/);
  });
});
