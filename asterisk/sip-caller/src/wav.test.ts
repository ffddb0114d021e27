import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseWav, readWav } from './wav.ts';

it('a WAV file is read with the samples of its channels in turn', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wav-'));
  const path = join(folder, 'stereo.wav');
  const samples = [1, -1, 32_767, -32_768];
  const bytes = Buffer.alloc(44 + samples.length * 2);
  bytes.write('RIFF----WAVEfmt ', 'latin1');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(2, 22);
  bytes.writeUInt32LE(8_000, 24);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(samples.length * 2, 40);
  samples.forEach((sample, index) => bytes.writeInt16LE(sample, 44 + index * 2));
  await writeFile(path, bytes);
  expect(await readWav(path)).toEqual({ pcm: Int16Array.from(samples), hz: 8_000, channels: 2 });
  await rm(folder, { recursive: true });
});

it('a length beyond the end means to the end, as espeak-ng streams', async () => {
  const bytes = Buffer.alloc(48);
  bytes.write('RIFF----WAVEfmt ', 'latin1');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(22_050, 24);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(0x7fff_f000, 40);
  bytes.writeInt16LE(7, 46);
  expect(parseWav(bytes)).toEqual({ pcm: Int16Array.of(0, 7), hz: 22_050, channels: 1 });
});

it('what is no PCM16 file is refused', () => {
  expect(() => parseWav(Buffer.from('OggS'))).toThrow(/not a WAV/);
  expect(() => parseWav(Buffer.from('RIFF----WAVE'.padEnd(60, '\0'), 'latin1'))).toThrow(/no sound/);
});
