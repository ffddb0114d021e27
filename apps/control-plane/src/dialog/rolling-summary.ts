// Keeps a long conversation within the model's context: between turns, what no longer fits is put into a few sentences.
import type { LanguageModel } from '#ports/language-model.ts';
import type { ConversationState, HistoryTurn } from './dialog.ts';
import type { ModelTexts } from './model-texts.ts';

/** A summary longer than this is cut: about 350 tokens, a tenth of a small context. */
const SUMMARY_CHARACTERS_MAX = 1_200;
const SUMMARY_TOKENS_MAX = 350;
/** It is not worth asking for fewer turns: each summary costs one request and loses a little. */
const TURNS_MIN = 4;
/** A summary that takes longer is given up; the next turn's end tries again. */
const SUMMARY_LIMIT_MS = 20_000;

/** The summary of one conversation in this process. */
export type RollingSummary = {
  /** The conversation with its summary in place of the turns that it covers, if there is one by now. */
  applied(state: ConversationState): ConversationState;
  /** Begins to summarize `overflow`, the oldest turns of `state`; at once, in the background. At most one is in the making. */
  begin(state: ConversationState, overflow: readonly HistoryTurn[]): void;
};

type Made = { readonly last: HistoryTurn; readonly covered: number; readonly summary: string };

/** Opens it. `signal` is the conversation's. A summary that fails leaves the conversation as it is: its oldest turns are then left out. */
export function openRollingSummary(parts: {
  readonly languageModel: LanguageModel;
  readonly texts: ModelTexts;
  readonly signal: AbortSignal;
}): RollingSummary {
  let [made, isMaking] = [null as Made | null, false];
  return {
    applied(state) {
      // Turns are never changed in place: the same object at the same place means that nothing before it changed.
      if (made === null || state.history[made.covered - 1] !== made.last) return state;
      return { ...state, summary: made.summary, history: state.history.slice(made.covered) };
    },
    begin(state, overflow) {
      const last = overflow.at(-1);
      if (isMaking || last === undefined || overflow.length < TURNS_MIN || parts.signal.aborted) return;
      isMaking = true;
      void summarize(parts, state.summary, overflow)
        .then((summary) => {
          if (summary !== '') made = { last, covered: overflow.length, summary };
        })
        // It is tried again after the next turn; the turns themselves are still there.
        .catch(() => undefined)
        .finally(() => (isMaking = false));
    },
  };
}

async function summarize(
  { languageModel, texts, signal }: Parameters<typeof openRollingSummary>[0],
  before: string | undefined,
  turns: readonly HistoryTurn[],
): Promise<string> {
  const talk = turns.map(({ role, text }) => `${role === 'caller' ? 'C' : 'A'}: ${text}`).join('\n');
  const messages = [
    { role: 'system', text: texts.summarize },
    { role: 'user', text: before === undefined ? talk : `${texts.summaryTitle}\n${before}\n\n${talk}` },
  ] as const;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(SUMMARY_LIMIT_MS)]);
  let summary = '';
  for await (const part of languageModel.stream({ messages, maxOutputTokens: SUMMARY_TOKENS_MAX, temperature: 0 }, { signal: limit })) {
    if (part.kind === 'text_delta') summary += part.textDelta;
    if (summary.length > SUMMARY_CHARACTERS_MAX) break;
  }
  return summary.trim().slice(0, SUMMARY_CHARACTERS_MAX);
}
