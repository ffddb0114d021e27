// An agent without a model whose documents know what its flow has no phrase for.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Passage } from '#ports/knowledge-search.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { openDialog } from './agent-turn.ts';
import type { ConversationState, Dialog, DialogInput } from './dialog.ts';
import { agentDraftSchema } from './flow-schema.ts';
import { createKnowledgeSearchTool } from './tools/knowledge-search-tool.ts';

const draft = agentDraftSchema.parse(
  JSON.parse(readFileSync(new URL('../../../../docs/examples/flows/clinic.es.json', import.meta.url), 'utf8')),
);
const passage: Passage = {
  chunkId: 'chunk_1',
  text: 'El aparcamiento es gratis para clientes. La entrada está por la calle Sol.',
  source: 'preguntas.pdf',
  headings: [],
  category: null,
  score: 1,
};
const said = (text: string): DialogInput => ({ kind: 'said', text, confidence: 1 });

function openClinic(passages: readonly Passage[]): { dialog: Dialog; asked: string[] } {
  const asked: string[] = [];
  const knowledge = {
    search: async ({ text }: { text: string }) => {
      asked.push(text);
      return passages;
    },
  };
  const context = {
    scope: mintOrgScope('org_a'),
    agentId: 'agent_a',
    conversationId: 'chat_a',
    callerNumber: null,
    language: 'es',
    signal: new AbortController().signal,
  };
  return {
    dialog: openDialog(draft, { languageModel: null, tools: [createKnowledgeSearchTool({ knowledge })], context, isSpoken: false }),
    asked,
  };
}

async function answer(dialog: Dialog, state: ConversationState, input: DialogInput) {
  const { textDeltas, result } = dialog.prepare(state, input, { signal: new AbortController().signal });
  let text = '';
  for await (const delta of textDeltas) text += delta;
  return { text, ...(await result) };
}

describe('a question that the flow has no phrase for', () => {
  it('is answered from the documents with their name, and the task goes on', async () => {
    const { dialog } = openClinic([passage]);
    const booking = await answer(dialog, dialog.open(), said('quiero una cita de masaje'));
    const reply = await answer(dialog, { ...booking.state, misses: 2 }, said('¿El aparcamiento es de pago?'));
    expect(reply.text).toBe('Según preguntas: El aparcamiento es gratis para clientes. ¿Qué día le viene bien?');
    expect(reply.state).toMatchObject({ node: 'booking', misses: 0, slots: { service: 'Masaje' } });
    expect(reply.nextStep).toEqual({ kind: 'listen' });
    expect(reply.notes).toEqual([{ name: 'tool_called', fields: expect.objectContaining({ tool: 'knowledge_search', verdict: 'done' }) }]);
  });

  it('is not understood when the documents do not say, or the task may not look things up', async () => {
    const empty = openClinic([]);
    const reply = await answer(empty.dialog, { ...empty.dialog.open(), node: 'menu' }, said('¿El aparcamiento es de pago?'));
    expect(reply.text).toContain('no le he entendido');
    const { dialog, asked } = openClinic([passage]);
    const cancelling = { ...dialog.open(), node: 'cancelling', expert: 'cancelling' };
    expect((await answer(dialog, cancelling, said('¿El aparcamiento es de pago?'))).state.misses).toBe(1);
    expect(asked).toEqual([]);
  });

  it('leads where the flow alone would when it is cut short', async () => {
    const { dialog } = openClinic([passage]);
    const state = { ...dialog.open(), node: 'menu' };
    const { textDeltas, result } = dialog.prepare(state, said('¿El aparcamiento es de pago?'), { signal: new AbortController().signal });
    for await (const _ of textDeltas) break;
    expect((await result).state).toMatchObject({ node: 'menu', misses: 1 });
  });
});
