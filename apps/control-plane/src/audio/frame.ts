// The one shape of sound inside the product: frames of 20 ms, mono PCM16 little-endian at 16 kHz.

/** Rate of every frame in Hz. */
export const FRAME_HZ = 16_000;
/** Length of a frame in milliseconds. */
export const FRAME_MS = 20;
/** Samples of a frame. */
export const FRAME_SAMPLES = 320;
/** Bytes of a frame on the media socket. */
export const FRAME_BYTES = 640;
/** What `rmsDbfs` answers for digital silence: a number, so that it can be compared and written as JSON. */
export const SILENCE_DBFS = -120;

/** Cuts a stream of pieces of any length into whole frames. */
export type FrameSlicer = {
  /** Takes samples and returns all whole frames that they complete, one after the other (possibly none). */
  push(pcm: Int16Array): Int16Array;
  /** Returns the rest as one frame filled up with silence, or nothing when the stream ended on a border; then starts anew. */
  flush(): Int16Array;
};

/** Opens a slicer. It holds less than one frame. */
export function openFrameSlicer(): FrameSlicer {
  let rest = new Int16Array(0);
  return {
    push(pcm) {
      const joined = concatPcm([rest, pcm]);
      const whole = joined.length - (joined.length % FRAME_SAMPLES);
      rest = joined.slice(whole);
      return joined.subarray(0, whole);
    },
    flush() {
      if (rest.length === 0) return rest;
      const last = new Int16Array(FRAME_SAMPLES);
      last.set(rest);
      rest = new Int16Array(0);
      return last;
    },
  };
}

/** Views, not copies, of each whole frame of `pcm`; what is left over at the end is not given. */
export function* framesOf(pcm: Int16Array): Generator<Int16Array> {
  for (let start = 0; start + FRAME_SAMPLES <= pcm.length; start += FRAME_SAMPLES) yield pcm.subarray(start, start + FRAME_SAMPLES);
}

/** Joins pieces into one new array. */
export function concatPcm(parts: readonly Int16Array[]): Int16Array<ArrayBuffer> {
  const joined = new Int16Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** New frames of digital silence. */
export function silentFrames(count: number): Int16Array {
  return new Int16Array(count * FRAME_SAMPLES);
}

/** Frames of one block of memory: 41 kB. */
const BLOCK_FRAMES = 64;

/**
 * Gives out new frames cut from larger blocks; a frame is its taker's to keep, and its block lives as long as any of its frames. Memory of its
 * own for each frame, 50 times a second for each call, was what the garbage collector ran for.
 */
export function openFrameBlock(): { take(): Int16Array } {
  let block = new Int16Array(0);
  let at = 0;
  return {
    take() {
      if (at >= block.length) {
        block = new Int16Array(BLOCK_FRAMES * FRAME_SAMPLES);
        at = 0;
      }
      at += FRAME_SAMPLES;
      return block.subarray(at - FRAME_SAMPLES, at);
    },
  };
}

/** Length of audio in milliseconds; `hz` is its rate. */
export function durationMs(pcm: Int16Array, hz: number = FRAME_HZ): number {
  return (pcm.length * 1_000) / hz;
}

/**
 * Reads little-endian bytes as samples: a view when they are aligned, else a copy (sockets hand out slices at odd offsets).
 * Throws `RangeError` for an odd number of bytes: check the length of a foreign message first.
 */
export function pcmFromBytes(bytes: Uint8Array): Int16Array {
  if (bytes.length % 2 !== 0) throw new RangeError(`${bytes.length} bytes are not a whole number of 16-bit samples`);
  if (bytes.byteOffset % 2 === 0) return new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  return new Int16Array(Uint8Array.from(bytes).buffer);
}

/** The samples as little-endian bytes: a view of the same memory, so do not change `pcm` while they are being sent. */
export function bytesFromPcm(pcm: Int16Array): Buffer {
  return Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength);
}

/** Root mean square level in dB of full scale (a full-scale sine is -3 dBFS); `SILENCE_DBFS` for silence or no samples. */
export function rmsDbfs(pcm: Int16Array): number {
  let energy = 0;
  for (let i = 0; i < pcm.length; i++) energy += (pcm[i] as number) ** 2;
  if (energy === 0) return SILENCE_DBFS;
  return Math.max(SILENCE_DBFS, 10 * Math.log10(energy / pcm.length / 32_768 ** 2));
}

// Samples are viewed in the machine's own byte order, and every machine that Node 24 supports for us (x64, arm64) is little-endian.
if (new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1) throw new Error('audio needs a little-endian machine');
