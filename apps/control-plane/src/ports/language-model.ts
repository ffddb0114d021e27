// A language model as a stream of parts.

/** One message of a conversation. */
export type ModelMessage = { readonly role: 'system' | 'user' | 'assistant'; readonly text: string };

/** What is asked of the model. */
export type ModelRequest = {
  readonly messages: readonly ModelMessage[];
  readonly maxOutputTokens: number;
  /** 0 to 2. */
  readonly temperature: number;
};

/** A piece of the model's answer. `finish` comes last, once. */
export type ModelPart =
  | { readonly kind: 'text_delta'; readonly textDelta: string }
  | { readonly kind: 'finish'; readonly reason: 'stop' | 'length'; readonly inputTokens: number; readonly outputTokens: number };

/** A language model. Fails by throwing `InferenceError`. Ending the iteration or aborting cancels the generation. */
export type LanguageModel = {
  stream(request: ModelRequest, options: { signal: AbortSignal }): AsyncIterable<ModelPart>;
};
