// Sampling parameters as the contract has them (vLLM's names) in llama-server's words.
import { z } from 'zod';
import { RequestRefused } from '#server/role-model.ts';

/** Answers without a limit of their own end here; a turn on the telephone has some hundreds. */
const DEFAULT_MAX_TOKENS = 1_024;

const schemaText = z.union([z.string(), z.record(z.string(), z.unknown())]);

const samplingSchema = z.strictObject({
  temperature: z.number().min(0).max(5).optional(),
  top_p: z.number().min(0).max(1).optional(),
  top_k: z.int().min(-1).optional(),
  min_p: z.number().min(0).max(1).optional(),
  seed: z.int().optional(),
  presence_penalty: z.number().min(-2).max(2).optional(),
  frequency_penalty: z.number().min(-2).max(2).optional(),
  repetition_penalty: z.number().positive().max(5).optional(),
  max_tokens: z.int().min(1).max(1_048_576).default(DEFAULT_MAX_TOKENS),
  stop: z.union([z.string().transform((text) => [text]), z.array(z.string().min(1)).max(64)]).default([]),
  skip_special_tokens: z.boolean().default(true),
  structured_outputs: schemaText.optional(),
});

/** Markers that models write around a call of a tool, which are special tokens of theirs and otherwise left out of the text. */
const TOOL_MARKERS = ['<tool_call>', '</tool_call>', '<|python_tag|>', '[TOOL_CALLS]', '<think>', '</think>'];

/** The body of a request to `/completion`, without its prompt. @throws RequestRefused naming the parameter. */
export function completionSettings(samplingJson: string): Readonly<Record<string, unknown>> {
  const parsed = samplingSchema.safeParse(parsedJson(samplingJson === '' ? '{}' : samplingJson, 'it is no JSON object'));
  if (!parsed.success) throw refused(z.prettifyError(parsed.error).replaceAll(/\s+/g, ' '));
  const { max_tokens, repetition_penalty, skip_special_tokens, structured_outputs, top_k, ...same } = parsed.data;
  return {
    ...same,
    n_predict: max_tokens,
    // -1 is everything in vLLM, 0 in llama.cpp.
    ...(top_k === undefined ? {} : { top_k: Math.max(0, top_k) }),
    ...(repetition_penalty === undefined ? {} : { repeat_penalty: repetition_penalty }),
    ...(skip_special_tokens ? {} : { preserved_tokens: TOOL_MARKERS }),
    ...(structured_outputs === undefined ? {} : { json_schema: jsonSchemaOf(structured_outputs) }),
  };
}

/** The contract puts a text that holds JSON here, because vLLM parses it once more; an object is taken as well. */
function jsonSchemaOf(structured: z.infer<typeof schemaText>): unknown {
  const outputs = typeof structured === 'string' ? parsedJson(structured, 'structured_outputs is no JSON object') : structured;
  const form = z.strictObject({ json: schemaText }).safeParse(outputs);
  if (!form.success) throw refused('structured_outputs must be {"json": schema}: this engine follows JSON schemas only');
  const { json } = form.data;
  return typeof json === 'string' ? parsedJson(json, 'the schema in structured_outputs is no JSON object') : json;
}

function parsedJson(text: string, complaint: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Said below.
  }
  throw refused(complaint);
}

function refused(reason: string): RequestRefused {
  return new RequestRefused('invalid_argument', `tensor sampling_parameters: ${reason}`);
}
