/** What callers do in most trials: get through, hear the greeting, say something and hear an answer. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SipCall } from '@centralita/sip-caller/sip-call.ts';
import type { FaultAgentName } from './fault-agents.ts';
import { must } from './fault.ts';
import type { Trial } from './fault-trial.ts';
import type { FaultWorld } from './fault-world.ts';

/** An answer begins within this time where nothing is wrong, on a busy machine. */
const ANSWER_MS = 8_000;
/** What the journal writes of an end is written within this time, also on a busy machine. */
const ENDED_MS = 15_000;
/** Silence behind which an agent has finished its sentence. */
const FINISHED_MS = 500;

/** Calls and waits until somebody answers. Throws when nobody does. */
export async function callUp(world: FaultWorld, trial: Trial, agent: FaultAgentName): Promise<SipCall> {
  const call = await world.place(trial, agent);
  const outcome = await call.outcome;
  must(outcome.kind === 'answered', `the call to ${agent} was not answered: ${JSON.stringify(outcome)}`);
  return call;
}

/** The same, and the greeting is over. */
export async function greeted(world: FaultWorld, trial: Trial, agent: FaultAgentName): Promise<SipCall> {
  const call = await callUp(world, trial, agent);
  await quiet(call);
  return call;
}

/** Waits until something was heard and is over. */
export async function quiet(call: SipCall, sinceAt = call.startedAt): Promise<void> {
  await call.waitForSilence(FINISHED_MS, { sinceAt, signal: AbortSignal.timeout(2 * ANSWER_MS) });
}

/** Says a sentence; answers with the instant of its last sample. */
export async function say(world: FaultWorld, call: SipCall, index = 0): Promise<number> {
  const { endedAt } = await call.say(world.sentences[index % world.sentences.length] ?? new Int16Array());
  return endedAt;
}

/** Waits for sound after an instant; answers with how long it took. Throws when there is none. */
export async function heard(call: SipCall, sinceAt: number, withinMs = ANSWER_MS): Promise<number> {
  try {
    return (await call.waitForAudio({ sinceAt, signal: AbortSignal.timeout(withinMs) })) - sinceAt;
  } catch (cause) {
    throw new Error(`the caller heard nothing within ${withinMs} ms; the call is ${call.state}`, { cause });
  }
}

/** Says something, hears an answer, and lets it end. */
export async function converse(world: FaultWorld, call: SipCall, index = 0): Promise<void> {
  const saidAt = await say(world, call, index);
  await heard(call, saidAt);
  await quiet(call, saidAt);
}

/** A key, and an answer. */
export async function press(call: SipCall, digit: string): Promise<void> {
  const { endedAt } = await call.sendDtmf(digit);
  await heard(call, endedAt);
  await quiet(call, endedAt);
}

/** The other side ends the call. */
export async function hungUp(call: SipCall, withinMs: number): Promise<void> {
  const end = await Promise.race([call.ended, sleep(withinMs).then(() => null)]);
  must(end !== null, `the call was not ended within ${withinMs} ms`);
  must(end.kind === 'hung_up_by_them', `the call ended as ${end.kind}`);
}

/** The one call of the trial is over in the journal with this outcome. */
export async function endedAs(trial: Trial, outcome: string | RegExp, withinMs = ENDED_MS): Promise<void> {
  const rows = await trial.until(
    'the call is over in the journal',
    async () => {
      const found = await trial.calls();
      return found.length > 0 && found.every(({ endedAt }) => endedAt !== null) ? found : null;
    },
    withinMs,
  );
  for (const { outcome: is, reason } of rows)
    must(
      typeof outcome === 'string' ? is === outcome : outcome.test(String(is)),
      `the call ended as ${is} (${reason}), not as ${String(outcome)}`,
    );
}

/** The turns of every call are numbered without a gap, and the callers said so many of them. */
export async function turnsWhole(trial: Trial, callerTurns: number): Promise<void> {
  await trial.until(`${callerTurns} turns of callers in the journal, none missing`, async () => {
    const turns = await trial.turns();
    const isWhole = [...Map.groupBy(turns, ({ callId }) => callId).values()].every((of) => of.every(({ seq }, index) => seq === index));
    return isWhole && turns.filter(({ role }) => role === 'caller').length >= callerTurns;
  });
}

/** Some note of the trial's calls has this name, and its fields read so. */
export async function noted(trial: Trial, name: string, fields = /./): Promise<void> {
  await trial.until(`a note ${name} with ${fields.source}`, async () =>
    (await trial.notes()).some((note) => note.name === name && fields.test(JSON.stringify(note.fields))),
  );
}
