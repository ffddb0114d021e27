// The agent with a language model: the model answers what the caller says, the flow keeps the greeting, the keys, silence and the ways out.
import type { AgentProfile, Flow, Responder } from '#ports/agent-profile.ts';
import { InferenceError } from '#ports/inference-error.ts';
import type { LanguageModel, ModelMessage, ModelRequest } from '#ports/language-model.ts';
import type { ConversationState, Dialog, DialogInput, HistoryTurn, PreparedTurn, TurnResult } from './dialog.ts';
import { createFallbackResponder, preparedFromFlow, withInput } from './fallback-responder.ts';
import { getNode } from './flow-graph.ts';
import { nextGlobal, restingNode } from './flow.ts';
import { windowOf } from './history.ts';

/** Characters of conversation sent with each question: about 1,500 tokens of Spanish, the caller's last words included. */
export const HISTORY_WINDOW_CHARACTERS = 6_000;

export type ModelResponderOptions = {
  readonly profile: Pick<AgentProfile, 'flow'>;
  readonly responder: Extract<Responder, { kind: 'language_model' }>;
  readonly languageModel: LanguageModel;
};

/**
 * A dialog whose replies are streamed from a model. Understood words go to the model unless they hold a global phrase of the flow, so that a
 * caller always reaches a person; everything else (opening, keys, silence, nothing understood, a failed transfer) is the flow's.
 * Text that ends early, by the signal or by its reader, still settles `result`: what the caller said was said.
 */
export function createModelResponder(options: ModelResponderOptions): Dialog {
  const { flow } = options.profile;
  const scripted = createFallbackResponder({ flow });
  return {
    ...scripted,
    prepare: (state, input, { signal }) => {
      if (input.kind !== 'said' || input.text.trim() === '') return scripted.prepare(state, input, { signal });
      const wayOut = nextGlobal(flow, state, input.text);
      if (wayOut !== null) return preparedFromFlow(wayOut, state, input);
      return preparedFromModel({ ...options, state, input, signal });
    },
  };
}

function preparedFromModel(
  options: ModelResponderOptions & { state: ConversationState; input: DialogInput; signal: AbortSignal },
): PreparedTurn {
  const { state, input, signal, languageModel, responder } = options;
  const after: ConversationState = {
    ...state,
    node: listeningNode(options.profile.flow, state),
    misses: 0,
    history: withInput(state.history, input),
  };
  const settled = Promise.withResolvers<TurnResult>();
  // The failure reaches whoever reads the text; a result that nobody awaits must not end the process.
  settled.promise.catch(() => undefined);
  const request = requestOf(responder, after.history);
  const textDeltas = textOf({
    languageModel,
    request,
    signal,
    onEnd: (failure) => {
      if (failure === null) settled.resolve({ state: after, nextStep: { kind: 'listen' }, notes: [] });
      else settled.reject(failure);
    },
  });
  return { textDeltas, result: settled.promise };
}

type TextOptions = { languageModel: LanguageModel; request: ModelRequest; signal: AbortSignal; onEnd: (failure: Error | null) => void };

async function* textOf({ languageModel, request, signal, onEnd }: TextOptions): AsyncIterable<string> {
  let spoke = false;
  try {
    for await (const part of languageModel.stream(request, { signal })) {
      if (part.kind !== 'text_delta' || part.textDelta === '') continue;
      spoke ||= part.textDelta.trim() !== '';
      yield part.textDelta;
    }
    if (!spoke && !signal.aborted) {
      throw new InferenceError({ role: 'language_model', message: 'language model ended its answer without a word', isRetryable: true });
    }
  } catch (error) {
    if (!signal.aborted) {
      onEnd(error instanceof Error ? error : new Error('language model threw something that is not an error', { cause: error }));
      throw error;
    }
  } finally {
    onEnd(null);
  }
}

/** After a goodbye that the caller talked over, the conversation goes on where the flow listens. */
function listeningNode(flow: Flow, state: ConversationState): string {
  return getNode(flow, state.node).action.kind === 'listen' ? state.node : restingNode(flow);
}

function requestOf(responder: ModelResponderOptions['responder'], history: readonly HistoryTurn[]): ModelRequest {
  const messages: ModelMessage[] = [{ role: 'system', text: responder.prompt }];
  for (const turn of windowOf(history, HISTORY_WINDOW_CHARACTERS)) {
    const role = turn.role === 'caller' ? 'user' : 'assistant';
    const last = messages.at(-1);
    // Chat templates of several open models refuse two messages of one role in a row.
    if (last?.role === role) messages[messages.length - 1] = { role, text: `${last.text} ${turn.text}` };
    else messages.push({ role, text: turn.text });
  }
  return { messages, maxOutputTokens: responder.maxOutputTokens, temperature: responder.temperature };
}
