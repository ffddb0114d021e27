// What an agent is configured to be: plain data, frozen per call.
import type { AfterCall } from './after-call.ts';

/** Times and habits of the conversation, in milliseconds. */
export type ConversationSettings = {
  /** Pause after which the utterance is transcribed and a reply is prepared, 200 to 300. */
  readonly candidatePauseMs: number;
  /** Pause after which the turn is the agent's, 300 to 800. */
  readonly commitPauseMs: number;
  /** Whether the caller may interrupt the agent. */
  readonly bargeIn: boolean;
  /** Speech needed to interrupt, 200 to 500. */
  readonly bargeInSpeechMs: number;
  /** Silence after the agent's last word before it asks again. */
  readonly noInputMs: number;
  /** How many times it asks again before it says goodbye. */
  readonly noInputPrompts: number;
  /** The longest call. */
  readonly maxCallMs: number;
};

/** A slot of a node: what must be known before the flow goes on. */
export type FlowSlot = {
  readonly name: string;
  /** Accepted values: what is stored, and the phrases that mean it. */
  readonly values: readonly { readonly value: string; readonly phrases: readonly string[]; readonly dtmf?: string }[];
};

/** When the flow leaves a node. The first that matches is taken. */
export type FlowTransition = {
  readonly when:
    | { readonly kind: 'phrase'; readonly phrases: readonly string[]; readonly dtmf?: string }
    /** The node's slot was filled by what the caller said. */
    | { readonly kind: 'slot_filled' }
    /** The transfer asked for by the node did not reach anybody. */
    | { readonly kind: 'transfer_failed' };
  readonly goTo: string;
};

/** What a node does besides talking. */
export type FlowAction =
  | { readonly kind: 'listen' }
  /** Speaks its prompt, then goes to `goTo` without waiting for the caller. */
  | { readonly kind: 'go_on'; readonly goTo: string }
  /** Rings a representative's phone after the prompt; `destination` is its extension. */
  | { readonly kind: 'transfer'; readonly destination: string; readonly ringMs: number }
  /** Hangs up after the prompt. */
  | { readonly kind: 'end_call' };

/** One place of the conversation. */
export type FlowNode = {
  readonly name: string;
  /** What the agent says on arrival; `{slot}` is replaced by the slot's value. */
  readonly prompt: string;
  /** What it says when it asks again after silence or after something it did not understand; defaults to the prompt. */
  readonly reprompt?: string;
  readonly slot?: FlowSlot;
  readonly transitions: readonly FlowTransition[];
  readonly action: FlowAction;
};

/** A conversation as a graph. */
export type Flow = {
  readonly entry: string;
  readonly nodes: readonly FlowNode[];
  /** Transitions tried in every node that listens, after its own. */
  readonly global: readonly FlowTransition[];
  readonly notUnderstood: {
    readonly say: string;
    /** After this many misses in a row, go to `goTo`. */
    readonly limit: number;
    readonly goTo: string;
  };
  /** Where the conversation goes when the caller stays silent too often. */
  readonly noInputGoTo: string;
};

/** How the agent makes its replies. */
export type Responder =
  | { readonly kind: 'flow' }
  | { readonly kind: 'language_model'; readonly prompt: string; readonly maxOutputTokens: number; readonly temperature: number };

/** An agent, as a call needs it. */
export type AgentProfile = {
  readonly agentId: string;
  readonly name: string;
  readonly language: string;
  readonly voice: string;
  readonly speed: number;
  readonly flow: Flow;
  readonly responder: Responder;
  readonly conversation: ConversationSettings;
  /** What is made of each call once it is over; absent from agents of before, of whose calls a summary and a sentiment are made. */
  readonly afterCall?: AfterCall | undefined;
};
