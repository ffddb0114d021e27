// An answer of a model as data: asked for with its schema, read out of whatever the model wrote around it, checked, and repaired once.
import { z } from 'zod';
import type { LanguageModel, ModelMessage } from '#ports/language-model.ts';
import { parseJson } from '#shared/json-text.ts';

/** What to ask. */
export type StructuredQuestion<Value> = {
  readonly messages: readonly ModelMessage[];
  /** What the answer must be; the model is shown its JSON Schema. */
  readonly schema: z.ZodType<Value>;
  readonly maxOutputTokens: number;
};

/** What an answer held. `problem` says what was wrong with it, and quotes nothing of it. */
export type StructuredAnswer<Value> =
  | { readonly kind: 'valid'; readonly value: Value }
  | { readonly kind: 'invalid'; readonly problem: string };

/** A model that does not stop by itself is stopped here: longer than any answer that fits its token limit. */
const MAX_ANSWER_CHARACTERS = 64_000;
/** Of the wrong answer, what is shown again for the repair. */
const MAX_SHOWN_CHARACTERS = 4_000;
const MAX_NAMED_ISSUES = 8;

/** Asks, and once more with what was wrong. Throws `InferenceError` when the model fails, and the signal's reason when it aborts. */
export async function askForStructure<Value>(
  languageModel: LanguageModel,
  { messages, schema, maxOutputTokens }: StructuredQuestion<Value>,
  { signal }: { signal: AbortSignal },
): Promise<StructuredAnswer<Value>> {
  const outputSchema = z.toJSONSchema(schema, { io: 'input' });
  const ask = (asked: readonly ModelMessage[]) =>
    readText(languageModel.stream({ messages: asked, maxOutputTokens, temperature: 0, outputSchema }, { signal }), signal);
  const firstText = await ask(messages);
  const first = parseStructured(firstText, schema);
  if (first.kind === 'valid') return first;
  return parseStructured(
    await ask([
      ...messages,
      { role: 'assistant', text: firstText.slice(0, MAX_SHOWN_CHARACTERS) },
      { role: 'user', text: `That answer cannot be used: ${first.problem}. Answer again with the whole JSON object and nothing else.` },
    ]),
    schema,
  );
}

/** Reads the JSON object out of a text that may hold a preamble, a code fence or thoughts around it, and checks it. */
export function parseStructured<Value>(text: string, schema: z.ZodType<Value>): StructuredAnswer<Value> {
  const spoken = text.replaceAll(/<think>[\s\S]*?<\/think>/g, '');
  const [from, to] = [spoken.indexOf('{'), spoken.lastIndexOf('}')];
  if (from === -1 || to < from) return { kind: 'invalid', problem: 'there is no JSON object in it' };
  const json = parseJson(spoken.slice(from, to + 1));
  if (json === null) return { kind: 'invalid', problem: 'the JSON object does not parse: it is cut short or malformed' };
  const parsed = schema.safeParse(json);
  if (parsed.success) return { kind: 'valid', value: parsed.data };
  const issues = parsed.error.issues.slice(0, MAX_NAMED_ISSUES).map(({ path, message }) => `${path.join('.') || 'the object'}: ${message}`);
  return { kind: 'invalid', problem: issues.join('; ') };
}

async function readText(parts: ReturnType<LanguageModel['stream']>, signal: AbortSignal): Promise<string> {
  let text = '';
  for await (const part of parts) {
    if (part.kind === 'text_delta') text += part.textDelta;
    if (text.length > MAX_ANSWER_CHARACTERS) break;
  }
  signal.throwIfAborted();
  return text;
}
