/** What our own code adds to a turn, from the journal's stage times and the stand-ins' own record of when they were asked and answered. */
import type { InferenceTiming } from '@centralita/control-plane/sandbox/inference-request.ts';
import type { JournalledCall, TurnRow } from './journal-reader.ts';

/** One measured turn, ms. */
export type TurnFigures = {
  /** Commit of the turn -> first frame of the reply on the media socket. */
  readonly firstFrameMs: number;
  /** What of `firstFrameMs` no model was at work. */
  readonly overheadMs: number;
  /** The same, with what our code added before the commit and thereby moved the models behind it. */
  readonly wholeOverheadMs: number;
  /** Request -> answer of the three models together, as they measured it themselves. */
  readonly modelsMs: number;
};

/** How long a model took, by its role and what it understood or said. */
export type ModelTimings = ReadonlyMap<string, number>;

/** The models' times by text: texts are numbered by the stand-ins and therefore unique. */
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
      if (turn.role !== 'agent' || before?.role !== 'caller' || before.input !== 'speech' || turn.firstFrameMs === null) return [];
      const stages = stagesOf(before, turn, models);
      return stages === null ? [] : [figuresOf(turn.firstFrameMs, stages)];
    }),
  );
}

/** A stage of the chain: how long we waited for it, and how long the model was at work. */
type Stage = { readonly waitedMs: number; readonly modelMs: number };

/** The chain that ends with the first sound, last stage first; null when a time is missing. */
function stagesOf(caller: TurnRow, agent: TurnRow, models: ModelTimings): Stage[] | null {
  const stages: Stage[] = [];
  for (const { waitedMs, key } of [
    { waitedMs: agent.textToSpeechMs, key: `text_to_speech ${agent.text}` },
    { waitedMs: agent.replyMs, key: `language_model ${agent.text}` },
    { waitedMs: agent.speechToTextMs, key: `speech_to_text ${caller.text}` },
  ]) {
    const modelMs = models.get(key);
    if (waitedMs === null || modelMs === undefined) return null;
    stages.push({ waitedMs, modelMs });
  }
  return stages;
}

/**
 * The reply is prepared from the candidate pause on, so the window from commit to first frame holds the last part of the chain of models, or none
 * of it. Of each stage that the window reaches, everything but the model's own time counts as ours, both ways of the network included: no two
 * clocks are compared. The first frame leaves in the same instant in which the first sound came, so when the window is shorter than that, the
 * reply was ready before the commit and the whole window is ours.
 */
function figuresOf(firstFrameMs: number, stages: readonly Stage[]): TurnFigures {
  let reachedMs = 0;
  let overheadMs = 0;
  let wholeOverheadMs = 0;
  let modelsMs = 0;
  for (const { waitedMs, modelMs } of stages) {
    if (reachedMs < firstFrameMs) overheadMs += waitedMs - modelMs;
    reachedMs += waitedMs;
    wholeOverheadMs += waitedMs - modelMs;
    modelsMs += modelMs;
  }
  return {
    firstFrameMs,
    overheadMs: Math.min(firstFrameMs, overheadMs),
    wholeOverheadMs: Math.min(firstFrameMs, wholeOverheadMs),
    modelsMs,
  };
}
