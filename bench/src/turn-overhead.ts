/** What our own code adds to a turn, from the journal's stage times and the stand-ins' own record of when they were asked and answered. */
import type { InferenceTiming } from '@centralita/control-plane/sandbox/inference-request.ts';
import type { JournalledCall, TurnRow } from './journal-reader.ts';

/** One measured turn, ms. */
export type TurnFigures = {
  /** Commit of the turn -> first frame of the reply on the media socket. */
  readonly firstFrameMs: number;
  /** What of it the models did not take. */
  readonly overheadMs: number;
  /** Request -> first answer of the three models together, as they measured it themselves. */
  readonly modelsMs: number;
  /** Pause -> first sound of the reply, minus the models: the same without anything hidden by preparing early. */
  readonly unhiddenMs: number;
  /** End of speech -> commit. */
  readonly endpointMs: number;
};

/** Models by what they understood or said. */
export type ModelTimings = ReadonlyMap<string, number>;

/** Answer times of the models by text; texts are numbered by the stand-ins and therefore unique. */
export function modelTimingsOf(timings: readonly InferenceTiming[]): ModelTimings {
  const byText = new Map<string, number>();
  for (const { role, text, receivedAt, firstReplyAt, lastReplyAt } of timings) {
    // The stand-in's reply is one sentence, which is complete with its last piece; of a voice the first piece is what is waited for.
    const answeredAt = role === 'language_model' ? lastReplyAt : firstReplyAt;
    if (answeredAt !== null) byText.set(`${role} ${text.trim()}`, answeredAt - receivedAt);
  }
  return byText;
}

/** The measured turns of the calls: those that answered speech and of which all three models' times are known. */
export function turnFiguresOf(calls: readonly JournalledCall[], models: ModelTimings): TurnFigures[] {
  return calls.flatMap(({ turns }) =>
    turns.flatMap((turn, index) => {
      const before = turns[index - 1];
      const figures =
        turn.role === 'agent' && before?.role === 'caller' && before.input === 'speech' ? turnFigures(before, turn, models) : null;
      return figures === null ? [] : [figures];
    }),
  );
}

/**
 * The reply is prepared from the candidate pause on: transcript, text and sound take `chain` together, of which the models took `models`.
 * When it was ready before the commit, all that is left is the commit's way to the first frame. When not, the commit had to wait for the rest of
 * the chain, in which the models' share is theirs and `chain - models` is ours, whether it fell before the commit or behind it.
 * The smaller of the two is what our code added, since the first frame leaves in the same instant in which the sound came.
 */
function turnFigures(caller: TurnRow, agent: TurnRow, models: ModelTimings): TurnFigures | null {
  const { firstFrameMs, endpointMs, speechToTextMs, replyMs, textToSpeechMs } = agent;
  if (firstFrameMs === null || endpointMs === null || speechToTextMs === null || replyMs === null || textToSpeechMs === null) return null;
  const times = [`speech_to_text ${caller.text}`, `language_model ${agent.text}`, `text_to_speech ${agent.text}`].map((key) =>
    models.get(key),
  );
  if (times.some((time) => time === undefined)) return null;
  const modelsMs = times.reduce<number>((sum, time) => sum + (time ?? 0), 0);
  const unhiddenMs = speechToTextMs + replyMs + textToSpeechMs - modelsMs;
  return { firstFrameMs, overheadMs: Math.min(firstFrameMs, unhiddenMs), modelsMs, unhiddenMs, endpointMs };
}
