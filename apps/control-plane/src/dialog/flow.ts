// A conversation as a graph, walked one answer at a time: pure, so that any call can be replayed and any reply prepared and thrown away.
import type { Flow, FlowNode } from '#ports/agent-profile.ts';
import { codesAt, understand, understandAhead, understandGlobal } from './flow-answer.ts';
import type { Answer } from './flow-answer.ts';
import type { ConversationState, DialogInput, DialogNote, NextStep } from './dialog.ts';
import { wordsOf } from './phrase-match.ts';

/** Where a conversation stands in its flow. */
export type FlowState = Pick<ConversationState, 'node' | 'slots' | 'misses'>;

/** What the agent says, piece by piece, and what follows. `notes` are `node_entered` and `not_understood`; keys and silence are the channel's to note. */
export type FlowTurn = {
  readonly state: FlowState;
  readonly say: readonly string[];
  readonly nextStep: NextStep;
  readonly notes: readonly DialogNote[];
};

/** Nodes passed without an answer of the caller before the walk is called a loop. The longest chain of the demo agents is 2. */
export const FLOW_STEP_LIMIT = 16;
/** Keys looked at in one answer; the rest is dropped. The longest codes allowed are 8 keys. */
export const KEYS_LIMIT = 32;

const NOTHING: Answer = { kind: 'words', words: [] };

/** The state before the first word. */
export function openFlow(flow: Flow): FlowState {
  return { node: flow.entry, slots: {}, misses: 0 };
}

/** The agent's answer to an input. Throws for a node that the flow does not have and for a chain of nodes that never listens. */
export function next(flow: Flow, state: FlowState, input: DialogInput): FlowTurn {
  if (input.kind === 'call_opened') return travel(flow, state, { goTo: flow.entry, rest: NOTHING });
  const node = getNode(flow, state.node);
  // A node that goes on by itself hears nothing: who answers before its chain was walked (over the greeting) answers the node at the end of it.
  if (node.action.kind === 'go_on') return next(flow, travel(flow, state, { goTo: node.action.goTo, rest: NOTHING }).state, input);
  switch (input.kind) {
    case 'said':
      return answered({ flow, state, node, answer: { kind: 'words', words: wordsOf(input.text) } });
    case 'dtmf':
      return answered({ flow, state, node, answer: { kind: 'keys', keys: input.digits.slice(0, KEYS_LIMIT) } });
    case 'no_input':
      if (input.isLast) return travel(flow, state, { goTo: flow.noInputGoTo, rest: NOTHING });
      return stay(state, node, []);
    case 'transfer_failed': {
      const onward = node.transitions.find(({ when }) => when.kind === 'transfer_failed');
      return onward === undefined ? stay(state, node, []) : travel(flow, state, { goTo: onward.goTo, rest: NOTHING });
    }
  }
}

/** Whether the keys so far begin a longer code, so that another key may follow. Throws as `next` does. */
export function isCodeOpen(flow: Flow, state: FlowState, keys: string): boolean {
  const node = getNode(flow, state.node);
  if (node.action.kind === 'go_on') return isCodeOpen(flow, travel(flow, state, { goTo: node.action.goTo, rest: NOTHING }).state, keys);
  return codesAt(flow, node).some((code) => code.length > keys.length && code.startsWith(keys));
}

/** The answer when the words hold a phrase that is valid everywhere (a person, goodbye); null when they do not. */
export function nextGlobal(flow: Flow, state: FlowState, text: string): FlowTurn | null {
  const understood = understandGlobal(flow, { kind: 'words', words: wordsOf(text) });
  return understood === null ? null : travel(flow, state, understood);
}

/** The first node from the entry that does not go on by itself: where an agent without a script rests. */
export function restingNode(flow: Flow): string {
  return travel(flow, openFlow(flow), { goTo: flow.entry, rest: NOTHING }).state.node;
}

/** The node of that name. Throws when the flow has none, as after an edit that removed it during a call. */
export function getNode(flow: Flow, name: string): FlowNode {
  const node = flow.nodes.find((candidate) => candidate.name === name);
  if (node === undefined) throw new Error(`flow has no node "${name}"; it has ${flow.nodes.map((known) => known.name).join(', ')}`);
  return node;
}

function answered(options: { flow: Flow; state: FlowState; node: FlowNode; answer: Answer }): FlowTurn {
  const { flow, state, node, answer } = options;
  const understood = understand(flow, node, answer);
  if (understood !== null) return travel(flow, { ...state, slots: { ...state.slots, ...understood.slots } }, understood);
  // A caller who talks over the goodbye or the ringing is not asked again: what was going to happen still happens.
  if (node.action.kind !== 'listen') return stay(state, node, []);
  const misses = state.misses + 1;
  const note: DialogNote = { name: 'not_understood', fields: { node: node.name, misses } };
  if (misses < flow.notUnderstood.limit) return { ...stay({ ...state, misses }, node, [flow.notUnderstood.say]), notes: [note] };
  const turn = travel(flow, state, { goTo: flow.notUnderstood.goTo, rest: NOTHING });
  return { ...turn, notes: [note, ...turn.notes] };
}

/** Asks again where the conversation stands. */
function stay(state: FlowState, node: FlowNode, before: readonly string[]): FlowTurn {
  return { state, say: [...before, fillSlots(node.reprompt ?? node.prompt, state.slots)], nextStep: stepOf(node), notes: [] };
}

/** Goes to a node and on from there until the caller, a representative or the end is awaited. */
function travel(flow: Flow, from: FlowState, way: { goTo: string; rest: Answer }): FlowTurn {
  const say: string[] = [];
  const notes: DialogNote[] = [];
  let { slots } = from;
  let { goTo, rest } = way;
  let passed: string[] = [];
  for (;;) {
    if (passed.length === FLOW_STEP_LIMIT) {
      throw new Error(`flow passed ${FLOW_STEP_LIMIT} nodes without listening: ${passed.join(' -> ')} -> ${goTo}; let one of them listen`);
    }
    const node = getNode(flow, goTo);
    passed.push(node.name);
    notes.push({ name: 'node_entered', fields: { node: node.name } });
    const ahead = node.action.kind === 'listen' ? understandAhead(flow, node, rest) : null;
    if (ahead !== null) {
      // Already answered: its question is not asked. Each such answer is used up, so this ends; the limit counts from here again.
      slots = { ...slots, ...ahead.slots };
      ({ goTo, rest } = ahead);
      passed = [];
      continue;
    }
    say.push(fillSlots(node.prompt, slots));
    if (node.action.kind !== 'go_on') return { state: { node: node.name, slots, misses: 0 }, say, nextStep: stepOf(node), notes };
    goTo = node.action.goTo;
  }
}

function stepOf(node: FlowNode): NextStep {
  switch (node.action.kind) {
    case 'transfer':
      return { kind: 'transfer', destination: node.action.destination, ringMs: node.action.ringMs };
    case 'end_call':
      return { kind: 'end_call' };
    case 'listen':
    case 'go_on':
      return { kind: 'listen' };
  }
}

/** A slot that is not filled yet leaves nothing behind, not its name. */
function fillSlots(prompt: string, slots: FlowState['slots']): string {
  return prompt.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => (Object.hasOwn(slots, name) ? (slots[name] ?? '') : ''));
}
