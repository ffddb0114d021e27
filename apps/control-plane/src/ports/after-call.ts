// What an agent's owner wants to know after each call: plain data, part of the agent's profile.
import type { CallOutcome } from './call-event.ts';

/** What a field holds. Dates are `2026-12-31`; a choice is one of `choices`. */
export type AfterCallFieldType = 'text' | 'number' | 'date' | 'choice' | 'yes_no';

/** Something to find out from what was said. */
export type AfterCallField = {
  /** Unique; a flow's slot of the same name fills it when no model is there to read the call. */
  readonly name: string;
  /** For the model: what belongs here. */
  readonly description: string;
  readonly type: AfterCallFieldType;
  /** Of a choice, and of nothing else. */
  readonly choices?: readonly string[];
  /** Whether it is kept as a fact about the caller, once the caller has consented to that; false unless said otherwise. */
  readonly remember?: boolean;
};

/** What a call may have meant for the business. The first that fits is taken. */
export type AfterCallDisposition = {
  readonly name: string;
  /** For the model: when it fits. */
  readonly description: string;
  /** Without a model: it fits when one of these nodes was reached; the node that was reached last decides. */
  readonly nodes?: readonly string[];
  /** Without a model, and with no such node: it fits when the call ended so. */
  readonly outcomes?: readonly CallOutcome[];
};

/** What is made of each call once it is over. */
export type AfterCall = {
  readonly fields: readonly AfterCallField[];
  readonly dispositions: readonly AfterCallDisposition[];
};
