// WAV files of PCM16, as recordings and espeak-ng write them.
import { readFile } from 'node:fs/promises';
import { pcmFromBytes } from '@centralita/control-plane/audio/frame.ts';

/** Sound with its rate; samples of several channels alternate. */
export type Wav = { readonly pcm: Int16Array; readonly hz: number; readonly channels: number };

const HEADER_BYTES = 44;

/** Reads a WAV file. Throws when it is not PCM16. */
export async function readWav(path: string): Promise<Wav> {
  return parseWav(await readFile(path));
}

/** Reads the bytes of a WAV file. A length beyond the end (espeak-ng streams with 0x7ffff000) means: to the end. */
export function parseWav(bytes: Uint8Array): Wav {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tagAt = (at: number) => Buffer.from(bytes.subarray(at, at + 4)).toString('latin1');
  if (bytes.length < HEADER_BYTES || tagAt(0) !== 'RIFF' || tagAt(8) !== 'WAVE') throw new Error('not a WAV file');
  let format: { hz: number; channels: number } | null = null;
  for (let at = 12; at + 8 <= bytes.length;) {
    const length = view.getUint32(at + 4, true);
    if (tagAt(at) === 'fmt ') {
      if (view.getUint16(at + 8, true) !== 1 || view.getUint16(at + 22, true) !== 16) throw new Error('the WAV file is not PCM16');
      format = { channels: view.getUint16(at + 10, true), hz: view.getUint32(at + 12, true) };
    }
    if (tagAt(at) === 'data' && format) {
      const end = Math.min(bytes.length, at + 8 + length);
      return { ...format, pcm: pcmFromBytes(bytes.subarray(at + 8, end - ((end - at) % 2))) };
    }
    at += 8 + length + (length % 2);
  }
  throw new Error('the WAV file has no sound in it');
}
