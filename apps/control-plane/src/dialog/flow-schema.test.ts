import { describe, expect, it } from 'vitest';
import type { Flow, FlowNode } from '#ports/agent-profile.ts';
import { clinicEs } from './demo/clinic-es.ts';
import { FLOW_LIMITS } from './flow-node-schema.ts';
import { agentDraftSchema, conversationSettingsSchema, flowSchema, savedDraftSchema, savedFlowSchema } from './flow-schema.ts';

const draft = clinicEs({ organizationName: 'Clínica Demo', destination: '2001' });
const { flow } = draft;
const indexOf = (name: string): number => flow.nodes.findIndex((node) => node.name === name);

/** The demo flow with one node changed. */
function withNode(name: string, change: Partial<FlowNode>): Flow {
  return { ...flow, nodes: flow.nodes.map((node) => (node.name === name ? { ...node, ...change } : node)) };
}

/** Paths and messages of everything that is wrong. */
function problemsOf(candidate: unknown): string[] {
  const parsed = flowSchema.safeParse(candidate);
  return parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

/** A chain of so many nodes that go on by themselves, and one that listens. */
function chainOf(length: number): Flow {
  const names = Array.from({ length }, (_, index) => `c${index}`);
  const nodes: FlowNode[] = names.map((name, index) => ({
    name,
    prompt: 'x',
    transitions: [],
    action: { kind: 'go_on', goTo: names[index + 1] ?? 'menu' },
  }));
  nodes.push({ name: 'menu', prompt: 'x', transitions: [], action: { kind: 'listen' } });
  return { entry: 'c0', nodes, global: [], notUnderstood: { say: 'x', limit: 1, goTo: 'menu' }, noInputGoTo: 'menu' };
}

describe('flowSchema', () => {
  it('accepts the demo flow and changes nothing in it', () => {
    expect(flowSchema.parse(flow)).toEqual(flow);
  });

  it.each<[string, unknown, RegExp]>([
    ['a missing entry', { ...flow, entry: 'start' }, /^entry: there is no node "start"/],
    [
      'an unknown way on',
      withNode('greeting', { action: { kind: 'go_on', goTo: 'nowhere' } }),
      /^nodes\.0\.action\.goTo: there is no node "nowhere"/,
    ],
    [
      'an unknown transition',
      withNode('person', { transitions: [{ when: { kind: 'transfer_failed' }, goTo: 'nowhere' }] }),
      new RegExp(`^nodes\\.${indexOf('person')}\\.transitions\\.0\\.goTo: there is no node`),
    ],
    [
      'an unknown global target',
      { ...flow, global: [{ when: { kind: 'phrase', phrases: ['x'] }, goTo: 'y' }] },
      /^global\.0\.goTo: there is no/,
    ],
    ['an unknown way out', { ...flow, notUnderstood: { ...flow.notUnderstood, goTo: 'y' } }, /^notUnderstood\.goTo: /],
    ['an unknown way out of silence', { ...flow, noInputGoTo: 'y' }, /^noInputGoTo: /],
    ['a node that nothing leads to', withNode('booking_confirm', { transitions: [] }), /name: nothing leads to node "booked"/],
    ['a duplicate name', withNode('nobody', { name: 'menu' }), /name: node 1 is already named "menu"/],
    ['a transfer without a way back', withNode('person', { transitions: [] }), /transitions: a node that transfers needs/],
    [
      'a way back without a transfer',
      withNode('menu', { transitions: [{ when: { kind: 'transfer_failed' }, goTo: 'hours' }] }),
      /only a node that transfers/,
    ],
    ['a slot that leads nowhere', withNode('booking_day', { transitions: [] }), /slot "day" needs a transition "slot_filled"/],
    [
      'a filled slot without a slot',
      withNode('menu', { transitions: [{ when: { kind: 'slot_filled' }, goTo: 'hours' }] }),
      /needs a slot in its node/,
    ],
    [
      'a slot where nobody listens',
      withNode('booking_day', { action: { kind: 'end_call' } }),
      /slot: a node whose action is "end_call" does not listen/,
    ],
    [
      'transitions where nobody listens',
      withNode('hours', { transitions: [{ when: { kind: 'phrase', phrases: ['x'] }, goTo: 'menu' }] }),
      /goes on by itself does not listen/,
    ],
    [
      'a phrase with two meanings',
      withNode('menu', {
        transitions: [
          { when: { kind: 'phrase', phrases: ['una cita'] }, goTo: 'hours' },
          { when: { kind: 'phrase', phrases: ['¡Una CITA!'] }, goTo: 'booking_day' },
        ],
      }),
      /transitions\.1\.when\.phrases\.0: "¡Una CITA!" is used twice/,
    ],
    [
      'a key with two meanings',
      withNode('menu', {
        transitions: [
          { when: { kind: 'phrase', phrases: ['a'], dtmf: '1' }, goTo: 'hours' },
          { when: { kind: 'phrase', phrases: ['b'], dtmf: '1' }, goTo: 'booking_day' },
        ],
      }),
      /transitions\.1\.when\.dtmf: "1" is used twice/,
    ],
    [
      'a global transition that waits for a slot',
      { ...flow, global: [{ when: { kind: 'slot_filled' }, goTo: 'menu' }] },
      /^global\.0\.when\.kind: /,
    ],
    [
      'a prompt with an unknown slot',
      withNode('menu', { prompt: 'A las {hours}' }),
      /^nodes\.1\.prompt: no node fills a slot named "hours"/,
    ],
    ['a prompt without words', withNode('menu', { prompt: ' … ' }), /^nodes\.1\.prompt: a prompt needs a word/],
    [
      'a phrase without words',
      { ...flow, global: [{ when: { kind: 'phrase', phrases: ['¿?'] }, goTo: 'menu' }] },
      /^global\.0\.when\.phrases\.0: /,
    ],
    ['a prompt over its limit', withNode('menu', { prompt: 'x'.repeat(FLOW_LIMITS.promptCharacters + 1) }), /^nodes\.1\.prompt: .*1000/],
    [
      'a destination that would change the dial',
      withNode('person', { action: { kind: 'transfer', destination: 'PJSIP/a&b', ringMs: 9_000 } }),
      /destination: /,
    ],
    [
      'a key that no telephone has',
      { ...flow, global: [{ when: { kind: 'phrase', phrases: ['x'], dtmf: 'A' }, goTo: 'menu' }] },
      /^global\.0\.when\.dtmf: /,
    ],
    ['a field that does not exist', { ...flow, entri: 'x' }, /entri/],
  ])('refuses %s, naming the field', (_, candidate, problem) => {
    expect(problemsOf(candidate)).toContainEqual(expect.stringMatching(problem));
  });

  it('allows the longest chain that a call can walk and no longer one', () => {
    expect(problemsOf(chainOf(15))).toEqual([]);
    expect(problemsOf(chainOf(16))).toEqual([
      'nodes.0.action.goTo: c0 -> c1 -> c2 -> c3 … passes 16 nodes without listening; let one of them listen',
    ]);
  });

  it('names a loop instead of walking it', () => {
    expect(problemsOf(withNode('menu', { transitions: [], action: { kind: 'go_on', goTo: 'greeting' } })).join('\n')).toMatch(
      /nodes\.0\.action\.goTo: greeting -> menu -> greeting -> menu/,
    );
  });
});

describe('agentDraftSchema', () => {
  it('accepts the demo agent, with a model as well', () => {
    expect(agentDraftSchema.parse(draft)).toEqual(draft);
    const responder = { kind: 'language_model', prompt: 'Eres la recepción.', maxOutputTokens: 200, temperature: 0.3 };
    expect(agentDraftSchema.safeParse({ ...draft, responder }).success).toBe(true);
  });

  it('names every wrong field at once, with the path inside the flow', () => {
    const wrong = { ...draft, speed: 9, language: 'Español', flow: { ...flow, entry: 'start' } };
    const paths = agentDraftSchema.safeParse(wrong).error?.issues.map((issue) => issue.path.join('.'));
    expect(paths).toEqual(expect.arrayContaining(['speed', 'language', 'flow.entry']));
  });

  it('wants time between the candidate pause and the commit', () => {
    const equal = conversationSettingsSchema.safeParse({ ...draft.conversation, candidatePauseMs: 300, commitPauseMs: 300 });
    expect(equal.error?.issues[0]?.path).toEqual(['commitPauseMs']);
  });
});

describe('savedFlowSchema', () => {
  const problems = (candidate: unknown): string[] =>
    (savedFlowSchema.safeParse(candidate).error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
  /** Two nodes that listen, one of which cannot be left, and an end. */
  const trap: Flow = {
    entry: 'menu',
    nodes: [
      { name: 'menu', prompt: 'x', transitions: [{ when: { kind: 'phrase', phrases: ['a'] }, goTo: 'trap' }], action: { kind: 'listen' } },
      { name: 'trap', prompt: 'x', transitions: [], action: { kind: 'listen' } },
      { name: 'bye', prompt: 'x', transitions: [], action: { kind: 'end_call' } },
    ],
    global: [],
    notUnderstood: { say: 'x', limit: 1, goTo: 'bye' },
    noInputGoTo: 'bye',
  };

  it('accepts the demo flow, and refuses a node of version 1 that cannot be left, which stored flows may have', () => {
    expect(problems(flow)).toEqual([]);
    expect(problems(trap)).toEqual([
      'nodes.1.transitions: a dead end: nothing that a caller says leads out of "trap"; add a transition or a global one',
    ]);
    expect(problemsOf(trap)).toEqual([]);
    expect(savedDraftSchema.safeParse({ ...draft, flow: trap }).error?.issues[0]?.path).toEqual(['flow', 'nodes', 1, 'transitions']);
  });

  it('refuses a flow of version 1 from which no way leads to an end, and one with a node that nothing leads to', () => {
    const loop = chainOf(2);
    expect(problems(loop).map((problem) => problem.split(':')[0])).toEqual([
      'nodes.2.transitions',
      'nodes.0.name',
      'nodes.1.name',
      'nodes.2.name',
    ]);
    const lost: FlowNode = { name: 'lost', prompt: 'x', transitions: [], action: { kind: 'end_call' } };
    expect(problems({ ...flow, nodes: [...flow.nodes, lost] })).toEqual([
      `nodes.${flow.nodes.length}.name: nothing leads to node "lost"; remove it or let a transition go to it`,
    ]);
  });
});
