// The agent without a language model: it walks its flow. The default, and what answers when a model fails.
import type { AgentProfile } from '#ports/agent-profile.ts';
import type { ConversationState, Dialog, DialogInput, PreparedTurn } from './dialog.ts';
import { flowHints } from './flow-hints.ts';
import { isCodeOpen, next, openFlow } from './flow.ts';
import type { FlowTurn } from './flow.ts';
import { appendTurn } from './history.ts';

/** A dialog that says what the flow says. Its `result` is settled from the start: a reply that is cut short leads to the same state. */
export function createFallbackResponder(profile: Pick<AgentProfile, 'flow'>): Dialog {
  const { flow } = profile;
  return {
    open: () => ({ ...openFlow(flow), history: [] }),
    prepare: (state, input) => preparedFromFlow(next(flow, state, input), state, input),
    hints: (state) => flowHints(flow, state.node),
    isCodeOpen: (state, keys) => isCodeOpen(flow, state, keys),
    withHeard: (state, text) => ({ ...state, history: appendTurn(state.history, { role: 'agent', text }) }),
  };
}

/** A turn of the flow as a reply: its pieces as text, the caller's words in the history. */
export function preparedFromFlow(turn: FlowTurn, state: ConversationState, input: DialogInput): PreparedTurn {
  const result = { state: { ...turn.state, history: withInput(state.history, input) }, nextStep: turn.nextStep, notes: turn.notes };
  return { textDeltas: piecesOf(turn.say), result: Promise.resolve(result) };
}

/** The history with what the caller said or keyed. */
export function withInput(history: ConversationState['history'], input: DialogInput): ConversationState['history'] {
  if (input.kind === 'said') return appendTurn(history, { role: 'caller', text: input.text });
  return input.kind === 'dtmf' ? appendTurn(history, { role: 'caller', text: input.digits }) : history;
}

/** A space between pieces, so that their joined text reads as it sounds. */
async function* piecesOf(say: readonly string[]): AsyncIterable<string> {
  for (const [index, text] of say.entries()) yield index === 0 ? text : ` ${text}`;
}
