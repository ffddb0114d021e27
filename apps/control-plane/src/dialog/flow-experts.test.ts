// Flows of version 2, on one small flow with everything in it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Flow } from '#ports/agent-profile.ts';
import { flowHints } from './flow-hints.ts';
import { flowOf, withToday } from './flow-language.ts';
import { flowSchema } from './flow-schema.ts';
import type { FlowState, FlowVerdict } from './flow-state.ts';
import type { FlowInput, FlowTurn } from './flow.ts';
import { isCodeOpen, next, openFlow } from './flow.ts';

const listen = { kind: 'listen' } as const;
const flow = flowSchema.parse({
  version: 2,
  language: 'en',
  tools: ['find_order'],
  entry: 'menu',
  nodes: [
    { name: 'menu', prompt: 'What can I do for you?', endsTask: true, transitions: [], action: listen },
    {
      name: 'order',
      prompt: 'Let us look.',
      slots: [
        { name: 'number', type: { kind: 'number', min: 100, max: 9999 }, ask: 'Which number?', invalid: 'It has three or four digits.' },
        { name: 'sent', type: { kind: 'date', fromDays: -60, toDays: 0 }, required: false, description: 'When it was sent' },
        { name: 'note', type: { kind: 'text', maxCharacters: 200 }, ask: 'What happened to it?' },
      ],
      expert: { goal: 'Find an order', tools: ['find_order'], phrases: { en: ['my order'], es: ['mi pedido'] }, dtmf: '5' },
      transitions: [
        { when: { kind: 'slot_filled' }, goTo: 'search' },
        { when: { kind: 'no_input', count: 2 }, goTo: 'person' },
        { when: { kind: 'condition', text: 'The order never arrived' }, goTo: 'person' },
      ],
      action: listen,
    },
    {
      name: 'search',
      prompt: 'One moment.',
      transitions: [
        { when: { kind: 'tool_result', tool: 'find_order', outcome: 'done' }, goTo: 'found' },
        { when: { kind: 'tool_result', tool: 'find_order', outcome: 'refused' }, goTo: 'order', clears: ['number'] },
      ],
      action: { kind: 'use_tool', tool: 'find_order', arguments: { order: '{number}', sent: '{sent}' }, keeps: ['place'] },
    },
    { name: 'found', prompt: 'It is in {place}. {result}', endsTask: true, transitions: [], action: listen },
    {
      name: 'complaint',
      prompt: 'I am sorry.',
      slots: [{ name: 'sure', type: { kind: 'yes_no' }, ask: 'Shall I write it down?' }],
      expert: { goal: 'Take a complaint', phrases: ['complain'] },
      transitions: [
        { when: { kind: 'slot_filled', slot: 'sure', equals: 'yes' }, goTo: 'bye' },
        { when: { kind: 'slot_filled', slot: 'sure', equals: 'no' }, goTo: 'menu' },
      ],
      action: listen,
    },
    { name: 'hours', prompt: 'From nine to five.', transitions: [], action: { kind: 'resume', otherwise: 'menu' } },
    {
      name: 'prices',
      prompt: 'Which one?',
      transitions: [{ when: { kind: 'phrase', phrases: ['the small one'] }, goTo: 'price' }],
      action: listen,
    },
    { name: 'price', prompt: 'Five.', transitions: [], action: { kind: 'resume', otherwise: 'menu' } },
    {
      name: 'person',
      prompt: 'I put you through.',
      transitions: [{ when: { kind: 'transfer_failed' }, goTo: 'menu' }],
      action: { kind: 'transfer', destination: '2001', ringMs: 9_000 },
    },
    { name: 'bye', prompt: 'Goodbye.', transitions: [], action: { kind: 'end_call' } },
  ],
  global: [
    { when: { kind: 'phrase', phrases: ['opening hours'] }, goTo: 'hours', aside: true },
    { when: { kind: 'phrase', phrases: ['how much'] }, goTo: 'prices', aside: true },
    { when: { kind: 'dtmf', keys: '0' }, goTo: 'person' },
    { when: { kind: 'phrase', phrases: ['goodbye'] }, goTo: 'bye' },
  ],
  notUnderstood: { say: 'Pardon?', limit: 3, goTo: 'person' },
  noInputGoTo: 'bye',
}) satisfies Flow;

const said = (text: string, verdict?: FlowVerdict): FlowInput => ({ kind: 'said', text, confidence: 1, ...(verdict && { verdict }) });
const keys = (digits: string): FlowInput => ({ kind: 'dtmf', digits });
const found = (outcome: 'done' | 'refused' | 'failed', facts = {}): FlowInput => ({
  kind: 'tool_result',
  tool: 'find_order',
  outcome,
  text: 'Expected tomorrow.',
  facts,
});
const opened: FlowState = { ...openFlow(flow), today: '2026-11-21' };
const walk = (...inputs: readonly FlowInput[]): FlowTurn => {
  let turn = next(flow, opened, { kind: 'call_opened' });
  for (const input of inputs) turn = next(flow, turn.state, input);
  return turn;
};
const whys = (turn: FlowTurn) =>
  turn.notes.map(({ fields }) => `${String(fields['from'])} ${String(fields['why'])} ${String(fields['node'])}`);

describe('a task', () => {
  it('is chosen once at the entry, by words of either language or by a key', () => {
    for (const input of [said('where is my order'), said('dónde está mi pedido'), keys('5')]) {
      const turn = walk(input);
      expect(turn.state).toMatchObject({ node: 'order', expert: 'order' });
      expect(whys(turn)).toEqual(['menu router order']);
      expect(turn.say).toEqual(['Let us look.', 'Which number?']);
    }
  });

  it('goes on while its slots are filled, one question at a time, and runs its tool with what it knows', () => {
    const asked = walk(said('my order'), said('four hundred twelve'));
    expect(asked.state.slots).toEqual({ number: '412' });
    expect(asked.say).toEqual(['What happened to it?']);
    const searching = walk(said('my order'), said('412'), said('I want to complain about it, it came broken and nobody answered my mail'));
    expect(searching.toolCall).toEqual({ tool: 'find_order', arguments: { order: '412' } });
    expect(whys(searching)).toEqual(['order slot_filled search']);
  });

  it('says what is wrong with a value outside the limits and asks again', () => {
    const turn = walk(said('my order'), said('seven'));
    expect(turn.say).toEqual(['It has three or four digits.', 'Which number?']);
    expect(turn.notes).toEqual([{ name: 'not_understood', fields: { node: 'order', misses: 1, slot: 'number' } }]);
    expect(walk(said('my order'), said('seven'), said('800')).state).toMatchObject({ misses: 0, slots: { number: '800' } });
  });

  it('keeps the facts that it asked for, and speaks of the result', () => {
    const turn = walk(said('my order'), said('412'), said('broken'), found('done', { place: 'Leeds', secret: 'x' }));
    expect(turn.say).toEqual(['It is in Leeds. Expected tomorrow.']);
    expect(turn.state.slots).not.toHaveProperty('secret');
    expect(turn.state.expert).toBeUndefined();
  });

  it('goes where a refusal leads after a fault as well, and asks anew what the way empties', () => {
    for (const outcome of ['refused', 'failed'] as const) {
      const turn = walk(said('my order'), said('412'), said('broken'), found(outcome));
      expect(turn.state).toMatchObject({ node: 'order', slots: { note: 'broken' } });
      expect(turn.say.at(-1)).toBe('Which number?');
    }
  });

  it('begins anew when the caller comes back to it after another one', () => {
    const turn = walk(said('my order'), said('412'), said('complain'), said('no'), said('my order'));
    expect(turn.state.slots).not.toHaveProperty('number');
    expect(whys(walk(said('my order'), said('complain')))).toEqual(['order intent complaint']);
  });

  it('asks for agreement anew each time, and does not take an old yes', () => {
    const turn = walk(said('complain'), said('no'), said('complain'));
    expect(turn.say.at(-1)).toBe('Shall I write it down?');
    expect(walk(said('complain'), said('yes')).nextStep).toEqual({ kind: 'end_call' });
  });
});

describe('a question in mid-task', () => {
  it('is answered, and the question of the task is asked again', () => {
    const turn = walk(said('my order'), said('412'), said('what are your opening hours'));
    expect(turn.say).toEqual(['From nine to five.', 'What happened to it?']);
    expect(turn.state).toMatchObject({ node: 'order', expert: 'order', slots: { number: '412' } });
  });

  it('may take a turn of its own, and another one in between', () => {
    const turn = walk(said('my order'), said('how much is it'), said('opening hours'));
    expect(turn.state).toMatchObject({ node: 'prices', expert: 'order', interrupted: ['order'] });
    const back = next(flow, turn.state, said('the small one'));
    expect(back.say).toEqual(['Five.', 'Which number?']);
    expect(back.state.interrupted).toBeUndefined();
  });

  it('leads to the menu when no task was interrupted, and is forgotten when the caller wants something else', () => {
    expect(walk(said('opening hours')).state).toMatchObject({ node: 'menu' });
    expect(walk(said('my order'), said('how much'), said('complain')).state.interrupted).toBeUndefined();
  });
});

describe('a model’s verdict', () => {
  it('chooses the task, holds its condition and fills its slots within their limits', () => {
    expect(walk(said('it is about a parcel', { intent: 'order' })).state).toMatchObject({ node: 'order', expert: 'order' });
    const condition = walk(said('my order'), said('nothing ever came', { conditions: ['The order never arrived'] }));
    expect(whys(condition)).toEqual(['order condition person']);
    const filled = walk(said('my order'), said('the one of Tuesday', { slots: { number: '412', sent: '2026-11-17', note: 'late' } }));
    expect(filled.toolCall?.arguments).toEqual({ order: '412', sent: '2026-11-17' });
    const wrong = walk(said('my order'), said('x', { slots: { number: '7', colour: 'red' } }));
    expect(wrong.notes[0]).toMatchObject({ name: 'not_understood', fields: { slot: 'number' } });
  });

  it('counts alone, so that words that were read before answer nothing twice', () => {
    const turn = walk(said('complain'), said('yes', { slots: {} }));
    expect(turn.state.slots).toEqual({});
    expect(turn.notes[0]?.name).toBe('not_understood');
  });

  it('of what the flow does not have is nothing', () => {
    const turn = walk(said('hm', { intent: 'nowhere', conditions: ['It rains'] }));
    expect(turn.notes[0]?.name).toBe('not_understood');
  });
});

describe('keys and silence', () => {
  it('spell the value that was asked for, and a code when they are one', () => {
    expect(walk(keys('5'), keys('412')).state.slots).toEqual({ number: '412' });
    expect(walk(keys('5'), keys('0')).nextStep.kind).toBe('transfer');
    const asked = walk(keys('5')).state;
    expect(['4', '412', '4123', '41#'].map((pressed) => isCodeOpen(flow, asked, pressed))).toEqual([true, true, false, false]);
  });

  it('leave a node after the silences that it names', () => {
    const silence = (count: number): FlowInput => ({ kind: 'no_input', count, isLast: false });
    expect(walk(keys('5'), silence(1)).say).toEqual(['Which number?']);
    expect(whys(walk(keys('5'), silence(1), silence(2)))).toEqual(['order no_input person']);
  });
});

describe('a tool that the model called', () => {
  it('moves nothing where no edge waits for it', () => {
    const turn = walk(said('complain'), found('done'));
    expect(turn).toMatchObject({
      say: [],
      notes: [],
      nextStep: { kind: 'listen' },
      state: { node: 'complaint', toolText: 'Expected tomorrow.' },
    });
  });
});

describe('the day and the language', () => {
  it('are those of the agent and of the turn', () => {
    const { language: _language, ...bare } = flow;
    expect(flowOf({ flow: bare, language: 'es-MX' }).language).toBe('es-MX');
    expect(flowOf({ flow, language: 'es' }).language).toBe('en');
    expect(flowHints(flow, 'menu')).toContain('my order');
    expect(flowHints(flow, 'menu')).not.toContain('mi pedido');
    expect(flowHints(bare, 'menu')).toContain('mi pedido');
  });

  it('reach the flow with each turn', async () => {
    const days: (string | undefined)[] = [];
    const dialog = withToday(
      {
        open: () => ({ ...openFlow(flow), history: [] }),
        prepare: (state) => {
          days.push(state.today);
          return { textDeltas: (async function* () {})(), result: Promise.resolve({ state, nextStep: { kind: 'listen' }, notes: [] }) };
        },
        hints: () => [],
        isCodeOpen: () => false,
        withHeard: (state) => state,
      },
      { ...flow, timeZone: 'Pacific/Auckland' },
      { wallAt: () => new Date('2026-12-31T12:00:00Z') },
    );
    await dialog.prepare(dialog.open(), { kind: 'call_opened' }, { signal: new AbortController().signal }).result;
    expect(days).toEqual(['2027-01-01']);
  });

  it('must be known before a date is understood', () => {
    expect(() => next(flow, { ...openFlow(flow), node: 'order', expert: 'order' }, said('tomorrow'))).toThrow(/no "today"/);
  });
});

const anyInput: fc.Arbitrary<FlowInput> = fc.oneof(
  fc
    .array(fc.constantFrom('my order', 'complain', 'yes', 'no', '412', 'tomorrow', 'opening hours', 'how much', 'the small one', 'zz'), {
      maxLength: 4,
    })
    .map((words) => said(words.join(' '))),
  fc.array(fc.constantFrom('0', '1', '5', '#'), { maxLength: 8 }).map((pressed) => keys(pressed.join(''))),
  fc.constantFrom<FlowInput>(found('done'), found('refused'), found('failed'), { kind: 'transfer_failed' }),
  fc.record({ kind: fc.constant('no_input' as const), count: fc.integer({ min: 1, max: 3 }), isLast: fc.boolean() }),
  fc
    .record({ intent: fc.constantFrom('order', 'complaint', 'menu'), slots: fc.constant({ number: '500' }) })
    .map((verdict) => said('x', verdict)),
);

describe('any caller', () => {
  it('never ends outside of the flow, in silence, or with a value outside the limits', () => {
    fc.assert(
      fc.property(fc.array(anyInput, { maxLength: 12 }), (inputs) => {
        let { state } = next(flow, opened, { kind: 'call_opened' });
        for (const input of inputs) {
          const turn = next(flow, state, input);
          ({ state } = turn);
          expect(input.kind === 'tool_result' || turn.say.some((text) => text !== '')).toBe(true);
          expect(state.interrupted?.length ?? 0).toBeLessThanOrEqual(3);
          expect(Number(state.slots['number'] ?? 100)).toBeGreaterThanOrEqual(100);
          expect(JSON.parse(JSON.stringify(state))).toEqual(state);
        }
      }),
      { numRuns: 300 },
    );
  });
});
