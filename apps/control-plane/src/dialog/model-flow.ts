// What the flow contributes to a turn that the model speaks: where the conversation goes, what is to be asked next, and what a tool's outcome leads to.
import type { Flow } from '#ports/agent-profile.ts';
import type { ModelToolCall } from '#ports/language-model.ts';
import type { ConversationState, DialogInput } from './dialog.ts';
import { getNode } from './flow-graph.ts';
import type { FlowVerdict } from './flow-state.ts';
import { next, nextGlobal, restingNode } from './flow.ts';
import type { FlowTurn } from './flow.ts';
import type { FlowEcho } from './model-turn.ts';
import type { DialogNote } from './next-step.ts';
import { TASK_TOOL_NAME } from './task-tool.ts';
import type { TurnToolRun } from './turn-tools.ts';

type Said = Extract<DialogInput, { kind: 'said' }>;

/** Who answers: the flow alone, or the model from `state` on. `advice` is what the flow would say, for the model to put in its own words. */
export type FlowOpening =
  | { readonly kind: 'flow'; readonly turn: FlowTurn }
  | { readonly kind: 'model'; readonly state: ConversationState; readonly advice: string; readonly notes: readonly DialogNote[] };

/**
 * A way out that holds everywhere (a person, goodbye) is always the flow's, so that a caller reaches a person whatever the model thinks. Flows of
 * version 2 follow the caller's words as far as they understand them; those of version 1 rest while the model talks.
 */
export function openWithFlow(flow: Flow, state: ConversationState, input: Said): FlowOpening {
  const wayOut = nextGlobal(flow, state, input.text);
  if (wayOut !== null) return { kind: 'flow', turn: wayOut };
  if (flow.version !== 2) return { kind: 'model', state: { ...state, node: listeningNode(flow, state), misses: 0 }, advice: '', notes: [] };
  const turn = next(flow, state, input);
  if (turn.notes.some(({ name }) => name === 'not_understood')) {
    return { kind: 'model', state: { ...state, node: listeningNode(flow, state), misses: 0 }, advice: '', notes: [] };
  }
  if (turn.nextStep.kind !== 'listen' || turn.toolCall !== undefined) return { kind: 'flow', turn };
  return { kind: 'model', state: { ...turn.state, history: state.history }, advice: turn.say.join(' '), notes: turn.notes };
}

/**
 * The answer to a question that a tool asked itself: no slot takes "yes", or what is wrong with the message that was read out. A flow that waits for the
 * tool goes on by itself.
 */
export function openAnswer(flow: Flow, state: ConversationState, input: Said): FlowOpening {
  if (getNode(flow, state.node).action.kind !== 'listen') return openWithFlow(flow, state, input);
  const wayOut = nextGlobal(flow, state, input.text);
  if (wayOut !== null) return { kind: 'flow', turn: wayOut };
  return { kind: 'model', state: { ...state, misses: 0 }, advice: '', notes: [] };
}

/** What an outcome changes in the flow; of the task tool it is the model's own verdict on what the caller said. */
export function echoOf({ flow, said }: { flow: Flow; said: Said }, ran: TurnToolRun, call: ModelToolCall): FlowEcho {
  const { run, state } = ran;
  const unchanged: FlowEcho = { state, advice: '', nextStep: null, notes: [] };
  if (flow.version !== 2) return unchanged;
  if (call.name === TASK_TOOL_NAME) {
    return run.verdict === 'done' ? judgedEcho({ flow, said }, unchanged, JSON.parse(call.argumentsJson) as FlowVerdict) : unchanged;
  }
  const outcome = run.verdict === 'done' || run.verdict === 'repeated' ? 'done' : run.verdict === 'refused' ? 'refused' : 'failed';
  // A call that did not run, or waits for the caller, is no outcome.
  if (['ask_caller', 'invalid_arguments', 'unknown_tool'].includes(run.verdict)) return unchanged;
  const turn = next(flow, state, { kind: 'tool_result', tool: call.name, outcome, text: run.text, facts: run.facts });
  return echo(turn, state);
}

/** The task first, then what was said for it: a task that is entered begins with empty slots. */
function judgedEcho({ flow, said }: { flow: Flow; said: Said }, from: FlowEcho, { slots, ...way }: FlowVerdict): FlowEcho {
  const steps: readonly FlowVerdict[] = [
    ...(way.intent === undefined && way.conditions === undefined ? [] : [way]),
    ...(slots === undefined || Object.keys(slots).length === 0 ? [] : [{ slots }]),
  ];
  return steps.reduce((before, verdict) => {
    if (before.nextStep !== null) return before;
    const turn = next(flow, before.state, { ...said, verdict });
    if (turn.notes.some(({ name }) => name === 'not_understood')) return before;
    const after = echo(turn, before.state);
    return { ...after, notes: [...before.notes, ...after.notes] };
  }, from);
}

function echo(turn: FlowTurn, { history }: ConversationState): FlowEcho {
  return {
    state: { ...turn.state, history },
    // What the flow would run itself, the model runs: it has the tool, and its outcome comes back here.
    advice: [
      ...turn.say,
      ...(turn.toolCall === undefined ? [] : [`→ ${turn.toolCall.tool} ${JSON.stringify(turn.toolCall.arguments)}`]),
    ].join(' '),
    nextStep: turn.nextStep.kind === 'listen' ? null : turn.nextStep,
    notes: turn.notes,
  };
}

/** After a goodbye that the caller talked over, the conversation goes on where the flow listens. */
function listeningNode(flow: Flow, state: ConversationState): string {
  return getNode(flow, state.node).action.kind === 'listen' ? state.node : restingNode(flow);
}
