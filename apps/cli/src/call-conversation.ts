// One call to an agent, held as a scenario says it: spoken, keyed or silent on the caller's side, and on the agent's whatever the product recorded of it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { SipCall } from '@centralita/sip-caller/sip-call.ts';
import type { CallJournal, RecordedTurn } from './call-journal.ts';
import type { ChatInput } from './chat-client.ts';
import type { Answer } from './scenario-run.ts';

/** Silence of the agent after which the journal is asked whether it has finished; pauses between sentences may be longer. */
const QUIET_MS = 400;
/** Between two looks: at the line, at the journal after the agent was heard, and while it is silent. */
const LISTEN_MS = 50;
const ASK_AGAIN_MS = 300;
const ASK_SILENT_MS = 1_000;
/** Softer than this is silence: 40 dB below full scale. What a synthesised sentence ends with belongs to the pause after it. */
const AUDIBLE_SAMPLE = 328;
const SAMPLES_PER_MS = 8;
/** The longest wait for an agent that asks again by itself, or that rings a person who does not answer. */
const REPLY_MS = 90_000;
/** What the agent said last is written within this time of the end of a call. */
const SETTLE_MS = 5_000;
/** A person who was asked something does not answer within the same instant. */
const BREATH_MS = 200;

export type CallConversation = {
  /** Says, keys or leaves unsaid what a step says, and waits until the agent has replied. */
  send(input: ChatInput): Promise<Answer>;
};

export type CallConversationParts = {
  readonly call: SipCall;
  readonly callId: string;
  /** When it was answered; instants are those of `performance.now()`. */
  readonly answeredAt: number;
  readonly journal: CallJournal;
  /** Words as sound, 8 kHz PCM16. */
  readonly speak: (text: string) => Promise<Int16Array>;
  readonly signal: AbortSignal;
};

/** Goes on from an answered call: what the agent opens with is the first reply, whether a scenario asks for it or not. */
export function createCallConversation(parts: CallConversationParts): CallConversation {
  const { call, speak, signal } = parts;
  const ear = createEar(parts);
  let opening: Promise<Answer> | null = ear.reply(parts.answeredAt);
  opening.catch(() => undefined);
  let silences = 0;

  /** Settles with the end of the last word or key; throws when the call ends meanwhile. */
  async function say({ message, keys = '' }: ChatInput): Promise<number> {
    await sleep(BREATH_MS, undefined, { signal });
    if (message !== undefined) {
      const pcm = await speak(message);
      const { endedAt } = await call.say(pcm);
      const silentSamples = pcm.length - 1 - pcm.findLastIndex((sample) => Math.abs(sample) >= AUDIBLE_SAMPLE);
      return endedAt - silentSamples / SAMPLES_PER_MS;
    }
    let endedAt = performance.now();
    for (const key of keys) ({ endedAt } = await call.sendDtmf(key));
    return endedAt;
  }

  return {
    async send(input) {
      const opened = opening && (await opening);
      opening = null;
      if (opened && (isEmpty(input) || opened.kind === 'no_reply')) return opened;
      const missed = (input.silences ?? 0) - silences;
      silences = input.silences ?? 0;
      if (input.message === undefined && input.keys === undefined) return await ear.replies(Math.max(1, missed));
      if (call.state === 'ended') return over('the call was over before this was said');
      const begunAt = performance.now();
      const saidAt = await say(input).catch(() => null);
      signal.throwIfAborted();
      const answer = await ear.reply(saidAt ?? performance.now());
      // The journal says what was sent; a line that carries no sound must not pass for an answer in no time.
      if (answer.kind === 'replied' && answer.reply.reply !== '' && call.lastAudioAt(begunAt) === null)
        return over(`the journal has "${answer.reply.reply}", and nothing was heard on the line`);
      return answer;
    },
  };
}

function isEmpty(input: ChatInput): boolean {
  return Object.keys(input).length === 0;
}

function over(why: string): Answer {
  return { kind: 'no_reply', why };
}

/** Listens for the agent, and finds in the journal what it said. */
function createEar({ call, callId, journal, signal }: CallConversationParts) {
  let lastSeq = -1;
  let heardAt = 0;

  async function reply(sinceMs: number): Promise<Answer> {
    const deadline = performance.now() + REPLY_MS;
    for (;;) {
      const isOver = call.state === 'ended';
      const lastAt = call.lastAudioAt(sinceMs);
      // Two turns of the agent may be one stretch of sound: nothing is heard of the second one that was not heard before.
      if (isOver || performance.now() - (lastAt ?? sinceMs) >= QUIET_MS) {
        const found = await findReply(isOver ? SETTLE_MS : 0);
        if (found !== null) return await answerOf(found, sinceMs);
        if (isOver) return over(`the call ended (${(await call.ended).kind.replaceAll('_', ' ')}) and the agent had said nothing more`);
        await sleep(lastAt === null ? ASK_SILENT_MS : ASK_AGAIN_MS, undefined, { signal });
      }
      if (performance.now() > deadline) return over(`the agent said nothing within ${REPLY_MS} ms`);
      await sleep(LISTEN_MS, undefined, { signal });
    }
  }

  /** The agent's next turn and what the caller had said; null while there is none. */
  async function findReply(patienceMs: number) {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const { turns } = await journal.read(callId);
      const turn = turns.find(({ role, seq }) => role === 'agent' && seq > lastSeq);
      if (turn) return { turn, words: turns.filter(({ role, seq }) => role === 'caller' && seq > lastSeq && seq < turn.seq) };
      if (performance.now() > deadline) return null;
      await sleep(ASK_AGAIN_MS, undefined, { signal });
    }
  }

  async function answerOf({ turn, words }: { turn: RecordedTurn; words: readonly RecordedTurn[] }, sinceMs: number): Promise<Answer> {
    lastSeq = turn.seq;
    const firstAt = call.firstAudioAt(sinceMs);
    heardAt = call.lastAudioAt(sinceMs) ?? sinceMs;
    const replyMs = Math.round((firstAt ?? sinceMs) - sinceMs);
    const understood = words.map(({ text }) => text).join(' / ');
    return { kind: 'replied', reply: await journal.replyOf(callId, turn), replyMs, understood };
  }

  return {
    reply,
    /** The agent speaks by itself, `count` times; the last time is the answer. */
    async replies(count: number): Promise<Answer> {
      let answer = await reply(heardAt + 1);
      for (let heard = 1; heard < count && answer.kind === 'replied'; heard += 1) answer = await reply(heardAt + 1);
      return answer;
    },
  };
}
