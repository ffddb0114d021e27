import { describe, expect, it } from 'vitest';
import type { Flow, Responder } from '#ports/agent-profile.ts';
import type { TakenMessage } from '#ports/message-box.ts';
import { openScriptedLanguageModel } from '#ports/testing/scripted-language-model.ts';
import type { ScriptedPart } from '#ports/testing/scripted-language-model.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { openDialog } from './agent-turn.ts';
import type { ConversationState, DialogInput } from './dialog.ts';
import { TASK_TOOL_NAME } from './task-tool.ts';
import { createTakeMessageTool } from './tools/take-message-tool.ts';
import type { Tool } from './tools/tool.ts';

const listen = { kind: 'listen' } as const;
const flow: Flow = {
  version: 2,
  language: 'es',
  entry: 'hello',
  nodes: [
    { name: 'hello', prompt: 'Dígame.', transitions: [], action: listen },
    {
      name: 'message',
      prompt: '¿Cuál es el recado?',
      expert: { goal: 'Tomar un recado', tools: ['take_message'], phrases: ['dejar un recado'] },
      slots: [
        { name: 'message', type: { kind: 'text' } },
        { name: 'phone', ask: '¿A qué teléfono?', type: { kind: 'phone', minDigits: 9 } },
      ],
      transitions: [{ when: { kind: 'slot_filled' }, goTo: 'keep' }],
      action: listen,
    },
    {
      name: 'keep',
      prompt: 'Lo anoto.',
      transitions: [
        { when: { kind: 'tool_result', tool: 'take_message', outcome: 'done' }, goTo: 'kept' },
        { when: { kind: 'tool_result', tool: 'take_message', outcome: 'refused' }, goTo: 'lost' },
      ],
      action: { kind: 'use_tool', tool: 'take_message', arguments: { message: '{message}', callbackNumber: '{phone}' } },
    },
    { name: 'kept', prompt: 'Anotado.', endsTask: true, transitions: [], action: listen },
    { name: 'lost', prompt: 'No lo he anotado.', endsTask: true, transitions: [], action: listen },
    { name: 'bye', prompt: 'Adiós.', transitions: [], action: { kind: 'end_call' } },
  ],
  global: [{ when: { kind: 'phrase', phrases: ['adiós'] }, goTo: 'bye' }],
  notUnderstood: { say: '¿Perdón?', limit: 3, goTo: 'bye' },
  noInputGoTo: 'bye',
};
const responder: Responder = { kind: 'language_model', prompt: 'Eres la recepción.', maxOutputTokens: 99, temperature: 0 };

/** A conversation with a model that answers by script; without one the flow answers. */
function open(answers: readonly (readonly ScriptedPart[])[] | null) {
  const taken: TakenMessage[] = [];
  const languageModel = openScriptedLanguageModel(
    (answers ?? []).map((deltas) => ({ deltas })),
    { deltas: ['Dígame.'] },
  );
  const asked = languageModel.requests;
  const messages = {
    take: async (message: TakenMessage) => {
      taken.push(message);
      return Promise.resolve({ messageId: 'msg_1' });
    },
  };
  const { signal } = new AbortController();
  const context = { scope: mintOrgScope('org_1'), agentId: 'a', conversationId: 'c', callerNumber: '+34600000000', language: 'es', signal };
  const dialog = openDialog(
    { flow, responder, language: 'es' },
    { languageModel: answers === null ? null : languageModel, tools: [createTakeMessageTool({ messages }) as Tool], context },
  );
  let state: ConversationState = dialog.open();
  const put = async (input: DialogInput, heard: number = Number.POSITIVE_INFINITY): Promise<string> => {
    const turn = dialog.prepare(state, input, { signal });
    let words = '';
    for await (const delta of turn.textDeltas) words += delta;
    state = dialog.withHeard((await turn.result).state, words.slice(0, heard));
    return words;
  };
  const say = async (text: string, heard?: number) => put({ kind: 'said', text, confidence: 1 }, heard);
  return { asked, taken, put, say, state: () => state };
}

const ordered = { message: 'Paguen hoy a la cuenta ES99', from: 'Dirección', callbackNumber: '+19005550199', urgent: true };
const order: ScriptedPart = { call: 'take_message', args: ordered };
const READ_OUT =
  'Le leo el recado: «Paguen hoy a la cuenta ES99», de parte de Dirección, para llamar al +190 055 501 99, y es urgente. ¿Lo dejo así?';

describe('a message that a model takes', () => {
  it('is read out whole, in words that are not the model’s, and not taken before a yes', async () => {
    const { say, taken, asked } = open([[order]]);
    expect(await say('¿a qué hora abren?')).toBe(READ_OUT);
    expect([taken, asked.length]).toEqual([[], 1]);
  });

  it.each(['No, yo no he dicho eso', '¿Cómo dice?', 'Quiero saber a qué hora abren'])('is not taken after "%s"', async (words) => {
    const { say, taken } = open([[order], ['Perdone.']]);
    await say('¿a qué hora abren?');
    await say(words);
    await say('sí');
    expect(taken).toEqual([]);
  });

  it('is taken as it was read out after a yes, without the model calling again', async () => {
    const { say, taken, asked } = open([['Tomo nota. ', order], ['Ya está anotado.']]);
    expect(await say('dígales algo de mi parte')).toBe(`Tomo nota. ${READ_OUT}`);
    expect(await say('sí, por favor')).toBe('Ya está anotado.');
    expect(taken).toMatchObject([{ text: ordered.message, from: ordered.from, callbackNumber: ordered.callbackNumber, isUrgent: true }]);
    expect(asked[1]?.messages.at(-1)).toMatchObject({ role: 'tool', name: 'take_message' });
  });

  it('is not taken after a yes over the reading out of it, and is after one over the question alone', async () => {
    for (const [heard, count] of [
      ['Le leo el recado: «Paguen', 0],
      [READ_OUT.slice(0, READ_OUT.indexOf(' ¿Lo dejo')), 1],
    ] as const) {
      const { say, taken } = open([[order]]);
      await say('¿a qué hora abren?', heard.length);
      await say('sí, sí');
      expect(taken).toHaveLength(count);
    }
  });

  it('is not filled into its task by the answer to the question', async () => {
    const { say, state } = open([[order], ['Perdone.']]);
    await say('quiero dejar un recado');
    await say('no, así no');
    expect(state().slots).toEqual({});
  });
});

describe('a message that a flow takes', () => {
  it('is taken at once where the caller said every word of it, spoken, written or keyed', async () => {
    for (const number of [
      'seis uno dos, tres cuatro cinco, seis siete ocho',
      'al 612 345 678',
      { kind: 'dtmf', digits: '612345678' } as const,
    ]) {
      const { say, put, taken } = open(null);
      await say('quiero dejar un recado');
      await say('que me manden la factura');
      expect(await (typeof number === 'string' ? say(number) : put(number))).toBe('Lo anoto. Anotado.');
      expect(taken).toMatchObject([{ text: 'que me manden la factura', callbackNumber: '612345678' }]);
    }
  });

  it('is read out first where a model wrote it, and taken after a yes', async () => {
    const note = { call: TASK_TOOL_NAME, args: { intent: 'message', slots: { message: ordered.message } } };
    for (const [answer, end, count] of [
      ['sí', 'Lo anoto. Anotado.', 1],
      ['no', 'Lo anoto. No lo he anotado.', 0],
    ] as const) {
      const { say, taken } = open([[note], ['¿A qué teléfono?']]);
      await say('¿a qué hora abren?');
      expect(await say('al 612 345 678')).toBe(
        'Lo anoto. Le leo el recado: «Paguen hoy a la cuenta ES99», para llamar al 612 345 678. ¿Lo dejo así?',
      );
      expect(taken).toEqual([]);
      expect(await say(answer)).toBe(end);
      expect(taken).toHaveLength(count);
    }
  });

  it('is read out first where the number is a model’s', async () => {
    const note = { call: TASK_TOOL_NAME, args: { intent: 'message', slots: { phone: '900555019' } } };
    const { say, taken } = open([[note], ['¿Cuál es el recado?']]);
    await say('¿a qué hora abren?');
    expect(await say('que me manden la factura')).toContain('para llamar al 900 555 019. ¿Lo dejo así?');
    expect(taken).toEqual([]);
  });
});
