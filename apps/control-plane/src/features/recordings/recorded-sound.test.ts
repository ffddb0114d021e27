import { expect, it } from 'vitest';
import { NotStereoError, openSideReader } from './recorded-sound.ts';

/** A stereo WAV file of 8 kHz: the caller sounds from 100 to 200 ms, the agent from 300 to 350 ms. */
function wav({ channels = 2, ms = 400 } = {}): Buffer {
  const sound = Buffer.alloc(ms * 8 * 2 * channels);
  for (let sample = 0; sample < ms * 8; sample++) {
    if (sample >= 800 && sample < 1_600) sound.writeInt16LE(5_000, sample * 2 * channels);
    if (channels === 2 && sample >= 2_400 && sample < 2_800) sound.writeInt16LE(-5_000, sample * 4 + 2);
  }
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.write('WAVE', 8);
  header.write('fmt ', 12);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(8_000, 24);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(sound.length, 40);
  return Buffer.concat([header, sound]);
}

const expected = { caller: [{ startMs: 100, endMs: 200 }], agent: [{ startMs: 300, endMs: 350 }], lengthMs: 400 };

it('tells where each side makes sound, whatever the pieces that the file comes in', () => {
  for (const length of [1, 7, 45, 1_000, 100_000]) {
    const reader = openSideReader();
    const file = wav();
    for (let at = 0; at < file.length; at += length) reader.push(file.subarray(at, at + length));
    expect([length, reader.end()]).toEqual([length, expected]);
  }
});

it('refuses what is no stereo sound, and what ends before it', () => {
  expect(() => openSideReader().push(wav({ channels: 1 }))).toThrow(NotStereoError);
  expect(() => openSideReader().push(Buffer.alloc(5_000))).toThrow(NotStereoError);
  const cut = openSideReader();
  cut.push(wav().subarray(0, 20));
  expect(() => cut.end()).toThrow(NotStereoError);
});
