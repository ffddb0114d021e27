// A conversation as a graph, walked one answer at a time: pure, so that any call can be replayed and any reply prepared and thrown away.
import type { Flow, FlowNode, FlowTransition, ToolResultKind } from '#ports/agent-profile.ts';
import { plainWords } from '#shared/plain-words.ts';
import type { DialogInput } from './dialog.ts';
import { answerOf, codesAt, keysAskedFor, understand, understandGlobal, wayOf } from './flow-answer.ts';
import { findEdge, getNode } from './flow-graph.ts';
import { slotsAfter } from './flow-slots.ts';
import type { Answer, FlowState, FlowVerdict } from './flow-state.ts';
import { questionOf, stepOf, toolCallOf, travel } from './flow-travel.ts';
import type { FlowToolCall } from './flow-travel.ts';
import type { DialogNote, NextStep } from './next-step.ts';

/** What happened, for a flow: what a channel tells a dialog, with what a model made of the words, and what a tool came to. */
export type FlowInput =
  | Exclude<DialogInput, { kind: 'said' }>
  | (Extract<DialogInput, { kind: 'said' }> & { readonly verdict?: FlowVerdict })
  | {
      readonly kind: 'tool_result';
      readonly tool: string;
      readonly outcome: ToolResultKind;
      /** In the caller's language; a prompt may say it as `{result}`. */
      readonly text: string;
      readonly facts?: Readonly<Record<string, string>>;
    };

/** What the agent says, piece by piece, and what follows. `notes` are `node_entered` and `not_understood`; keys and silence are the channel's to note. */
export type FlowTurn = {
  readonly state: FlowState;
  readonly say: readonly string[];
  readonly nextStep: NextStep;
  readonly notes: readonly DialogNote[];
  /** The tool to run now; its `tool_result` is the next input. */
  readonly toolCall?: FlowToolCall;
};

/** Keys looked at in one answer; the rest is dropped. The longest codes allowed are 8 keys, the longest telephone numbers 15. */
export const KEYS_LIMIT = 32;

const NOTHING: Answer = { kind: 'words', words: [] };

/** The state before the first word. */
export function openFlow(flow: Flow): FlowState {
  return { node: flow.entry, slots: {}, misses: 0 };
}

/** The agent's answer to an input. Throws for a node that the flow does not have and for a chain of nodes that never listens. */
export function next(flow: Flow, state: FlowState, input: FlowInput): FlowTurn {
  if (input.kind === 'call_opened') return travel(flow, state, { goTo: flow.entry, why: 'opened', rest: NOTHING });
  const node = getNode(flow, state.node);
  // A node that goes on by itself hears nothing: who answers before its chain was walked (over the greeting) answers the node at the end of it.
  if (node.action.kind === 'go_on' || node.action.kind === 'resume') return next(flow, walkOn(flow, state, node), input);
  switch (input.kind) {
    case 'said':
      return answered({ flow, state, node, answer: answerOf(input.text), verdict: input.verdict });
    case 'dtmf':
      return answered({ flow, state, node, answer: { kind: 'keys', keys: input.digits.slice(0, KEYS_LIMIT) } });
    case 'no_input':
      return silent({ flow, state, node }, input);
    case 'transfer_failed': {
      const onward = findEdge([...node.transitions, ...elsewhere(flow)], 'transfer_failed');
      return onward === null ? stay(flow, { state, node }) : travel(flow, state, { ...wayOf(onward), rest: NOTHING });
    }
    case 'tool_result':
      return afterTool({ flow, state, node }, input);
  }
}

/** Whether the keys so far begin a longer code or value, so that another key may follow. Throws as `next` does. */
export function isCodeOpen(flow: Flow, state: FlowState, keys: string): boolean {
  const node = getNode(flow, state.node);
  if (node.action.kind === 'go_on' || node.action.kind === 'resume') return isCodeOpen(flow, walkOn(flow, state, node), keys);
  const standing = { flow, state, node };
  if (!keys.includes('#') && keys.length < keysAskedFor(standing)) return true;
  return codesAt(standing).some((code) => code.length > keys.length && code.startsWith(keys));
}

/** The answer when the words hold a phrase that is valid everywhere (a person, goodbye); null when they do not. */
export function nextGlobal(flow: Flow, state: FlowState, text: string): FlowTurn | null {
  const way = understandGlobal(flow, plainWords(text));
  return way === null ? null : travel(flow, state, { ...way, rest: NOTHING });
}

/** The first node from the entry that does not go on by itself: where an agent without a script rests. */
export function restingNode(flow: Flow): string {
  return travel(flow, openFlow(flow), { goTo: flow.entry, why: 'opened', rest: NOTHING }).state.node;
}

/** A model transfers from whatever node it talks in: that nobody answered is then said as the flow's own transfers say it. */
function elsewhere(flow: Flow): readonly FlowTransition[] {
  return flow.nodes.flatMap(({ action, transitions }) => (action.kind === 'transfer' ? transitions : []));
}

type Place = { readonly flow: Flow; readonly state: FlowState; readonly node: FlowNode };

function walkOn(flow: Flow, state: FlowState, { action, name }: FlowNode): FlowState {
  if (action.kind === 'go_on') return travel(flow, state, { goTo: action.goTo, why: 'go_on', rest: NOTHING }).state;
  if (action.kind !== 'resume') throw new Error(`node "${name}" does not go on by itself`);
  const goTo = state.interrupted?.at(-1) ?? action.otherwise;
  return travel(flow, state, { goTo, why: 'resume', rest: NOTHING }).state;
}

function answered(options: Place & { answer: Answer; verdict?: FlowVerdict | undefined }): FlowTurn {
  const { flow, state, node, answer, verdict } = options;
  const standing = { flow, state, node, verdict };
  const understood = understand(standing, answer);
  if (understood !== null && understood.invalid === null) {
    const filled = { ...state, slots: slotsAfter(standing, understood.slots) };
    if (understood.way !== null) {
      return travel(flow, filled, { ...understood.way, rest: understood.rest, filled: Object.keys(understood.slots) });
    }
    return stay(flow, { state: { ...filled, misses: 0 }, node });
  }
  // A caller who talks over the goodbye or the ringing is not asked again: what was going to happen still happens.
  if (node.action.kind !== 'listen') return stay(flow, { state, node });
  const misses = state.misses + 1;
  const reason = understood?.invalid ? { slot: understood.invalid.name } : {};
  const note: DialogNote = { name: 'not_understood', fields: { node: node.name, misses, ...reason } };
  const sorry = understood?.invalid?.invalid ?? flow.notUnderstood.say;
  if (misses < flow.notUnderstood.limit) return { ...stay(flow, { state: { ...state, misses }, node }, [sorry]), notes: [note] };
  const turn = travel(flow, state, { goTo: flow.notUnderstood.goTo, why: 'not_understood', rest: NOTHING });
  return { ...turn, notes: [note, ...turn.notes] };
}

function silent({ flow, state, node }: Place, input: Extract<FlowInput, { kind: 'no_input' }>): FlowTurn {
  const own = findEdge([...node.transitions, ...flow.global], 'no_input', ({ count = 1 }) => count === input.count);
  if (own !== null) return travel(flow, state, { ...wayOf(own), rest: NOTHING });
  if (input.isLast) return travel(flow, state, { goTo: flow.noInputGoTo, why: 'silence', rest: NOTHING });
  return stay(flow, { state, node });
}

/** A result that no edge waits for changes nothing: the model that called the tool speaks of it. */
function afterTool(
  { flow, state, node }: Place,
  { tool, outcome, text, facts = {} }: Extract<FlowInput, { kind: 'tool_result' }>,
): FlowTurn {
  const edges = [...node.transitions, ...flow.global];
  const way =
    findEdge(edges, 'tool_result', (when) => when.tool === tool && when.outcome === outcome) ??
    (outcome === 'failed' ? findEdge(edges, 'tool_result', (when) => when.tool === tool && when.outcome === 'refused') : null);
  const keeps = node.action.kind === 'use_tool' ? (node.action.keeps ?? []) : [];
  const kept = Object.fromEntries(Object.entries(facts).filter(([name]) => keeps.includes(name)));
  const after: FlowState = { ...state, slots: { ...state.slots, ...kept }, toolText: text };
  if (way === null) return { state: after, say: [], nextStep: { kind: 'listen' }, notes: [] };
  return travel(flow, after, { ...wayOf(way), rest: NOTHING, filled: Object.keys(kept) });
}

/** Asks again where the conversation stands. */
function stay(flow: Flow, { state, node }: Omit<Place, 'flow'>, before: readonly string[] = []): FlowTurn {
  const toolCall = toolCallOf(node, state.slots);
  const say = [...before, questionOf(flow, node, state)];
  return { state, say, nextStep: stepOf(node), notes: [], ...(toolCall === null ? {} : { toolCall }) };
}
