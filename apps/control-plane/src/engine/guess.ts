// A reply prepared at a candidate pause: it costs nothing but model time until the turn is really over.
import type { ConversationState, Dialog } from '#dialog/dialog.ts';
import type { AgentProfile } from '#ports/agent-profile.ts';
import { InferenceError } from '#ports/inference-error.ts';
import type { SpeechToText, Transcript, Utterance } from '#ports/speech-to-text.ts';
import type { TextToSpeech } from '#ports/text-to-speech.ts';
import type { Clock } from '#shared/clock.ts';
import { newId } from '#shared/id.ts';
import { TRANSCRIBE_TIMEOUT_MS } from './limits.ts';
import { prepareTurn } from './prepared-turn.ts';
import { Reply } from './reply.ts';
import { lateSignal, mayRetry } from './retry.ts';

/** The models and the agent that a guess works with. */
export type GuessParts = {
  readonly speechToText: SpeechToText;
  readonly textToSpeech: TextToSpeech;
  readonly dialog: Dialog;
  readonly agent: AgentProfile;
  readonly clock: Clock;
  /** Aborted with the call. */
  readonly signal: AbortSignal;
  /** Told of each try of a model that failed and is followed by another. */
  readonly onTryFailed: (error: unknown) => void;
};

/** What a guess came to. */
export type GuessOutcome = { readonly transcript: Transcript; readonly reply: Reply; readonly speechToTextMs: number };

/** A guess under way. */
export type Guess = {
  /** Arrival times of the speech that it answers. */
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** The conversation that it goes on from. */
  readonly from: ConversationState;
  /** Settles when there is a transcript and the reply has begun; rejects with `InferenceError` when there is no transcript. */
  readonly ready: Promise<GuessOutcome>;
  /** Whether a try for its transcript failed. */
  isRetrying(): boolean;
  abort(): void;
};

/** Starts understanding `pcm` and answering it. */
export function startGuess(
  parts: GuessParts,
  speech: { pcm: Int16Array; startedAtMs: number; endedAtMs: number; from: ConversationState },
): Guess {
  const aborter = new AbortController();
  const signal = AbortSignal.any([parts.signal, aborter.signal]);
  let reply: Reply | null = null;
  let isRetrying = false;
  const onTryFailed = (error: unknown): void => {
    isRetrying = true;
    parts.onTryFailed(error);
  };
  const work = async (): Promise<GuessOutcome> => {
    const askedAtMs = parts.clock.nowMs();
    const hints = parts.dialog.hints(speech.from);
    const transcript = await transcribe(
      parts.speechToText,
      { pcm: speech.pcm, language: parts.agent.language, hints },
      { signal, onTryFailed },
    );
    const speechToTextMs = parts.clock.nowMs() - askedAtMs;
    const input = { kind: 'said', text: transcript.text, confidence: transcript.confidence } as const;
    const turn = { state: speech.from, input };
    reply = new Reply({
      ...parts,
      replyId: newId('reply'),
      prepare: (options) => prepareTurn(parts.dialog, { ...turn, ...options }),
      signal,
    });
    return { transcript, reply, speechToTextMs };
  };
  const ready = work();
  // A guess that is thrown away fails unheard.
  ready.catch(() => {});
  return {
    startedAtMs: speech.startedAtMs,
    endedAtMs: speech.endedAtMs,
    from: speech.from,
    ready,
    isRetrying: () => isRetrying,
    abort() {
      aborter.abort();
      reply?.abort();
    },
  };
}

type TranscribeOptions = { readonly signal: AbortSignal; readonly onTryFailed: (error: unknown) => void };

async function transcribe(speechToText: SpeechToText, utterance: Utterance, options: TranscribeOptions): Promise<Transcript> {
  for (let attempt = 1; ; attempt++) {
    using late = lateSignal(TRANSCRIBE_TIMEOUT_MS, tooLate);
    try {
      return await speechToText.transcribe(utterance, { signal: AbortSignal.any([options.signal, late.signal]) });
    } catch (error) {
      const failure: unknown = late.signal.aborted && !options.signal.aborted ? late.signal.reason : error;
      if (!(await mayRetry(failure, attempt, options))) throw failure;
    }
  }
}

function tooLate(): InferenceError {
  return new InferenceError({ role: 'speech_to_text', message: `no transcript within ${TRANSCRIBE_TIMEOUT_MS} ms`, isRetryable: true });
}
