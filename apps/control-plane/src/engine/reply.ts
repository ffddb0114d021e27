// The agent's turn in the making: words become sentences, sentences become sound, which waits here until playout takes it.
import { FRAME_HZ } from '#audio/frame.ts';
import type { ConversationState, PreparedTurn, PrepareOptions, TurnResult } from '#dialog/dialog.ts';
import type { AgentProfile } from '#ports/agent-profile.ts';
import type { TextToSpeech } from '#ports/text-to-speech.ts';
import type { Clock } from '#shared/clock.ts';
import type { ReplyId } from '#shared/id.ts';
import type { SpokenPiece } from './heard-text.ts';
import { MAX_REPLY_MS } from './limits.ts';
import type { Playable, ReplyState } from './playable.ts';
import { speakPiece } from './piece-voice.ts';
import { openSentenceSplitter } from './sentence-splitter.ts';
import { withWordDeadline } from './word-deadline.ts';

/** Monotonic instants of a reply's making; null = not reached. */
export type ReplyTimes = { readonly startedAtMs: number; firstTextAtMs: number | null; firstSoundAtMs: number | null };

/** What a reply is made with. */
export type ReplyParts = {
  readonly replyId: ReplyId;
  /** Starts the agent's turn; its signal is aborted with the reply, with the call, and when nothing more is read. `release` commits it. */
  readonly prepare: (options: Required<PrepareOptions>) => PreparedTurn;
  readonly textToSpeech: TextToSpeech;
  readonly agent: Pick<AgentProfile, 'language' | 'voice' | 'speed'>;
  readonly clock: Clock;
  /** Aborted with the call. */
  readonly signal: AbortSignal;
  /** Told of each try of this reply's voice that failed and is followed by another. */
  readonly onTryFailed: (error: unknown) => void;
};

type Piece = { text: string; chunks: Int16Array[]; samples: number; isComplete: boolean };

/** Sound that grows while it is played. Until `release` only the first sentence is synthesised: a guess must stay cheap. */
export class Reply implements Playable {
  readonly replyId: ReplyId;
  readonly times: ReplyTimes;
  readonly #parts: ReplyParts;
  readonly #abort = new AbortController();
  readonly #released = Promise.withResolvers<void>();
  /** Apart from `#released`, which the end of the call resolves too: nothing with an effect may run because a call ended. */
  readonly #committed = Promise.withResolvers<void>();
  readonly #prepared: PreparedTurn;
  readonly #pieces: Piece[] = [];
  #state: ReplyState = { kind: 'making' };
  #turnResult: TurnResult | null = null;
  #listener: () => void = () => {};
  #isRetrying = false;

  constructor(parts: ReplyParts) {
    this.#parts = parts;
    this.replyId = parts.replyId;
    this.times = { startedAtMs: parts.clock.nowMs(), firstTextAtMs: null, firstSoundAtMs: null };
    const signal = AbortSignal.any([parts.signal, this.#abort.signal]);
    const prepared = parts.prepare({ signal, committed: this.#committed.promise });
    this.#prepared = prepared;
    prepared.result.then(
      (result) => (this.#turnResult = result),
      // The same failure ends the words, where it is seen.
      () => {},
    );
    void this.#make(prepared, signal);
  }

  get pieces(): readonly SpokenPiece[] {
    return this.#pieces;
  }

  get state(): ReplyState {
    return this.#state;
  }

  /** Whether the last try of its voice failed and another is under way. */
  get isRetrying(): boolean {
    return this.#isRetrying;
  }

  /** Settles with what the turn leads to; rejects when the words failed. */
  get result(): Promise<TurnResult> {
    return this.#prepared.result;
  }

  /** What the turn leads to; null while the words are not complete. Always known once the state is `made`. */
  get turnResult(): TurnResult | null {
    return this.#turnResult;
  }

  /** Where the conversation stands because of effects that happened already; null: the turn can still be taken back. */
  get acted(): ConversationState | null {
    return this.#prepared.acted?.() ?? null;
  }

  /** All words so far, heard or not. */
  get text(): string {
    return this.#pieces.map((piece) => piece.text).join(' ');
  }

  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  /** The turn is ours: make the rest. */
  release(): void {
    if (!this.#abort.signal.aborted && !this.#parts.signal.aborted) this.#committed.resolve();
    this.#released.resolve();
  }

  /** Stops models and synthesis. What was made stays readable. */
  abort(): void {
    this.#abort.abort();
  }

  read(from: number, into: Int16Array): number {
    let position = 0;
    let written = 0;
    for (const piece of this.#pieces) {
      if (position + piece.samples <= from + written) {
        position += piece.samples;
        continue;
      }
      for (const chunk of piece.chunks) {
        const start = from + written - position;
        position += chunk.length;
        if (start >= chunk.length) continue;
        const part = chunk.subarray(start, start + into.length - written);
        into.set(part, written);
        written += part.length;
        if (written === into.length) return written;
      }
    }
    return written;
  }

  async #make(prepared: PreparedTurn, signal: AbortSignal): Promise<void> {
    // A guess waits for its release; the end of the call ends that wait too, so that the words' source is closed.
    const release = (): void => this.#released.resolve();
    signal.addEventListener('abort', release, { once: true });
    try {
      const splitter = openSentenceSplitter();
      for await (const delta of withWordDeadline(prepared.textDeltas)) {
        if (signal.aborted) return;
        this.times.firstTextAtMs ??= this.#parts.clock.nowMs();
        for (const text of splitter.push(delta)) await this.#speak(text, signal);
      }
      for (const text of splitter.end()) await this.#speak(text, signal);
      await prepared.result;
      if (!signal.aborted) this.#become({ kind: 'made' });
    } catch (error) {
      if (!signal.aborted) this.#become({ kind: 'failed', error });
    } finally {
      // A joined signal with a listener lives as long as the call, and this reply's sound with it: 30 kB for each second said.
      signal.removeEventListener('abort', release);
      this.#abort.abort();
    }
  }

  async #speak(text: string, signal: AbortSignal): Promise<void> {
    if (this.#pieces.length > 0) await this.#released.promise;
    if (signal.aborted || this.#samples() >= (MAX_REPLY_MS * FRAME_HZ) / 1_000) return;
    const piece: Piece = { text, chunks: [], samples: 0, isComplete: false };
    this.#pieces.push(piece);
    const { language, voice, speed } = this.#parts.agent;
    const onTryFailed = (error: unknown): void => {
      this.#isRetrying = true;
      this.#parts.onTryFailed(error);
    };
    for await (const chunk of speakPiece(this.#parts.textToSpeech, { text, language, voice, speed }, { signal, onTryFailed })) {
      if (signal.aborted) return;
      this.#isRetrying = false;
      piece.chunks.push(chunk);
      piece.samples += chunk.length;
      this.times.firstSoundAtMs ??= this.#parts.clock.nowMs();
      this.#listener();
    }
    piece.isComplete = true;
    this.#listener();
  }

  #samples(): number {
    return this.#pieces.reduce((sum, piece) => sum + piece.samples, 0);
  }

  #become(state: ReplyState): void {
    this.#state = state;
    this.#listener();
  }
}
