/** Places calls at a steady rate and lets each caller live its own life. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SipCall } from '@centralita/sip-caller/sip-call.ts';
import type { SipCaller } from '@centralita/sip-caller/sip-caller.ts';

/** Calls that begin in a second: what a busy reception of fifty lines sees. */
export const CALLS_PER_SECOND = 10;

export type LoadOptions = { readonly caller: SipCaller; readonly number: string; readonly calls: number; readonly signal: AbortSignal };

/** Answered calls, all of them; throws when one is refused. The n-th call begins n tenths of a second after the first. */
export async function placeCalls({ caller, number, calls, signal }: LoadOptions): Promise<readonly SipCall[]> {
  const startedAt = performance.now();
  const placed: SipCall[] = [];
  for (let index = 0; index < calls; index++) {
    const waitMs = startedAt + (index * 1_000) / CALLS_PER_SECOND - performance.now();
    if (waitMs > 0) await sleep(waitMs, undefined, { signal });
    placed.push(await caller.call(number, { signal, record: false, from: `bench${index}` }));
  }
  for (const call of placed) {
    const outcome = await call.outcome;
    if (outcome.kind !== 'answered') throw new Error(`a call was not answered: ${JSON.stringify(outcome)}`);
  }
  return placed;
}

/** One caller: every `periodMs` one of the sentences, beginning somewhere in the first period. Settles when the time is over or the call ends. */
async function talk(
  call: SipCall,
  speech: { readonly sentences: readonly Int16Array[]; readonly periodMs: number; readonly offsetMs: number },
  { untilMs, onSaid, signal }: Pick<TalkOptions, 'untilMs' | 'onSaid' | 'signal'>,
): Promise<void> {
  const { sentences, periodMs, offsetMs } = speech;
  const from = performance.now() + offsetMs;
  let isOver = false;
  void call.ended.then(() => (isOver = true));
  for (let turn = 0; !isOver; turn++) {
    const atMs = from + turn * periodMs;
    // A turn that would not be over in time is not begun.
    if (atMs + periodMs > untilMs) break;
    await sleep(Math.max(0, atMs - performance.now()), undefined, { signal });
    const sentence = sentences[turn % sentences.length];
    if (!sentence || isOver) continue;
    const spoken = await call.say(sentence).catch(() => null);
    if (spoken) onSaid?.({ call, sentence, endedAt: spoken.endedAt });
  }
  if (!isOver) await sleep(Math.max(0, untilMs - performance.now()), undefined, { signal });
}

/** How all calls talk. */
export type TalkOptions = {
  readonly sentences: readonly Int16Array[];
  /** From one sentence of a caller to its next. */
  readonly periodMs: number;
  /** Silence before the first caller's first sentence: a greeting is listened to. */
  readonly firstAfterMs?: number;
  readonly untilMs: number;
  /** Told of each sentence once its last packet is sent. */
  readonly onSaid?: (said: Said) => void;
  readonly signal: AbortSignal;
};

/** A sentence that was said; `endedAt` is of `performance.now()`. */
export type Said = { readonly call: SipCall; readonly sentence: Int16Array; readonly endedAt: number };

/** All callers at once, their sentences spread over the period. Settles when the time is over. */
export async function talkAll(calls: readonly SipCall[], options: TalkOptions): Promise<void> {
  const { sentences, periodMs, firstAfterMs = 0 } = options;
  const offsetOf = (index: number): number => firstAfterMs + (index * periodMs) / calls.length;
  await Promise.all(calls.map((call, index) => talk(call, { sentences, periodMs, offsetMs: offsetOf(index) }, options)));
}

/** Ends of two calls in a row, apart: a hundred at once would be a burst that no reception sees. */
const HANG_UP_EVERY_MS = 20;

/** Hangs up all calls, one after the other. */
export async function hangUpAll(calls: readonly SipCall[]): Promise<void> {
  const ends: Promise<unknown>[] = [];
  for (const call of calls) {
    ends.push(call.hangUp());
    await sleep(HANG_UP_EVERY_MS);
  }
  await Promise.all(ends);
}
