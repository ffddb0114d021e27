// A turn of the flow alone: what it says, and the tools that it runs on its way.
import { randomUUID } from 'node:crypto';
import type { Flow } from '#ports/agent-profile.ts';
import type { ModelToolCall } from '#ports/language-model.ts';
import type { ConversationState, PreparedTurn, TurnResult } from './dialog.ts';
import { questionsBefore } from './flow-graph.ts';
import { answerFromKnowledge, questionFor } from './flow-knowledge.ts';
import { next } from './flow.ts';
import { isOwnWords } from './own-words.ts';
import type { FlowTurn } from './flow.ts';
import { runTool } from './turn-tools.ts';
import type { ToolTurn, TurnToolRun } from './turn-tools.ts';
import type { TraceTool } from './turn-trace.ts';

/** Tools that one turn of a flow may run; the walk itself refuses chains of nodes that never listen. */
const FLOW_TOOLS_MAX = 5;

/** Everything that a turn of the flow is played with. `tools` is null where the agent has none. */
export type FlowPlay = {
  readonly flow: Flow;
  readonly history: ConversationState['history'];
  readonly tools: Omit<ToolTurn, 'onActing'> | null;
};

/** The turn as a reply; `turn` is the flow's answer to the caller. A turn that runs no tool has its result from the start. */
export function preparedFromFlow(play: FlowPlay, turn: FlowTurn): PreparedTurn {
  const status: { acted: ConversationState | null } = { acted: null };
  const settled = Promise.withResolvers<TurnResult>();
  // A failure reaches whoever reads the words; a result that nobody awaits must not end the process.
  settled.promise.catch(() => undefined);
  const isQuestion = questionFor(play, turn) !== null;
  if (turn.toolCall === undefined && !isQuestion) settled.resolve(resultOf(play, turn));
  const words = playFlow(play, turn, { onActing: (state) => (status.acted = state) });
  return {
    // A look-up that is cut short leads where the flow alone would have.
    textDeltas: settling(words, settled, isQuestion ? resultOf(play, turn) : null),
    result: settled.promise,
    acted: () => status.acted,
  };
}

/** Says a turn of the flow, runs its tools and says what they lead to. Returns what it all leads to. */
export async function* playFlow(
  play: FlowPlay,
  first: FlowTurn,
  { onActing }: { onActing: (state: ConversationState) => void },
): AsyncGenerator<string, TurnResult & { readonly traceTools: readonly TraceTool[] }, undefined> {
  const { flow, history, tools } = play;
  const question = questionFor(play, first);
  const answer = question === null ? null : yield* answerFromKnowledge(play, { turn: first, question });
  if (answer !== null) return answer;
  let turn = first;
  let separator = '';
  const notes = [...first.notes];
  const traceTools: TraceTool[] = [];
  for (let runs = 0; ; runs++) {
    for (const text of turn.say) {
      yield `${separator}${text}`;
      // A space between pieces, so that their joined text reads as it sounds.
      separator = ' ';
    }
    const { toolCall } = turn;
    const state = { ...turn.state, history };
    if (toolCall === undefined || runs === FLOW_TOOLS_MAX) return { state, nextStep: turn.nextStep, notes, traceTools };
    const call = { id: randomUUID(), name: toolCall.tool, argumentsJson: JSON.stringify(toolCall.arguments) };
    const asked = tools === null ? null : yield* runAgreed({ ...tools, onActing: () => onActing(state) }, { call, state, flow });
    if (tools !== null && asked === null) return { state, nextStep: { kind: 'listen' }, notes, traceTools };
    if (asked !== null) {
      notes.push(...asked.notes);
      traceTools.push(asked.trace);
      onActing(asked.state);
      // The node stays where it is: the caller's next words are the answer, and it goes on with its tool.
      if (asked.run.question !== null) {
        yield `${separator}${asked.run.question}`;
        return { state: asked.state, nextStep: { kind: 'listen' }, notes, traceTools };
      }
      if (asked.run.nextStep !== null) return { state: asked.state, nextStep: asked.run.nextStep, notes, traceTools };
    }
    const outcome = asked === null ? 'failed' : outcomeOf(asked.run.verdict);
    turn = next(flow, asked?.state ?? state, {
      kind: 'tool_result',
      tool: toolCall.tool,
      outcome,
      // What tools tell a model is no sentence for a caller.
      text: asked?.run.spoken ?? '',
      facts: asked?.run.facts ?? {},
    });
    notes.push(...turn.notes);
  }
}

type FlowCall = { readonly call: ModelToolCall; readonly state: ConversationState; readonly flow: Flow };

/**
 * A flow asks in its own words before it books: a yes to its last question before the tool is the caller's consent, and is not asked for again. Nor is
 * what a tool would read out where the caller said all of it.
 */
async function* runAgreed(tools: ToolTurn, { call, state, flow }: FlowCall): AsyncGenerator<string, TurnToolRun | null, undefined> {
  const first = yield* runTool(tools, call, state);
  if (first === null) return null;
  const pending = first.run.state.pending;
  if (first.run.verdict !== 'ask_caller' || pending === null) return first.run.question === null ? first : unasked(first);
  const hasYes = questionsBefore(flow, state.node).some((slot) => state.slots[slot] === 'yes');
  const isAgreed = hasYes || (first.run.question !== null && isOwnWords(flow, state));
  if (!isAgreed && first.run.question !== null) return first;
  if (!isAgreed) return unasked(first);
  return yield* runTool(tools, call, { ...first.state, tools: { ...first.run.state, pending: { ...pending, answer: 'yes' } } });
}

/** Nobody waits for the caller's next words: the flow asks by its slots, and goes on by itself. */
function unasked({ run, state, ...ran }: TurnToolRun): TurnToolRun {
  return { ...ran, run: { ...run, question: null }, state: { ...state, tools: { ...run.state, pending: null } } };
}

function outcomeOf(verdict: TraceTool['verdict']): 'done' | 'refused' | 'failed' {
  if (verdict === 'done' || verdict === 'repeated') return 'done';
  return verdict === 'refused' || verdict === 'too_many' || verdict === 'ask_caller' ? 'refused' : 'failed';
}

function resultOf({ history }: FlowPlay, turn: FlowTurn): TurnResult {
  return { state: { ...turn.state, history }, nextStep: turn.nextStep, notes: turn.notes };
}

async function* settling(
  words: ReturnType<typeof playFlow>,
  settled: PromiseWithResolvers<TurnResult>,
  cut: TurnResult | null,
): AsyncGenerator<string> {
  try {
    const { traceTools, ...result } = yield* words;
    const ms = traceTools.reduce((sum, tool) => sum + tool.ms, 0);
    settled.resolve(traceTools.length === 0 ? result : { ...result, trace: { answeredBy: 'flow', requests: [], tools: traceTools, ms } });
  } catch (error) {
    settled.reject(error);
    throw error;
  } finally {
    if (cut !== null) settled.resolve(cut);
  }
}
