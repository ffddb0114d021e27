// The agent's side of a conversation, whatever the channel: plain state in, text and a next step out.
import type { NoteName } from '#ports/call-event.ts';

/** One thing that was said, as both sides remember it. Personal data. */
export type HistoryTurn = { readonly role: 'caller' | 'agent'; readonly text: string };

/** Where a conversation stands: plain data, so that another process can go on with it. */
export type ConversationState = {
  readonly node: string;
  readonly slots: Readonly<Record<string, string>>;
  /** Misunderstandings in a row. */
  readonly misses: number;
  readonly history: readonly HistoryTurn[];
};

/** What the agent must answer. */
export type DialogInput =
  | { readonly kind: 'call_opened' }
  /** `text` is empty when speech was heard and nothing understood. */
  | { readonly kind: 'said'; readonly text: string; readonly confidence: number }
  | { readonly kind: 'dtmf'; readonly digits: string }
  /** The caller stayed silent; `count` starts at 1; `isLast` asks for the way out. */
  | { readonly kind: 'no_input'; readonly count: number; readonly isLast: boolean }
  /** The transfer asked for by the previous step reached nobody. */
  | { readonly kind: 'transfer_failed' };

/** What the channel does once the text was spoken or sent. */
export type NextStep =
  | { readonly kind: 'listen' }
  | { readonly kind: 'transfer'; readonly destination: string; readonly ringMs: number }
  | { readonly kind: 'end_call' };

/** Something worth keeping in the journal. */
export type DialogNote = { readonly name: NoteName; readonly fields: Readonly<Record<string, string | number | boolean | null>> };

/** What a turn leads to, adopted only when the turn is committed. Its history holds the caller's words, not yet the agent's. */
export type TurnResult = { readonly state: ConversationState; readonly nextStep: NextStep; readonly notes: readonly DialogNote[] };

/** A reply in the making. Nothing outside happens until the caller of `prepare` adopts `result`. */
export type PreparedTurn = {
  /** The words, as they come. Throws `InferenceError` when a model fails. */
  readonly textDeltas: AsyncIterable<string>;
  /** Settles once `textDeltas` has ended; rejects when that failed. */
  readonly result: Promise<TurnResult>;
};

/** An agent at work on a conversation. */
export type Dialog = {
  /** The state before the first word. */
  open(): ConversationState;
  /** Starts a reply; free of side effects, so that it may be thrown away (speculation). */
  prepare(state: ConversationState, input: DialogInput, options: { signal: AbortSignal }): PreparedTurn;
  /** The phrases expected from the caller now, for the speech-to-text engine. */
  hints(state: ConversationState): readonly string[];
  /** Whether the keys so far begin a longer code that is valid now: worth waiting for another key. */
  isCodeOpen(state: ConversationState, keys: string): boolean;
  /** Adds what the caller really heard of the agent's reply. */
  withHeard(state: ConversationState, text: string): ConversationState;
};
