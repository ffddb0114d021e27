import { expect, it } from 'vitest';
import type { SipOutcome } from '@centralita/sip-caller/sip-call.ts';
import { openBusyLine } from './call-redial.ts';

const answered: SipOutcome = { kind: 'answered', atMs: 0 };
const refused = (status: number): SipOutcome => ({ kind: 'rejected', status, reason: 'Busy Here', atMs: 0 });

/** A line that answers with these, one after the other, and with the last for ever. */
function line(...outcomes: readonly SipOutcome[]) {
  let [dialled, waitedMs] = [0, 0];
  const told: string[] = [];
  const stopping = new AbortController();
  const { signal } = stopping;
  const sleep = async (ms: number): Promise<void> => {
    signal.throwIfAborted();
    waitedMs += ms;
  };
  const dialUntil = openBusyLine({ onBusy: (refusal) => told.push(refusal), signal, sleep });
  const dial = async () => ({ outcome: Promise.resolve(outcomes[Math.min(dialled++, outcomes.length - 1)] as SipOutcome) });
  return { dial: async () => await (await dialUntil(dial)).outcome, told, stopping, seen: () => ({ dialled, waitedMs }) };
}

it('dials again while there is no room, and says so once', async () => {
  const { dial, told, seen } = line(refused(486), refused(503), answered);
  await expect(dial()).resolves.toEqual(answered);
  expect(told).toEqual(['486 Busy Here']);
  expect(seen()).toEqual({ dialled: 3, waitedMs: 10_000 });
});

it('gives the refusal of a number that is always busy after a minute and a half, and of the next call at once', async () => {
  const { dial, seen } = line(refused(486));
  await expect(dial()).resolves.toEqual(refused(486));
  expect(seen()).toEqual({ dialled: 19, waitedMs: 90_000 });
  await expect(dial()).resolves.toEqual(refused(486));
  expect(seen()).toEqual({ dialled: 20, waitedMs: 90_000 });
});

it('takes any other refusal as it is', async () => {
  const { dial, told, seen } = line(refused(404), answered);
  await expect(dial()).resolves.toEqual(refused(404));
  expect(told).toEqual([]);
  expect(seen()).toEqual({ dialled: 1, waitedMs: 0 });
});

it('stops waiting when the run is stopped', async () => {
  const { dial, stopping } = line(refused(486));
  stopping.abort(new Error('stopped by hand'));
  await expect(dial()).rejects.toThrow('stopped by hand');
});
