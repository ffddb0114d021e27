import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openManualClock } from '#ports/testing/manual-clock.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { createToolSet, EFFECTS_MAX, NO_TOOLS_RUN, OUTCOME_CHARACTERS_MAX } from './tool-set.ts';
import type { ToolRun, ToolSet, ToolState } from './tool-set.ts';
import type { Tool, ToolContext, ToolEffect, ToolOutcome } from './tool.ts';

const context = (over: Partial<ToolContext> = {}): ToolContext => ({
  scope: mintOrgScope('org_1'),
  agentId: 'agent_1',
  conversationId: 'call_1',
  callerNumber: null,
  language: 'es-MX',
  signal: new AbortController().signal,
  ...over,
});

type Recorded = Tool & { readonly calls: unknown[] };

/** A tool that notes what it was called with. */
function recording(effect: ToolEffect, over: Partial<Tool> = {}): Recorded {
  const calls: unknown[] = [];
  const run = async (args: unknown): Promise<ToolOutcome> => {
    calls.push(args);
    return Promise.resolve({ kind: 'done', text: `hecho ${calls.length}` });
  };
  const shape = z.strictObject({ day: z.string().min(2), people: z.int().min(1).default(1) });
  return { name: 'book', description: 'Books.', effect, arguments: shape, budgetMs: 1_000, run, ...over, calls };
}

const setOf = (tools: readonly Tool[], over: { allowed?: readonly string[]; language?: string; onFault?: () => void } = {}): ToolSet =>
  createToolSet({ tools, allowed: tools.map(({ name }) => name), language: 'es-MX', clock: openManualClock(), ...over });

const call = (args: unknown, name = 'book') => ({ id: 'c1', name, argumentsJson: typeof args === 'string' ? args : JSON.stringify(args) });

/** Runs calls one after the other, each with the state of the one before. */
async function runAll(set: ToolSet, calls: readonly ReturnType<typeof call>[], from: ToolState = NO_TOOLS_RUN): Promise<ToolRun[]> {
  const runs: ToolRun[] = [];
  let state = from;
  for (const next of calls) {
    const run = await set.run(next, context(), state);
    runs.push(run);
    ({ state } = run);
  }
  return runs;
}

describe('what a model is offered', () => {
  it('is the allowed tools alone, with what it must write as JSON Schema', () => {
    const set = setOf([recording('read'), recording('read', { name: 'other' })], { allowed: ['book', 'made_up'] });
    expect(set.definitions()).toEqual([
      {
        name: 'book',
        description: 'Books.',
        parameters: {
          type: 'object',
          properties: {
            day: { type: 'string', minLength: 2 },
            people: { type: 'integer', minimum: 1, maximum: 9007199254740991, default: 1 },
          },
          required: ['day'],
          additionalProperties: false,
        },
      },
    ]);
  });

  it('refuses two tools of one name when it is made', () => {
    expect(() => setOf([recording('read'), recording('write')])).toThrow('unique names');
  });
});

describe('a call that must not run', () => {
  it('of a tool that nobody made is answered with the names that exist', async () => {
    const run = await setOf([recording('read')]).run(call({}, 'dial_anything'), context(), NO_TOOLS_RUN);
    expect(run).toMatchObject({ verdict: 'unknown_tool', state: NO_TOOLS_RUN, nextStep: null });
    expect(run.text).toContain('"dial_anything"');
    expect(run.text).toContain('book');
  });

  it('of a tool that this agent may not use does not run, and a note names no tool that the model made up', async () => {
    const tool = recording('write');
    const run = await setOf([tool], { allowed: [] }).run(call({ day: 'lunes' }), context(), NO_TOOLS_RUN);
    expect(tool.calls).toEqual([]);
    expect(run.verdict).toBe('unknown_tool');
    expect(run.notes).toEqual([{ name: 'tool_called', fields: { tool: null, verdict: 'unknown_tool', ms: 0 } }]);
  });

  it.each([
    ['{"day":', 'arguments: expected one JSON object'],
    ['[]', 'arguments: Invalid input: expected object, received array'],
    [{ day: 1 }, 'day: Invalid input: expected string, received number'],
    [{ day: 'lunes', people: 0 }, 'people: Too small'],
    [{ day: 'lunes', room: 1 }, 'arguments: Unrecognized key: "room"'],
    [{ day: 'x'.repeat(20_000) }, 'arguments: expected at most 16000 characters'],
  ])('with arguments %j is told where and what was expected', async (args, told) => {
    const tool = recording('write');
    const run = await setOf([tool]).run(call(args), context(), NO_TOOLS_RUN);
    expect(tool.calls).toEqual([]);
    expect(run.verdict).toBe('invalid_arguments');
    expect(run.text).toContain(told);
  });
});

describe('a write', () => {
  it('that is called twice with the same arguments, however written, runs once and answers the first outcome', async () => {
    const tool = recording('write');
    const runs = await runAll(setOf([tool]), [
      call({ day: 'lunes', people: 1 }),
      call('{ "people": 1, "day": "lunes" }'),
      call({ day: 'lunes' }),
    ]);
    expect(tool.calls).toEqual([{ day: 'lunes', people: 1 }]);
    expect(runs.map(({ verdict }) => verdict)).toEqual(['done', 'repeated', 'repeated']);
    expect(runs[2]?.text).toContain('hecho 1');
  });

  it('still runs once after the state was saved and read back by another process', async () => {
    const tool = recording('write');
    const [first] = await runAll(setOf([tool]), [call({ day: 'lunes' })]);
    const saved = JSON.parse(JSON.stringify(first?.state)) as ToolState;
    const [again] = await runAll(setOf([tool]), [call({ day: 'lunes' })], saved);
    expect(again?.verdict).toBe('repeated');
    expect(tool.calls).toHaveLength(1);
  });

  it('that was refused may run again once the caller has spoken, not before', async () => {
    let isFree = false;
    const tool = recording('write', {
      run: async () => Promise.resolve(isFree ? { kind: 'done', text: 'hecho' } : { kind: 'refused', text: 'ocupado' }),
    });
    const set = setOf([tool]);
    const [, again] = await runAll(set, [call({ day: 'lunes' }), call({ day: 'lunes' })]);
    expect(again).toMatchObject({ verdict: 'refused', text: 'ocupado' });
    isFree = true;
    const [later] = await runAll(set, [call({ day: 'lunes' })], set.hear(again?.state ?? NO_TOOLS_RUN, '¿y ahora?'));
    expect(later).toMatchObject({ verdict: 'done', text: 'hecho' });
  });

  it('may run again after it was taken back', async () => {
    const tool = recording('write');
    const cancel = recording('write', { name: 'cancel', undoes: ['book'] });
    const runs = await runAll(setOf([tool, cancel]), [call({ day: 'lunes' }), call({ day: 'lunes' }, 'cancel'), call({ day: 'lunes' })]);
    expect(runs.map(({ verdict }) => verdict)).toEqual(['done', 'done', 'done']);
    expect(tool.calls).toHaveLength(2);
  });

  it(`is refused after ${EFFECTS_MAX} effects in one conversation`, async () => {
    const tool = recording('write');
    const runs = await runAll(
      setOf([tool]),
      Array.from({ length: EFFECTS_MAX + 1 }, (_, at) => call({ day: `day ${at}` })),
    );
    expect(tool.calls).toHaveLength(EFFECTS_MAX);
    expect(runs.at(-1)?.verdict).toBe('too_many');
  });
});

describe('a guarded call', () => {
  it('asks the caller, runs after their yes, and runs once', async () => {
    const tool = recording('guarded');
    const set = setOf([tool]);
    const [asked, insisted] = await runAll(set, [call({ day: 'lunes' }), call({ day: 'lunes' })]);
    expect(asked?.text).toContain('Pregunte a quien llama');
    expect(insisted?.verdict).toBe('ask_caller');
    expect(tool.calls).toEqual([]);
    const [ran, again] = await runAll(
      set,
      [call({ day: 'lunes' }), call({ day: 'lunes' })],
      set.hear(insisted?.state ?? NO_TOOLS_RUN, 'Sí, por favor'),
    );
    expect([ran?.verdict, again?.verdict]).toEqual(['done', 'repeated']);
    expect(tool.calls).toHaveLength(1);
  });

  it.each(['Sí, pero el martes', '¿Cuánto cuesta?'])(
    'asks once more after "%s", and not a third time in the turn that follows',
    async (words) => {
      const tool = recording('guarded');
      const set = setOf([tool]);
      const [asked] = await runAll(set, [call({ day: 'lunes' })]);
      const [again] = await runAll(set, [call({ day: 'lunes' })], set.hear(asked?.state ?? NO_TOOLS_RUN, words));
      expect(again?.verdict).toBe('ask_caller');
      const [third] = await runAll(set, [call({ day: 'lunes' })], set.hear(again?.state ?? NO_TOOLS_RUN, words));
      expect(third).toMatchObject({ verdict: 'refused', text: expect.stringContaining('no dijo que sí') as string });
      const [agreed] = await runAll(set, [call({ day: 'lunes' })], set.hear(again?.state ?? NO_TOOLS_RUN, 'Sí'));
      expect(agreed?.verdict).toBe('done');
      expect(tool.calls).toHaveLength(1);
    },
  );

  it('does not ask again after a no, until the caller comes back to it', async () => {
    const tool = recording('guarded');
    const set = setOf([tool]);
    const [asked] = await runAll(set, [call({ day: 'lunes' })]);
    const [insisted] = await runAll(set, [call({ day: 'lunes' })], set.hear(asked?.state ?? NO_TOOLS_RUN, 'No, gracias'));
    expect(insisted).toMatchObject({ verdict: 'refused', text: expect.stringContaining('no dijo que sí') as string });
    const [later] = await runAll(set, [call({ day: 'lunes' })], set.hear(insisted?.state ?? NO_TOOLS_RUN, 'Pensándolo bien, hágalo'));
    expect(later?.verdict).toBe('ask_caller');
    expect(tool.calls).toEqual([]);
  });

  it('that was answered unclearly gives way to another, and a yes to whatever came between does not run it', async () => {
    const tool = recording('guarded');
    const set = setOf([tool]);
    const [asked] = await runAll(set, [call({ day: 'lunes' })]);
    const unclear = set.hear(asked?.state ?? NO_TOOLS_RUN, 'Sí, pero el martes');
    const [other] = await runAll(set, [call({ day: 'martes' })], unclear);
    const [late] = await runAll(set, [call({ day: 'lunes' })], set.hear(unclear, 'Sí'));
    expect([other?.verdict, late?.verdict]).toEqual(['ask_caller', 'ask_caller']);
    expect(tool.calls).toEqual([]);
  });

  it('does not run on a yes to other arguments, or on one that came a turn before', async () => {
    const tool = recording('guarded');
    const set = setOf([tool]);
    const [asked] = await runAll(set, [call({ day: 'lunes' })]);
    const said = set.hear(asked?.state ?? NO_TOOLS_RUN, 'Sí');
    const [other] = await runAll(set, [call({ day: 'martes' })], said);
    const [late] = await runAll(set, [call({ day: 'lunes' })], set.hear(said, 'Sí'));
    expect([other?.verdict, late?.verdict]).toEqual(['ask_caller', 'ask_caller']);
    expect(tool.calls).toEqual([]);
  });

  it('does not ask for two things with one question', async () => {
    const runs = await runAll(setOf([recording('guarded')]), [call({ day: 'lunes' }), call({ day: 'martes' })]);
    expect(runs.map(({ verdict }) => verdict)).toEqual(['ask_caller', 'refused']);
  });
});

describe('a tool that goes wrong', () => {
  it('past its budget is refused, told to stop, and not run a second time when it may have had an effect', async () => {
    const signals: AbortSignal[] = [];
    const run = async (_: unknown, { signal }: ToolContext): Promise<ToolOutcome> => {
      signals.push(signal);
      return await new Promise<ToolOutcome>(() => undefined);
    };
    const set = setOf([recording('write', { budgetMs: 20, run })]);
    const [late, again] = await runAll(set, [call({ day: 'lunes' }), call({ day: 'lunes' })]);
    expect(late).toMatchObject({ verdict: 'timed_out', nextStep: null });
    expect(late?.text).toContain('No se sabe si se hizo');
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(again?.verdict).toBe('refused');
  });

  it('by a fault is refused, and what its error says is not in the text nor in the note', async () => {
    const faults: unknown[] = [];
    const run = async (): Promise<ToolOutcome> => Promise.reject(new Error('no row for +525512345678'));
    const tool = recording('read', { run });
    const set = createToolSet({
      tools: [tool],
      allowed: ['book'],
      language: 'en-US',
      clock: openManualClock(),
      onFault: (fault) => faults.push(fault),
    });
    const failed = await set.run(call({ day: 'Monday' }), context(), NO_TOOLS_RUN);
    expect(failed.verdict).toBe('failed');
    expect(JSON.stringify([failed.text, failed.notes])).not.toContain('5512345678');
    expect(faults).toEqual([{ tool: 'book', error: new Error('no row for +525512345678') }]);
  });

  it('stops with the conversation', async () => {
    const tool = recording('write');
    const run = await setOf([tool]).run(call({ day: 'lunes' }), context({ signal: AbortSignal.abort() }), NO_TOOLS_RUN);
    expect(run.verdict).toBe('failed');
    expect(tool.calls).toEqual([]);
  });
});

describe('what a run hands on', () => {
  it('is the outcome with its facts and next step, its text cut to what a model can read', async () => {
    const outcome: ToolOutcome = { kind: 'done', text: 'x'.repeat(9_000), facts: { reason: 'cita' }, nextStep: { kind: 'end_call' } };
    const tool = recording('read', { run: async () => Promise.resolve(outcome) });
    const run = await setOf([tool]).run(call({ day: 'lunes' }), context(), NO_TOOLS_RUN);
    expect(run).toMatchObject({ verdict: 'done', facts: { reason: 'cita' }, nextStep: { kind: 'end_call' } });
    expect(run.text).toHaveLength(OUTCOME_CHARACTERS_MAX);
  });

  it('has a filler in the language of the caller', () => {
    expect(setOf([recording('read')]).fillerFor('book')).toContain('consultando');
    expect(setOf([recording('write')], { language: 'en' }).fillerFor('book')).toContain('recording');
  });
});
