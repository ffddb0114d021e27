// Collects the windows of all streams into batches, one at a time with the thread, and hands each answer to its stream's listener.
import type { VoiceActivityStream, VoiceProbability } from '#ports/voice-activity.ts';
import { invariant } from '#shared/invariant.ts';
import type { Log } from '#shared/log.ts';
import { BATCH_MAX, ENTRY_FIELDS, placesFor } from './silero-memory.ts';
import type { SileroMemory } from './silero-memory.ts';
import { SileroWindows } from './silero-windows.ts';
import type { SileroWindow } from './silero-windows.ts';

/**
 * A batch goes out when so many windows are ready. The first run after an idle pause finds the processor's caches cold, which costs 0.4 ms
 * however many windows there are: 8 windows then cost 97 us each, 32 cost 46 (a loop without pauses takes 48 and 37).
 */
const BATCH_TARGET = 32;
/**
 * The longest that a window waits for those of other calls: what batching may add to a turn. At 32 calls it gives batches of 24, at 100 calls
 * the target is met after 10 ms. Nothing waits once every open stream has a window ready, so one call alone never does.
 */
const COALESCE_MS = 24;
/** A push that comes after a batch is due sends it; the timer waits so much longer and is seldom needed, which saves a wake-up per batch. */
const TIMER_SLACK_MS = 4;
/** At most one line a second about audio that was dropped: a starved machine must not drown its log. */
const DROP_LOG_MS = 1_000;

type Stream = {
  readonly index: number;
  readonly windows: SileroWindows;
  readonly listener: (voice: VoiceProbability) => void;
  /** The next window starts with a state of zero. */
  fresh: boolean;
  closed: boolean;
};
type BatchEntry = { readonly stream: Stream; readonly window: SileroWindow };

/** Streams in, batches out. Knows no thread: `run` is given by `started`. */
export class SileroBatcher {
  readonly #log: Log;
  readonly #memory: SileroMemory;
  readonly #maxStreams: number;
  readonly #freeIndexes: number[];
  readonly #streams = new Set<Stream>();
  /** Streams with a window that waits, the one that waits longest first. */
  readonly #waiting = new Set<Stream>();
  #batch: BatchEntry[] = [];
  #dueAt = 0;
  #timer: NodeJS.Timeout | null = null;
  #failure: Error | null = null;
  #run: ((count: number) => void) | null = null;
  #dropped = 0;
  #dropLoggedAt = -DROP_LOG_MS;

  constructor(options: { maxStreams: number; memory: SileroMemory; log: Log }) {
    this.#log = options.log;
    this.#memory = options.memory;
    this.#maxStreams = options.maxStreams;
    this.#freeIndexes = Array.from({ length: placesFor(options.maxStreams) }, (_, i) => placesFor(options.maxStreams) - 1 - i);
  }

  openStream(listener: (voice: VoiceProbability) => void): VoiceActivityStream {
    if (this.#failure) throw new Error('voice activity does not run', { cause: this.#failure });
    if (this.#streams.size >= this.#maxStreams) {
      throw new Error(`voice activity has its limit of ${this.#maxStreams} streams open: raise maxStreams or admit fewer calls`);
    }
    const index = this.#freeIndexes.pop();
    invariant(index !== undefined, 'there is a place for every stream and for every closed one whose window is still with the thread');
    const stream: Stream = { index, windows: new SileroWindows(this.#memory.windows, index), listener, fresh: true, closed: false };
    this.#streams.add(stream);
    return { push: (frame, atMs) => this.#push(stream, frame, atMs), close: () => this.#close(stream) };
  }

  /** The thread is ready; `run` sends it a batch of so many entries. */
  started(run: (count: number) => void): void {
    this.#run = run;
    this.#schedule();
  }

  /** The thread has answered the first `count` entries of the batch that was out. */
  answered(count: number): void {
    const batch = this.#batch;
    this.#batch = [];
    const probabilities = this.#memory.probabilities.slice(0, count);
    for (const [row, { stream, window }] of batch.entries()) {
      stream.windows.release(window);
      if (stream.closed) this.#freeIndexes.push(stream.index);
      else if (row < count) this.#tell(stream, { probability: probabilities[row] as number, atMs: window.atMs });
    }
    this.#schedule();
  }

  /** The new thread knows no stream: each starts with a state of zero, and the batch that was out is lost. */
  restarted(): void {
    for (const stream of this.#streams) stream.fresh = true;
    this.answered(0);
  }

  /** Voice activity has ended: no listener is called again and no stream opens. */
  failed(error: Error): void {
    this.#failure ??= error;
    this.#streams.clear();
    this.#waiting.clear();
    this.#batch = [];
    this.#disarm();
  }

  #push(stream: Stream, frame: Int16Array, atMs: number): void {
    if (stream.closed || this.#failure) return;
    const dropped = stream.windows.push(frame, atMs);
    if (dropped > 0) this.#countDropped(dropped);
    if (stream.windows.waiting === 0 || this.#waiting.has(stream)) return;
    if (this.#waiting.size === 0) this.#dueAt = performance.now() + COALESCE_MS;
    this.#waiting.add(stream);
    this.#schedule();
  }

  #close(stream: Stream): void {
    if (stream.closed) return;
    stream.closed = true;
    this.#streams.delete(stream);
    this.#waiting.delete(stream);
    if (!this.#batch.some((entry) => entry.stream === stream)) this.#freeIndexes.push(stream.index);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#batch.length > 0 || this.#waiting.size === 0 || !this.#run) return;
    const waitMs = this.#dueAt - performance.now();
    if (waitMs <= 0 || this.#waiting.size >= Math.min(BATCH_TARGET, this.#streams.size)) this.#send(this.#run);
    else this.#timer ??= setTimeout(() => this.#due(), waitMs + TIMER_SLACK_MS);
  }

  #due(): void {
    this.#timer = null;
    this.#dueAt = 0;
    this.#schedule();
  }

  /** One window of each stream, because a stream's next window needs the state that this one leaves. */
  #send(run: (count: number) => void): void {
    this.#disarm();
    for (const stream of this.#waiting) {
      if (this.#batch.length === BATCH_MAX) break;
      this.#waiting.delete(stream);
      const window = stream.windows.take();
      if (!window) continue;
      this.#memory.entries.set([stream.index, window.slot, stream.fresh ? 1 : 0], this.#batch.length * ENTRY_FIELDS);
      stream.fresh = false;
      this.#batch.push({ stream, window });
    }
    for (const { stream } of this.#batch) if (stream.windows.waiting > 0) this.#waiting.add(stream);
    // What is left has waited long enough: it goes out as soon as this batch is answered.
    this.#dueAt = 0;
    run(this.#batch.length);
  }

  #disarm(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #tell(stream: Stream, voice: VoiceProbability): void {
    try {
      stream.listener(voice);
    } catch (error) {
      // One call's bug must not take the answers of the others.
      this.#log.error({ error }, 'voice activity listener threw');
    }
  }

  #countDropped(windows: number): void {
    this.#dropped += windows;
    if (performance.now() - this.#dropLoggedAt < DROP_LOG_MS) return;
    this.#dropLoggedAt = performance.now();
    this.#log.warn({ droppedWindows: this.#dropped }, 'voice activity does not keep up and dropped the oldest audio');
    this.#dropped = 0;
  }
}
