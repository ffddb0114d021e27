// How words fill the slots of a node: the one that was asked for first, others that were said along with it, and corrections of the task's own.
import type { ExpertSlot, SlotType } from '#ports/agent-profile.ts';
import { findEdge, getNode, missingSlot, slotsOf } from './flow-graph.ts';
import type { Answer, FlowState, Standing } from './flow-state.ts';
import { findLongestPhrase, phrasesOf, withoutMatch } from './phrase-match.ts';
import { acceptValue, readValue } from './spoken-value.ts';

/** What an answer filled; `invalid` is the slot that was asked for and got a value outside its limits. */
export type Filled = { readonly slots: Readonly<Record<string, string>>; readonly invalid: ExpertSlot | null; readonly rest: Answer };

type Words = Extract<Answer, { kind: 'words' }>;
/** `isAhead`: the question was not asked yet. `isBeside`: the words chose a way as well, so that none of them is a free text. */
type Filling = Standing & { readonly isAhead?: boolean; readonly isBeside?: boolean };

/**
 * In this order words are looked for: names before times ("at ten" is no date), times before dates, and what needs to be asked for last.
 * A free text takes what nobody else wants.
 */
const ORDER: readonly SlotType['kind'][] = ['choice', 'time', 'date', 'phone', 'number', 'yes_no'];
/** What a caller may correct at a later node of the task without being asked. */
const CORRECTABLE: readonly SlotType['kind'][] = ['choice', 'time', 'date'];

/** Fills what a model read: the slots of the node and of the task, with the values that are within their limits. */
export function fillFromVerdict(standing: Standing): Filled {
  const { flow, state, node, verdict } = standing;
  const expert = state.expert === undefined ? [] : slotsOf(getNode(flow, state.expert));
  const read = [...slotsOf(node), ...expert].filter(({ name }) => verdict?.slots?.[name] !== undefined);
  const options = { language: flow.language ?? 'en', today: todayOf(state, read) };
  const slots: Record<string, string> = {};
  let invalid: ExpertSlot | null = null;
  for (const slot of read) {
    const accepted = acceptValue(slot.type, verdict?.slots?.[slot.name] ?? '', options);
    if (accepted !== null) slots[slot.name] = accepted;
    else invalid ??= slot;
  }
  return { slots, invalid, rest: { kind: 'words', words: [] } };
}

/** Fills what can be filled. */
export function fillFromWords(filling: Filling, answer: Words | Answer): Filled {
  const slots: Record<string, string> = {};
  let invalid: ExpertSlot | null = null;
  if (answer.kind === 'keys') return { slots, invalid, rest: answer };
  const asked = askedSlot(filling);
  let { words } = answer;
  const used = (match: { start: number; end: number }) => void (words = withoutMatch(words, { ...match, length: 0 }));
  const wanted = wantedSlots(filling, asked);
  const options = { language: filling.flow.language ?? 'en', today: todayOf(filling.state, wanted) };
  for (const slot of wanted) {
    const read = readValue(slot.type, words, { ...options, isAsked: slot === asked });
    if (read === null) continue;
    if (read.kind === 'value') slots[slot.name] = read.value;
    else if (slot === asked) invalid = slot;
    used(read);
  }
  const text = Object.keys(slots).length === 0 && asked?.type.kind === 'text' ? textFor(asked, answer) : null;
  if (asked !== null && text !== null) {
    const accepted = acceptValue(asked.type, text, options);
    if (accepted === null) invalid = asked;
    else slots[asked.name] = accepted;
    words = [];
  }
  return { slots, invalid, rest: { kind: 'words', words } };
}

/** The slots once more are filled: those that hung on another value are emptied. */
export function slotsAfter(standing: Standing, filled: Readonly<Record<string, string>>): Record<string, string> {
  const { flow, state } = standing;
  const slots: Record<string, string> = { ...state.slots };
  const all = flow.nodes.flatMap((node) => node.slots ?? []);
  for (const [name, value] of Object.entries(filled)) {
    const before = state.slots[name];
    if (before === undefined || before === value) continue;
    const restarted = all.filter((slot) => slot.name === name).flatMap(({ restarts = [] }) => restarts);
    for (const other of restarted) if (!Object.hasOwn(filled, other)) delete slots[other];
  }
  return { ...slots, ...filled };
}

/** The slots without these. */
export function withoutSlots(slots: FlowState['slots'], names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(slots).filter(([name]) => !names.includes(name)));
}

function askedSlot({ node, state, isAhead = false, isBeside = false }: Filling): ExpertSlot | null {
  const asked = isAhead ? null : missingSlot(node, state.slots);
  return isBeside && asked?.type.kind === 'text' ? null : asked;
}

function wantedSlots({ flow, node, state }: Filling, asked: ExpertSlot | null): ExpertSlot[] {
  // In version 1 a slot without a way on cannot be filled.
  const canFill = node.slots !== undefined || findEdge(node.transitions, 'slot_filled') !== null;
  const own = canFill ? slotsOf(node) : [];
  const expert = state.expert === undefined ? null : getNode(flow, state.expert);
  const corrected = expert === null || expert === node ? [] : slotsOf(expert).filter(({ type }) => CORRECTABLE.includes(type.kind));
  const all = [...own, ...corrected.filter(({ name }) => own.every((slot) => slot.name !== name))];
  const rank = (slot: ExpertSlot) => ORDER.indexOf(slot.type.kind) * 2 + (slot === asked ? 0 : 1);
  return all.filter(({ type }) => type.kind !== 'text').toSorted((one, other) => rank(one) - rank(other));
}

function todayOf({ today }: FlowState, slots: readonly ExpertSlot[]): string {
  if (today !== undefined) return today;
  if (slots.some(({ type }) => type.kind === 'date'))
    throw new Error('the state has no "today", and a date cannot be understood without it');
  return '';
}

/** What was said without what is only said around it ("me llamo …"). Null without a word, and once some of it was used. */
function textFor(slot: ExpertSlot, { words, text }: Words): string | null {
  if (text === undefined || words.length === 0 || words.includes('')) return null;
  const lead = findLongestPhrase(words, phrasesOf(slot.phrases));
  const tokens = [...text.normalize('NFC').matchAll(/[\p{L}\p{N}\p{M}]+/gu)];
  const first = tokens[lead === null || lead.end >= tokens.length ? 0 : lead.end];
  const said = text
    .normalize('NFC')
    .slice(first?.index ?? 0)
    .trim();
  return said.replace(/[\s.,;:!?…]+$/u, '');
}
