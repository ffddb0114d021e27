// The sound of one call, both ways: opened once, and built anew when it breaks while the caller is still there.
import type { AudioTransport, AudioTransportEvent } from '#ports/audio-transport.ts';
import type { CallLeg } from '#ports/call-control.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import type { CallRecord } from './call-record.ts';
import { guarded } from './guarded.ts';
import { MAX_REPAIRS, REPAIR_PAUSE_MS, REPAIR_TIMEOUT_MS, REPAIRS_WITHIN_MS } from './limits.ts';
import { Playout } from './playout.ts';
import type { PlayoutEvent } from './playout.ts';

/** Who is told. Each may throw: that is `bug`. */
export type CallSoundListener = {
  frame(pcm: Int16Array, atMs: number): void;
  playout(event: PlayoutEvent): void;
  /** Whether it is worth building the sound again: somebody listens and we have something to say. */
  mayRepair(): boolean;
  /** It is back, in a new playout that plays nothing; of what played before, this much was heard. */
  repaired(heardSamples: number): void;
  /** It is gone for good. */
  lost(): void;
  readonly bug: (error: unknown) => void;
};

type CallSoundParts = { readonly leg: CallLeg; readonly clock: Clock; readonly log: Log; readonly record: Pick<CallRecord, 'note'> };

/** Open between `open` and its disposal; `playout` is null before, and while the sound is being repaired. */
export class CallSound implements AsyncDisposable {
  readonly #parts: CallSoundParts;
  readonly #listener: CallSoundListener;
  readonly #closing = new AbortController();
  #transport: AudioTransport | null = null;
  #playout: Playout | null = null;
  /** When each of the last minute was begun. */
  #repairedAtMs: readonly number[] = [];

  constructor(parts: CallSoundParts, listener: CallSoundListener) {
    this.#parts = parts;
    this.#listener = listener;
  }

  get playout(): Playout | null {
    return this.#playout;
  }

  async open(signal: AbortSignal): Promise<void> {
    const { leg, clock } = this.#parts;
    const { bug } = this.#listener;
    const onAudio = guarded((event: AudioTransportEvent) => this.#onAudio(event), bug);
    this.#transport = await leg.openMedia(onAudio, { signal });
    const listener = guarded((event: PlayoutEvent) => this.#listener.playout(event), bug);
    this.#playout = new Playout({ transport: this.#transport, listener, clock });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#transport?.[Symbol.asyncDispose]();
  }

  #onAudio(event: AudioTransportEvent): void {
    switch (event.kind) {
      case 'frame':
        return this.#listener.frame(event.pcm, event.atMs);
      case 'mark_heard':
        return this.#playout?.markHeard(event.markId, event.atMs);
      case 'queue_length':
        return this.#playout?.queueLength(event.frames, event.atMs);
      case 'closed':
        if (event.reason === 'lost' && !this.#closing.signal.aborted) this.#onLost(event.atMs);
    }
  }

  #onLost(atMs: number): void {
    this.#parts.record.note('media_lost');
    this.#repairedAtMs = this.#repairedAtMs.filter((ms) => ms > atMs - REPAIRS_WITHIN_MS);
    if (this.#playout === null || !this.#listener.mayRepair() || this.#repairedAtMs.length >= MAX_REPAIRS) return this.#listener.lost();
    this.#repairedAtMs = [...this.#repairedAtMs, atMs];
    const heardSamples = this.#playout.stop();
    this.#playout = null;
    this.#repair(heardSamples, atMs).catch(this.#listener.bug);
  }

  /** The first try usually succeeds, within 0.2 s. What goes on for longer is a telephone system that restarts: then the leg ends meanwhile. */
  async #repair(heardSamples: number, lostAtMs: number): Promise<void> {
    const { clock, log, record } = this.#parts;
    const signal = this.#closing.signal;
    while (!signal.aborted && clock.nowMs() - lostAtMs < REPAIR_TIMEOUT_MS) {
      try {
        await this.open(signal);
        if (signal.aborted) return await this.#transport?.[Symbol.asyncDispose]();
        record.note('media_reattached', { gapMs: Math.round(clock.nowMs() - lostAtMs) });
        return this.#listener.repaired(heardSamples);
      } catch (error) {
        if (signal.aborted) return;
        log.info({ err: error }, 'the sound of a call could not be built again yet');
        await new Promise((resolve) => setTimeout(resolve, REPAIR_PAUSE_MS));
      }
    }
    if (!signal.aborted) this.#listener.lost();
  }
}
