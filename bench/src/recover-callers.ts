/** Callers who give a digit in each round and remember what the agent took from them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '@centralita/control-plane/db/client.ts';
import { calls } from '@centralita/control-plane/db/schema/calls.ts';
import { conversations } from '@centralita/control-plane/db/schema/conversations.ts';
import { mintApplianceScope } from '@centralita/control-plane/shared/appliance-scope.ts';
import type { SipCall } from '@centralita/sip-caller/sip-call.ts';
import { and, eq } from 'drizzle-orm';
import { DIGITS, slotOf } from './recover-agent.ts';

/** One caller; `given` is what was answered: slot -> digit. */
export type RecoverCaller = { readonly name: string; readonly call: SipCall; readonly given: Map<string, string> };

/** An answer that is not heard within this time was none. */
const ANSWER_MS = 4_000;
/** Quiet in which an earlier answer is over. */
const QUIET_MS = 400;

/**
 * Presses this round's digit and waits for the agent's answer. True when it began, and began before the crash: what is heard after one may be a "sorry,
 * go on", and a key pressed while nobody is there is lost, as it is for a person, who presses again. `crashedAtMs` is null before the crash.
 */
export async function giveDigit(
  caller: RecoverCaller,
  { round, random, crashedAtMs }: { round: number; random: () => number; crashedAtMs: () => number | null },
): Promise<boolean> {
  const { call, given } = caller;
  const digit = DIGITS[Math.floor(random() * DIGITS.length)] ?? DIGITS[0];
  await call.waitForSilence(QUIET_MS, { signal: AbortSignal.timeout(ANSWER_MS) }).catch(() => undefined);
  if (crashedAtMs() !== null) return false;
  const { endedAt } = await call.sendDtmf(digit);
  try {
    const heardAtMs = await call.waitForAudio({ sinceAt: endedAt, signal: AbortSignal.timeout(ANSWER_MS) });
    if (heardAtMs > (crashedAtMs() ?? Number.POSITIVE_INFINITY)) return false;
  } catch {
    return false;
  }
  given.set(slotOf(round), digit);
  return true;
}

/** How often a person presses again. */
const TRIES = 3;

/**
 * Behind a crash, those who were not answered: what the agent took although its answer was not heard is given; the others press again.
 * Returns how many still were not answered.
 */
export async function giveAgain(
  callers: readonly RecoverCaller[],
  { database, round, random }: { database: Database; round: number; random: () => number },
): Promise<number> {
  const slot = slotOf(round);
  const left = () => callers.filter(({ given }) => !given.has(slot));
  for (let tries = 0; tries < TRIES && left().length > 0; tries += 1) {
    await takeOver(database, left(), slot);
    await Promise.all(left().map((caller) => giveDigit(caller, { round, random, crashedAtMs: () => null })));
  }
  await takeOver(database, left(), slot);
  return left().length;
}

/** What is in the journal was given, heard or not. It is written within a moment. */
async function takeOver(database: Database, callers: readonly RecoverCaller[], slot: string): Promise<void> {
  await sleep(QUIET_MS);
  const held = await slotsOf(database);
  for (const { name, given } of callers) {
    const taken = held.get(name)?.[slot];
    if (taken !== undefined) given.set(slot, taken);
  }
}

/** What the journal holds of each caller's slots, by his name; it is written within a moment. */
export async function slotsOf(database: Database): Promise<Map<string, Readonly<Record<string, string>>>> {
  const rows = await database.inAppliance(mintApplianceScope(), (queries) =>
    queries
      .select({ name: calls.callerNumber, state: conversations.state })
      .from(calls)
      .innerJoin(conversations, and(eq(conversations.orgId, calls.orgId), eq(conversations.callId, calls.id))),
  );
  return new Map(rows.map(({ name, state }) => [name, (state as { slots: Record<string, string> }).slots]));
}

/** Digits that callers gave and the journal does not hold, in words; looks for up to `withinMs`. */
export async function lostSlots(database: Database, callers: readonly RecoverCaller[], withinMs: number): Promise<readonly string[]> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const held = await slotsOf(database);
    const lost = callers.flatMap(({ name, given }) =>
      [...given].flatMap(([slot, digit]) =>
        held.get(name)?.[slot] === digit ? [] : [`${name} ${slot}: ${digit}, held ${held.get(name)?.[slot]}`],
      ),
    );
    if (lost.length === 0 || performance.now() > deadline) return lost;
    await sleep(200);
  }
}

/** The longest time without a packet from `fromMs` on. */
export function longestHole(call: SipCall, fromMs: number): number {
  const arrived = call.received().arrivedAt.filter((atMs) => atMs >= fromMs);
  let longest = 0;
  for (const [index, atMs] of arrived.entries()) longest = Math.max(longest, atMs - (arrived[index - 1] ?? atMs));
  return longest;
}
