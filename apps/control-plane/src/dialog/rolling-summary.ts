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

/** A summary of the first turns of a conversation. Personal data. */
export type MadeSummary = {
  readonly summary: string;
  /** The turns that it stands for. */
  readonly covered: readonly HistoryTurn[];
  /** The summary that it goes on from, which it replaces; undefined for the first one. */
  readonly before: string | undefined;
};

/**
 * Who keeps the summaries of a conversation whose dialog is opened anew for each message, as in a chat: what is made after one message is
 * there before the next, in whatever process that is answered.
 */
export type SummaryKeeper = {
  /** Whether one may be begun: false while another is in the making. Each true is followed by `end`. */
  begin(): boolean;
  /** Null when none came of it. */
  end(made: MadeSummary | null): void;
};

/** The summary of one conversation in this process. */
export type RollingSummary = {
  /** The conversation with its summary in place of the turns that it covers, if there is one by now. */
  applied(state: ConversationState): ConversationState;
  /** Begins to summarize `overflow`, the oldest turns of `state`; at once, in the background. At most one is in the making. */
  begin(state: ConversationState, overflow: readonly HistoryTurn[]): void;
};

/** The conversation with `made` in place of the turns that it covers; the same one when those are not its first turns. */
export function withSummary(state: ConversationState, { summary, covered, before }: MadeSummary): ConversationState {
  const isOf =
    state.summary === before && covered.every(({ role, text }, at) => state.history[at]?.role === role && state.history[at].text === text);
  return isOf ? { ...state, summary, history: state.history.slice(covered.length) } : state;
}

/** Opens it. `signal` is the conversation's. A summary that fails leaves the conversation as it is: its oldest turns are then left out. */
export function openRollingSummary(parts: {
  readonly languageModel: LanguageModel;
  readonly texts: ModelTexts;
  readonly signal: AbortSignal;
  /** Absent: this dialog lasts as long as its conversation, and keeps them itself. */
  readonly keeper?: SummaryKeeper;
}): RollingSummary {
  const { keeper } = parts;
  let [made, isMaking] = [null as MadeSummary | null, false];
  return {
    applied: (state) => (made === null ? state : withSummary(state, made)),
    begin(state, overflow) {
      if (isMaking || overflow.length < TURNS_MIN || parts.signal.aborted || keeper?.begin() === false) return;
      isMaking = true;
      const before = state.summary;
      void summarize(parts, before, overflow)
        .then((summary) => {
          if (summary !== '') made = { summary, covered: overflow, before };
        })
        // It is tried again after the next turn; the turns themselves are still there.
        .catch(() => undefined)
        .finally(() => {
          isMaking = false;
          keeper?.end(made);
        });
    },
  };
}

async function summarize(
  { languageModel, texts, signal }: Pick<Parameters<typeof openRollingSummary>[0], 'languageModel' | 'texts' | 'signal'>,
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
