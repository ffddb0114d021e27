// The words that prompts and answers share: how a model family writes calls, and what a prompt is made of.
import type { ModelRequest } from '#ports/language-model.ts';

/** Hermes: `<tool_call>{…}</tool_call>`, also Qwen's. Llama 3: bare JSON, or Python behind `<|python_tag|>`. Mistral: JSON behind `[TOOL_CALLS]`. */
export type ToolFormat = 'hermes' | 'llama3' | 'mistral';

/** A call as it was written. `name` is empty where none could be read. */
export type WrittenCall = { readonly name: string; readonly argumentsJson: string };

/** What a prompt is made of. */
export type PromptRequest = Pick<ModelRequest, 'messages' | 'tools'>;
