// A language model as a stream of parts: words, and calls of the tools that it was offered.

/** A JSON Schema object, as models are shown it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A tool that the model may call. `name` is unique within a request. */
export type ModelTool = { readonly name: string; readonly description: string; readonly parameters: JsonSchema };

/** A call as the model wrote it: `argumentsJson` may be anything, and is checked by whoever runs it. `id` is unique within a conversation. */
export type ModelToolCall = { readonly id: string; readonly name: string; readonly argumentsJson: string };

/** One message of a conversation. A `tool` message answers the call of that id; it follows the assistant's message that made the call. */
export type ModelMessage =
  | { readonly role: 'system' | 'user'; readonly text: string }
  | { readonly role: 'assistant'; readonly text: string; readonly toolCalls?: readonly ModelToolCall[] }
  | { readonly role: 'tool'; readonly callId: string; readonly name: string; readonly text: string };

/** What is asked of the model. */
export type ModelRequest = {
  readonly messages: readonly ModelMessage[];
  readonly maxOutputTokens: number;
  /** 0 to 2. */
  readonly temperature: number;
  /** None: the model can only speak. */
  readonly tools?: readonly ModelTool[];
  /** The answer must be JSON of this schema: by guided decoding where the server offers it. Whoever asks checks it all the same. */
  readonly outputSchema?: JsonSchema;
};

/** A piece of the model's answer. `finish` comes last, once. */
export type ModelPart =
  | { readonly kind: 'text_delta'; readonly textDelta: string }
  | { readonly kind: 'tool_call'; readonly call: ModelToolCall }
  /** The model goes on writing what is neither words nor a whole call yet: the beginning of a call, or a thought. */
  | { readonly kind: 'held' }
  | {
      readonly kind: 'finish';
      readonly reason: 'stop' | 'length' | 'tool_calls';
      readonly inputTokens: number;
      readonly outputTokens: number;
    };

/** A language model. Fails by throwing `InferenceError`. Ending the iteration or aborting cancels the generation. */
export type LanguageModel = {
  stream(request: ModelRequest, options: { signal: AbortSignal }): AsyncIterable<ModelPart>;
  /** Tokens of a text by the model's own tokenizer. Absent where that is not at hand. */
  readonly countTokens?: (text: string) => number;
  /** The longest prompt and answer together, tokens. Absent where nobody said. */
  readonly contextTokens?: number;
};
