import { expect, it } from 'vitest';
import { z } from 'zod';
import type { Flow, Responder } from '#ports/agent-profile.ts';
import { openScriptedLanguageModel } from '#ports/testing/scripted-language-model.ts';
import type { ScriptedPart } from '#ports/testing/scripted-language-model.ts';
import { newId } from '#shared/id.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { openDialog } from './agent-turn.ts';
import type { ConversationState } from './dialog.ts';
import { TASK_TOOL_NAME } from './task-tool.ts';
import type { Tool } from './tools/tool.ts';

const listen = { kind: 'listen' } as const;
/** A flow of two tasks; a booking asks for a treatment and a day, then books. */
const flow: Flow = {
  version: 2,
  entry: 'hello',
  nodes: [
    { name: 'hello', prompt: 'Hello.', transitions: [], action: listen },
    {
      name: 'booking',
      prompt: 'Let us book.',
      expert: { goal: 'Book a treatment', instructions: 'Be quick.', tools: ['book'], phrases: ['appointment'] },
      slots: [
        { name: 'treatment', ask: 'Which treatment?', type: { kind: 'choice', values: [{ value: 'massage', phrases: ['massage'] }] } },
        { name: 'day', ask: 'Which day?', type: { kind: 'text' } },
      ],
      transitions: [{ when: { kind: 'slot_filled' }, goTo: 'book' }],
      action: listen,
    },
    {
      name: 'book',
      prompt: 'One moment.',
      transitions: [
        { when: { kind: 'tool_result', tool: 'book', outcome: 'done' }, goTo: 'booked' },
        { when: { kind: 'tool_result', tool: 'book', outcome: 'refused' }, goTo: 'hello' },
      ],
      action: { kind: 'use_tool', tool: 'book', arguments: { treatment: '{treatment}', day: '{day}' } },
    },
    { name: 'booked', prompt: 'It is booked. {result}', endsTask: true, transitions: [], action: listen },
    { name: 'bye', prompt: 'Goodbye.', transitions: [], action: { kind: 'end_call' } },
  ],
  global: [{ when: { kind: 'phrase', phrases: ['goodbye'] }, goTo: 'bye' }],
  notUnderstood: { say: 'Pardon?', limit: 3, goTo: 'bye' },
  noInputGoTo: 'bye',
};
const responder: Responder = { kind: 'language_model', prompt: 'You are a clinic.', maxOutputTokens: 99, temperature: 0.2 };

function open(answers: readonly (readonly ScriptedPart[])[], { hasModel = true } = {}) {
  const booked: unknown[] = [];
  const languageModel = openScriptedLanguageModel(
    answers.map((deltas) => ({ deltas })),
    { deltas: [] },
  );
  const asked = languageModel.requests;
  const book: Tool<{ treatment: string; day: string }> = {
    name: 'book',
    description: 'Books',
    effect: 'write',
    arguments: z.strictObject({ treatment: z.string(), day: z.string() }),
    budgetMs: 1_000,
    run: async (args) => {
      booked.push(args);
      return { kind: 'done', text: 'At ten. Say so.', spoken: 'At ten.', facts: { appointment: 'appt_1' } };
    },
  };
  const other: Tool = { ...(book as Tool), name: 'other' };
  const dialog = openDialog(
    { flow, responder, language: 'en' },
    {
      languageModel: hasModel ? languageModel : null,
      tools: [book as Tool, other],
      context: {
        scope: mintOrgScope(newId('organization')),
        agentId: 'agent_1',
        conversationId: 'call_1',
        callerNumber: null,
        language: 'en',
        signal: new AbortController().signal,
      },
    },
  );
  const answer = async (state: ConversationState, text: string) => {
    const turn = dialog.prepare(state, { kind: 'said', text, confidence: 1 }, { signal: new AbortController().signal });
    let words = '';
    for await (const delta of turn.textDeltas) words += delta;
    return { words, ...(await turn.result) };
  };
  return { dialog, asked, booked, answer };
}

it('a flow runs its tools itself, keeps their facts and goes where the outcome leads, without a model', async () => {
  const { dialog, answer, booked } = open([], { hasModel: false });
  const first = await answer(dialog.open(), 'an appointment for a massage please');
  expect(first.words).toContain('Which day?');
  const second = await answer(first.state, 'next Monday');
  expect(second.words).toBe('One moment. It is booked. At ten.');
  expect(booked).toEqual([{ treatment: 'massage', day: 'next Monday' }]);
  expect(second.state).toMatchObject({ node: 'booked', facts: { appointment: 'appt_1' } });
});

it('with a model, the flow follows the words it understands, and the model is told the task and what to ask', async () => {
  const { dialog, answer, asked } = open([['With pleasure. Which day suits you?']]);
  const { words, state } = await answer(dialog.open(), 'I would like an appointment for a massage');
  expect(words).toBe('With pleasure. Which day suits you?');
  expect(state).toMatchObject({ node: 'booking', expert: 'booking', slots: { treatment: 'massage' } });
  const system = asked[0]?.messages[0]?.text ?? '';
  for (const part of ['Book a treatment', 'Be quick.', 'treatment = massage', 'Which day?']) expect(system).toContain(part);
  expect(asked[0]?.tools?.map(({ name }) => name)).toEqual(['book', TASK_TOOL_NAME]);
});

it('what only the model understood goes through the flow all the same', async () => {
  const understood = { intent: 'booking', slots: { treatment: 'massage' } };
  const { dialog, answer, asked } = open([[{ call: TASK_TOOL_NAME, args: understood }], ['Which day suits you?']]);
  const { state, notes } = await answer(dialog.open(), 'my back hurts, could somebody knead it');
  expect(state).toMatchObject({ node: 'booking', slots: { treatment: 'massage' } });
  expect(notes.map(({ name }) => name)).toContain('node_entered');
  expect(asked[1]?.messages.at(-1)?.text).toContain('Which day?');
});

it('a tool that the model runs moves the flow where its outcome leads', async () => {
  const { dialog, answer, booked } = open([[{ call: 'book', args: { treatment: 'massage', day: 'Monday' } }], ['It is booked for ten.']]);
  const state: ConversationState = { ...dialog.open(), node: 'book', expert: 'booking', slots: { treatment: 'massage', day: 'Monday' } };
  const turn = await answer(state, 'yes do it');
  expect(booked).toHaveLength(1);
  expect(turn.state.node).toBe('booked');
});

it('goodbye is the flow’s, whatever the model would say', async () => {
  const { dialog, answer, asked } = open([['Stay!']]);
  expect((await answer(dialog.open(), 'goodbye')).nextStep).toEqual({ kind: 'end_call' });
  expect(asked).toEqual([]);
});
