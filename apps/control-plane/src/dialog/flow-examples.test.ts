// The examples that ship: each is an agent that can be registered as it is, and each is walked as a caller would.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { AgentDraft } from './flow-schema.ts';
import { agentDraftSchema } from './flow-schema.ts';
import { flowHints } from './flow-hints.ts';
import { flowOf } from './flow-language.ts';
import type { FlowInput, FlowTurn } from './flow.ts';
import { next, openFlow } from './flow.ts';

const folder = new URL('../../../../docs/examples/flows/', import.meta.url);
const read = (file: string): unknown => JSON.parse(readFileSync(new URL(file, folder), 'utf8'));

const said = (text: string): FlowInput => ({ kind: 'said', text, confidence: 1 });
const keys = (digits: string): FlowInput => ({ kind: 'dtmf', digits });
const result = (tool: string, outcome: 'done' | 'refused' | 'failed' = 'done'): FlowInput => ({
  kind: 'tool_result',
  tool,
  outcome,
  text: '',
});

type Agent = { readonly walk: (...inputs: readonly FlowInput[]) => FlowTurn; readonly draft: AgentDraft };

function agent(file: string): Agent {
  const draft = agentDraftSchema.parse(read(file));
  const flow = flowOf(draft);
  return {
    draft,
    walk(...inputs) {
      // A Saturday.
      let turn = next(flow, { ...openFlow(flow), today: '2026-11-21' }, { kind: 'call_opened' });
      for (const input of inputs) turn = next(flow, turn.state, input);
      return turn;
    },
  };
}

const clinics = [
  {
    agent: agent('clinic.es.json'),
    opening: 'Quiero una cita de masaje para el martes a las diez',
    question: '¿Qué horario tienen?',
    hours: 'Abrimos',
    asks: '¿A nombre de quién?',
    name: 'Me llamo Ana Pérez.',
    phone: 'seis cero cero, doce, treinta y cuatro, cincuenta y seis',
    number: '600123456',
    change: 'Perdone, mejor un facial',
    day: '¿Qué día le viene bien?',
    massage: 'Masaje',
    facial: 'Limpieza facial',
    yes: 'Sí, por favor',
    no: 'no, mejor el miércoles',
    wholeNo: 'no, el miércoles a las once',
    again: 'otra cita no, quiero dejar un recado',
  },
  {
    agent: agent('clinic.en.json'),
    opening: 'I would like to book an appointment for a massage on Tuesday at ten',
    question: 'What time do you open?',
    hours: 'We are open',
    asks: 'What name, please?',
    name: 'My name is Ana Pérez.',
    phone: 'two one two, five five five, zero one double zero',
    number: '2125550100',
    change: 'Sorry, rather a facial',
    day: 'Which day would you like?',
    massage: 'Massage',
    facial: 'Facial',
    yes: 'Yes please',
    no: 'no, rather Wednesday',
    wholeNo: 'no, Wednesday at eleven',
    again: 'no more appointments, I want to leave a message',
  },
];

describe.each(clinics)('the example of a clinic: $agent.draft.name', (clinic) => {
  const { walk } = clinic.agent;
  const toConfirm = [said(clinic.opening), said(clinic.name), said(clinic.phone)];

  it('takes service, day and hour from the first sentence and asks for the rest', () => {
    const turn = walk(said(clinic.opening));
    expect(turn.state).toMatchObject({
      node: 'booking',
      expert: 'booking',
      slots: { service: clinic.massage, date: '2026-11-24', time: '10:00' },
    });
    expect(turn.say.at(-1)).toBe(clinic.asks);
    expect(turn.notes).toEqual([{ name: 'node_entered', fields: { node: 'booking', from: 'menu', why: 'router' } }]);
  });

  it('answers a question in mid-booking and goes on with the booking', () => {
    const turn = walk(said(clinic.opening), said(clinic.question));
    expect(turn.say[0]).toContain(clinic.hours);
    expect(turn.say.at(-1)).toBe(clinic.asks);
    expect(turn.state).toMatchObject({ node: 'booking', slots: { date: '2026-11-24' } });
    expect(turn.state.interrupted).toBeUndefined();
    expect(turn.notes.map(({ fields }) => fields)).toEqual([
      { node: 'hours', from: 'booking', why: 'phrase' },
      { node: 'booking', from: 'hours', why: 'resume' },
    ]);
  });

  it('asks day and hour anew when the service changes, and keeps the name', () => {
    const turn = walk(said(clinic.opening), said(clinic.name), said(clinic.change));
    expect(turn.state.slots).toEqual({ service: clinic.facial, name: 'Ana Pérez' });
    expect(turn.say).toEqual([clinic.day]);
    const late = walk(...toConfirm, said(clinic.change));
    expect(late.state).toMatchObject({ node: 'booking', slots: { service: clinic.facial, phone: clinic.number } });
    expect(late.say).toEqual([clinic.day]);
  });

  it('books with what was said, and says so when the tool did it', () => {
    const asked = walk(...toConfirm);
    expect(asked.state.node).toBe('confirm');
    const booking = walk(...toConfirm, said(clinic.yes));
    expect(booking.toolCall).toEqual({
      tool: 'book',
      arguments: { service: clinic.massage, date: '2026-11-24', time: '10:00', name: 'Ana Pérez', phone: clinic.number },
    });
    const settling = walk(...toConfirm, said(clinic.yes), result('book'));
    expect(settling.toolCall?.tool).toBe('confirm');
    const booked = walk(...toConfirm, said(clinic.yes), result('book'), result('confirm'));
    expect(booked.state.node).toBe('booked');
    expect(booked.state.expert).toBeUndefined();
  });

  it('asks for another hour when that one is taken, and for a person when the calendar is away', () => {
    const taken = walk(...toConfirm, said(clinic.yes), result('book', 'refused'));
    expect(taken.state).toMatchObject({ node: 'booking', slots: { date: '2026-11-24' } });
    expect(taken.state.slots).not.toHaveProperty('time');
    expect(walk(...toConfirm, said(clinic.yes), result('book', 'failed')).nextStep.kind).toBe('transfer');
  });

  it('takes a correction along with the no', () => {
    expect(walk(...toConfirm, said(clinic.no)).state).toMatchObject({ node: 'booking', slots: { date: '2026-11-25' } });
  });

  it('asks for a yes anew when the no came with all that was to be changed', () => {
    const asked = walk(...toConfirm, said(clinic.wholeNo));
    expect(asked.state).toMatchObject({ node: 'confirm', slots: { date: '2026-11-25', time: '11:00' } });
    expect(asked.state.slots).not.toHaveProperty('agreed');
    expect(asked.say.at(-1)).toMatch(/\?$/);
    const booked = walk(...toConfirm, said(clinic.yes), result('book'), result('confirm'));
    expect(booked.state.slots).not.toHaveProperty('agreed');
  });

  it('changes to another task when the caller wants another one', () => {
    const turn = walk(said(clinic.opening), said(clinic.again));
    expect(turn.state).toMatchObject({ node: 'message', expert: 'message' });
    expect(turn.notes[0]?.fields).toEqual({ node: 'message', from: 'booking', why: 'intent' });
  });

  it('books by keys', () => {
    const byKeys = walk(keys('2'), keys('1'), keys('2411'), keys('1000'));
    expect(byKeys.state.slots).toEqual({ service: clinic.massage, date: '2026-11-24', time: '10:00' });
  });
});

const others = [
  {
    file: 'restaurant.es.json',
    inputs: [
      'quiero reservar una mesa para cuatro personas mañana',
      'cuatro',
      'a las nueve de la noche',
      '¿tienen algo sin gluten?',
      'soy Luis Gil',
      '600123456',
    ],
    at: { node: 'confirm', slots: { guests: '4', date: '2026-11-22', time: '21:00', name: 'Luis Gil', phone: '600123456' } },
  },
  {
    file: 'restaurant.en.json',
    inputs: ['book a table tomorrow', 'for four', 'at eight', 'do you have anything vegan?', 'it is Luis Gil', '212 555 0100'],
    at: { node: 'confirm', slots: { guests: '4', date: '2026-11-22', time: '20:00', name: 'Luis Gil', phone: '2125550100' } },
  },
  {
    file: 'sales.es.json',
    inputs: [
      'me interesa, es para nóminas',
      'de diez a cien',
      '¿cuánto cuesta?',
      'el jueves a las cuatro',
      'se llama Talleres Sol',
      'Luis Gil',
      '600123456',
    ],
    at: {
      node: 'confirm',
      slots: { product: 'nóminas', employees_band: 'medium', date: '2026-11-26', time: '16:00', company: 'Talleres Sol', name: 'Luis Gil' },
    },
  },
  {
    file: 'sales.en.json',
    inputs: [
      'I am interested in payroll',
      'ten to a hundred',
      'how much is it?',
      'Thursday at four',
      'it is called Sun Garage',
      'Luis Gil',
      '212 555 0100',
    ],
    at: {
      node: 'confirm',
      slots: { product: 'payroll', employees_band: 'medium', date: '2026-11-26', time: '16:00', company: 'Sun Garage', name: 'Luis Gil' },
    },
  },
];

describe.each(others)('the example $file', ({ file, inputs, at }) => {
  it('finds out all that it needs, with a question of the caller in between', () => {
    const turn = agent(file).walk(...inputs.map(said));
    expect(turn.state).toMatchObject(at);
    const done = agent(file).walk(...inputs.map(said), said(file.includes('.es.') ? 'sí' : 'yes'));
    expect(['book', 'take_message']).toContain(done.toolCall?.tool);
  });
});

describe.each(readdirSync(folder))('the example %s', (file) => {
  const { draft, walk } = agent(file);
  const flow = flowOf(draft);

  it('is an agent that can be registered', () => {
    expect(agentDraftSchema.parse(read(file))).toEqual(read(file));
  });

  it('reaches a person by key, takes a message when nobody answers, and says goodbye', () => {
    const yes = said(draft.language === 'es' ? 'sí' : 'yes');
    expect(walk(keys('0')).nextStep).toMatchObject({ kind: 'transfer', destination: '2001', ringMs: 20_000 });
    expect(walk(keys('0'), { kind: 'transfer_failed' }).state.node).toBe('nobody');
    expect(walk(keys('0'), { kind: 'transfer_failed' }, yes).state).toMatchObject({ node: 'message', expert: 'message' });
    expect(walk({ kind: 'no_input', count: 3, isLast: true }).nextStep.kind).toBe('end_call');
  });

  it('keeps what it says short and what it expects few', () => {
    for (const node of flow.nodes) {
      expect(flowHints(flow, node.name).length).toBeLessThan(80);
      expect(Math.max(node.prompt.length, node.reprompt?.length ?? 0)).toBeLessThan(120);
    }
  });
});
