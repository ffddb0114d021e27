// What the speech_to_text model asks of an engine, and what travels to the engine's process and back.

/** One utterance. Plain data: it is copied into the engine's process. */
export interface TranscriptionRequest {
  /** Mono PCM16 at 16 kHz. */
  readonly samples: Int16Array;
  readonly language: string;
  /** Expected phrases: an engine may recognise only these, or use them as a bias, or not at all. */
  readonly hints: readonly string[];
}

/** What was said; empty text: nothing that the engine trusts. Confidence and probability are between 0 and 1. */
export interface Transcription {
  readonly text: string;
  readonly confidence: number;
  readonly noSpeechProbability: number;
  /** Why the text is empty though the engine wrote something: a rule's name. */
  readonly discarded?: string;
}

/** What an engine answers about one request. A refusal is the caller's to mend; a failure of the engine is thrown. */
export type TranscriptionOutcome =
  | ({ readonly kind: 'transcribed' } & Transcription)
  | { readonly kind: 'refused'; readonly reason: string };

/** Recognises one utterance. */
export type Transcribe = (request: TranscriptionRequest) => Promise<TranscriptionOutcome>;

/** Sample rate of every utterance. */
export const SPEECH_RATE_HZ = 16_000;
