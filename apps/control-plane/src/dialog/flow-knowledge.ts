// A flow without a model meets a question that it has no phrase for: it answers word for word from the documents, when they say something.
import { randomUUID } from 'node:crypto';
import type { Flow } from '#ports/agent-profile.ts';
import { plainWords } from '#shared/plain-words.ts';
import type { ConversationState, TurnResult } from './dialog.ts';
import { getNode } from './flow-graph.ts';
import { questionOf } from './flow-travel.ts';
import type { FlowTurn } from './flow.ts';
import { runTool } from './turn-tools.ts';
import type { ToolTurn } from './turn-tools.ts';
import type { TraceTool } from './turn-trace.ts';

const SEARCH = 'knowledge_search';
/** A question has a verb and a thing; two words are a misheard phrase more often. */
const QUESTION_WORDS_MIN = 3;

/** Where a question is looked up: the flow's own turn for it, and the tools of the agent; null where it has none. */
export type Asking = {
  readonly flow: Flow;
  readonly history: ConversationState['history'];
  readonly tools: Omit<ToolTurn, 'onActing'> | null;
};

/** The question that the flow did not understand and the documents may; null when there is none, or the agent may not look it up here. */
export function questionFor({ flow, history, tools }: Asking, turn: FlowTurn): string | null {
  const miss = turn.notes.find(({ name }) => name === 'not_understood');
  const said = history.at(-1);
  if (tools === null || miss === undefined || miss.fields['slot'] !== undefined || said?.role !== 'caller') return null;
  if (!tools.tools.set.definitions().some(({ name }) => name === SEARCH)) return null;
  const node = getNode(flow, String(miss.fields['node']));
  const task = node.expert ?? flow.nodes.find(({ name }) => name === turn.state.expert)?.expert;
  if (task?.tools !== undefined && !task.tools.includes(SEARCH)) return null;
  return plainWords(said.text).length >= QUESTION_WORDS_MIN ? said.text : null;
}

/** Looks it up and says it, then asks what was asked before. Returns null, and has said at most a filler, when the documents do not say. */
export async function* answerFromKnowledge(
  { flow, history, tools }: Asking,
  { turn, question }: { turn: FlowTurn; question: string },
): AsyncGenerator<string, (TurnResult & { readonly traceTools: readonly TraceTool[] }) | null, undefined> {
  const miss = turn.notes.find(({ name }) => name === 'not_understood');
  if (tools === null || miss === undefined) return null;
  const node = getNode(flow, String(miss.fields['node']));
  const state = { ...turn.state, node: node.name, history };
  const call = { id: randomUUID(), name: SEARCH, argumentsJson: JSON.stringify({ question }) };
  const found = yield* runTool({ ...tools, onActing: () => undefined }, call, state);
  if (found === null || found.run.spoken === null) return null;
  yield `${found.run.spoken} `;
  yield questionOf(flow, node, state);
  return { state: { ...found.state, misses: 0 }, nextStep: { kind: 'listen' }, notes: found.notes, traceTools: [found.trace] };
}
