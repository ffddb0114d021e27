// A number without room for one more call: says nothing of the agent, and is dialled again for a while.
import { setTimeout as delay } from 'node:timers/promises';
import type { SipOutcome } from '@centralita/sip-caller/sip-call.ts';

/** 486: no room for a call, on the server or in the organization's plan; 503: the same behind a balancer. */
const NO_ROOM: readonly number[] = [486, 503];
/** A server that answered too late takes calls again after 10 s, at the earliest, and looks back on a minute. */
const REDIAL_MS = 5_000;
const REDIAL_FOR_MS = 90_000;

export type BusyLineOptions = {
  /** Told once, when it begins to wait. */
  readonly onBusy: (refusal: string) => void;
  readonly signal: AbortSignal;
  /** Waits between two tries; a test need not. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
};

const sleepInFact = async (ms: number, signal: AbortSignal): Promise<void> => await delay(ms, undefined, { signal });

/**
 * Dials until there is room, or gives the last refusal after a minute and a half of trying: once for all calls, so that a number that is always busy does
 * not cost every scenario that time. Rejects when the signal aborts.
 */
export function openBusyLine({ onBusy, signal, sleep = sleepInFact }: BusyLineOptions) {
  let leftMs = REDIAL_FOR_MS;
  let isTold = false;
  return async <Call extends { readonly outcome: Promise<SipOutcome> }>(dial: () => Promise<Call>): Promise<Call> => {
    for (;;) {
      const call = await dial();
      const outcome = await call.outcome;
      if (outcome.kind !== 'rejected' || !NO_ROOM.includes(outcome.status) || leftMs <= 0) return call;
      if (!isTold) onBusy(`${outcome.status} ${outcome.reason}`);
      isTold = true;
      leftMs -= REDIAL_MS;
      await sleep(REDIAL_MS, signal);
    }
  };
}
