// What a caller's words or keys mean at one node of a flow: the choice among its transitions, its slot and the global ones.
import type { Flow, FlowNode, FlowSlot, FlowTransition } from '#ports/agent-profile.ts';
import { findLongestPhrase, withoutMatch } from './phrase-match.ts';
import type { PhraseMatch } from './phrase-match.ts';

/** The part of a caller's answer that no node has used yet. */
export type Answer = { readonly kind: 'words'; readonly words: readonly string[] } | { readonly kind: 'keys'; readonly keys: string };

/** An answer that a node understood: where it leads, what it filled, and what is left of it. */
export type Understood = { readonly goTo: string; readonly slots: Readonly<Record<string, string>>; readonly rest: Answer };

/** A way out of a node, by words or by a key. */
type Choice = {
  readonly phrases: readonly string[];
  readonly dtmf: string | undefined;
  readonly goTo: string;
  readonly value: string | null;
};

/** Words: the longest phrase of the node, its slot or the globals wins, in this order among equals. Keys: the longest code that they start with. */
export function understand(flow: Flow, node: FlowNode, answer: Answer): Understood | null {
  const choices = [...phraseChoices(node.transitions), ...slotChoices(node), ...phraseChoices(flow.global)];
  return answer.kind === 'words' ? understandWords(node.slot, choices, answer.words) : understandKeys(node.slot, choices, answer.keys);
}

/** The codes that keys may spell at a node. */
export function codesAt(flow: Flow, node: FlowNode): readonly string[] {
  const choices = [...phraseChoices(node.transitions), ...slotChoices(node), ...phraseChoices(flow.global)];
  return choices.flatMap(({ dtmf }) => (dtmf === undefined ? [] : [dtmf]));
}

/** Only the transitions that hold everywhere. */
export function understandGlobal(flow: Flow, answer: Answer): Understood | null {
  const choices = phraseChoices(flow.global);
  return answer.kind === 'words' ? understandWords(undefined, choices, answer.words) : understandKeys(undefined, choices, answer.keys);
}

/**
 * What is left of an answer may fill the slot of a node reached on the way ("una cita el lunes"). Words fill slots only: a stray word must not
 * choose a way that the caller was never offered. Keys typed ahead choose anything, as callers who know a menu expect.
 */
export function understandAhead(flow: Flow, node: FlowNode, rest: Answer): Understood | null {
  if (rest.kind === 'keys') return rest.keys === '' ? null : understand(flow, node, rest);
  return understandWords(node.slot, slotChoices(node), rest.words);
}

function understandWords(slot: FlowSlot | undefined, choices: readonly Choice[], words: readonly string[]): Understood | null {
  const best = findLongest(choices, words);
  if (best === null) return null;
  const rest = withoutMatch(words, best.match);
  const { goTo, value } = best.choice;
  if (slot === undefined || value !== null) return { goTo, slots: filled(slot, value), rest: { kind: 'words', words: rest } };
  const filling = choices.filter((choice) => choice.value !== null);
  const beside = findLongest(filling, rest);
  if (beside === null) return { goTo, slots: {}, rest: { kind: 'words', words: rest } };
  return { goTo, slots: filled(slot, beside.choice.value), rest: { kind: 'words', words: withoutMatch(rest, beside.match) } };
}

function understandKeys(slot: FlowSlot | undefined, choices: readonly Choice[], keys: string): Understood | null {
  let best: { goTo: string; value: string | null; dtmf: string } | null = null;
  for (const { dtmf, goTo, value } of choices) {
    if (dtmf !== undefined && keys.startsWith(dtmf) && dtmf.length > (best?.dtmf.length ?? 0)) best = { goTo, value, dtmf };
  }
  if (best === null) return null;
  return { goTo: best.goTo, slots: filled(slot, best.value), rest: { kind: 'keys', keys: keys.slice(best.dtmf.length) } };
}

function findLongest(choices: readonly Choice[], words: readonly string[]): { choice: Choice; match: PhraseMatch } | null {
  let best: { choice: Choice; match: PhraseMatch } | null = null;
  for (const choice of choices) {
    const match = findLongestPhrase(words, choice.phrases);
    if (match !== null && (best === null || match.length > best.match.length)) best = { choice, match };
  }
  return best;
}

function filled(slot: FlowSlot | undefined, value: string | null): Record<string, string> {
  return slot === undefined || value === null ? {} : { [slot.name]: value };
}

function phraseChoices(transitions: readonly FlowTransition[]): Choice[] {
  return transitions.flatMap(({ when, goTo }) =>
    when.kind === 'phrase' ? [{ phrases: when.phrases, dtmf: when.dtmf, goTo, value: null }] : [],
  );
}

function slotChoices(node: FlowNode): Choice[] {
  const onward = node.transitions.find(({ when }) => when.kind === 'slot_filled');
  if (onward === undefined || node.slot === undefined) return [];
  return node.slot.values.map(({ value, phrases, dtmf }) => ({ phrases, dtmf, goTo: onward.goTo, value }));
}
