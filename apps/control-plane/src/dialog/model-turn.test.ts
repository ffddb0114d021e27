import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { Responder } from '#ports/agent-profile.ts';
import { InferenceError } from '#ports/inference-error.ts';
import type { LanguageModel, ModelPart, ModelRequest } from '#ports/language-model.ts';
import { newId } from '#shared/id.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { openDialog } from './agent-turn.ts';
import { clinicEs } from './demo/clinic-es.ts';
import type { ConversationState, Dialog, PreparedTurn, PrepareOptions } from './dialog.ts';
import { modelTexts } from './model-texts.ts';
import { HELD_MAX_MS } from './model-answer.ts';
import { FIRST_PART_MS, STEPS_MAX } from './model-turn.ts';
import { FILLER_AFTER_MS } from './tools/tool-set.ts';
import type { Tool, ToolOutcome } from './tools/tool.ts';

const { flow } = clinicEs({ organizationName: 'Clínica Demo', destination: '2001' });
const responder: Responder = { kind: 'language_model', prompt: 'Eres la recepción.', maxOutputTokens: 99, temperature: 0.2 };
const texts = modelTexts('es');

/** One answer: words and calls in order; `stalls` never ends, `breaks` throws behind them. */
type Script = readonly (string | { call: string; args: unknown })[] & { stalls?: true; breaks?: true };
const script = (...parts: (string | { call: string; args: unknown })[]): Script => parts;
const stalls = (...parts: string[]): Script => Object.assign([...parts], { stalls: true as const });
const breaks = (...parts: string[]): Script => Object.assign([...parts], { breaks: true as const });

function scriptedModel(...answers: readonly Script[]) {
  const asked: ModelRequest[] = [];
  const model: LanguageModel = {
    async *stream(request, { signal }): AsyncGenerator<ModelPart> {
      const answer = answers[asked.length] ?? answers.at(-1) ?? [];
      asked.push(request);
      for (const [index, part] of answer.entries()) {
        if (typeof part === 'string') yield { kind: 'text_delta', textDelta: part };
        else
          yield {
            kind: 'tool_call',
            call: { id: `call${asked.length}${index}`, name: part.call, argumentsJson: JSON.stringify(part.args) },
          };
      }
      if (answer.breaks) throw new InferenceError({ role: 'language_model', message: 'broke', isRetryable: false });
      if (answer.stalls) await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
      yield { kind: 'finish', reason: 'stop', inputTokens: 10, outputTokens: 5 };
    },
  };
  return { model, asked };
}

/** A tool that keeps what it was called with, and answers when it is told to. */
function toolOf(effect: Tool['effect'], outcome: ToolOutcome | Promise<ToolOutcome> = { kind: 'done', text: 'Hay sitio a las diez.' }) {
  const calls: unknown[] = [];
  const tool: Tool<{ day: string }> = {
    name: effect === 'read' ? 'find_hour' : 'book_hour',
    description: 'An hour',
    effect,
    arguments: z.strictObject({ day: z.string() }),
    budgetMs: 10_000,
    run: async (args) => {
      calls.push(args);
      return await outcome;
    },
  };
  return { calls, tool: tool as Tool };
}

const scope = mintOrgScope(newId('organization'));
const open = (model: LanguageModel, tools: readonly Tool[], isSpoken = true): Dialog =>
  openDialog(
    { flow, responder, language: 'es' },
    {
      languageModel: model,
      tools,
      isSpoken,
      context: {
        scope,
        agentId: 'agent_1',
        conversationId: 'call_1',
        callerNumber: null,
        language: 'es',
        signal: new AbortController().signal,
      },
    },
  );
const menu = (dialog: Dialog): ConversationState => ({ ...dialog.open(), node: 'menu' });
const say = (dialog: Dialog, text: string, options: Partial<PrepareOptions> = {}): PreparedTurn =>
  dialog.prepare(menu(dialog), { kind: 'said', text, confidence: 1 }, { signal: new AbortController().signal, ...options });

async function textOf({ textDeltas }: PreparedTurn): Promise<string> {
  let text = '';
  for await (const delta of textDeltas) text += delta;
  return text;
}

/** Lets everything that waits for nothing but promises go on. */
const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('tools in a turn', () => {
  it('are run with checked arguments, and what they came to goes back to the model', async () => {
    const { tool, calls } = toolOf('read');
    const { model, asked } = scriptedModel(
      script('Veamos. ', { call: 'find_hour', args: { day: 'lunes' } }),
      script('El lunes a las diez.'),
    );
    const turn = say(open(model, [tool]), '¿Hay sitio el lunes?');
    expect(await textOf(turn)).toBe('Veamos. El lunes a las diez.');
    expect(calls).toEqual([{ day: 'lunes' }]);
    expect(asked[0]?.tools?.map(({ name }) => name)).toEqual(['find_hour']);
    expect(asked[1]?.messages.slice(-2)).toMatchObject([
      { role: 'assistant', text: 'Veamos.', toolCalls: [{ name: 'find_hour' }] },
      { role: 'tool', name: 'find_hour', text: 'Hay sitio a las diez.' },
    ]);
    const { notes, trace } = await turn.result;
    expect(notes).toMatchObject([{ name: 'tool_called', fields: { tool: 'find_hour', verdict: 'done' } }]);
    expect(trace).toMatchObject({
      answeredBy: 'model',
      tools: [{ name: 'find_hour', verdict: 'done' }],
      requests: [{ inputTokens: 10 }, { inputTokens: 10 }],
    });
  });

  it('run before the turn is committed when they only read, and not before it when they have an effect', async () => {
    const read = toolOf('read');
    const write = toolOf('write');
    const { model } = scriptedModel(
      script({ call: 'find_hour', args: { day: 'lunes' } }),
      script({ call: 'book_hour', args: { day: 'lunes' } }),
      script('Reservado.'),
    );
    const committed = Promise.withResolvers<void>();
    const turn = say(open(model, [read.tool, write.tool]), 'el lunes', { committed: committed.promise });
    const text = textOf(turn);
    await vi.advanceTimersByTimeAsync(3_000);
    expect([read.calls.length, write.calls.length]).toEqual([1, 0]);
    expect(turn.acted?.()).toBeNull();
    committed.resolve();
    expect(await text).toBe('Reservado.');
    expect(write.calls).toHaveLength(1);
    expect(turn.acted?.()?.tools?.ran).not.toEqual({});
    expect((await turn.result).state.tools?.ran).not.toEqual({});
  });

  it('never have an effect for a guess that is thrown away', async () => {
    const { tool, calls } = toolOf('write');
    const { model } = scriptedModel(script({ call: 'book_hour', args: { day: 'lunes' } }));
    const abort = new AbortController();
    const turn = say(open(model, [tool]), 'el lunes', { committed: new Promise(() => {}), signal: abort.signal });
    const text = textOf(turn);
    await settle();
    abort.abort();
    expect(await text).toBe('');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(calls).toEqual([]);
    expect(turn.acted?.()).toBeNull();
  });

  it('are not done again when the reply that did them was cut while they ran', async () => {
    const outcome = Promise.withResolvers<ToolOutcome>();
    const { tool, calls } = toolOf('write', outcome.promise);
    const book = script({ call: 'book_hour', args: { day: 'lunes' } });
    const { model } = scriptedModel(book, book, script('Ya está.'));
    const dialog = open(model, [tool]);
    const abort = new AbortController();
    const cut = say(dialog, 'el lunes', { committed: Promise.resolve(), signal: abort.signal });
    const text = textOf(cut);
    await settle();
    abort.abort();
    outcome.resolve({ kind: 'done', text: 'Reservado.' });
    await text;
    expect(await textOf(say(dialog, 'sí, el lunes'))).toBe('Ya está.');
    expect(calls).toHaveLength(1);
  });

  it('that are slow are covered by words, again and again; in a chat nothing is said', async () => {
    for (const isSpoken of [true, false]) {
      const outcome = Promise.withResolvers<ToolOutcome>();
      const { tool } = toolOf('read', outcome.promise);
      const { model } = scriptedModel(script({ call: 'find_hour', args: { day: 'lunes' } }), script('A las diez.'));
      const heard: string[] = [];
      const reading = (async () => {
        for await (const delta of say(open(model, [tool], isSpoken), 'el lunes').textDeltas) heard.push(delta);
      })();
      await vi.advanceTimersByTimeAsync(FILLER_AFTER_MS + 3_000);
      expect(heard.length).toBe(isSpoken ? 2 : 0);
      outcome.resolve({ kind: 'done', text: 'diez' });
      await reading;
      expect(heard.at(-1)).toBe('diez.');
    }
  });

  it('may be called in more words than fit into a second, and the caller is not left in silence meanwhile', async () => {
    const { tool, calls } = toolOf('read');
    const asked: ModelRequest[] = [];
    const model: LanguageModel = {
      async *stream(request): AsyncGenerator<ModelPart> {
        asked.push(request);
        for (let piece = 0; piece < 15 && asked.length === 1; piece++) {
          await new Promise((resolve) => setTimeout(resolve, 100));
          yield { kind: 'held' };
        }
        if (asked.length === 1) yield { kind: 'tool_call', call: { id: 'call1', name: 'find_hour', argumentsJson: '{"day":"lunes"}' } };
        else yield { kind: 'text_delta', textDelta: 'A las diez.' };
        yield { kind: 'finish', reason: 'stop', inputTokens: 10, outputTokens: 5 };
      },
    };
    const text = textOf(say(open(model, [tool]), 'el lunes'));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await text).toBe(`${texts.wait} A las diez.`);
    expect(calls).toHaveLength(1);
    expect(asked).toHaveLength(2);
  });

  it('are given up when a call never ends', async () => {
    const { tool } = toolOf('read');
    const model: LanguageModel = {
      async *stream(_request, { signal }): AsyncGenerator<ModelPart> {
        while (!signal.aborted) {
          await new Promise((resolve) => setTimeout(resolve, 100));
          yield { kind: 'held' };
        }
      },
    };
    const turn = say(open(model, [tool]), 'el lunes');
    const heardAtMs = [Date.now()];
    const reading = (async () => {
      for await (const _ of turn.textDeltas) heardAtMs.push(Date.now());
    })();
    await vi.advanceTimersByTimeAsync(2 * HELD_MAX_MS + 1_000);
    await reading;
    expect((await turn.result).trace?.answeredBy).toBe('flow');
    // Each of the words takes a second to say.
    const gaps = heardAtMs.slice(1).map((atMs, index) => atMs - (heardAtMs[index] ?? 0));
    expect(gaps[0]).toBeLessThan(2_000);
    expect(Math.max(...gaps)).toBeLessThan(3_000);
  });

  it('lead to what they ask for once the words are said, and the model only speaks from then on', async () => {
    const { tool } = toolOf('read', { kind: 'done', text: 'Despídase.', nextStep: { kind: 'end_call' } });
    const { model, asked } = scriptedModel(script({ call: 'find_hour', args: { day: 'x' } }), script('Hasta luego.'));
    const turn = say(open(model, [tool]), 'ya está claro');
    expect(await textOf(turn)).toBe('Hasta luego.');
    expect((await turn.result).nextStep).toEqual({ kind: 'end_call' });
    expect(asked[1]?.tools).toBeUndefined();
  });

  it('called wrongly are corrected once; then the flow answers', async () => {
    const { tool, calls } = toolOf('read');
    const wrong = script({ call: 'find_hour', args: { when: 1 } });
    const repaired = scriptedModel(wrong, script({ call: 'find_hour', args: { day: 'lunes' } }), script('A las diez.'));
    expect(await textOf(say(open(repaired.model, [tool]), 'el lunes'))).toBe('A las diez.');
    expect(calls).toHaveLength(1);
    const stubborn = scriptedModel(wrong);
    const turn = say(open(stubborn.model, [tool]), 'el lunes');
    expect(await textOf(turn)).toContain('no le he entendido');
    expect(await turn.result).toMatchObject({
      trace: { answeredBy: 'flow' },
      notes: expect.arrayContaining([expect.objectContaining({ name: 'model_failed' })]) as unknown,
    });
    expect(stubborn.asked).toHaveLength(2);
  });

  it('called for ever end with the flow', async () => {
    const { tool } = toolOf('read');
    const { model, asked } = scriptedModel(script({ call: 'find_hour', args: { day: 'lunes' } }));
    const turn = say(open(model, [tool]), 'el lunes');
    await textOf(turn);
    expect(asked).toHaveLength(STEPS_MAX);
    expect((await turn.result).trace?.answeredBy).toBe('flow');
  });
});

describe('a model that breaks', () => {
  it('before its first word is asked again, and the caller told to wait', async () => {
    const { model, asked } = scriptedModel(stalls(), script('Abrimos a las nueve.'));
    const text = textOf(say(open(model, []), '¿a qué hora abren?'));
    await vi.advanceTimersByTimeAsync(FIRST_PART_MS);
    expect(await text).toBe(`${texts.wait} Abrimos a las nueve.`);
    expect(asked[1]?.messages).toEqual(asked[0]?.messages);
  });

  it('for good is answered for by the flow, within 2 s of silence', async () => {
    const { model, asked } = scriptedModel(stalls());
    const turn = say(open(model, []), '¿a qué hora abren?');
    const heardAtMs: number[] = [];
    const reading = (async () => {
      for await (const _ of turn.textDeltas) heardAtMs.push(Date.now());
    })();
    const startMs = Date.now();
    await vi.advanceTimersByTimeAsync(10_000);
    await reading;
    const gaps = [startMs, ...heardAtMs].slice(1).map((atMs, index) => atMs - ([startMs, ...heardAtMs][index] ?? 0));
    expect(Math.max(...gaps)).toBeLessThan(2_000);
    expect(asked).toHaveLength(2);
    expect((await turn.result).trace?.answeredBy).toBe('flow');
  });

  it('in mid-word goes on from the last whole word, even when it repeats itself', async () => {
    for (const rest of ['nueve en punto.', 'Abrimos a las nueve en punto.']) {
      const { model, asked } = scriptedModel(breaks('Abrimos a', ' las nu'), script(rest));
      expect(await textOf(say(open(model, []), '¿a qué hora abren?'))).toBe('Abrimos a las nueve en punto.');
      expect(asked[1]?.messages.slice(-2)).toMatchObject([{ role: 'assistant', text: 'Abrimos a las' }, { role: 'user' }]);
    }
  });

  it('with garbage is asked for plain words, and never spoken', async () => {
    const { model, asked } = scriptedModel(script('\uFFFD\uFFFD ###'), script('Abrimos a las nueve.'));
    expect(await textOf(say(open(model, []), 'hola'))).toBe(`${texts.wait} Abrimos a las nueve.`);
    expect(asked[1]?.messages.at(-1)?.text).toContain(texts.answerPlainly);
    expect(asked[1]?.temperature).toBe(0);
  });

  it('by refusing the request is not asked again', async () => {
    const { model, asked } = scriptedModel(breaks());
    const turn = say(open(model, []), 'hola');
    expect(await textOf(turn)).not.toBe('');
    expect(asked).toHaveLength(1);
    expect((await turn.result).trace?.requests[0]?.failure).toBe('broke');
  });
});
