// The agent's voice: text in, sound out, as it is made.

/** Something to be spoken. */
export type Speech = {
  /** One sentence or clause, at most 2,000 characters. */
  readonly text: string;
  readonly language: string;
  /** The engine's name of a voice; empty = the language's default voice. */
  readonly voice: string;
  /** 1 = the voice's normal speed. */
  readonly speed: number;
};

/** A text-to-speech engine. Fails by throwing `InferenceError`. */
export type TextToSpeech = {
  /** Yields mono PCM16 at 16 kHz in pieces of any length as they are made; ending the iteration or aborting stops the synthesis. */
  synthesize(speech: Speech, options: { signal: AbortSignal }): AsyncIterable<Int16Array>;
  /** Whether this sound is at hand, so that no model is asked for it. Engines without a memory leave it out. */
  isKept?(speech: Speech): boolean;
};
