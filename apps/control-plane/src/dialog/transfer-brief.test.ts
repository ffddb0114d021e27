import { describe, expect, it } from 'vitest';
import type { AgentProfile } from '#ports/agent-profile.ts';
import type { ContactMemory } from '#ports/contact-memory.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { openDialog } from './agent-turn.ts';
import { clinicEn } from './demo/clinic-en.ts';
import { clinicEs } from './demo/clinic-es.ts';
import type { DialogInput } from './dialog.ts';
import type { NextStep } from './next-step.ts';
import { createContactMemoryTools } from './tools/contact-memory-tools.ts';
import type { Tool } from './tools/tool.ts';
import { BRIEF_CHARACTERS_MAX, plainText, spokenBrief, transferBrief } from './transfer-brief.ts';
import type { BriefFacts } from './transfer-brief.ts';

const flow: BriefFacts['flow'] = {
  nodes: [
    {
      name: 'booking',
      prompt: 'All right.',
      slots: [
        { name: 'name', type: { kind: 'text' } },
        { name: 'service', type: { kind: 'text' } },
        { name: 'date', type: { kind: 'date' } },
        { name: 'time', type: { kind: 'time' } },
        { name: 'number_of_guests', type: { kind: 'number' } },
        { name: 'phone', type: { kind: 'phone' } },
        { name: 'agreed', type: { kind: 'yes_no' } },
      ],
      transitions: [],
      action: { kind: 'listen' },
    },
  ],
};
const facts: BriefFacts = {
  flow,
  agentName: 'Dental Norte',
  language: 'es',
  callerNumber: '+34600123456',
  callerName: null,
  isSpoken: true,
};

describe('the brief of a transfer', () => {
  it('says whom the call is for, who calls and what was filled in, as it is said aloud', () => {
    const slots = { name: 'Ana Ruiz', service: 'masaje', date: '2026-12-15', time: '16:30', number_of_guests: '4', agreed: 'yes' };
    expect(transferBrief(facts, { slots })).toBe(
      'Llamada para Dental Norte. De Ana Ruiz. Número más 3 4 6, 0 0 1, 2 3 4, 5 6. Ya ha dicho: masaje, martes, 15 de diciembre, 16:30, number of guests 4.',
    );
    expect(transferBrief({ ...facts, language: 'en-GB' }, { slots: { service: 'massage', phone: '600123' } })).toBe(
      'A call for Dental Norte. Number plus 3 4 6, 0 0 1, 2 3 4, 5 6. Said so far: massage, 6 0 0, 1 2 3.',
    );
  });

  it('takes the name from the slots, then from what tools found out, then from what is remembered', () => {
    const remembered = { ...facts, callerName: 'Eva' };
    const brief = (slots: Record<string, string>, found: Record<string, string> = {}) => transferBrief(remembered, { slots, facts: found });
    expect(brief({ nombre: 'Ana' }, { caller_name: 'Luz' })).toContain('De Ana.');
    expect(brief({}, { caller_name: 'Luz' })).toContain('De Luz.');
    expect(brief({})).toContain('De Eva.');
  });

  it('says that a number is withheld, unless somebody is known by name', () => {
    const hidden = { ...facts, callerNumber: null };
    expect(transferBrief(hidden, { slots: {} })).toBe('Llamada para Dental Norte. Número oculto.');
    expect(transferBrief({ ...hidden, callerName: 'Eva' }, { slots: {} })).toBe('Llamada para Dental Norte. De Eva.');
    expect(transferBrief({ ...facts, callerNumber: 'front-desk' }, { slots: {} })).toBe('Llamada para Dental Norte. De front-desk.');
    expect(transferBrief({ ...hidden, agentName: null, language: 'en' }, { slots: {} })).toBe('You have a call. The number is withheld.');
  });

  it('is read, not heard, in a chat: digits stay together', () => {
    expect(transferBrief({ ...facts, isSpoken: false }, { slots: { phone: '600123456' } })).toBe(
      'Chat de Dental Norte. Número +34600123456. Ya ha dicho: 600123456.',
    );
  });

  it('holds text alone: no markup, no controls, nothing endless, and no slot that the flow does not have', () => {
    const slots = { service: `<speak>hola</speak>\u0000\u202e {masaje} ${'x'.repeat(5_000)}`, other: 'not of this flow' };
    const brief = transferBrief(facts, { slots });
    expect(brief).not.toMatch(/[<>{}\p{C}]|not of this flow/u);
    expect(brief.length).toBeLessThanOrEqual(BRIEF_CHARACTERS_MAX);
    expect(plainText('*Hola*\n# <b>que</b>  tal', 100)).toBe('Hola b que /b tal');
  });
});

describe('what whoever answers hears', () => {
  it('is the brief and the keys', () => {
    expect(spokenBrief('Ana quiere cambiar su cita', { language: 'es-MX', requiresKey: false })).toEqual({
      told: 'Ana quiere cambiar su cita.',
      keys: 'Pulse 1 para hablar ya, o 2 para devolver la llamada.',
    });
    expect(spokenBrief('Who calls?', { language: 'en', requiresKey: true })).toEqual({
      told: 'Who calls?',
      keys: 'Press 1 to take the call, or 2 to send it back.',
    });
    expect(spokenBrief(null, { language: 'fr', requiresKey: false })).toEqual({
      told: '',
      keys: 'Press 1 to talk now, or 2 to send the call back.',
    });
  });

  it('has telephone numbers digit by digit, whoever wrote them, and quantities as they are', () => {
    expect(spokenBrief('De 5550100', { language: 'es', requiresKey: false }).told).toContain('De 5 5 5, 0 1, 0 0.');
    expect(spokenBrief('Llame al +34600123456, debe 1200 euros.', { language: 'es', requiresKey: false }).told).toContain(
      'Llame al más 3 4 6, 0 0 1, 2 3 4, 5 6, debe 1200 euros.',
    );
  });
});

const signal = new AbortController().signal;
const said = (text: string): DialogInput => ({ kind: 'said', text, confidence: 1 });

async function stepAfter(
  agent: Omit<AgentProfile, 'agentId'>,
  inputs: readonly DialogInput[],
  tools: readonly Tool[] = [],
): Promise<NextStep> {
  const scope = mintOrgScope('org_1');
  const { language } = agent;
  const context = { scope, agentId: 'agent_1', conversationId: 'call_1', callerNumber: '600111222', language, signal };
  const dialog = openDialog(agent, { languageModel: null, tools, context });
  let state = dialog.open();
  let step: NextStep = { kind: 'listen' };
  for (const input of inputs) {
    const turn = dialog.prepare(state, input, { signal });
    for await (const _ of turn.textDeltas);
    ({ state, nextStep: step } = await turn.result);
  }
  return step;
}

const memoryOf = (recall: ContactMemory['recall']): readonly Tool[] =>
  createContactMemoryTools({ memory: { recall, setConsent: async () => {}, remember: async () => Promise.resolve('no_consent') } });
const learned = { sourceId: 'call_0', turns: [1], learnedAt: new Date(0) };

describe('a flow’s own transfer', () => {
  const es = clinicEs({ organizationName: 'Clínica Demo', destination: '2001' });

  it('has a brief whatever led to it: a phrase in mid-task, a key, two misunderstandings', async () => {
    const number = 'Número 6 0 0, 1 1 1, 2 2 2.';
    expect(await stepAfter(es, [said('quiero una cita'), said('el martes'), said('una persona')])).toMatchObject({
      kind: 'transfer',
      brief: `Llamada para Clínica Demo, recepción. ${number} Ya ha dicho: martes.`,
    });
    const en = clinicEn({ organizationName: 'Demo Clinic', destination: '2001' });
    for (const inputs of [[{ kind: 'dtmf', digits: '0' }], [said('blue camel'), said('blue camel')]] as const) {
      expect(await stepAfter(en, [{ kind: 'call_opened' }, ...inputs])).toMatchObject({
        kind: 'transfer',
        requiresKey: false,
        brief: 'A call for Demo Clinic, reception. Number 6 0 0, 1 1 1, 2 2 2.',
      });
    }
  });

  it('names a caller who is remembered, and does without the name when the memory is away', async () => {
    const facts = [{ name: 'nombre', value: 'Ana Ruiz', ...learned }];
    const known = memoryOf(async () => Promise.resolve({ consent: 'granted', facts }));
    expect(await stepAfter(es, [said('una persona')], known)).toMatchObject({
      brief: expect.stringContaining('De Ana Ruiz. Número 6 0 0'),
    });
    const away = memoryOf(async () => Promise.reject(new Error('the database is away')));
    const never = memoryOf(async () => await new Promise(() => undefined));
    for (const memory of [away, never]) {
      expect(await stepAfter(es, [said('una persona')], memory)).toMatchObject({
        brief: 'Llamada para Clínica Demo, recepción. Número 6 0 0, 1 1 1, 2 2 2.',
      });
    }
  });

  it('that must be taken with a key says so', async () => {
    const nodes = es.flow.nodes.map((node) =>
      node.action.kind === 'transfer' ? { ...node, action: { ...node.action, requiresKey: true } } : node,
    );
    expect(await stepAfter({ ...es, flow: { ...es.flow, nodes } }, [said('una persona')])).toMatchObject({ requiresKey: true });
  });
});
