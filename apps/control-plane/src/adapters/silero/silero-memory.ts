// The memory that the main thread and the voice activity thread share: audio and results cross in it, so a message is one small number.

/** Rate at which the model hears: half that of our frames. It costs a quarter less CPU in all (57 to 67 us a window, not 84), and a telephone carries nothing above 4 kHz. */
export const MODEL_HZ = 8_000;
/** Samples of a window of the model at that rate: 32 ms. */
export const WINDOW_SAMPLES = 256;
/** Windows in one run of the model. Cost per window is flat from 16 on; 64 take 2.1 ms, so a result is never late for the next window. */
export const BATCH_MAX = 64;
/** Windows of room per stream: one being filled, one with the model, 14 that wait (0.45 s; older audio is of no use to turn detection). */
export const SLOTS_PER_STREAM = 16;

/** Views of the shared memory; both threads make them from the same buffers. */
export type SileroMemory = {
  /** `SLOTS_PER_STREAM` windows of PCM16 at `MODEL_HZ` for each place. */
  readonly windows: Int16Array<SharedArrayBuffer>;
  /** The batch with the model, `ENTRY_FIELDS` numbers per window. One batch is out at a time, so no lock is needed. */
  readonly entries: Int32Array<SharedArrayBuffer>;
  /** The probabilities of that batch, in its order. */
  readonly probabilities: Float32Array<SharedArrayBuffer>;
};

/** Fields of an entry: index of the stream, slot of the window in `windows`, 1 when the stream's state must start at zero. */
export const ENTRY_FIELDS = 3;

/** Places in memory for `maxStreams` open streams: a closed one keeps its place while its last window is with the thread. */
export function placesFor(maxStreams: number): number {
  return maxStreams + BATCH_MAX;
}

/** What the thread is started with. */
export type SileroThreadStart = { readonly modelPath: string; readonly places: number; readonly memory: SileroMemory };

/** What the thread says: it is ready, it cannot start, or the batch has been answered. The main thread says only the number of entries. */
export type SileroThreadMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'answered'; readonly count: number };

/** Reserves the shared memory: 8 kB per stream, of which the system gives out only what is touched. */
export function openSileroMemory(maxStreams: number): SileroMemory {
  return {
    windows: new Int16Array(new SharedArrayBuffer(placesFor(maxStreams) * SLOTS_PER_STREAM * WINDOW_SAMPLES * 2)),
    entries: new Int32Array(new SharedArrayBuffer(BATCH_MAX * ENTRY_FIELDS * 4)),
    probabilities: new Float32Array(new SharedArrayBuffer(BATCH_MAX * 4)),
  };
}
