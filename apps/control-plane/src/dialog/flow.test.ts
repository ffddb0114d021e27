import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Flow, FlowNode } from '#ports/agent-profile.ts';
import { clinicEs } from './demo/clinic-es.ts';
import type { DialogInput } from './dialog.ts';
import { flowHints } from './flow-hints.ts';
import type { FlowState } from './flow-state.ts';
import { FLOW_STEP_LIMIT } from './flow-travel.ts';
import { isCodeOpen, next, nextGlobal, openFlow, restingNode } from './flow.ts';

const { flow } = clinicEs({ organizationName: 'Clínica Demo', destination: '2001' });
const said = (text: string): DialogInput => ({ kind: 'said', text, confidence: 1 });
const keys = (digits: string): DialogInput => ({ kind: 'dtmf', digits });
const at = (node: string, more: Partial<FlowState> = {}): FlowState => ({ node, slots: {}, misses: 0, ...more });

describe('next', () => {
  it('speaks every node of a chain and listens at its end', () => {
    const turn = next(flow, openFlow(flow), { kind: 'call_opened' });
    expect(turn.say).toHaveLength(2);
    expect(turn.say[0]).toContain('Clínica Demo, buenos días');
    expect(turn).toMatchObject({ state: { node: 'menu' }, nextStep: { kind: 'listen' } });
    expect(turn.notes.map((note) => note.fields['node'])).toEqual(['greeting', 'menu']);
  });

  it('understands a phrase without accents, in capitals and between marks', () => {
    expect(next(flow, at('menu'), said('¡¿QUE HORARIO TIENEN?!')).say[0]).toContain('Abrimos');
  });

  it('matches whole words only', () => {
    expect(next(flow, at('booking_confirm'), said('noche síndrome')).notes[0]?.name).toBe('not_understood');
  });

  it('prefers the longest phrase', () => {
    expect(next(flow, at('booking_confirm'), said('cómo no')).state.node).toBe('booked');
    expect(next(flow, at('booking_confirm'), said('no')).state.node).toBe('booking_day');
  });

  it('does not ask what the same sentence already answered', () => {
    const turn = next(flow, at('menu'), said('Quiero una cita el lunes a las diez'));
    expect(turn.state).toEqual({ node: 'booking_confirm', slots: { day: 'lunes', hour: 'diez' }, misses: 0 });
    expect(turn.say).toEqual(['Cita el lunes a las diez. ¿Es correcto, sí o no?']);
  });

  it('takes a correction along with the no', () => {
    const turn = next(flow, at('booking_confirm', { slots: { day: 'lunes', hour: 'diez' } }), said('no, el martes'));
    expect(turn.state).toMatchObject({ node: 'booking_hour', slots: { day: 'martes' } });
  });

  it('fills the slot of the node even when the words lead elsewhere', () => {
    const turn = next(flow, at('booking_day'), said('el lunes, pero hablar con una persona'));
    expect(turn.state).toMatchObject({ node: 'person', slots: { day: 'lunes' } });
  });

  it('reaches a person from every node that listens, by word and by key', () => {
    for (const node of flow.nodes.filter(({ action }) => action.kind === 'listen')) {
      const transfer = { kind: 'transfer', destination: '2001', ringMs: 20_000, requiresKey: false, brief: null };
      expect(next(flow, at(node.name), said('Recepción, por favor')).nextStep).toEqual(transfer);
      expect(next(flow, at(node.name), keys('0')).nextStep).toEqual(transfer);
    }
  });

  it('says that nobody took the call also where a model transferred from a node of its own', () => {
    const fromPerson = next(flow, at('person'), { kind: 'transfer_failed' });
    expect(next(flow, at('booking_day'), { kind: 'transfer_failed' }).say).toEqual(fromPerson.say);
    expect(fromPerson.say[0]).toBe('Ahora no hay nadie libre. Le devolveremos la llamada.');
  });

  it('says that it did not understand, stays with the same hints, then goes to the way out', () => {
    const first = next(flow, at('menu'), said(''));
    expect(first.say[0]).toBe('Perdone, no le he entendido.');
    expect(first.say).toHaveLength(2);
    expect(first.state).toMatchObject({ node: 'menu', misses: 1 });
    expect(flowHints(flow, first.state.node)).toEqual(flowHints(flow, 'menu'));
    const second = next(flow, first.state, said('un camello azul'));
    expect(second.nextStep.kind).toBe('transfer');
    expect(second.state.misses).toBe(0);
  });

  it('forgets misunderstandings once it understands', () => {
    expect(next(flow, at('menu', { misses: 1 }), keys('1')).state.misses).toBe(0);
  });

  it('asks again after silence and leaves after the last', () => {
    const again = next(flow, at('menu'), { kind: 'no_input', count: 1, isLast: false });
    expect(again.say[0]).toContain('Marque cero');
    expect(again.state.node).toBe('menu');
    expect(next(flow, at('menu'), { kind: 'no_input', count: 3, isLast: true }).nextStep).toEqual({ kind: 'end_call' });
  });

  it('listens again when the transfer reached nobody', () => {
    const turn = next(flow, at('person'), { kind: 'transfer_failed' });
    expect(turn.say[0]).toContain('nadie libre');
    expect(turn).toMatchObject({ state: { node: 'menu' }, nextStep: { kind: 'listen' } });
  });

  it('still ends the call when the caller talks over the goodbye', () => {
    const turn = next(flow, at('goodbye'), said('eh'));
    expect(turn.nextStep).toEqual({ kind: 'end_call' });
  });

  it('knows whether keys begin a longer code, also at a node that goes on by itself', () => {
    const code = { when: { kind: 'phrase', phrases: ['interno'], dtmf: '945' }, goTo: 'goodbye' } as const;
    const withCode: Flow = { ...flow, global: [...flow.global, code] };
    const isOpen = ['9', '94', '945', '1'].map((digits) => isCodeOpen(withCode, at('menu'), digits));
    expect(isOpen).toEqual([true, true, false, false]);
    expect(isCodeOpen(withCode, at('greeting'), '9')).toBe(true);
    expect(isCodeOpen(flow, at('menu'), '9')).toBe(false);
  });

  it('takes keys typed ahead through several questions', () => {
    expect(next(flow, at('menu'), keys('2321')).state).toMatchObject({ node: 'booked', slots: { day: 'miércoles', hour: 'diez' } });
  });

  it('bounds what keys typed ahead can do', () => {
    expect(next(flow, at('booking_confirm'), keys('12'.repeat(5_000))).nextStep.kind).toBe('listen');
  });

  it('hears an answer over the greeting as one to the question after it', () => {
    expect(next(flow, at('greeting'), keys('1')).say[0]).toContain('Abrimos');
    expect(next(flow, at('greeting'), said('mm')).state).toEqual(at('menu', { misses: 1 }));
  });

  it('leaves no name of an unfilled slot in what it says', () => {
    expect(next(flow, at('booking_hour'), keys('9')).say.join(' ')).not.toMatch(/[{}]/);
    expect(next(flow, at('menu'), said('hasta luego')).state.node).toBe('goodbye');
  });

  it('names the node that a flow no longer has', () => {
    expect(() => next(flow, at('gone'), said('hola'))).toThrow(/no node "gone"; it has greeting/);
  });

  it('names the loop of a chain that never listens', () => {
    const nodes: FlowNode[] = [
      { name: 'a', prompt: 'A', transitions: [], action: { kind: 'go_on', goTo: 'b' } },
      { name: 'b', prompt: 'B', transitions: [], action: { kind: 'go_on', goTo: 'a' } },
    ];
    const loop: Flow = { entry: 'a', nodes, global: [], notUnderstood: { say: 'x', limit: 2, goTo: 'a' }, noInputGoTo: 'a' };
    expect(() => next(loop, openFlow(loop), { kind: 'call_opened' })).toThrow(/16 nodes without listening: a -> b -> a/);
  });
});

describe('ways out without the script', () => {
  it('answers global phrases only', () => {
    expect(nextGlobal(flow, at('menu'), 'quiero hablar con una persona')?.nextStep.kind).toBe('transfer');
    expect(nextGlobal(flow, at('menu'), 'quiero una cita')).toBeNull();
  });

  it('rests at the first node that listens', () => {
    expect(restingNode(flow)).toBe('menu');
  });
});

const vocabulary = ['el', 'a', 'b', 'ce', 'de', 'no', 'sí', 'lunes', 'x'];
const phrase = fc.array(fc.constantFrom(...vocabulary), { minLength: 1, maxLength: 3 }).map((words) => words.join(' '));
const phrases = fc.array(phrase, { minLength: 1, maxLength: 3 });
const key = fc.constantFrom('0', '1', '2', '12', '#');
const nameOf = fc.constantFrom('n0', 'n1', 'n2', 'n3');
const slotValues = ['one', 'two'];

const nodeNamed = (name: string): fc.Arbitrary<FlowNode> =>
  fc.record({
    name: fc.constant(name),
    prompt: fc.constant(`prompt of ${name} {s0} {s1}`),
    slot: fc.record({
      name: fc.constantFrom('s0', 's1'),
      values: fc
        .tuple(phrases, phrases)
        .map((lists) => lists.map((list, at) => ({ value: slotValues[at] ?? 'one', phrases: list, dtmf: `${at + 1}` }))),
    }),
    transitions: fc.array(
      fc.record({
        when: fc.oneof(
          fc.record({ kind: fc.constant('phrase' as const), phrases, dtmf: key }),
          fc.constant({ kind: 'slot_filled' as const }),
          fc.constant({ kind: 'transfer_failed' as const }),
        ),
        goTo: nameOf,
      }),
      { maxLength: 4 },
    ),
    action: fc.oneof(
      { weight: 4, arbitrary: fc.constant({ kind: 'listen' as const }) },
      fc.record({ kind: fc.constant('go_on' as const), goTo: nameOf }),
      fc.constant({ kind: 'transfer' as const, destination: 'PJSIP/x', ringMs: 5_000 }),
      fc.constant({ kind: 'end_call' as const }),
    ),
  });

const anyFlow: fc.Arbitrary<Flow> = fc.record({
  entry: nameOf,
  nodes: fc.tuple(nodeNamed('n0'), nodeNamed('n1'), nodeNamed('n2'), nodeNamed('n3')),
  global: fc.array(fc.record({ when: fc.record({ kind: fc.constant('phrase' as const), phrases, dtmf: key }), goTo: nameOf }), {
    maxLength: 2,
  }),
  notUnderstood: fc.record({ say: fc.constant('sorry'), limit: fc.integer({ min: 1, max: 3 }), goTo: nameOf }),
  noInputGoTo: nameOf,
});

const anyInput: fc.Arbitrary<DialogInput> = fc.oneof(
  fc.array(fc.constantFrom(...vocabulary, 'zz'), { maxLength: 10 }).map((words) => said(words.join(' '))),
  fc.array(fc.constantFrom('0', '1', '2', '3', '#'), { maxLength: 40 }).map((pressed) => keys(pressed.join(''))),
  fc.record({ kind: fc.constant('no_input' as const), count: fc.integer({ min: 1, max: 3 }), isLast: fc.boolean() }),
  fc.constant({ kind: 'transfer_failed' as const }),
);

describe('any flow, any caller', () => {
  it('never reaches an unknown node, never falls silent, never fills a slot with a value that is not allowed', () => {
    let walked = 0;
    fc.assert(
      fc.property(anyFlow, fc.array(anyInput, { maxLength: 8 }), (any, inputs) => {
        let state = openFlow(any);
        for (const input of [{ kind: 'call_opened' } as const, ...inputs]) {
          const turn = nextOrLoop(any, state, input);
          if (turn === 'loop') return;
          walked += 1;
          state = turn.state;
          expect(any.nodes.map(({ name }) => name)).toContain(state.node);
          expect(turn.say.filter((text) => text !== '').length).toBeGreaterThan(0);
          expect(turn.say.length).toBeLessThanOrEqual(FLOW_STEP_LIMIT * 2);
          expect(state.misses).toBeLessThan(any.notUnderstood.limit);
          for (const [name, value] of Object.entries(state.slots)) {
            expect(['s0', 's1']).toContain(name);
            expect(slotValues).toContain(value);
          }
        }
      }),
      { numRuns: 400 },
    );
    // Guards the property itself: were every flow a loop, nothing above would have been checked.
    expect(walked).toBeGreaterThan(400);
  });
});

/** The turn, or `loop` when the flow has one. Any other error, and a loop in a flow where no node goes on by itself, is thrown. */
function nextOrLoop(any: Flow, state: FlowState, input: DialogInput): ReturnType<typeof next> | 'loop' {
  try {
    return next(any, state, input);
  } catch (error) {
    const goesOn = any.nodes.some(({ action }) => action.kind === 'go_on');
    if (goesOn && /16 nodes without listening: n\d -> n\d/.test(String(error))) return 'loop';
    throw error;
  }
}
