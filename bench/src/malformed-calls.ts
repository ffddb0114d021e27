/** The callers of the storm: in conversation all the time, asked once more when it is over, and judged by what the journal says of their end. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SipCall } from '@centralita/sip-caller/sip-call.ts';
import { BENCH_NUMBER } from './bench-rig.ts';
import type { BenchRig } from './bench-rig.ts';
import { hangUpAll, placeCalls, talkAll } from './call-load.ts';
import { callerSentences } from './caller-speech.ts';
import type { JournalledCall } from './journal-reader.ts';

/** Callers in conversation. */
export type Conversations = {
  readonly calls: readonly SipCall[];
  /** Ends what they say by themselves, asks each of them once more, and hangs up; of each caller what went wrong, null for nothing. */
  finish(): Promise<readonly (string | null)[]>;
  /** Sentences that were said whole, until now. */
  said(): number;
};

/** A sentence of 2 s, half a second of pause, a reply of 1 s, and room. */
const PERIOD_MS = 5_000;
const GREETING_MS = 2_500;
/** An answer begins within this time on a busy machine. */
const ANSWER_MS = 10_000;
/** Silence behind which an agent has nothing more to say: longer than its pause before an answer and the models together. */
const QUIET_MS = 1_500;

/** Places the calls and lets everybody talk. */
export async function openConversations(bench: BenchRig, options: { calls: number; signal: AbortSignal }): Promise<Conversations> {
  const { calls, signal } = options;
  const sentences = await callerSentences();
  const placed = await placeCalls({ caller: bench.caller, number: BENCH_NUMBER, calls, signal });
  const over = new AbortController();
  let said = 0;
  const talking = talkAll(placed, {
    sentences,
    periodMs: PERIOD_MS,
    firstAfterMs: GREETING_MS,
    untilMs: Number.POSITIVE_INFINITY,
    onSaid: () => (said += 1),
    signal: AbortSignal.any([signal, over.signal]),
  }).catch(() => undefined);
  return {
    calls: placed,
    said: () => said,
    async finish() {
      over.abort();
      await talking;
      const wrong = await Promise.all(placed.map((call, index) => ask(call, sentences[index % sentences.length] ?? new Int16Array())));
      // A BYE that nobody answers is found in the journal, as a call that did not end by it.
      await hangUpAll(placed).catch(() => undefined);
      return wrong;
    },
  };
}

/** Waits for silence, so that no earlier reply passes for this one's, asks, and waits for the answer. In words what went wrong. */
async function ask(call: SipCall, sentence: Int16Array): Promise<string | null> {
  try {
    call.stopSaying();
    await call.waitForSilence(QUIET_MS, { signal: AbortSignal.timeout(ANSWER_MS) });
    const { endedAt } = await call.say(sentence);
    await call.waitForAudio({ sinceAt: endedAt, signal: AbortSignal.timeout(ANSWER_MS) });
    return call.state === 'answered' ? null : `over before its caller hung up (${call.state})`;
  } catch (error) {
    const end = call.state === 'ended' ? `, ended as ${JSON.stringify(await call.ended)}` : '';
    return `not answered after the storm (${call.state}${end}): ${String(error)}`;
  }
}

/** Ids of the calls that are up, once the journal has them all: a broken event may make another call of the same caller's number later. */
export async function idsOf({ rig }: BenchRig, calls: number): Promise<ReadonlySet<string>> {
  const deadline = Date.now() + ANSWER_MS;
  for (;;) {
    const listed = (await rig.admin('/admin/calls?limit=100')) as { calls: { callId: string }[] };
    const ids = new Set(listed.calls.map(({ callId }) => callId));
    if (ids.size === calls) return ids;
    if (Date.now() > deadline) throw new Error(`the journal has ${ids.size} calls, ${calls} are up`);
    await sleep(100);
  }
}

/** What the journal notes of this caller's call since `fromAt`, in order, with seconds: how a call came to what was wrong with it. */
export function notesOf(index: number, journal: readonly JournalledCall[], fromAt: Date): string {
  const notes = journal.filter(({ call }) => call.callerNumber === `bench${index}`).flatMap((one) => one.notes);
  return notes.map(({ name, at }) => `${name} ${((at.getTime() - fromAt.getTime()) / 1_000).toFixed(1)}`).join(', ');
}

/** What is wrong with how the call of this caller ended; null when its caller hung up, once. */
export function wrongEnd(index: number, journal: readonly JournalledCall[]): string | null {
  const rows = journal.filter(({ call }) => call.callerNumber === `bench${index}`).map(({ call }) => call);
  const [row] = rows;
  if (row === undefined || rows.length > 1) return `${rows.length} calls in the journal`;
  return row.endedAt !== null && row.outcome === 'caller_hung_up' ? null : `ended as ${row.outcome} (${row.reason})`;
}
