// The agent without a language model: it walks its flow. The default, and what answers when a model fails.
import type { AgentProfile } from '#ports/agent-profile.ts';
import type { Clock } from '#shared/clock.ts';
import { plainWords } from '#shared/plain-words.ts';
import type { ConversationTools } from './conversation-tools.ts';
import type { ConversationState, Dialog, DialogInput } from './dialog.ts';
import { flowHints } from './flow-hints.ts';
import { preparedFromFlow } from './flow-turn.ts';
import { isCodeOpen, next, openFlow } from './flow.ts';
import { appendTurn } from './history.ts';
import { consentOf } from './tools/consent.ts';
import type { ModelTexts } from './model-texts.ts';

/** What an agent without a model is made of. */
export type FallbackParts = {
  readonly flow: AgentProfile['flow'];
  /** Null where the agent has none. */
  readonly tools: ConversationTools | null;
  readonly clock: Clock;
  /** Whether silence must be filled: on a call, not in a chat. */
  readonly isSpoken: boolean;
  readonly texts: Pick<ModelTexts, 'stillWaiting'>;
};

/** A dialog that says what the flow says. Without tools its `result` is settled from the start: a reply that is cut short leads to the same state. */
export function createFallbackResponder({ flow, tools, clock, isSpoken, texts }: FallbackParts): Dialog {
  return {
    open: () => ({ ...openFlow(flow), history: [] }),
    prepare: (before, input, { signal, committed = Promise.resolve() }) => {
      const state = input.kind === 'said' ? withHeardTools(tools, before, input.text) : before;
      const stillWaiting = isSpoken ? texts.stillWaiting : [];
      const turnTools = tools === null ? null : { tools: tools.ofFlow(), clock, signal, committed, stillWaiting };
      return preparedFromFlow({ flow, history: withInput(state.history, input), tools: turnTools }, next(flow, state, input));
    },
    hints: (state) => flowHints(flow, state.node),
    isCodeOpen: (state, keys) => isCodeOpen(flow, state, keys),
    withHeard: (state, text) => ({ ...state, history: appendTurn(state.history, { role: 'agent', text }) }),
  };
}

/** A yes to what a tool asked about, or not: the caller's words, before anybody answers them. */
export function withHeardTools(tools: ConversationTools | null, state: ConversationState, words: string): ConversationState {
  if (tools === null || state.tools === undefined) return state;
  const { readOut } = state.tools.pending ?? {};
  // Who talks over what is read out may say yes to something else: asked again.
  const isBlind = readOut !== undefined && !wasReadOut(state, readOut) && consentOf(words) === 'yes';
  return { ...state, tools: tools.ofFlow().set.hear(state.tools, isBlind ? '' : words) };
}

/** Whether the caller heard all but the last sentence of it, which says only that a yes is wanted. */
function wasReadOut({ history }: ConversationState, question: string): boolean {
  const heard = history.findLast(({ role }) => role === 'agent')?.text ?? '';
  const told = question.slice(0, question.lastIndexOf('. ') + 1);
  return plainWords(heard).join(' ').includes(plainWords(told).join(' '));
}

/** The history with what the caller said or keyed. */
export function withInput(history: ConversationState['history'], input: DialogInput): ConversationState['history'] {
  if (input.kind === 'said') return appendTurn(history, { role: 'caller', text: input.text });
  return input.kind === 'dtmf' ? appendTurn(history, { role: 'caller', text: input.digits }) : history;
}
