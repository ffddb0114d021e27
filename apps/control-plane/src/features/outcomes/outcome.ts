// What a call came to, and what it is made from: plain data.
import type { outcomeMethods, sentiments, StoredField, StoredOutcomeNote } from '#db/schema/call-outcomes.ts';
import type { AfterCall } from '#ports/after-call.ts';

export type Sentiment = (typeof sentiments)[number];
export type OutcomeMethod = (typeof outcomeMethods)[number];

/** A value and the numbers of the turns that show it. */
export type Shown<Value> = { readonly value: Value; readonly turns: readonly number[] };

/** What a call came to. What could not be shown by the call is null and has a note. The values are personal data. */
export type Outcome = {
  readonly method: OutcomeMethod;
  /** By rules it says what happened and quotes nobody, so that it has no turns. */
  readonly summary: Shown<string> | null;
  readonly sentiment: Shown<Sentiment> | null;
  readonly disposition: Shown<string> | null;
  readonly fields: readonly StoredField[];
  readonly notes: readonly StoredOutcomeNote[];
};

/** A turn of the call. */
export type CallLine = { readonly seq: number; readonly role: 'caller' | 'agent'; readonly text: string; readonly startedAt: Date };

/** A call that is over, as its outcome is made from it. */
export type FinishedCall = {
  /** How it ended technically; null for one that was never answered and of which nothing is known. */
  readonly outcome: string | null;
  readonly durationMs: number | null;
  /** BCP 47, such as `es-MX`: the agent's. */
  readonly language: string;
  readonly lines: readonly CallLine[];
  /** Nodes in the order in which they were entered. */
  readonly nodes: readonly { readonly name: string; readonly at: Date }[];
  /** The flow's slots at the end, each with the agent's turn from which on it was known. */
  readonly slots: readonly { readonly name: string; readonly value: string; readonly knownFromSeq: number }[];
  readonly afterCall: AfterCall;
};

/** Of an agent that says nothing of it, a summary and a sentiment. */
export const NO_AFTER_CALL: AfterCall = { fields: [], dispositions: [] };
