// What a flow takes for a caller's consent to what it does itself.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Flow, FlowNode } from '#ports/agent-profile.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { openDialog } from './agent-turn.ts';
import type { DialogInput } from './dialog.ts';
import { questionsBefore } from './flow-graph.ts';
import { flowSchema } from './flow-schema.ts';
import type { Tool } from './tools/tool.ts';

const listen = { kind: 'listen' } as const;
const question = (name: string, slot: string, ways: { yes: string; no: string }): FlowNode => ({
  name,
  prompt: `About ${slot}.`,
  slots: [{ name: slot, type: { kind: 'yes_no' }, ask: `Yes to ${slot}?` }],
  transitions: [
    { when: { kind: 'slot_filled', slot, equals: 'yes' }, goTo: ways.yes },
    { when: { kind: 'slot_filled', slot, equals: 'no' }, goTo: ways.no },
  ],
  action: listen,
});
const use = (name: string, tool: string): FlowNode => ({
  name,
  prompt: 'One moment.',
  transitions: [
    { when: { kind: 'tool_result', tool, outcome: 'done' }, goTo: 'done' },
    { when: { kind: 'tool_result', tool, outcome: 'refused' }, goTo: 'refused' },
  ],
  action: { kind: 'use_tool', tool, arguments: {} },
});
/** News are asked about first; the cancellation is agreed to in words of its own, the deletion is not. */
const flow = flowSchema.parse({
  version: 2,
  entry: 'start',
  tools: ['erase'],
  nodes: [
    {
      name: 'start',
      prompt: 'Hello.',
      transitions: [{ when: { kind: 'phrase', phrases: ['begin'] }, goTo: 'ask_news' }],
      action: listen,
    },
    question('ask_news', 'news', { yes: 'what', no: 'what' }),
    {
      name: 'what',
      prompt: 'Cancel or delete?',
      transitions: [
        { when: { kind: 'phrase', phrases: ['cancel'] }, goTo: 'ask_cancel' },
        { when: { kind: 'phrase', phrases: ['delete'] }, goTo: 'ask_name' },
      ],
      action: listen,
    },
    question('ask_cancel', 'agreed', { yes: 'cancel', no: 'what' }),
    use('cancel', 'cancel'),
    question('ask_name', 'sure', { yes: 'passing', no: 'delete' }),
    { name: 'passing', prompt: 'Good.', transitions: [], action: { kind: 'go_on', goTo: 'delete' } },
    use('delete', 'erase'),
    { name: 'done', prompt: 'It is done.', endsTask: true, transitions: [], action: listen },
    { name: 'bye', prompt: 'Goodbye.', transitions: [], action: { kind: 'end_call' } },
    { name: 'refused', prompt: 'It was not done.', transitions: [], action: { kind: 'go_on', goTo: 'what' } },
  ],
  global: [{ when: { kind: 'phrase', phrases: ['goodbye'] }, goTo: 'bye' }],
  notUnderstood: { say: 'Pardon?', limit: 3, goTo: 'bye' },
  noInputGoTo: 'bye',
} satisfies Flow);

const tool = (name: string, ran: string[]): Tool => ({
  name,
  description: name,
  effect: 'guarded',
  arguments: z.strictObject({}),
  budgetMs: 1_000,
  run: async () => {
    ran.push(name);
    return Promise.resolve({ kind: 'done', text: 'done' });
  },
});

async function said(words: readonly string[]): Promise<{ ran: string[]; text: string }> {
  const ran: string[] = [];
  const { signal } = new AbortController();
  const context = { scope: mintOrgScope('org_1'), agentId: 'a', conversationId: 'c', callerNumber: null, language: 'en', signal };
  const tools = [tool('cancel', ran), tool('erase', ran)];
  const dialog = openDialog({ flow, responder: { kind: 'flow' } }, { languageModel: null, tools, context });
  let state = dialog.open();
  let text = '';
  for (const input of [{ kind: 'call_opened' }, ...words.map((one) => ({ kind: 'said', text: one, confidence: 1 }))] as DialogInput[]) {
    const turn = dialog.prepare(state, input, { signal });
    text = '';
    for await (const delta of turn.textDeltas) text += delta;
    ({ state } = await turn.result);
  }
  return { ran, text };
}

describe('a tool of the flow that needs a yes', () => {
  it('runs on a yes to the question that leads to it, whatever was asked before', async () => {
    expect(await said(['begin', 'no', 'cancel', 'yes'])).toEqual({
      ran: ['cancel'],
      text: expect.stringContaining('It is done.') as string,
    });
    expect((await said(['begin', 'yes', 'delete', 'yes'])).ran).toEqual(['erase']);
  });

  it('does not run on a yes to another question', async () => {
    const { ran, text } = await said(['begin', 'yes', 'delete', 'no']);
    expect([ran, text]).toEqual([[], expect.stringContaining('It was not done.')]);
  });

  it('that was not agreed to does not stand in the way of the next', async () => {
    expect((await said(['begin', 'yes', 'delete', 'no', 'cancel', 'yes'])).ran).toEqual(['cancel']);
  });

  it('finds its question through nodes that only pass on, and not beyond the question', () => {
    expect(questionsBefore(flow, 'delete')).toEqual(['sure']);
    expect(questionsBefore(flow, 'cancel')).toEqual(['agreed']);
    expect(questionsBefore(flow, 'what')).toEqual(['news', 'agreed', 'sure']);
  });
});
