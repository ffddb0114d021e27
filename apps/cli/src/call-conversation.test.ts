// A caller and an agent that are the same telephone program on both ends of a real socket pair; what the agent "recorded" is what the test says.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SipCall } from '@centralita/sip-caller/sip-call.ts';
import { openSipCaller } from '@centralita/sip-caller/sip-caller.ts';
import { createCallConversation } from './call-conversation.ts';
import type { CallConversation } from './call-conversation.ts';
import type { CallJournal, RecordedTurn } from './call-journal.ts';
import type { AgentReply } from './scenario-run.ts';

const tone = (ms: number) => Int16Array.from({ length: ms * 8 }, (_, index) => Math.round(8_000 * Math.sin(index * 0.7)));

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

let stack: AsyncDisposableStack;
let agent: SipCall;
let conversation: CallConversation;
let turns: RecordedTurn[];

/** The agent speaks, and its turn is written when it has finished. */
async function agentSays(text: string): Promise<void> {
  await agent.say(tone(200));
  turns.push({ seq: turns.length, role: 'agent', text });
}

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  const port = await freePort();
  const caller = stack.use(await openSipCaller({ server: { host: '127.0.0.1', port } }));
  const switchboard = stack.use(await openSipCaller({ server: caller.address, localPort: port }));
  const answered = new Promise<SipCall>((resolve) => switchboard.onIncoming((offer) => void offer.answer().then(resolve)));
  const { signal } = new AbortController();
  const call = await caller.call('1001', { signal });
  const outcome = await call.outcome;
  agent = await answered;
  turns = [];
  const journal: CallJournal = {
    newestTo: async () => [],
    read: async (callId) => ({ call: { callId, agentId: 'agent_1', outcome: null }, turns: [...turns] }),
    replyOf: async (_callId, { seq, text }): Promise<AgentReply> => ({
      reply: text,
      node: `node${seq}`,
      slots: {},
      nextStep: { kind: 'listen' },
      notes: [],
    }),
  };
  const speak = async () => Int16Array.from([...tone(100), ...new Int16Array(1_600)]);
  conversation = createCallConversation({ call, callId: 'call_1', answeredAt: outcome.atMs, journal, speak, signal });
});
afterEach(() => stack.disposeAsync());

describe('a scenario on a call', () => {
  it('hears the opening first, asked for or not, and then what answers the words', async () => {
    void agentSays('Dígame.');
    const answer = conversation.send({ message: 'hola' });
    const heardAt = await agent.waitForAudio({ signal: AbortSignal.timeout(10_000) });
    await agent.waitForSilence(300, { sinceAt: heardAt, signal: AbortSignal.timeout(10_000) });
    turns.push({ seq: turns.length, role: 'caller', text: 'ola' });
    await agentSays('Buenas.');
    const answered = await answer;
    expect(answered).toMatchObject({ kind: 'replied', reply: { reply: 'Buenas.', node: 'node2' }, understood: 'ola' });
    // The pause after the last word counts, also the one that the synthesis adds.
    expect(answered.kind === 'replied' && answered.replyMs).toBeGreaterThan(250);
  });

  it('does not take what the journal says for an answer when nothing was heard on the line', async () => {
    await agentSays('Dígame.');
    await conversation.send({});
    const answer = conversation.send({ message: 'hola' });
    await agent.waitForAudio({ signal: AbortSignal.timeout(10_000) });
    turns.push({ seq: turns.length, role: 'agent', text: 'Buenas.' });
    expect(await answer).toEqual({ kind: 'no_reply', why: 'the journal has "Buenas.", and nothing was heard on the line' });
  });

  it('tells two turns apart that were heard in one go', async () => {
    await agentSays('Le paso.');
    await agentSays('No hay nadie.');
    expect(await conversation.send({})).toMatchObject({ reply: { reply: 'Le paso.' } });
    expect(await conversation.send({ transferFailed: true })).toMatchObject({ reply: { reply: 'No hay nadie.' } });
  });

  it('waits for as many questions as the caller is silent for', async () => {
    await agentSays('Dígame.');
    await conversation.send({});
    const second = conversation.send({ silences: 2 });
    await agentSays('¿Sigue ahí?');
    await agentSays('¿Oiga?');
    expect(await second).toMatchObject({ reply: { reply: '¿Oiga?' } });
    const third = conversation.send({ silences: 3 });
    await agentSays('Adiós.');
    expect(await third).toMatchObject({ reply: { reply: 'Adiós.' } });
  });

  it('says that the call is over, whether before a step or in the middle of one', async () => {
    await agentSays('Adiós.');
    await agent.hangUp();
    expect(await conversation.send({})).toMatchObject({ reply: { reply: 'Adiós.' } });
    expect(await conversation.send({ message: 'hola' })).toEqual({ kind: 'no_reply', why: 'the call was over before this was said' });
    const why = expect.stringContaining('hung up by them') as string;
    expect(await conversation.send({ silences: 1 })).toEqual({ kind: 'no_reply', why });
  });
});
