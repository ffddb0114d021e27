// What a caller's words or keys mean at one node of a flow: the choice among its ways, its slots, the global ways and what experts are for.
import type { ExpertSlot, Flow, FlowNode, FlowTransition } from '#ports/agent-profile.ts';
import { plainWords } from '#shared/plain-words.ts';
import { findEdge, getNode, missingSlot, slotsOf } from './flow-graph.ts';
import { fillFromVerdict, fillFromWords } from './flow-slots.ts';
import type { Filled } from './flow-slots.ts';
import type { Answer, FlowState, Standing, Understood, Way } from './flow-state.ts';
import { findLongestPhrase, phrasesOf, withoutMatch } from './phrase-match.ts';
import type { PhraseMatch } from './phrase-match.ts';
import { keysMax, readKeys } from './spoken-value.ts';

/** Something that words or a key choose: a way, or a value of one of the node's slots. */
type Choice = {
  readonly phrases: readonly string[];
  readonly dtmf: string | undefined;
  readonly means: { readonly kind: 'way'; readonly way: Way } | { readonly kind: 'value'; readonly slot: string; readonly value: string };
};

/**
 * Words: the longest phrase of the node, its slots, the globals or the experts wins, in this order among equals. With a model's verdict, that
 * alone counts. Keys: the longest code that they start with, or the value that they spell.
 */
export function understand(standing: Standing, answer: Answer): Understood | null {
  return answer.kind === 'words' ? understandWords(standing, answer) : understandKeys(standing, answer.keys);
}

/** The codes that keys may spell at a node. */
export function codesAt(standing: Standing): readonly string[] {
  return choicesAt(standing).flatMap(({ dtmf }) => (dtmf === undefined ? [] : [dtmf]));
}

/** How many keys the value may have that was asked for; 0 when it is none that keys spell. */
export function keysAskedFor({ node, state }: Standing): number {
  const asked = missingSlot(node, state.slots);
  return asked === null ? 0 : keysMax(asked.type);
}

/** Only the ways that hold everywhere. */
export function understandGlobal(flow: Flow, words: readonly string[]): Way | null {
  const best = findLongest(edgeChoices(flow.global), words);
  return best?.choice.means.kind === 'way' ? best.choice.means.way : null;
}

/**
 * What is left of an answer may fill the slots of a node reached on the way ("una cita el lunes"). Words fill slots only: a stray word must not
 * choose a way that the caller was never offered. Keys typed ahead choose anything, as callers who know a menu expect.
 */
export function understandAhead(standing: Standing, rest: Answer): Understood | null {
  if (rest.kind === 'keys') return rest.keys === '' ? null : understand(standing, rest);
  if (slotsOf(standing.node).length === 0) return null;
  const filled = fillFromWords({ ...standing, isAhead: true }, rest);
  return Object.keys(filled.slots).length === 0 ? null : { ...filled, invalid: null, way: wayOfSlots(standing, filled.slots) };
}

/** Where the filled slots lead: an edge of the node, or back to the expert whose slot was changed. */
function wayOfSlots({ flow, node, state }: Standing, filled: Readonly<Record<string, string>>): Way | null {
  const after = { ...state.slots, ...filled };
  const own = slotsOf(node).filter(({ name }) => Object.hasOwn(filled, name));
  if (own.length > 0) {
    const edge = findEdge(node.transitions, 'slot_filled', ({ slot, equals }) =>
      slot === undefined
        ? node.slots === undefined || missingSlot(node, after) === null
        : Object.hasOwn(filled, slot) && (equals === undefined || filled[slot] === equals),
    );
    return edge === null ? null : wayOf(edge);
  }
  const isChanged = Object.entries(filled).some(([name, value]) => state.slots[name] !== value);
  return isChanged && state.expert !== undefined && getNode(flow, state.expert) !== node
    ? { goTo: state.expert, why: 'slot_changed' }
    : null;
}

/** The way of an edge. */
export function wayOf({ goTo, when, aside = false, clears = [] }: FlowTransition): Way {
  return { goTo, why: when.kind, aside, clears };
}

function understandWords(standing: Standing, answer: Extract<Answer, { kind: 'words' }>): Understood | null {
  const { words } = answer;
  // The rules read the words before a model did: read again at the node where they led, "yes" would answer a question that was not asked.
  if (standing.verdict !== undefined) return understandVerdict(standing);
  const best = findLongest(choicesAt(standing), words);
  if (best?.choice.means.kind === 'way' && !isPartOfText(standing, words, best.match)) {
    const rest: Answer = { kind: 'words', words: withoutMatch(words, best.match) };
    const beside = fillFromWords({ ...standing, isBeside: true }, rest);
    return { ...beside, invalid: null, way: best.choice.means.way };
  }
  return understoodSlots(standing, fillFromWords(standing, answer));
}

function understandVerdict(standing: Standing): Understood | null {
  const filled = fillFromVerdict(standing);
  const judged = judgedWay(standing);
  return judged === null ? understoodSlots(standing, filled) : { ...filled, invalid: null, way: judged };
}

function understoodSlots(standing: Standing, filled: Filled): Understood | null {
  if (Object.keys(filled.slots).length > 0) return { ...filled, invalid: null, way: wayOfSlots(standing, filled.slots) };
  return filled.invalid === null ? null : { ...filled, way: null };
}

function understandKeys(standing: Standing, keys: string): Understood | null {
  const asked = missingSlot(standing.node, standing.state.slots);
  const choices = choicesAt(standing);
  const isCode = choices.some(({ dtmf }) => dtmf === keys);
  const value = asked === null || isCode ? null : readKeys(asked.type, keys, standing.state.today ?? '');
  if (asked !== null && value !== null) return understoodKeys(standing, { [asked.name]: value }, afterValue(keys, keysMax(asked.type)));
  let best: (Choice & { dtmf: string }) | null = null;
  for (const choice of choices) {
    const { dtmf } = choice;
    if (dtmf !== undefined && keys.startsWith(dtmf) && dtmf.length > (best?.dtmf.length ?? 0)) best = { ...choice, dtmf };
  }
  if (best === null) return null;
  const rest = keys.slice(best.dtmf.length);
  if (best.means.kind === 'value') return understoodKeys(standing, { [best.means.slot]: best.means.value }, rest);
  return { way: best.means.way, slots: {}, invalid: null, rest: { kind: 'keys', keys: rest } };
}

function understoodKeys(standing: Standing, slots: Record<string, string>, rest: string): Understood {
  return { way: wayOfSlots(standing, slots), slots, invalid: null, rest: { kind: 'keys', keys: rest } };
}

/** What follows the `#` that ended a value; a value without one used all the keys. */
function afterValue(keys: string, max: number): string {
  const end = keys.indexOf('#');
  return end === -1 ? keys.slice(Math.max(max, keys.length)) : keys.slice(end + 1);
}

/** A text of more characters is a message, which may hold any phrase; in a name or an address a phrase is what the caller wants. */
const SHORT_TEXT_CHARACTERS = 100;

/** In a message only a phrase that is a third of it means its way: "what are your opening hours" is a question, not the message. */
function isPartOfText({ node, state }: Standing, words: readonly string[], match: PhraseMatch): boolean {
  const type = missingSlot(node, state.slots)?.type;
  if (type?.kind !== 'text' || (type.maxCharacters ?? Number.POSITIVE_INFINITY) <= SHORT_TEXT_CHARACTERS) return false;
  return match.length * 3 < words.join(' ').length;
}

/** The first edge whose condition holds, of the node before the globals; else another expert that the caller wants. */
function judgedWay({ flow, node, state, verdict }: Standing): Way | null {
  if (verdict === undefined) return null;
  const holds = findEdge([...node.transitions, ...flow.global], 'condition', ({ text }) => verdict.conditions?.includes(text) ?? false);
  if (holds !== null) return wayOf(holds);
  const wanted = flow.nodes.find(({ name, expert }) => expert !== undefined && name === verdict.intent);
  return wanted === undefined || wanted.name === state.expert ? null : intentWay(wanted, state);
}

function intentWay({ name }: FlowNode, { expert }: FlowState): Way {
  return { goTo: name, why: expert === undefined ? 'router' : 'intent' };
}

function choicesAt({ flow, node, state }: Standing): readonly Choice[] {
  const isV1WithoutWay = node.slots === undefined && findEdge(node.transitions, 'slot_filled') === null;
  const values = isV1WithoutWay
    ? []
    : slotsOf(node).flatMap((slot) => valueChoices(slot, slot.name === missingSlot(node, state.slots)?.name));
  return [...edgeChoices(node.transitions), ...values, ...edgeChoices(flow.global), ...expertChoices(flow, node, state)];
}

/** What callers say who want another expert than the one at work. */
function expertChoices(flow: Flow, node: FlowNode, state: FlowState): Choice[] {
  return flow.nodes.flatMap((expertNode) => {
    const { expert } = expertNode;
    if (expert === undefined || expertNode === node || expertNode.name === state.expert) return [];
    return [{ phrases: phrasesOf(expert.phrases), dtmf: expert.dtmf, means: { kind: 'way', way: intentWay(expertNode, state) } }];
  });
}

function edgeChoices(transitions: readonly FlowTransition[]): Choice[] {
  return transitions.flatMap((transition): Choice[] => {
    const { when } = transition;
    const means = { kind: 'way', way: wayOf(transition) } as const;
    if (when.kind === 'phrase') return [{ phrases: phrasesOf(when.phrases), dtmf: when.dtmf, means }];
    return when.kind === 'dtmf' ? [{ phrases: [], dtmf: when.keys, means }] : [];
  });
}

/** Words may fill any slot; keys the one that is asked. */
function valueChoices({ name, type }: ExpertSlot, isAsked: boolean): Choice[] {
  if (type.kind !== 'choice') return [];
  return type.values.map(({ value, phrases, dtmf }) => ({
    phrases: phrasesOf(phrases),
    dtmf: isAsked ? dtmf : undefined,
    means: { kind: 'value', slot: name, value },
  }));
}

function findLongest(choices: readonly Choice[], words: readonly string[]): { choice: Choice; match: PhraseMatch } | null {
  let best: { choice: Choice; match: PhraseMatch } | null = null;
  for (const choice of choices) {
    const match = findLongestPhrase(words, choice.phrases);
    if (match !== null && (best === null || match.length > best.match.length)) best = { choice, match };
  }
  return best;
}

/** What was said, as an answer that nothing has used yet. */
export function answerOf(text: string): Answer {
  return { kind: 'words', words: plainWords(text), text };
}
