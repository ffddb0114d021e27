// The agent with a language model: the model answers what the caller says, the flow keeps the greeting, the keys, silence and the ways out.
import type { Responder } from '#ports/agent-profile.ts';
import type { LanguageModel } from '#ports/language-model.ts';
import { withCoveredSilence } from './covered-silence.ts';
import type { Cover } from './covered-silence.ts';
import type { ConversationState, Dialog, DialogInput, PreparedTurn, PrepareOptions, TurnResult } from './dialog.ts';
import { createFallbackResponder, withHeardTools, withInput } from './fallback-responder.ts';
import type { FallbackParts } from './fallback-responder.ts';
import { playFlow, preparedFromFlow } from './flow-turn.ts';
import { next } from './flow.ts';
import { echoOf, openAnswer, openWithFlow } from './model-flow.ts';
import type { FlowOpening } from './model-flow.ts';
import { fitMessages, overflowOf, promptOf, taskText } from './model-prompt.ts';
import type { PromptParts } from './model-prompt.ts';
import type { ModelTexts } from './model-texts.ts';
import { ModelTurn } from './model-turn.ts';
import type { ModelTurnEnd } from './model-turn.ts';
import { openRollingSummary } from './rolling-summary.ts';
import type { RollingSummary, SummaryKeeper } from './rolling-summary.ts';
import type { ToolTurn } from './turn-tools.ts';
import type { TraceTool } from './turn-trace.ts';

/** Of the room for turns, the share that may fill before a summary is begun: a summary takes a turn or two. */
const SUMMARY_SHARE = 0.7;

export type ModelResponderOptions = FallbackParts & {
  readonly responder: Extract<Responder, { kind: 'language_model' }>;
  readonly texts: ModelTexts;
  readonly languageModel: LanguageModel;
  /** The conversation's. */
  readonly signal: AbortSignal;
  readonly summaryKeeper?: SummaryKeeper;
};

type Said = Extract<DialogInput, { kind: 'said' }>;
type Options = ModelResponderOptions & { readonly summary: RollingSummary };

/**
 * A dialog whose replies are streamed from a model. A model that stalls, breaks off, writes nonsense or calls tools wrongly is asked once more;
 * then the flow answers that turn. Text that ends early, by the signal or by its reader, still settles `result`: what the caller said was said.
 */
export function createModelResponder(options: ModelResponderOptions): Dialog {
  const scripted = createFallbackResponder(options);
  const { languageModel, signal, summaryKeeper, texts } = options;
  const summary = openRollingSummary({ languageModel, texts, signal, ...(summaryKeeper === undefined ? {} : { keeper: summaryKeeper }) });
  return {
    ...scripted,
    prepare(before, input, prepare) {
      const state = summary.applied(before);
      if (input.kind !== 'said' || input.text.trim() === '') return scripted.prepare(state, input, prepare);
      return preparedFromModel({ ...options, summary }, { state, input, prepare });
    },
  };
}

type Asked = { readonly state: ConversationState; readonly input: Said; readonly prepare: PrepareOptions };

function preparedFromModel(options: Options, { state, input, prepare }: Asked): PreparedTurn {
  const { flow, tools, clock, isSpoken, texts } = options;
  const { signal, committed = Promise.resolve() } = prepare;
  const heard = withHeardTools(tools, { ...state, history: withInput(state.history, input) }, input.text);
  const isAnswer = state.tools?.pending?.readOut !== undefined && state.tools.pending.answer === 'awaited';
  const opening = isAnswer ? openAnswer(flow, heard, input) : openWithFlow(flow, heard, input);
  const toolTurn = (place: ConversationState | null): Omit<ToolTurn, 'onActing'> | null =>
    tools === null
      ? null
      : {
          tools: place === null ? tools.ofFlow() : tools.atPlace(place),
          clock,
          signal,
          committed,
          stillWaiting: isSpoken ? texts.stillWaiting : [],
        };
  const play = { flow, history: heard.history, tools: toolTurn(null) };
  if (opening.kind === 'flow') return preparedFromFlow(play, opening.turn);
  const turn = openTurn(options, { opening, toolTurn: toolTurn(opening.state), input, signal });
  const settled = Promise.withResolvers<TurnResult>();
  // The failure reaches whoever reads the text; a result that nobody awaits must not end the process.
  settled.promise.catch(() => undefined);
  const fallback = (end: ModelTurnEnd) =>
    playFlow(play, next(flow, end.state, input), { onActing: (acted) => (turn.status.acted = acted) });
  void settled.promise
    .then(async (result) => {
      await committed;
      options.summary.begin(result.state, overflowOf(turn.prompt, result.state, SUMMARY_SHARE));
    })
    // Of a turn that failed nothing is summarized; its failure is where its words were read.
    .catch(() => undefined);
  return {
    textDeltas: wordsOf({
      turn,
      opening,
      fallback,
      clock,
      settled,
      cover: isSpoken ? { first: texts.wait, more: texts.stillWaiting, committed } : null,
    }),
    result: settled.promise,
    acted: () => turn.status.acted ?? (turn.status.isActing ? turn.model.state : null),
  };
}

type OpenTurn = {
  readonly model: ModelTurn;
  readonly prompt: PromptParts;
  readonly status: { isActing: boolean; acted: ConversationState | null };
};

function openTurn(
  options: Options,
  ask: { opening: Extract<FlowOpening, { kind: 'model' }>; toolTurn: Omit<ToolTurn, 'onActing'> | null; input: Said; signal: AbortSignal },
): OpenTurn {
  const { flow, texts, responder, languageModel, clock, isSpoken } = options;
  const { opening, toolTurn, input, signal } = ask;
  const status: OpenTurn['status'] = { isActing: false, acted: null };
  const task = [taskText(flow, opening.state, texts), ...(opening.advice === '' ? [] : [`→ ${opening.advice}`])]
    .filter((text) => text !== '')
    .join('\n');
  const prompt: PromptParts = { responder, languageModel, tools: toolTurn?.tools.set.definitions() ?? [], texts, task };
  const model = new ModelTurn(
    {
      languageModel,
      responder,
      messages: promptOf(prompt, opening.state),
      fit: (messages) => fitMessages(prompt, messages),
      texts,
      toolTurn: toolTurn === null ? null : { ...toolTurn, onActing: () => (status.isActing = true) },
      clock,
      signal,
      filler: isSpoken ? texts.wait : null,
      onOutcome: (ran, call) => echoOf({ flow, said: input }, ran, call),
    },
    opening.state,
  );
  return { model, prompt, status };
}

type Speaking = {
  readonly turn: OpenTurn;
  readonly opening: Extract<FlowOpening, { kind: 'model' }>;
  readonly fallback: (end: ModelTurnEnd) => ReturnType<typeof playFlow>;
  readonly clock: Options['clock'];
  readonly settled: PromiseWithResolvers<TurnResult>;
  /** Null where silence is nothing, as in a chat. */
  readonly cover: Cover | null;
};

async function* wordsOf({ turn, opening, fallback, clock, settled, cover }: Speaking): AsyncGenerator<string> {
  const { model } = turn;
  const startedAtMs = clock.nowMs();
  const settle = (result: Omit<TurnResult, 'trace'>, answeredBy: 'model' | 'flow', more: readonly TraceTool[] = []): void =>
    settled.resolve({
      ...result,
      notes: [...opening.notes, ...result.notes],
      trace: { answeredBy, requests: model.requests, tools: [...model.tools, ...more], ms: Math.round(clock.nowMs() - startedAtMs) },
    });
  try {
    const end = yield* cover === null ? model.words() : withCoveredSilence(model.words(), cover);
    if (end.failure === null) return settle(end, 'model');
    const notes = [...end.notes, { name: 'model_failed', fields: { error: end.failure.message } } as const];
    // Words that break off are heard as such; the flow's begin a sentence of their own.
    if (end.said.trim() !== '') yield /[.!?…]\s*$/.test(end.said) ? ' ' : '… ';
    const flow = yield* fallback(end);
    return settle({ state: flow.state, nextStep: flow.nextStep, notes: [...notes, ...flow.notes] }, 'flow', flow.traceTools);
  } catch (error) {
    settled.reject(error);
    throw error;
  } finally {
    // The first settlement counts: this one is for words that were cut off.
    settle({ state: turn.status.acted ?? model.state, nextStep: { kind: 'listen' }, notes: model.notes }, 'model');
  }
}
