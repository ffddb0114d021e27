// One answer of the model: its words and its calls of tools, under time limits, with a record of what was asked.
import { InferenceError } from '#ports/inference-error.ts';
import type { LanguageModel, ModelPart, ModelRequest, ModelToolCall } from '#ports/language-model.ts';
import type { Clock } from '#shared/clock.ts';
import { within } from '#shared/waiting.ts';
import { openWordReader } from './model-words.ts';
import type { TraceRequest } from './turn-trace.ts';

/** How one answer is asked for. */
export type Asking = {
  readonly languageModel: LanguageModel;
  readonly request: ModelRequest;
  readonly clock: Clock;
  /** Ends the turn. */
  readonly signal: AbortSignal;
  /** The longest wait for the first sign of life, ms. */
  readonly firstPartMs: number;
  /** The longest wait between parts, ms. */
  readonly nextPartMs: number;
};

/** What came of it. `error` is null when the answer is whole; its words so far were yielded in any case. */
export type Answer = {
  readonly text: string;
  readonly calls: readonly ModelToolCall[];
  readonly error: Error | null;
  readonly trace: TraceRequest;
};

/**
 * The longest stretch of an answer that is neither words nor a whole call. Under load a model writes some 70 tokens a second, and the arguments of a
 * booking are as many; a message to be taken has 300. Silence meanwhile is covered (`covered-silence.ts`).
 */
export const HELD_MAX_MS = 5_000;
/** Calls of one answer that are looked at: a model that makes more is in a loop. */
const CALLS_MAX = 8;

/** Asks, yields whole words as they come and returns what came of it; a failure is an answer too. Throws nothing. */
export async function* askModel(asking: Asking): AsyncGenerator<string, Answer, undefined> {
  const { languageModel, request, clock, signal } = asking;
  const startedAtMs = clock.nowMs();
  const given = new AbortController();
  const parts = languageModel.stream(request, { signal: AbortSignal.any([signal, given.signal]) })[Symbol.asyncIterator]();
  const reader = openWordReader();
  const calls: ModelToolCall[] = [];
  let [text, firstPartMs] = ['', null as number | null];
  let finish: Extract<ModelPart, { kind: 'finish' }> | null = null;
  let error: Error | null = null;
  let heldSinceMs = startedAtMs;
  try {
    for (;;) {
      const part = await nextPart(parts, firstPartMs === null ? asking.firstPartMs : asking.nextPartMs);
      if (part === null) break;
      firstPartMs ??= clock.nowMs() - startedAtMs;
      if (part.kind === 'held') {
        if (clock.nowMs() - heldSinceMs > HELD_MAX_MS) throw failed(`neither words nor a whole call within ${HELD_MAX_MS} ms`);
        continue;
      }
      heldSinceMs = clock.nowMs();
      if (part.kind === 'finish') finish = part;
      else if (part.kind === 'tool_call') calls.push(part.call);
      else {
        const words = reader.push(part.textDelta);
        text += words;
        if (words !== '') yield words;
      }
      if (calls.length === CALLS_MAX) break;
    }
    if (finish === null && calls.length < CALLS_MAX) throw failed('the language model stopped without an end');
    const rest = calls.length > 0 && text === '' ? '' : reader.end({ isCutOff: finish?.reason === 'length' });
    text += rest;
    if (rest !== '') yield rest;
  } catch (cause) {
    error = cause instanceof Error ? cause : new Error('the language model threw something that is not an error', { cause });
  } finally {
    // The reason tells a circuit breaker whether the model is to blame.
    given.abort(error ?? undefined);
    void Promise.resolve(parts.return?.()).catch(() => undefined);
  }
  const trace: TraceRequest = {
    messages: request.messages,
    tools: (request.tools ?? []).map(({ name }) => name),
    text,
    inputTokens: finish?.inputTokens ?? null,
    outputTokens: finish?.outputTokens ?? null,
    firstPartMs: firstPartMs === null ? null : Math.round(firstPartMs),
    ms: Math.round(clock.nowMs() - startedAtMs),
    failure: error?.message ?? null,
  };
  return { text, calls, error, trace };
}

async function nextPart(parts: AsyncIterator<ModelPart>, limitMs: number): Promise<ModelPart | null> {
  const next = await within(parts.next(), limitMs);
  if (next === 'late') throw failed(`no words within ${limitMs} ms`);
  return next.value.done === true ? null : next.value.value;
}

function failed(message: string): InferenceError {
  return new InferenceError({ role: 'language_model', message, isRetryable: true });
}
