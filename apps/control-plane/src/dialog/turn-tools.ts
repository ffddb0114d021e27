// Runs tools inside a turn: nothing with an effect before the turn is the agent's, and never a long silence while one runs.
import type { ModelToolCall } from '#ports/language-model.ts';
import type { Clock } from '#shared/clock.ts';
import { orAborted, within } from '#shared/waiting.ts';
import type { ConversationState } from './dialog.ts';
import type { DialogNote } from './next-step.ts';
import { FILLER_AFTER_MS, NO_TOOLS_RUN } from './tools/tool-set.ts';
import type { RanCall, ToolRun, ToolSet } from './tools/tool-set.ts';
import type { ToolContext, ToolEffect } from './tools/tool.ts';
import type { TraceTool } from './turn-trace.ts';

/** Between what is said while a tool goes on: the words before it take about a second to say, and silence has a limit of 2 s. */
const FILLER_AGAIN_MS = 2_500;

/** The tools of a conversation at one place of its flow. */
export type TurnTools = {
  readonly set: ToolSet;
  /** Null for a name that no tool has. */
  readonly effectOf: (name: string) => ToolEffect | null;
  /** With the conversation's signal, not the reply's. */
  readonly context: ToolContext;
  /** What calls with an effect came to in this process, whatever became of the reply that made them. */
  readonly effects: Map<string, RanCall>;
};

/** How a turn runs its tools. */
export type ToolTurn = {
  readonly tools: TurnTools;
  readonly clock: Clock;
  /** Ends the turn. */
  readonly signal: AbortSignal;
  readonly committed: Promise<void>;
  /** Said one after the other while a tool goes on after its own filler; none: nothing at all is said, as in a chat. */
  readonly stillWaiting: readonly string[];
  /** Called before a tool with an effect starts: from here on the turn cannot be taken back. */
  readonly onActing: () => void;
};

/** What a call came to: the conversation after it, for whoever asked. */
export type TurnToolRun = {
  readonly run: ToolRun;
  readonly state: ConversationState;
  readonly trace: TraceTool;
  readonly notes: readonly DialogNote[];
};

/** Runs one call; yields what is said meanwhile. Returns null when the turn was thrown away before the call could run. */
export async function* runTool(
  turn: ToolTurn,
  call: ModelToolCall,
  state: ConversationState,
): AsyncGenerator<string, TurnToolRun | null, undefined> {
  const { tools, clock } = turn;
  const hasEffect = (tools.effectOf(call.name) ?? 'read') !== 'read';
  if (hasEffect) {
    if (!(await isCommitted(turn))) return null;
    turn.onActing();
  }
  const before = state.tools ?? NO_TOOLS_RUN;
  const startedAtMs = clock.nowMs();
  const running = tools.set.run(call, tools.context, { ...before, ran: { ...before.ran, ...Object.fromEntries(tools.effects) } });
  void running.then(({ state: { ran } }) => keepEffects(tools.effects, ran, before.ran));
  yield* fillers(turn, call.name, running);
  const run = await running;
  const facts = { ...state.facts, ...run.facts };
  return {
    run,
    state: { ...state, tools: run.state, ...(Object.keys(facts).length === 0 ? {} : { facts }) },
    trace: {
      name: call.name,
      argumentsJson: call.argumentsJson,
      verdict: run.verdict,
      text: run.text,
      ms: Math.round(clock.nowMs() - startedAtMs),
    },
    notes: run.notes,
  };
}

/** False when the turn ends before it is the agent's, as it does for a guess that is thrown away. */
async function isCommitted({ committed, signal }: ToolTurn): Promise<boolean> {
  try {
    signal.throwIfAborted();
    await orAborted(committed, signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

/** A reply that is cut while its tool runs leads nowhere; what the tool did must be known all the same. */
function keepEffects(
  effects: Map<string, RanCall>,
  ran: Readonly<Record<string, RanCall>>,
  before: Readonly<Record<string, RanCall>>,
): void {
  for (const key of Object.keys(before)) if (!Object.hasOwn(ran, key)) effects.delete(key);
  for (const [key, call] of Object.entries(ran)) if (!Object.hasOwn(before, key) && !call.mayRunAgain) effects.set(key, call);
}

async function* fillers({ tools, stillWaiting, signal }: ToolTurn, name: string, running: Promise<ToolRun>): AsyncGenerator<string> {
  if (stillWaiting.length === 0) return;
  let waitMs = FILLER_AFTER_MS;
  for (const filler of [tools.set.fillerFor(name), ...stillWaiting]) {
    if ((await within(running, waitMs)) !== 'late' || signal.aborted) return;
    yield `${filler} `;
    waitMs = FILLER_AGAIN_MS;
  }
}
