// How much of a model's context a text takes.
import type { LanguageModel } from '#ports/language-model.ts';

/** Characters of a token where the model's tokenizer is not at hand: Spanish has about 3.5 in the vocabularies of Llama 3 and Qwen, English 4. */
const CHARACTERS_PER_TOKEN = 3.5;
/** The context of a model of which nobody said it: a call of the size that the capacity rules count with. */
export const CONTEXT_TOKENS_DEFAULT = 4_096;

/** Tokens of a text, by the model's tokenizer or by rule of thumb. */
export function tokensOf(model: Pick<LanguageModel, 'countTokens'>, text: string): number {
  return model.countTokens?.(text) ?? Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}
