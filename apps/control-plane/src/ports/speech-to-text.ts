// What did the caller say? One request per utterance.

/** A spoken utterance to be understood. */
export type Utterance = {
  /** Mono PCM16 at 16 kHz, at most 30 s. */
  readonly pcm: Int16Array;
  /** Language tag such as `es` or `en`. */
  readonly language: string;
  /** What the flow expects to hear; an engine may use them as a bias, or recognise only these. */
  readonly hints: readonly string[];
};

/** The text of an utterance. An empty text means: nothing that the engine trusts. */
export type Transcript = {
  readonly text: string;
  /** 0 to 1; the engine's own measure. */
  readonly confidence: number;
  /** 0 to 1: how likely the audio holds no speech at all. */
  readonly noSpeechProbability: number;
};

/** A speech-to-text engine. Fails by throwing `InferenceError`. */
export type SpeechToText = {
  transcribe(utterance: Utterance, options: { signal: AbortSignal }): Promise<Transcript>;
  /**
   * Tells what will be asked of the next minutes, so that an engine which works from hints can make them ready. Engines that need
   * nothing of the kind leave it out. Settles when ready; failing costs time later, nothing else.
   */
  prepare?(expectation: { readonly language: string; readonly hints: readonly string[] }, options: { signal: AbortSignal }): Promise<void>;
};
