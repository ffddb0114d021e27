// What is refused of flows of version 2, each with the path of the field to change.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Flow, FlowNode } from '#ports/agent-profile.ts';
import { flowSchema } from './flow-schema.ts';

const { flow } = JSON.parse(readFileSync(new URL('../../../../docs/examples/flows/clinic.en.json', import.meta.url), 'utf8')) as {
  flow: Flow;
};
const indexOf = (name: string): number => flow.nodes.findIndex((node) => node.name === name);
const nodeOf = (name: string): FlowNode => flow.nodes[indexOf(name)]!;
const withNode = (name: string, change: Partial<FlowNode>): Flow => ({
  ...flow,
  nodes: flow.nodes.map((node) => (node.name === name ? { ...node, ...change } : node)),
});
const withMore = (...nodes: readonly FlowNode[]): Flow => ({ ...flow, nodes: [...flow.nodes, ...nodes] });
const problemsOf = (candidate: unknown): string[] =>
  flowSchema.safeParse(candidate).error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) ?? [];

const slots = nodeOf('booking').slots!;
const changedSlot = (name: string, change: object): Flow =>
  withNode('booking', { slots: slots.map((slot) => (slot.name === name ? { ...slot, ...change } : slot)) });
const at = indexOf('booking');
const listen = { kind: 'listen' } as const;
const lonely: Flow = {
  ...flow,
  entry: 'trap',
  global: [],
  nodes: [
    { name: 'trap', prompt: 'Say something.', transitions: [{ when: { kind: 'no_input' }, goTo: 'bye' }], action: listen },
    { name: 'bye', prompt: 'Goodbye.', transitions: [], action: { kind: 'end_call' } },
  ],
  notUnderstood: { say: 'Pardon?', limit: 3, goTo: 'bye' },
  noInputGoTo: 'bye',
};

describe('a flow of version 2', () => {
  it('is accepted when it is whole', () => {
    expect(problemsOf(flow)).toEqual([]);
  });

  it.each<[string, unknown, RegExp]>([
    ['a node that no word leaves', lonely, /^nodes\.0\.transitions: a dead end: nothing that a caller says leads out of "trap"/],
    [
      'a conversation that never ends',
      {
        ...flow,
        nodes: flow.nodes.map((node) =>
          node.action.kind === 'end_call' || node.action.kind === 'transfer'
            ? { ...node, transitions: [], action: { kind: 'go_on', goTo: 'menu' } }
            : node,
        ),
      },
      /^nodes\.1\.name: a dead end: no way from "menu" ends the call/,
    ],
    [
      'a node that nothing leads to',
      withMore({ name: 'island', prompt: 'Here.', transitions: [], action: listen }),
      new RegExp(`^nodes\\.${flow.nodes.length}\\.name: nothing leads to node "island"`),
    ],
    [
      'an unknown tool of an expert',
      withNode('booking', { expert: { goal: 'x', phrases: ['x'], tools: ['book', 'teleport'] } }),
      new RegExp(`^nodes\\.${at}\\.expert\\.tools\\.1: there is no tool "teleport"`),
    ],
    [
      'an unknown tool of a node',
      withNode('book', { action: { kind: 'use_tool', tool: 'teleport', arguments: {} } }),
      new RegExp(`^nodes\\.${indexOf('book')}\\.action\\.tool: there is no tool "teleport"`),
    ],
    [
      'a tool whose refusal leads nowhere',
      withNode('book', { transitions: nodeOf('book').transitions.slice(0, 1) }),
      /transitions: a node that runs a tool needs a "tool_result" for the outcome "refused"/,
    ],
    [
      'a tool node that waits for words',
      withNode('book', { transitions: [...nodeOf('book').transitions, { when: { kind: 'phrase', phrases: ['stop'] }, goTo: 'goodbye' }] }),
      new RegExp(`^nodes\\.${indexOf('book')}\\.transitions\\.3\\.when: a node that runs "book" waits for`),
    ],
    [
      'a phrase of two experts',
      withNode('cancelling', { expert: { goal: 'x', phrases: ['An Appointment!'] } }),
      new RegExp(
        `^nodes\\.${indexOf('cancelling')}\\.expert\\.phrases\\.0: "An Appointment!" is used twice among the global transitions and the experts`,
      ),
    ],
    [
      'a phrase that is global and an expert’s',
      withNode('cancelling', { expert: { goal: 'x', phrases: ['goodbye'] } }),
      /expert\.phrases\.0: "goodbye" is used twice among/,
    ],
    [
      'a phrase of two values',
      changedSlot('service', {
        type: {
          kind: 'choice',
          values: [
            { value: 'a', phrases: ['x'] },
            { value: 'b', phrases: ['y', 'X'] },
          ],
        },
      }),
      new RegExp(`^nodes\\.${at}\\.slots\\.0\\.type\\.values\\.1\\.phrases\\.1: "X" is used twice in node "booking"`),
    ],
    ['a slot that is never asked', changedSlot('date', { ask: undefined }), new RegExp(`^nodes\\.${at}\\.slots\\.1\\.ask: `)],
    [
      'a slot whose node does not listen',
      withNode('taken', { slots: [slots[0]!] }),
      new RegExp(`^nodes\\.${indexOf('taken')}\\.slots: a node whose action is "go_on" does not listen`),
    ],
    [
      'slots that lead nowhere',
      withNode('booking', { transitions: [] }),
      new RegExp(`^nodes\\.${at}\\.transitions: a node with slots needs`),
    ],
    [
      'a no that leads nowhere',
      withNode('confirm', { transitions: nodeOf('confirm').transitions.slice(0, 1) }),
      /no transition says where to go on once slot "agreed" is filled with the value "no"/,
    ],
    [
      'a value that the slot does not have',
      withNode('confirm', {
        transitions: [...nodeOf('confirm').transitions, { when: { kind: 'slot_filled', slot: 'agreed', equals: 'maybe' }, goTo: 'menu' }],
      }),
      /transitions\.2\.when\.equals: "maybe" is no value of slot "agreed"; its values are yes, no/,
    ],
    ['slots to restart that nobody has', changedSlot('service', { restarts: ['moon'] }), /slots\.0\.restarts\.0: there is no slot "moon"/],
    [
      'a slot of two types',
      withNode('message', { slots: [{ name: 'date', type: { kind: 'number' }, ask: 'x' }] }),
      /slots\.0\.type\.kind: slot "date" is a (date|number) in another node/,
    ],
    [
      'limits that exclude everything',
      changedSlot('time', { type: { kind: 'time', from: '18:00', to: '09:00' } }),
      /type\.to: must not be below "from", which is 18:00/,
    ],
    ['a time that no clock shows', changedSlot('time', { type: { kind: 'time', from: '25:00' } }), /type\.from: a time such as/],
    [
      'a question in mid-task that never comes back',
      { ...flow, global: [{ when: { kind: 'phrase', phrases: ['x'] }, goTo: 'goodbye', aside: true }] },
      /^global\.0\.aside: nothing after "goodbye" has the action "resume"/,
    ],
    [
      'an argument with an unknown slot',
      withNode('book', { action: { kind: 'use_tool', tool: 'book', arguments: { service: '{moon}' } } }),
      /action\.arguments\.service: no node fills a slot named "moon"/,
    ],
    ['an offset, which knows no summer', { ...flow, timeZone: '+01:00' }, /^timeZone: a time zone of the IANA list/],
    ['a zone that no clock keeps', { ...flow, timeZone: 'Mars/Olympus' }, /^timeZone: a time zone of the IANA list/],
    [
      'slots that lead in a circle once they are filled',
      withMore(
        {
          name: 'one',
          prompt: 'x',
          expert: { goal: 'x', phrases: ['circle'] },
          slots: [slots[1]!],
          transitions: [{ when: { kind: 'slot_filled' }, goTo: 'two' }],
          action: listen,
        },
        { name: 'two', prompt: 'x', slots: [slots[1]!], transitions: [{ when: { kind: 'slot_filled' }, goTo: 'one' }], action: listen },
      ),
      /transitions\.0\.goTo: one -> two -> one -> two … passes 16 nodes without listening/,
    ],
    [
      'a slot of version 1',
      withNode('menu', { slot: { name: 'x', values: [{ value: 'x', phrases: ['x'] }] } }),
      /^nodes\.1\.slot: is of version 1/,
    ],
    ['its parts without its number', { ...flow, version: 1 }, new RegExp(`^nodes\\.${at}\\.slots: needs "version": 2`)],
    ['a version that there is not', { ...flow, version: 3 }, /^version: /],
  ])('with %s is refused, naming the field', (_, candidate, problem) => {
    expect(problemsOf(JSON.parse(JSON.stringify(candidate)))).toContainEqual(expect.stringMatching(problem));
  });
});
