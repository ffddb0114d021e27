/**
 * Text as sound and back: the sandbox's voice and ear. Everything between them is the product's own audio path, so what is cut,
 * lost or mixed up on the way is cut, lost or mixed up in the text.
 */
import { concatPcm, FRAME_HZ, FRAME_SAMPLES } from '#audio/frame.ts';
import { BYTE_SAMPLES, findChirp, readByte, writeByte } from './modem-signal.ts';

/** A tone before the first byte, so that voice activity is sure of itself before anything is said: 100 ms. */
const PREAMBLE_SAMPLES = 5 * FRAME_SAMPLES;
const PREAMBLE_HZ = 600;
const PREAMBLE_AMPLITUDE = 6_000;
/** Milliseconds that a byte takes; a letter with an accent takes two bytes. */
export const BYTE_MS = (BYTE_SAMPLES * 1_000) / FRAME_HZ;

/** Sound of `text`: whole 20 ms frames of PCM16 at 16 kHz. An empty text makes no sound. */
export function encodeText(text: string): Int16Array {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length === 0) return new Int16Array(0);
  const pcm = new Int16Array(PREAMBLE_SAMPLES + bytes.length * BYTE_SAMPLES);
  for (let index = 0; index < PREAMBLE_SAMPLES; index++) {
    pcm[index] = PREAMBLE_AMPLITUDE * Math.sin((2 * Math.PI * PREAMBLE_HZ * index) / FRAME_HZ);
  }
  for (const [index, byte] of bytes.entries()) writeByte(pcm, PREAMBLE_SAMPLES + index * BYTE_SAMPLES, byte);
  return pcm;
}

/** Reads text from sound as it arrives, in pieces of any length. */
export type ModemReader = {
  /** Takes sound and gives the text that it completes, possibly none. A byte that was cut short is left out. */
  push(pcm: Int16Array): string;
};

/** Opens a reader. It holds less than one byte's sound. */
export function openModemReader(): ModemReader {
  let pending = new Int16Array(0);
  let utf8 = openUtf8();
  let isFresh = true;
  return {
    push(pcm) {
      pending = concatPcm([pending, pcm]);
      let text = '';
      let at = 0;
      for (;;) {
        const start = findChirp(pending, at);
        if (start === null) {
          // A chirp may have begun in the last samples.
          at = Math.max(at, pending.length - BYTE_SAMPLES / 6 + 1);
          break;
        }
        if (start + BYTE_SAMPLES > pending.length) {
          at = start;
          break;
        }
        const byte = readByte(pending, start);
        // A gap between bytes is where something was cut: half a letter before it must not eat the letter after it.
        if (start !== at && !isFresh) utf8 = openUtf8();
        isFresh = byte === null;
        if (byte !== null) text += utf8.decode(Uint8Array.of(byte), { stream: true });
        at = byte === null ? start + 1 : start + BYTE_SAMPLES;
      }
      pending = pending.slice(at);
      return text.replaceAll('\uFFFD', '');
    },
  };
}

/** The text in a whole piece of sound; empty when there is none. */
export function decodeText(pcm: Int16Array): string {
  return openModemReader().push(pcm);
}

function openUtf8(): InstanceType<typeof TextDecoder> {
  return new TextDecoder('utf-8', { ignoreBOM: true });
}
