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

/** What may be said for one thing: in the agent's language, or by language (`{"es": […], "en": […]}`). */
export type Phrases = readonly string[] | Readonly<Record<string, readonly string[]>>;

/** One accepted value of a choice: what is stored, and what callers say or key for it. */
export type SlotValue = { readonly value: string; readonly phrases: Phrases; readonly dtmf?: string };

/** The slot of a node of version 1: what must be known before the flow goes on. */
export type FlowSlot = { readonly name: string; readonly values: readonly SlotValue[] };

/** What a slot takes, and within which limits. The form that is stored is named; a value outside the limits is not stored. */
export type SlotType =
  | { readonly kind: 'choice'; readonly values: readonly SlotValue[] }
  /** Whatever the caller says when asked. */
  | { readonly kind: 'text'; readonly minCharacters?: number; readonly maxCharacters?: number }
  /** A whole number, in digits. */
  | { readonly kind: 'number'; readonly min?: number; readonly max?: number }
  /** `2026-12-31`; in days from today, 0 to 365 unless said otherwise. */
  | { readonly kind: 'date'; readonly fromDays?: number; readonly toDays?: number }
  /** `16:30`; the limits are such times, both included. */
  | { readonly kind: 'time'; readonly from?: string; readonly to?: string }
  /** Digits, with a leading + when one was said; 7 to 15 digits unless said otherwise. */
  | { readonly kind: 'phone'; readonly minDigits?: number; readonly maxDigits?: number }
  /** `yes` or `no`; asked anew whenever its node is entered, because an agreement is to what was just said. */
  | { readonly kind: 'yes_no' };

/** One thing that an expert node must find out. */
export type ExpertSlot = {
  readonly name: string;
  readonly type: SlotType;
  /** Whether the node goes on without it: true unless said otherwise. What is not required is never asked, only taken when it is said. */
  readonly required?: boolean;
  /** The question for it. The first slot of a node may leave it to the node's prompt. */
  readonly ask?: string;
  /** What is said before asking again, when a value was outside the limits. */
  readonly invalid?: string;
  /** For the model: what belongs here. */
  readonly description?: string;
  /** What callers say around a value ("my name is"); cut off a text, and expected by the speech-to-text engine. */
  readonly phrases?: Phrases;
  /** Slots that mean nothing any more once this one has another value: they are emptied and asked again. */
  readonly restarts?: readonly string[];
  /** Whether it outlives the task: who books twice is not asked for the name twice. */
  readonly keep?: boolean;
};

/** What a tool came to, as a way of the flow: `failed` is a fault, and goes where `refused` goes when it has no way of its own. */
export type ToolResultKind = 'done' | 'refused' | 'failed';

/** When the flow leaves a node. */
export type FlowWhen =
  | { readonly kind: 'phrase'; readonly phrases: Phrases; readonly dtmf?: string }
  /** Version 2, like all that follow but the last. */
  | { readonly kind: 'dtmf'; readonly keys: string }
  /** A slot of the node was filled: the named one (`equals`: with this value); without a name, the last of the required ones. */
  | { readonly kind: 'slot_filled'; readonly slot?: string; readonly equals?: string }
  | { readonly kind: 'tool_result'; readonly tool: string; readonly outcome: ToolResultKind }
  /** A language model judges from the conversation whether this sentence holds. Never, without one. */
  | { readonly kind: 'condition'; readonly text: string }
  /** The caller was silent for the `count`th time in a row (1 unless said otherwise). */
  | { readonly kind: 'no_input'; readonly count?: number }
  /** The transfer asked for by the node did not reach anybody. */
  | { readonly kind: 'transfer_failed' };

/** A way out of a node. The first that matches is taken; among phrases, the longest. */
export type FlowTransition = {
  readonly when: FlowWhen;
  readonly goTo: string;
  /** A question in mid-task: the node it leads to answers, and `resume` comes back to where the conversation was. */
  readonly aside?: boolean;
  /** Slots emptied on this way, but for those that the same answer filled. */
  readonly clears?: readonly string[];
};

/** What a node does besides talking. */
export type FlowAction =
  | { readonly kind: 'listen' }
  /** Speaks its prompt, then goes to `goTo` without waiting for the caller. */
  | { readonly kind: 'go_on'; readonly goTo: string }
  /** Speaks its prompt, then goes back to the task that was interrupted, or to `otherwise` when none was. */
  | { readonly kind: 'resume'; readonly otherwise: string }
  /** Speaks its prompt while the tool runs; its `tool_result` edges lead on. `{slot}` in an argument is the slot's stored value. */
  | {
      readonly kind: 'use_tool';
      readonly tool: string;
      readonly arguments: Readonly<Record<string, string>>;
      /** Facts of the outcome to keep as slots. */
      readonly keeps?: readonly string[];
    }
  /**
   * Rings a representative's phone after the prompt; `destination` is its extension. With `requiresKey` whoever answers must press 1 to be
   * connected, so that no answering machine is: false unless said otherwise.
   */
  | { readonly kind: 'transfer'; readonly destination: string; readonly ringMs: number; readonly requiresKey?: boolean }
  /** Hangs up after the prompt. */
  | { readonly kind: 'end_call' };

/** What makes a node an expert: a task of its own, which the router chooses and which lasts until it ends or the caller wants another one. */
export type Expert = {
  /** What the node is to achieve; for the model, and for it to choose the node by. */
  readonly goal: string;
  /** How the model is to go about it. */
  readonly instructions?: string;
  /** Names of the tools that the model may call here. */
  readonly tools?: readonly string[];
  /** What callers say who want it. None: only a model or an edge leads here. */
  readonly phrases?: Phrases;
  readonly dtmf?: string;
};

/** One place of the conversation. */
export type FlowNode = {
  readonly name: string;
  /** What the agent says on arrival; `{slot}` is replaced by the slot's value, `{result}` by what the last tool has for the caller's ears. */
  readonly prompt: string;
  /** What it says when it asks again after silence or after something it did not understand; defaults to the prompt. */
  readonly reprompt?: string;
  /** Version 1. */
  readonly slot?: FlowSlot;
  /** Version 2, in the order in which they are asked. */
  readonly slots?: readonly ExpertSlot[];
  readonly expert?: Expert;
  /** Whether arriving here ends the expert's task, so that the next words choose a task again. */
  readonly endsTask?: boolean;
  readonly transitions: readonly FlowTransition[];
  readonly action: FlowAction;
};

/** A conversation as a graph. */
export type Flow = {
  /** 1 when absent: one slot of choices in a node, and edges by phrase. */
  readonly version?: 1 | 2;
  /** In which dates and numbers are said; that of the agent when absent. */
  readonly language?: string;
  /** In which "tomorrow" is meant, such as `Europe/Madrid`; that of the machine when absent. */
  readonly timeZone?: string;
  /** Names of the tools that the organization defined itself and that this flow uses. */
  readonly tools?: readonly string[];
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
