// Where each side of a recorded call makes sound, read from the file as it streams: four hours of a call are 460 MB and never in memory.
import type { Stretch } from '#audio/audible-sound.ts';
import { openStretchFinder } from '#audio/audible-sound.ts';
import { pcmFromBytes } from '#audio/frame.ts';
import type { OpenRecording } from '#ports/recording-storage.ts';

/** The sound of a call, side by side on one clock: ms from the recording's first sample. */
export type RecordedSound = { readonly caller: readonly Stretch[]; readonly agent: readonly Stretch[]; readonly lengthMs: number };

/** The file is no stereo WAV of PCM16: nothing can be measured on it. */
export class NotStereoError extends Error {
  override readonly name = 'NotStereoError';
}

/** Sounds nearer than this are one: periods of a low voice are 14 ms apart, syllables more. */
const JOIN_MS = 30;
/** A WAV file says what it is within its first bytes; ours after 44. */
const MAX_HEADER_BYTES = 4_096;
const BYTES_PER_PAIR = 4;

/** Reads a recording to its end. Throws `NotStereoError`, or the signal's reason. */
export async function readRecordedSound(recording: OpenRecording, { signal }: { signal: AbortSignal }): Promise<RecordedSound> {
  const reader = openSideReader();
  for await (const bytes of recording.read({ firstByte: 0, lastByte: recording.bytes - 1 }, { signal })) reader.push(bytes);
  return reader.end();
}

/** Takes a WAV file in pieces of any length. */
export function openSideReader(): { push(bytes: Uint8Array): void; end(): RecordedSound } {
  let rest = new Uint8Array(0);
  let sides: ReturnType<typeof openSides> | null = null;
  return {
    push(bytes) {
      const joined = new Uint8Array(rest.length + bytes.length);
      joined.set(rest);
      joined.set(bytes, rest.length);
      let from = 0;
      if (sides === null) {
        const header = readHeader(joined);
        if (header === null) {
          if (joined.length > MAX_HEADER_BYTES) throw new NotStereoError(`no sound in the first ${MAX_HEADER_BYTES} bytes`);
          rest = joined;
          return;
        }
        sides = openSides(header.hz);
        from = header.bytes;
      }
      const whole = from + Math.floor((joined.length - from) / BYTES_PER_PAIR) * BYTES_PER_PAIR;
      sides.push(pcmFromBytes(joined.subarray(from, whole)));
      rest = joined.slice(whole);
    },
    end() {
      if (sides === null) throw new NotStereoError('the file ends before its sound');
      return sides.sound();
    },
  };
}

function openSides(hz: number) {
  const caller = openStretchFinder({ hz, joinMs: JOIN_MS });
  const agent = openStretchFinder({ hz, joinMs: JOIN_MS });
  let samples = 0;
  return {
    sound: () => ({ caller: caller.stretches, agent: agent.stretches, lengthMs: (samples / hz) * 1_000 }),
    push(pairs: Int16Array) {
      samples += pairs.length / 2;
      const side = (first: number) => Int16Array.from({ length: pairs.length / 2 }, (_, index) => pairs[index * 2 + first] as number);
      caller.push(side(0));
      agent.push(side(1));
    },
  };
}

/** Null: it goes on behind these bytes. */
function readHeader(bytes: Uint8Array): { readonly hz: number; readonly bytes: number } | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tagAt = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));
  let hz: number | null = null;
  for (let at = 12; at + 8 <= bytes.length;) {
    const length = view.getUint32(at + 4, true);
    if (tagAt(at) === 'data') {
      if (hz === null) throw new NotStereoError('the sound comes before its format');
      return { hz, bytes: at + 8 };
    }
    if (tagAt(at) === 'fmt ' && at + 24 <= bytes.length) {
      const [format, channels, bits] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true), view.getUint16(at + 22, true)];
      if (format !== 1 || channels !== 2 || bits !== 16) throw new NotStereoError(`format ${format}, ${channels} channels of ${bits} bits`);
      hz = view.getUint32(at + 12, true);
    }
    at += 8 + length + (length % 2);
  }
  return null;
}
