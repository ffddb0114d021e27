// From one node of a flow to the next, and on until the caller, a tool, a representative or the end is awaited.
import type { Flow, FlowNode } from '#ports/agent-profile.ts';
import { understandAhead, wayOf } from './flow-answer.ts';
import { findEdge, getNode, missingSlot, slotsOf } from './flow-graph.ts';
import { slotsAfter, withoutSlots } from './flow-slots.ts';
import type { Answer, FlowState, Way } from './flow-state.ts';
import type { DialogNote, NextStep } from './next-step.ts';
import { sayValue } from './spoken-value.ts';

/** Nodes passed without an answer of the caller before the walk is called a loop. The longest chain of the demo agents is 2. */
export const FLOW_STEP_LIMIT = 16;
/** Tasks that may be interrupted at once: who asks a fourth thing before the first was answered has left the first. */
const INTERRUPTED_MAX = 3;

/** A tool that the flow itself runs, with the values of its slots as arguments. */
export type FlowToolCall = { readonly tool: string; readonly arguments: Readonly<Record<string, string>> };

/** A way, the rest of the answer that chose it, and the slots that the same answer filled. */
export type Journey = Way & { readonly rest: Answer; readonly filled?: readonly string[] };

type Arrived = {
  readonly state: FlowState;
  readonly say: readonly string[];
  readonly nextStep: NextStep;
  readonly notes: readonly DialogNote[];
  readonly toolCall?: FlowToolCall;
};

/** Goes to a node and on from there. Throws for a chain of nodes that never listens. */
export function travel(flow: Flow, from: FlowState, journey: Journey): Arrived {
  const say: string[] = [];
  const notes: DialogNote[] = [];
  let state = leave(from, journey);
  let way: Way = journey;
  let { rest } = journey;
  let passed: string[] = [];
  for (;;) {
    const node = getNode(flow, way.goTo);
    if (passed.length === FLOW_STEP_LIMIT) {
      throw new Error(
        `flow passed ${FLOW_STEP_LIMIT} nodes without listening: ${passed.join(' -> ')} -> ${node.name}; let one of them listen`,
      );
    }
    passed.push(node.name);
    notes.push({ name: 'node_entered', fields: { node: node.name, from: way.why === 'opened' ? null : state.node, why: way.why } });
    state = arrive(flow, state, { node, way, filled: journey.filled ?? [] });
    const ahead = answeredAhead(flow, { state, node, rest });
    ({ state, rest } = ahead);
    if (ahead.way !== null) {
      // Already answered: its question is not asked. Each such answer is used up, so this ends; the limit counts from here again.
      if (ahead.isAnswer) passed = [];
      state = { ...state, slots: withoutSlots(state.slots, ahead.way.clears ?? []) };
      way = ahead.way;
      continue;
    }
    say.push(...wordsOnArrival(flow, { node, state, way }));
    const onward = onwardFrom(node, state);
    if (onward === null) return arrived({ node, state, say, notes });
    way = onward;
  }
}

/** What is asked at a node: for its next slot, or all over again. */
export function questionOf(flow: Flow, node: FlowNode, state: FlowState): string {
  return fillSlots(flow, missingSlot(node, state.slots)?.ask ?? node.reprompt ?? node.prompt, state);
}

export function stepOf(node: FlowNode): NextStep {
  switch (node.action.kind) {
    case 'transfer':
      return transferStep(node.action);
    case 'end_call':
      return { kind: 'end_call' };
    case 'listen':
    case 'go_on':
    case 'resume':
    case 'use_tool':
      return { kind: 'listen' };
  }
}

function transferStep({ destination, ringMs, requiresKey = false }: Extract<FlowNode['action'], { kind: 'transfer' }>): NextStep {
  return { kind: 'transfer', destination, ringMs, requiresKey, brief: null };
}

/** The tool that a node runs, its arguments filled with the slots' stored values; those of unfilled slots are left out. Null for other nodes. */
export function toolCallOf({ action }: FlowNode, slots: FlowState['slots']): FlowToolCall | null {
  if (action.kind !== 'use_tool') return null;
  const filled = Object.entries(action.arguments).map(
    ([name, text]) => [name, replaceSlots(text, (slot) => valueOf(slots, slot))] as const,
  );
  return { tool: action.tool, arguments: Object.fromEntries(filled.filter(([, text]) => text !== '')) };
}

function arrived({ node, state, say, notes }: { node: FlowNode; state: FlowState; say: string[]; notes: DialogNote[] }): Arrived {
  const toolCall = toolCallOf(node, state.slots);
  return { state, say, nextStep: stepOf(node), notes, ...(toolCall === null ? {} : { toolCall }) };
}

/** The state on the way: what the edge empties, and the task that it interrupts. */
function leave(from: FlowState, { aside = false, clears = [], filled = [] }: Journey): FlowState {
  const slots = withoutSlots(
    from.slots,
    clears.filter((name) => !filled.includes(name)),
  );
  if (!aside) return { ...from, slots };
  const stack = (from.interrupted ?? []).filter((name) => name !== from.node);
  return { ...from, slots, interrupted: [...stack, from.node].slice(-INTERRUPTED_MAX) };
}

/** The state at a node: which task this is, and what of it must be found out anew. */
function arrive(flow: Flow, state: FlowState, options: { node: FlowNode; way: Way; filled: readonly string[] }): FlowState {
  const { node, way, filled } = options;
  const { expert, interrupted = [], ...rest } = state;
  const isChosen = way.why === 'router' || way.why === 'intent';
  const back = interrupted.indexOf(node.name);
  const stack = isChosen ? [] : back === -1 ? interrupted : interrupted.slice(0, back);
  const restarted = isChosen ? slotsOf(node).filter(({ name, keep = false }) => !keep && !filled.includes(name)) : [];
  // A yes is to what was just asked: not to the same question asked again, nor to anything in the next task.
  const agreements = (isChosen || node.endsTask === true ? flow.nodes : [node]).flatMap(({ slots = [] }) =>
    slots.filter(({ type }) => type.kind === 'yes_no'),
  );
  const task = node.endsTask === true ? undefined : node.expert !== undefined && stack.length === 0 ? node.name : expert;
  return {
    ...rest,
    node: node.name,
    misses: 0,
    slots: withoutSlots(
      state.slots,
      [...restarted, ...agreements].map(({ name }) => name),
    ),
    ...(task === undefined ? {} : { expert: task }),
    ...(stack.length === 0 ? {} : { interrupted: stack }),
  };
}

type Ahead = { readonly state: FlowState; readonly rest: Answer; readonly way: Way | null; readonly isAnswer: boolean };

/** What the rest of the answer fills at a node that would ask, and where that leads; also where a node leads that has nothing left to ask. */
function answeredAhead(flow: Flow, place: { state: FlowState; node: FlowNode; rest: Answer }): Ahead {
  const { state, node, rest } = place;
  if (node.action.kind !== 'listen') return { state, rest, way: null, isAnswer: false };
  const standing = { flow, state, node };
  const ahead = understandAhead(standing, rest);
  if (ahead !== null) {
    const after = { ...state, slots: slotsAfter(standing, ahead.slots) };
    return { state: after, rest: ahead.rest, way: ahead.way, isAnswer: true };
  }
  const isComplete = node.slots !== undefined && node.slots.length > 0 && missingSlot(node, state.slots) === null;
  const edge = isComplete ? findEdge(node.transitions, 'slot_filled', ({ slot }) => slot === undefined) : null;
  return { state, rest, way: edge === null ? null : wayOf(edge), isAnswer: false };
}

/** Who comes back to a task or changes it is asked the question alone. */
function wordsOnArrival(flow: Flow, { node, state, way }: { node: FlowNode; state: FlowState; way: Way }): string[] {
  const ask = missingSlot(node, state.slots)?.ask;
  if (way.why === 'resume' || way.why === 'slot_changed') return [questionOf(flow, node, state)];
  return [node.prompt, ...(ask === undefined ? [] : [ask])].map((text) => fillSlots(flow, text, state));
}

function onwardFrom({ action }: FlowNode, state: FlowState): Way | null {
  if (action.kind === 'go_on') return { goTo: action.goTo, why: 'go_on' };
  return action.kind === 'resume' ? { goTo: state.interrupted?.at(-1) ?? action.otherwise, why: 'resume' } : null;
}

/** Values as they are said. A slot that is not filled yet leaves nothing behind, not its name. */
function fillSlots(flow: Flow, prompt: string, { slots, toolText = '' }: FlowState): string {
  return replaceSlots(prompt, (name) => {
    if (name === 'result') return toolText;
    const type = flow.nodes.flatMap((node) => node.slots ?? []).find((slot) => slot.name === name)?.type;
    return Object.hasOwn(slots, name) ? sayValue(type, valueOf(slots, name), flow.language ?? 'en') : '';
  });
}

function valueOf(slots: FlowState['slots'], name: string): string {
  return Object.hasOwn(slots, name) ? (slots[name] ?? '') : '';
}

function replaceSlots(text: string, valueFor: (name: string) => string): string {
  return text.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => valueFor(name));
}
