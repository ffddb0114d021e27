// The sound of a leg as Asterisk's media socket treats it: a queue that is played one frame every 20 ms, marks in it, flush.
import { FRAME_MS, FRAME_SAMPLES, framesOf } from '#audio/frame.ts';
import type { AudioTransport, AudioTransportEvent } from '#ports/audio-transport.ts';
import type { ManualClock } from './manual-clock.ts';

/** The longest message that a transport takes. */
const MAX_SEND_SAMPLES = 4_000;

/** What the caller heard in one 20 ms slot; `sample` is its first sample, 0 for silence. */
export type HeardFrame = { readonly atMs: number; readonly sample: number };

/** The scripted transport, with the caller's side of it. */
export type ScriptedAudioTransport = AudioTransport & {
  readonly heard: readonly HeardFrame[];
  /** Most frames that ever waited. */
  maxQueued(): number;
  queued(): number;
  /** 20 ms slots in which nothing waited after the first sound was sent: gaps on the wire. */
  gaps(): number;
  isOpen(): boolean;
  /** The caller makes sound for `ms` from now on: frames full of `sample`. */
  callerSpeaks(ms: number, sample?: number): void;
  /** One frame of the caller arrives now, full of `sample`, besides those of `callerSpeaks`. */
  callerSends(sample: number): void;
  /** The far side's queue grows by silence that nobody of ours sent, as after a stall. */
  stall(frames: number): void;
  /** Ends the transport from the far side. */
  end(reason: 'hung_up' | 'lost'): void;
};

/** Opens a transport that plays and listens with `clock`. */
export function openScriptedAudioTransport(clock: ManualClock, listener: (event: AudioTransportEvent) => void): ScriptedAudioTransport {
  const queue = openPlayQueue();
  const heard: HeardFrame[] = [];
  let isOpen = true;
  let hasSound = false;
  let gaps = 0;
  let voice = { untilMs: 0, sample: 0 };
  let nextSlotAtMs = clock.nowMs() + FRAME_MS;

  const playMarks = (atMs: number): void => {
    for (const markId of queue.takeMarks()) listener({ kind: 'mark_heard', markId, atMs });
  };
  const playSlot = (atMs: number): void => {
    const sample = queue.takeFrame();
    if (sample !== undefined) heard.push({ atMs, sample });
    else if (hasSound) gaps += 1;
    playMarks(atMs);
    if (!isOpen) return;
    listener({ kind: 'frame', pcm: new Int16Array(FRAME_SAMPLES).fill(atMs <= voice.untilMs ? voice.sample : 0), atMs });
  };
  clock.onStep((atMs) => {
    if (!isOpen || atMs < nextSlotAtMs) return;
    nextSlotAtMs += FRAME_MS;
    playSlot(atMs);
  });
  const close = (reason: 'hung_up' | 'lost' | 'closed_by_us'): void => {
    if (!isOpen) return;
    isOpen = false;
    queue.clear();
    listener({ kind: 'closed', reason, atMs: clock.nowMs() });
  };

  return {
    heard,
    maxQueued: queue.mostFrames,
    queued: queue.frames,
    gaps: () => gaps,
    isOpen: () => isOpen,
    callerSpeaks: (ms, sample = 8_000) => (voice = { untilMs: clock.nowMs() + ms, sample }),
    callerSends: (sample) => isOpen && listener({ kind: 'frame', pcm: new Int16Array(FRAME_SAMPLES).fill(sample), atMs: clock.nowMs() }),
    stall: (count) => queue.put(Array.from({ length: count }, () => 0)),
    end: close,
    send(pcm) {
      requireWholeFrames(pcm);
      if (!isOpen) return;
      hasSound = true;
      queue.put([...framesOf(pcm)].map((frame) => frame[0] ?? 0));
    },
    mark(markId) {
      if (!isOpen) return;
      queue.mark(markId);
      queueMicrotask(() => playMarks(clock.nowMs()));
    },
    flush: queue.clear,
    pollQueue() {
      queueMicrotask(() => isOpen && listener({ kind: 'queue_length', frames: queue.frames(), atMs: clock.nowMs() }));
    },
    async [Symbol.asyncDispose]() {
      close('closed_by_us');
    },
  };
}

/** What waits to be played: the first sample of each frame, and marks between them. */
function openPlayQueue() {
  let waiting: (number | string)[] = [];
  let most = 0;
  const frames = (): number => waiting.filter((item) => typeof item === 'number').length;
  return {
    frames,
    mostFrames: () => most,
    put(samples: readonly number[]): void {
      waiting.push(...samples);
      most = Math.max(most, frames());
    },
    mark: (markId: string) => void waiting.push(markId),
    /** Undefined where the next thing is no frame: nothing, or a mark that comes before it. */
    takeFrame: (): number | undefined => (typeof waiting[0] === 'number' ? (waiting.shift() as number) : undefined),
    /** The marks before the next frame, one at a time: whoever hears of one may flush the others. */
    *takeMarks(): Generator<string> {
      while (typeof waiting[0] === 'string') yield waiting.shift() as string;
    },
    clear: () => void (waiting = []),
  };
}

function requireWholeFrames({ length }: Int16Array): void {
  if (length === 0 || length % FRAME_SAMPLES !== 0 || length > MAX_SEND_SAMPLES)
    throw new RangeError(`${length} samples are not whole frames of ${FRAME_SAMPLES}, or more than ${MAX_SEND_SAMPLES}`);
}
