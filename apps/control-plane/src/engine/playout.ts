// What the caller hears: paces a reply to the far side, never leaves a silent gap on the wire, and knows what was heard.
import { FRAME_MS, FRAME_SAMPLES, FRAME_HZ } from '#audio/frame.ts';
import type { AudioTransport } from '#ports/audio-transport.ts';
import type { Clock } from '#shared/clock.ts';
import {
  MARK_EVERY_MS,
  MAX_SEND_SAMPLES,
  QUEUE_CREEP_FRAMES,
  QUEUE_POLL_MS,
  SILENCE_LOW_MS,
  SILENCE_PIECE_MS,
  SPEECH_AHEAD_MS,
} from './limits.ts';
import type { Playable } from './playable.ts';

/** What playout tells the call. */
export type PlayoutEvent =
  /** The first frame of the reply was sent. */
  | { readonly kind: 'reply_started'; readonly reply: Playable; readonly atMs: number }
  /** The first frame of the reply goes out on the line now. Not told of a reply that goes on from its middle. */
  | { readonly kind: 'reply_heard'; readonly reply: Playable; readonly atMs: number }
  /** The last sample of the reply was heard, or nothing of it could be made. */
  | { readonly kind: 'reply_finished'; readonly reply: Playable; readonly atMs: number }
  /** Waiting silence was thrown away because the far side's queue had grown. */
  | { readonly kind: 'queue_shed'; readonly frames: number }
  /** The far side played all there was while the reply was still being made: the caller hears a hole. */
  | { readonly kind: 'underrun' };

const SILENCE = new Int16Array((SILENCE_PIECE_MS / FRAME_MS) * FRAME_SAMPLES);
const MARK_EVERY_SAMPLES = (MARK_EVERY_MS * FRAME_HZ) / 1_000;
const TOP_UP_MS = 3 * FRAME_MS;
/** Of a prepared sound, sent at once. */
const INTERJECTED_SAMPLES = 5 * FRAME_SAMPLES;
/** In place of a number of samples, in the mark before a reply's first frame. */
const BEGINNING = 'beginning';
const msOf = (samples: number): number => (samples * 1_000) / FRAME_HZ;

type Playing = {
  readonly reply: Playable;
  /** Samples of the reply that were sent. */
  sent: number;
  /** Samples up to the last mark that was heard. */
  heard: number;
  markedUpTo: number;
  isStarted: boolean;
  isLastMarkSent: boolean;
  /** The hole that the caller hears now was told. */
  isHoleTold: boolean;
  /** When the sound at hand is over while more is being made; null while there is some. */
  starvedAtMs: number | null;
};

/** The playout of one leg. Driven by `tick`; sends at once when a reply gains sound. */
export class Playout {
  readonly #transport: AudioTransport;
  readonly #listener: (event: PlayoutEvent) => void;
  readonly #clock: Clock;
  readonly #buffer = new Int16Array(MAX_SEND_SAMPLES);
  #playing: Playing | null = null;
  /** A sound that goes before the reply's next one, and how much of it was sent. */
  #interjection: { readonly pcm: Int16Array; sent: number } | null = null;
  /** Until when it is heard. */
  #interjectedUntilMs = 0;
  /** Estimate of what waits at the far side. */
  #queuedMs = 0;
  #queuedAtMs: number;
  #holdsSilence = false;
  #polledAtMs: number;

  constructor(options: { transport: AudioTransport; listener: (event: PlayoutEvent) => void; clock: Clock }) {
    this.#transport = options.transport;
    this.#listener = options.listener;
    this.#clock = options.clock;
    this.#queuedAtMs = options.clock.nowMs();
    this.#polledAtMs = this.#queuedAtMs;
  }

  /** Whether a reply is being played. */
  get isSpeaking(): boolean {
    return this.#playing !== null;
  }

  /** Since when the caller waits for more of a reply that began; null when he does not. */
  get starvedSinceMs(): number | null {
    const starvedAtMs = this.#playing?.starvedAtMs ?? null;
    return starvedAtMs !== null && starvedAtMs <= this.#clock.nowMs() ? starvedAtMs : null;
  }

  /** Plays a prepared sound now; a reply, or its next words, wait for its end. `stop` ends it too. */
  interject(pcm: Int16Array): void {
    this.#interjection = { pcm, sent: 0 };
    this.#sendInterjection();
  }

  /** Plays `reply` from sample `from` on. What played before must have been stopped or finished. */
  play(reply: Playable, from = 0): void {
    const start = from - (from % FRAME_SAMPLES);
    this.#playing = {
      reply,
      sent: start,
      heard: start,
      markedUpTo: start,
      isStarted: false,
      isLastMarkSent: false,
      isHoleTold: false,
      starvedAtMs: null,
    };
    reply.onChange(() => {
      if (this.#playing?.reply === reply) this.#sendReply(this.#playing);
    });
    this.#sendReply(this.#playing);
  }

  /** Stops at once: the caller hears silence from the next 20 ms slot. Returns how many samples of the reply were heard. */
  stop(): number {
    const heard = this.#playing?.heard ?? 0;
    this.#playing = null;
    this.#interjection = null;
    this.#replaceBySilence();
    return heard;
  }

  /** Called every few milliseconds. */
  tick(atMs: number): void {
    this.#age(atMs);
    if (this.#playing === null) this.#sendInterjection();
    else this.#sendReply(this.#playing);
    if (this.#queuedMs < SILENCE_LOW_MS) {
      if (this.#playing !== null) this.#tellHole(this.#playing);
      this.#sendSilence();
    }
    if (atMs - this.#polledAtMs >= QUEUE_POLL_MS) {
      this.#polledAtMs = atMs;
      this.#transport.pollQueue();
    }
  }

  /** A mark came back: everything before it was heard. */
  markHeard(markId: string, atMs: number): void {
    const playing = this.#playing;
    if (playing === null) return;
    const [replyId, samples] = markId.split('/');
    if (replyId !== playing.reply.replyId) return;
    if (samples === BEGINNING) return this.#listener({ kind: 'reply_heard', reply: playing.reply, atMs });
    playing.heard = Math.max(playing.heard, Number(samples));
    if (playing.isLastMarkSent && playing.heard >= playing.sent) this.#finish(playing, atMs);
  }

  /** The far side says how much really waits. Silence that crept in is thrown away; otherwise the estimate is corrected. */
  queueLength(frames: number, atMs: number): void {
    this.#age(atMs);
    if (this.#playing === null && frames > QUEUE_CREEP_FRAMES && atMs >= this.#interjectedUntilMs) {
      this.#replaceBySilence();
      this.#listener({ kind: 'queue_shed', frames });
      return;
    }
    this.#queuedMs = frames * FRAME_MS;
  }

  /** False while there is more of it to send. */
  #sendInterjection(): boolean {
    const interjection = this.#interjection;
    if (interjection === null) return true;
    this.#age(this.#clock.nowMs());
    if (this.#holdsSilence) this.#flush();
    while (this.#queuedMs < SPEECH_AHEAD_MS && interjection.sent < interjection.pcm.length) {
      const part = interjection.pcm.subarray(interjection.sent, interjection.sent + INTERJECTED_SAMPLES);
      // Whole frames: the last one is padded with silence.
      const frames = new Int16Array(Math.ceil(part.length / FRAME_SAMPLES) * FRAME_SAMPLES);
      frames.set(part);
      this.#transport.send(frames);
      interjection.sent += part.length;
      this.#queuedMs += msOf(frames.length);
    }
    this.#interjectedUntilMs = this.#clock.nowMs() + this.#queuedMs;
    if (interjection.sent < interjection.pcm.length) return false;
    this.#interjection = null;
    return true;
  }

  #sendReply(playing: Playing): void {
    if (!this.#sendInterjection()) return;
    this.#age(this.#clock.nowMs());
    // Topped up three frames at a time: a third of the messages for 60 ms less of lead.
    if (playing.isStarted && this.#queuedMs > SPEECH_AHEAD_MS - TOP_UP_MS) return;
    while (this.#queuedMs < SPEECH_AHEAD_MS) {
      const made = playing.reply.state.kind !== 'making';
      const length = playing.reply.read(playing.sent, this.#buffer);
      const whole = length - (length % FRAME_SAMPLES);
      if (whole === 0) {
        if (made) this.#sendLast(playing, length);
        else if (playing.isStarted) playing.starvedAtMs ??= this.#clock.nowMs() + this.#queuedMs;
        return;
      }
      this.#startIfNew(playing);
      const room = Math.max(FRAME_SAMPLES, Math.floor((SPEECH_AHEAD_MS - this.#queuedMs) / FRAME_MS) * FRAME_SAMPLES);
      this.#sendSamples(playing, Math.min(whole, room));
    }
  }

  #startIfNew(playing: Playing): void {
    // Silence that still waits would delay the first word by up to a piece's length.
    if (this.#holdsSilence) this.#flush();
    if (playing.isStarted) return;
    playing.isStarted = true;
    // Before the first frame: the far side tells of a mark when it takes what is behind it.
    if (playing.sent === 0) this.#transport.mark(`${playing.reply.replyId}/${BEGINNING}`);
    this.#listener({ kind: 'reply_started', reply: playing.reply, atMs: this.#clock.nowMs() });
  }

  #sendSamples(playing: Playing, samples: number): void {
    this.#transport.send(this.#buffer.slice(0, samples));
    playing.sent += samples;
    playing.starvedAtMs = null;
    playing.isHoleTold = false;
    this.#queuedMs += msOf(samples);
    if (playing.sent - playing.markedUpTo >= MARK_EVERY_SAMPLES) this.#mark(playing);
  }

  /** The rest that does not fill a frame is padded with silence; the last mark tells that all was heard. */
  #sendLast(playing: Playing, length: number): void {
    if (playing.isLastMarkSent) return;
    if (playing.sent === 0 && length === 0) {
      this.#finish(playing, this.#clock.nowMs());
      return;
    }
    if (length > 0) {
      this.#startIfNew(playing);
      this.#buffer.fill(0, length, FRAME_SAMPLES);
      this.#sendSamples(playing, FRAME_SAMPLES);
    }
    playing.isLastMarkSent = true;
    this.#mark(playing);
  }

  /** Once per hole: it begins with the first silence in the middle of a reply, and ends when the reply goes on. */
  #tellHole(playing: Playing): void {
    if (!playing.isStarted || playing.isLastMarkSent || playing.isHoleTold) return;
    playing.isHoleTold = true;
    this.#listener({ kind: 'underrun' });
  }

  #mark(playing: Playing): void {
    playing.markedUpTo = playing.sent;
    this.#transport.mark(`${playing.reply.replyId}/${playing.sent}`);
  }

  #finish(playing: Playing, atMs: number): void {
    this.#playing = null;
    this.#listener({ kind: 'reply_finished', reply: playing.reply, atMs });
  }

  #sendSilence(): void {
    this.#transport.send(SILENCE);
    this.#queuedMs += SILENCE_PIECE_MS;
    // Silence behind speech that still plays must not be flushed: it would take the speech with it.
    this.#holdsSilence = this.#playing === null || !this.#playing.isStarted;
  }

  /** The silence is sent at once: the next 20 ms slot may come before the next tick. */
  #replaceBySilence(): void {
    this.#flush();
    this.#sendSilence();
  }

  #flush(): void {
    this.#transport.flush();
    this.#queuedMs = 0;
    this.#holdsSilence = false;
  }

  /** What was queued is played in real time. */
  #age(atMs: number): void {
    this.#queuedMs = Math.max(0, this.#queuedMs - (atMs - this.#queuedAtMs));
    this.#queuedAtMs = atMs;
    if (this.#queuedMs === 0) this.#holdsSilence = false;
  }
}
