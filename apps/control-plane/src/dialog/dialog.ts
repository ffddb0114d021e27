// The agent's side of a conversation, whatever the channel: plain state in, text and a next step out.
import type { DialogNote, NextStep } from './next-step.ts';
import type { ToolState } from './tools/tool-set.ts';
import type { TurnTrace } from './turn-trace.ts';

/** One thing that was said, as both sides remember it. Personal data. */
export type HistoryTurn = { readonly role: 'caller' | 'agent'; readonly text: string };

/** Where a conversation stands: plain data, so that another process can go on with it. */
export type ConversationState = {
  readonly node: string;
  readonly slots: Readonly<Record<string, string>>;
  /** Misunderstandings in a row. */
  readonly misses: number;
  /** The expert node whose task the caller is in; absent before the router chose one and once the task ended. */
  readonly expert?: string;
  /** Nodes whose task was interrupted by a question, the last one the first to be resumed. Absent when none was. */
  readonly interrupted?: readonly string[];
  /** What the last tool came to, in the caller's language. Personal data. */
  readonly toolText?: string;
  /** The date that "tomorrow" is counted from, such as `2026-12-31`; set at each turn by whoever knows the time. */
  readonly today?: string;
  readonly history: readonly HistoryTurn[];
  /** What was said before `history` begins, in short, once a conversation outgrows the model's budget. Personal data. */
  readonly summary?: string;
  /** What tools found out and later turns need, such as an appointment's id. Personal data. */
  readonly facts?: Readonly<Record<string, string>>;
  /** What tools did already, and what waits for the caller's yes; absent before the first. */
  readonly tools?: ToolState;
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

/** What a turn leads to, adopted only when the turn is committed. Its history holds the caller's words, not yet the agent's. */
export type TurnResult = {
  readonly state: ConversationState;
  readonly nextStep: NextStep;
  readonly notes: readonly DialogNote[];
  /** How the model came to its words; absent where no model was asked. */
  readonly trace?: TurnTrace;
};

/** A reply in the making. Nothing outside happens before `committed`. */
export type PreparedTurn = {
  /** The words, as they come. Throws `InferenceError` when a model fails. */
  readonly textDeltas: AsyncIterable<string>;
  /** Settles once `textDeltas` has ended; rejects when that failed. */
  readonly result: Promise<TurnResult>;
  /**
   * Where the conversation stands because of effects that happened already, such as a booking; null while there is none. From then on the
   * turn cannot be taken back, and a reply that is cut short leads to this state.
   */
  readonly acted?: () => ConversationState | null;
};

/** How a turn is prepared. */
export type PrepareOptions = {
  /** Ends the words. */
  readonly signal: AbortSignal;
  /**
   * Resolves when the turn is really the agent's; never for a guess that is thrown away. Tools with an effect wait for it. Absent: the turn
   * is the agent's from the start, as in a chat.
   */
  readonly committed?: Promise<void>;
};

/** An agent at work on a conversation. */
export type Dialog = {
  /** The state before the first word. */
  open(): ConversationState;
  /** Starts a reply; free of side effects until `committed`, so that it may be thrown away (speculation). */
  prepare(state: ConversationState, input: DialogInput, options: PrepareOptions): PreparedTurn;
  /** The phrases expected from the caller now, for the speech-to-text engine. */
  hints(state: ConversationState): readonly string[];
  /** Whether the keys so far begin a longer code that is valid now: worth waiting for another key. */
  isCodeOpen(state: ConversationState, keys: string): boolean;
  /** Adds what the caller really heard of the agent's reply. */
  withHeard(state: ConversationState, text: string): ConversationState;
};
