// Whether what would be written down for a caller is the caller's own: a model fills slots too, and a document may have told it what to write.
import type { Flow } from '#ports/agent-profile.ts';
import { plainWords } from '#shared/plain-words.ts';
import type { ConversationState, HistoryTurn } from './dialog.ts';
import { getNode } from './flow-graph.ts';
import { findDigits } from './spoken-number.ts';

/**
 * Whether the texts and numbers that a node gives its tool were all said or keyed by the caller. What a slot of another kind may hold, the flow itself
 * says; what tools found out came from the organization's own rows.
 */
export function isOwnWords(flow: Flow, state: ConversationState): boolean {
  const { action } = getNode(flow, state.node);
  if (action.kind !== 'use_tool') return false;
  const wording = Object.values(action.arguments).join(' ');
  return flow.nodes
    .flatMap(({ slots = [] }) => slots)
    .filter(({ name, type }) => wording.includes(`{${name}}`) && (type.kind === 'text' || type.kind === 'phone'))
    .every(({ name, type }) => {
      const value = state.slots[name] ?? '';
      return type.kind === 'text' ? wereSaid(value, state.history) : wasDialled(value, state.history);
    });
}

/** Every word, in whatever order: callers say a message in pieces. */
function wereSaid(text: string, history: readonly HistoryTurn[]): boolean {
  const said = new Set(callerTurns(history).flatMap(plainWords));
  return plainWords(text).every((word) => said.has(word));
}

/** The digits in one go, keyed, written or spoken. */
function wasDialled(number: string, history: readonly HistoryTurn[]): boolean {
  const digits = digitsOf(number);
  return callerTurns(history).some((text) => {
    const words = plainWords(text);
    const spoken = (['es', 'en'] as const).map((language) => digitsOf(findDigits(words, language, 1)?.value ?? ''));
    return [digitsOf(text), ...spoken].some((run) => run.includes(digits));
  });
}

function callerTurns(history: readonly HistoryTurn[]): string[] {
  return history.filter(({ role }) => role === 'caller').map(({ text }) => text);
}

function digitsOf(text: string): string {
  return text.replaceAll(/\D/g, '');
}
