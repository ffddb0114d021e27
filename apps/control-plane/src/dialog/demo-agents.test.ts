import { describe, expect, it } from 'vitest';
import { clinicEn } from './demo/clinic-en.ts';
import { clinicEs } from './demo/clinic-es.ts';
import type { ConversationState, DialogInput } from './dialog.ts';
import { flowHints } from './flow-hints.ts';
import { agentDraftSchema } from './flow-schema.ts';
import { next, openFlow } from './flow.ts';
import { phrasesOf } from './phrase-match.ts';

const options = { organizationName: 'Demo', destination: '2001' };
const said = (text: string): DialogInput => ({ kind: 'said', text, confidence: 1 });
const keys = (digits: string): DialogInput => ({ kind: 'dtmf', digits });

const clinics = [
  {
    name: 'clinicEs',
    agent: clinicEs(options),
    booking: [said('Quiero una cita.'), said('El jueves'), said('a las diez'), said('sí, por favor')],
    slots: { day: 'jueves', hour: 'diez' },
    hours: said('¿A qué hora abren?'),
    thanks: said('nada más, gracias'),
  },
  {
    name: 'clinicEn',
    agent: clinicEn(options),
    booking: [said('Book an appointment'), said('On Thursday.'), said('at ten o’clock'), said('Yes, please')],
    slots: { day: 'Thursday', hour: 'ten' },
    hours: said('What time do you open?'),
    thanks: said('No, thank you.'),
  },
];

describe.each(clinics)('$name', ({ agent, booking, slots, hours, thanks }) => {
  const { flow } = agent;
  const walk = (inputs: readonly DialogInput[]): ReturnType<typeof next> => {
    let turn = next(flow, openFlow(flow), { kind: 'call_opened' });
    for (const input of inputs) turn = next(flow, turn.state, input);
    return turn;
  };

  it('is an agent that an operator could have written', () => {
    expect(agentDraftSchema.parse(agent)).toEqual(agent);
  });

  it('books by voice and says goodbye', () => {
    const booked = walk(booking);
    expect(booked.state).toMatchObject({ node: 'booked', slots });
    for (const value of Object.values(slots)) expect(booked.say.join(' ')).toContain(value);
    expect(next(flow, booked.state, thanks).nextStep).toEqual({ kind: 'end_call' });
  });

  it('books by keys', () => {
    expect(walk([keys('2'), keys('4'), keys('2'), keys('1')]).state).toMatchObject({ node: 'booked', slots });
  });

  it('tells the opening hours and listens again', () => {
    expect(walk([hours]).notes.map((note) => note.fields['node'])).toEqual(['hours', 'menu']);
    expect(walk([keys('1')]).nextStep).toEqual({ kind: 'listen' });
  });

  it('passes a caller that it did not understand twice to a person, and listens again when nobody answers', () => {
    const unknown = walk([said('blue camel'), said('')]);
    expect(unknown.nextStep).toMatchObject({ kind: 'transfer', destination: '2001', ringMs: 20_000 });
    expect(next(flow, unknown.state, { kind: 'transfer_failed' }).state.node).toBe('menu');
  });

  it('understands each phrase that it expects, at the node that expects it', () => {
    for (const node of flow.nodes.filter(({ action }) => action.kind === 'listen')) {
      const state: Pick<ConversationState, 'node' | 'slots' | 'misses'> = { node: node.name, slots: {}, misses: 0 };
      for (const { when, goTo } of [...node.transitions, ...flow.global]) {
        for (const phrase of when.kind === 'phrase' ? phrasesOf(when.phrases) : []) {
          expect(next(flow, state, said(phrase)).notes[0]).toEqual({
            name: 'node_entered',
            fields: { node: goTo, from: node.name, why: 'phrase' },
          });
        }
      }
      for (const { value, phrases } of node.slot?.values ?? []) {
        for (const phrase of phrasesOf(phrases))
          expect(next(flow, state, said(phrase)).state.slots).toEqual({ [node.slot?.name ?? '']: value });
      }
    }
  });

  it('keeps hints few and prompts short', () => {
    for (const node of flow.nodes) {
      expect(flowHints(flow, node.name).length).toBeLessThan(25);
      // Measured with espeak-ng at the normal speed: the longest, 77 characters, takes 4.1 s and none takes 5 s.
      expect(Math.max(node.prompt.length, node.reprompt?.length ?? 0)).toBeLessThan(80);
    }
  });

  it('speaks with the name, voice, hours and telephone of another organization', () => {
    const make = agent.language === 'es' ? clinicEs : clinicEn;
    const other = make({
      organizationName: 'Otra',
      destination: '3001',
      voice: 'en-gb',
      openingHours: 'Siempre.',
      ringMs: 5_000,
    });
    expect(other.voice).toBe('en-gb');
    expect(JSON.stringify(other)).not.toMatch(/Demo|2001-clinica-demo/);
    expect(next(other.flow, openFlow(other.flow), keys('1')).say[0]).toBe('Siempre.');
  });
});
