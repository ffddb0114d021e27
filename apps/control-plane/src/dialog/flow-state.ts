// Where a conversation stands in its flow, and what an answer is on its way through it.
import type { ExpertSlot, Flow, FlowNode, FlowTransition } from '#ports/agent-profile.ts';
import type { ConversationState } from './dialog.ts';

/** Where a conversation stands in its flow. */
export type FlowState = Omit<ConversationState, 'history'>;

/** The part of a caller's answer that no node has used yet. `text` is what was said, as long as none of it was used. */
export type Answer =
  | { readonly kind: 'words'; readonly words: readonly string[]; readonly text?: string }
  | { readonly kind: 'keys'; readonly keys: string };

/** What a language model makes of the caller's words: all of it is checked against the flow. */
export type FlowVerdict = {
  /** The expert that the caller wants, by its node's name. */
  readonly intent?: string;
  /** The texts of the conditions that hold. */
  readonly conditions?: readonly string[];
  readonly slots?: Readonly<Record<string, string>>;
};

/** Why a node was entered: the kind of the edge, or what else led there. */
export type Why =
  | FlowTransition['when']['kind']
  | 'opened'
  | 'router'
  | 'intent'
  | 'slot_changed'
  | 'go_on'
  | 'resume'
  | 'not_understood'
  | 'silence';

/** A way to a node. */
export type Way = { readonly goTo: string; readonly why: Why; readonly aside?: boolean; readonly clears?: readonly string[] };

/** An answer that a node understood: where it leads (null: nowhere, the node goes on asking), what it filled, and what is left of it. */
export type Understood = {
  readonly way: Way | null;
  readonly slots: Readonly<Record<string, string>>;
  /** The slot that was answered with a value outside its limits. */
  readonly invalid: ExpertSlot | null;
  readonly rest: Answer;
};

/** A node of a conversation, and all that its words are understood by. */
export type Standing = {
  readonly flow: Flow;
  readonly state: FlowState;
  readonly node: FlowNode;
  readonly verdict?: FlowVerdict | undefined;
};
