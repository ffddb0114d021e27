// What the caller's speech turned out to be once its words are known: a turn, no interruption after all, or noise.
import { notAnInterruption } from './backchannel.ts';
import type { CallerTurn } from './call-phase.ts';
import type { Guess, GuessOutcome } from './guess.ts';
import { MIN_TURN_SPEECH_MS } from './limits.ts';
import type { CutTurn } from './turn-ledger.ts';
import type { UtteranceBuffer } from './utterance-buffer.ts';

/** The verdict, with what follows from it. */
export type SpeechVerdict =
  /** The agent goes on with its turn where it was cut. */
  | { readonly kind: 'no_interruption'; readonly why: 'echo_ignored' | 'false_barge_in'; readonly speechMs: number; readonly cut: CutTurn }
  /** Too short, and no words in it. */
  | { readonly kind: 'noise' }
  | { readonly kind: 'turn'; readonly callerTurn: CallerTurn };

/** The speech of a committed guess; `cut` is the agent's turn that it interrupted. */
export type JudgedSpeech = {
  readonly guess: Guess;
  readonly outcome: GuessOutcome;
  readonly cut: CutTurn | null;
  readonly language: string;
  /** What the caller said, with the time of each sample. */
  readonly heard: Pick<UtteranceBuffer, 'soundEndedAtMs'>;
  readonly committedAtMs: number;
};

/** Judges it. */
export function judgeSpeech({ guess, outcome, cut, language, heard, committedAtMs }: JudgedSpeech): SpeechVerdict {
  const { startedAtMs, endedAtMs } = guess;
  const { text } = outcome.transcript;
  const speechMs = endedAtMs - startedAtMs;
  const why = cut === null ? null : notAnInterruption({ text, speechMs, agentText: cut.turn.reply.text, language });
  if (cut !== null && why !== null) return { kind: 'no_interruption', why, speechMs, cut };
  if (text === '' && speechMs < MIN_TURN_SPEECH_MS) return { kind: 'noise' };
  const { speechToTextMs } = outcome;
  const soundEndedAtMs = heard.soundEndedAtMs(startedAtMs);
  return { kind: 'turn', callerTurn: { text, input: 'speech', startedAtMs, endedAtMs, soundEndedAtMs, committedAtMs, speechToTextMs } };
}
