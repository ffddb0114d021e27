import { expect, it } from 'vitest';
import { clinicEs } from './demo/clinic-es.ts';
import { afterCallSchema } from './after-call-schema.ts';
import { agentDraftSchema, savedDraftSchema } from './flow-schema.ts';

const field = { name: 'caller_name', description: 'The name that the caller gives', type: 'text' };
const disposition = { name: 'booked', description: 'An appointment was made', nodes: ['booked'], outcomes: ['completed'] };
const problemsOf = (afterCall: unknown) =>
  afterCallSchema.safeParse(afterCall).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

it('what is asked of each call may be fields of five types and dispositions', () => {
  const fields = [
    { ...field, remember: true },
    ...['number', 'date', 'yes_no'].map((type) => ({ ...field, name: type, type })),
    { ...field, name: 'treatment', type: 'choice', choices: ['massage', 'facial'] },
  ];
  expect(problemsOf({ fields, dispositions: [disposition, { ...disposition, name: 'lost', nodes: undefined }] })).toEqual([
    expect.stringContaining('dispositions.1.nodes'),
  ]);
  expect(problemsOf({ fields, dispositions: [disposition] })).toEqual([]);
  expect(problemsOf({ fields: [], dispositions: [] })).toEqual([]);
});

it.each([
  [{ fields: [{ ...field, type: 'choice' }], dispositions: [] }, 'fields.0.choices: a choice needs the values'],
  [{ fields: [{ ...field, choices: ['a'] }], dispositions: [] }, 'fields.0.choices: only a choice has values'],
  [{ fields: [{ ...field, type: 'choice', choices: ['a', 'a'] }], dispositions: [] }, 'fields.0.choices: each value once'],
  [{ fields: [field, field], dispositions: [] }, 'fields: each name once'],
  [{ fields: [], dispositions: [disposition, disposition] }, 'dispositions: each name once'],
  [{ fields: [{ ...field, name: 'Caller name' }], dispositions: [] }, 'fields.0.name: a name is lower-case'],
  [{ fields: [{ ...field, description: ' ' }], dispositions: [] }, 'fields.0.description'],
  [{ fields: Array.from({ length: 31 }, (_, index) => ({ ...field, name: `f${index}` })), dispositions: [] }, 'fields: '],
  [{ fields: [], dispositions: [{ ...disposition, outcomes: ['rejected_at_capacity'] }] }, 'dispositions.0.outcomes.0'],
  [{ fields: [], dispositions: [], summary: 'long' }, 'Unrecognized key'],
])('a wrong one is refused with its path: %j', (afterCall, problem) => {
  expect(problemsOf(afterCall).join('\n')).toContain(problem);
});

it('a node that a disposition waits for is one of the flow: checked where an agent is saved, with the path of the name', () => {
  const agent = clinicEs({ organizationName: 'Clínica', destination: '2001' });
  const known = agent.flow.nodes[0]?.name ?? '';
  const dispositionOf = (nodes: string[]) => ({ ...agent, afterCall: { fields: [], dispositions: [{ ...disposition, nodes }] } });
  expect(savedDraftSchema.safeParse(dispositionOf([known])).success).toBe(true);
  expect(savedDraftSchema.safeParse(dispositionOf([known, 'boooked'])).error?.issues).toMatchObject([
    { path: ['afterCall', 'dispositions', 0, 'nodes', 1], message: expect.stringContaining('there is no node "boooked"') as string },
  ]);
  // What is stored already is still an agent.
  expect(agentDraftSchema.safeParse(dispositionOf(['boooked'])).success).toBe(true);
});
