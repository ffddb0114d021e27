/** One go of one fault: its time limit, its calls, and what the journal wrote of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { callEvents } from '@centralita/control-plane/db/schema/call-events.ts';
import { calls } from '@centralita/control-plane/db/schema/calls.ts';
import { turns } from '@centralita/control-plane/db/schema/turns.ts';
import type { Database } from '@centralita/control-plane/db/client.ts';
import { mintApplianceScope } from '@centralita/control-plane/shared/appliance-scope.ts';
import type { SipCall } from '@centralita/sip-caller/sip-call.ts';
import { asc, gte } from 'drizzle-orm';
import type { NoteRow, CallRow, TurnRow } from './journal-reader.ts';

/** A go. Disposing hangs up what is still up. */
export type Trial = AsyncDisposable & {
  readonly since: Date;
  readonly signal: AbortSignal;
  /** Hung up at the end of the trial. */
  keep(call: SipCall): SipCall;
  /** What a program that the trial ran wrote, to be looked through for the cause. */
  print(output: string): void;
  printed(): readonly string[];
  calls(): Promise<readonly CallRow[]>;
  notes(): Promise<readonly NoteRow[]>;
  turns(): Promise<readonly TurnRow[]>;
  /** Asks until it is neither null nor false; throws `what` when it never is. */
  until<Value>(what: string, ask: () => Promise<Value | null | false>, withinMs?: number): Promise<Value>;
};

const UNTIL_MS = 15_000;
const LOOK_EVERY_MS = 150;

export function openTrial(database: Database, limitMs: number): Trial {
  const since = new Date();
  const signal = AbortSignal.timeout(limitMs);
  const kept: SipCall[] = [];
  const printed: string[] = [];
  const appliance = mintApplianceScope();
  const callsSince = () => database.inAppliance(appliance, (queries) => queries.select().from(calls).where(gte(calls.startedAt, since)));
  return {
    since,
    signal,
    keep(call) {
      kept.push(call);
      return call;
    },
    print: (output) => void printed.push(...output.split('\n')),
    printed: () => printed,
    calls: callsSince,
    async notes() {
      const rows = await database.inAppliance(appliance, (queries) =>
        queries.select().from(callEvents).orderBy(asc(callEvents.at), asc(callEvents.position)),
      );
      const ours = new Set((await callsSince()).map(({ id }) => id));
      return rows.filter(({ callId }) => ours.has(callId));
    },
    async turns() {
      const rows = await database.inAppliance(appliance, (queries) =>
        queries.select().from(turns).orderBy(asc(turns.callId), asc(turns.seq)),
      );
      const ours = new Set((await callsSince()).map(({ id }) => id));
      return rows.filter(({ callId }) => ours.has(callId));
    },
    async until(what, ask, withinMs = UNTIL_MS) {
      const deadline = performance.now() + withinMs;
      let lastError: unknown;
      for (;;) {
        signal.throwIfAborted();
        // What is asked may be away for the moment: that is what is tried here.
        const answer = await ask().catch((error: unknown) => ((lastError = error), null));
        if (answer !== null && answer !== false) return answer;
        if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`, { cause: lastError });
        await sleep(LOOK_EVERY_MS, undefined, { signal });
      }
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(kept.map((call) => call.hangUp()));
    },
  };
}
