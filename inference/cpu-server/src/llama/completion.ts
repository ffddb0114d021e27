// One completion of llama-server, from its event stream to the pieces that the contract speaks of.
import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { RequestRefused } from '#server/role-model.ts';
import type { LlamaServer } from './llama-process.ts';

/** A piece of an answer. */
export interface CompletionPart {
  readonly text: string;
  readonly inputTokens: number;
  /** Since the piece before. */
  readonly outputTokens: number;
  /** Null while it goes on. */
  readonly finish: 'stop' | 'length' | null;
}

const eventSchema = z.object({
  content: z.string(),
  stop: z.boolean(),
  tokens_predicted: z.int().min(0),
  tokens_evaluated: z.int().min(0),
  stop_type: z.enum(['none', 'eos', 'limit', 'word']).default('none'),
});

const errorSchema = z.object({
  error: z.object({
    code: z.number().default(500),
    message: z.string(),
    n_prompt_tokens: z.number().optional(),
    n_ctx: z.number().optional(),
  }),
});

/**
 * Asks for one completion and yields it as it is made. Aborting, or leaving the loop, closes the connection: llama-server stops there.
 * @throws RequestRefused when the request cannot be served as it is, an error with llama-server's words otherwise.
 */
export async function* complete(
  server: LlamaServer,
  body: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): AsyncGenerator<CompletionPart, void, undefined> {
  const answer = await server.post('/completion', { ...body, stream: true }, signal);
  try {
    if (answer.statusCode !== 200) throw failureOf(await wholeText(answer));
    let counted = 0;
    for await (const event of eventsOf(answer)) {
      const { content, stop, tokens_predicted: predicted, tokens_evaluated: inputTokens, stop_type: stopType } = event;
      // A text that may be the beginning of a stop text is held back; what was counted for it comes with the next piece.
      if (content === '' && !stop) continue;
      const finish = stop ? (stopType === 'limit' ? 'length' : 'stop') : null;
      yield { text: content, inputTokens, outputTokens: Math.max(0, predicted - counted), finish };
      counted = Math.max(counted, predicted);
      if (stop) return;
    }
    throw new Error('llama-server ended its answer before its last part');
  } finally {
    answer.destroy();
  }
}

async function* eventsOf(answer: IncomingMessage): AsyncGenerator<z.infer<typeof eventSchema>, void, undefined> {
  for await (const line of createInterface({ input: answer, crlfDelay: Number.POSITIVE_INFINITY })) {
    const [, field, text] = /^(data|error): (.*)$/.exec(line) ?? [];
    if (field === undefined || text === undefined || text === '[DONE]') continue;
    const value: unknown = JSON.parse(text);
    const event = eventSchema.safeParse(value);
    if (!event.success) throw failureOf(field === 'error' ? JSON.stringify({ error: value }) : text);
    yield event.data;
  }
}

/** An answer that is no completion: 400 is what the request asked for, anything else is the engine's fault. */
function failureOf(text: string): Error {
  const parsed = errorSchema.safeParse(jsonOrNull(text));
  if (!parsed.success) return new Error(`llama-server answered what is no completion: ${text.slice(0, 200)}`);
  const { code, message, n_prompt_tokens: tokens, n_ctx: limit } = parsed.data.error;
  if (tokens !== undefined && limit !== undefined) {
    return new RequestRefused(
      'invalid_argument',
      `tensor text_input has ${tokens} tokens, prompt and answer together must be below ${limit} (contextTokens)`,
    );
  }
  if (code === 400) return new RequestRefused('invalid_argument', `llama-server: ${message}`);
  if (code === 503) return new RequestRefused('unavailable', `llama-server: ${message}`);
  return new Error(`llama-server: ${message}`);
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function wholeText(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of answer.setEncoding('utf8')) text = (text + String(piece)).slice(0, 10_000);
  return text;
}
