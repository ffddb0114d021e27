import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { endedCall } from '#e2e/call-journal.ts';
import type { JournalCall } from '#e2e/call-journal.ts';
import { openCaller } from '#e2e/caller.ts';
import type { Caller } from '#e2e/caller.ts';
import { textAt } from '#e2e/flow-texts.ts';
import { expectNothingLeft } from '#e2e/leftovers.ts';
import { testBasePort } from '#e2e/rig-ports.ts';
import { openRig } from '#e2e/rig.ts';
import type { Rig } from '#e2e/rig.ts';
import { northDraft, RIG_PHONES } from '#e2e/rig-seed.ts';
import type { SipCall } from '@centralita/sip-caller/sip-call.ts';
import { synthesize } from '@centralita/sip-caller/speech.ts';
import { demoSpanish, openTestLines, people } from '#e2e/test-lines.ts';
import type { TestLines } from '#e2e/test-lines.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig({ name: 'transfer', basePort: testBasePort() });
});
afterAll(() => rig[Symbol.asyncDispose]());
afterEach(() => expectNothingLeft(rig));

const NONSENSE = 'las montañas nevadas brillan al amanecer';

const GREETING = 'recepción, buenos días';
const QUESTION = 'quiero cambiar mi cita del martes';
/** What the reception's telephone says of a call from the telephone of these tests. */
const BRIEF = 'Llamada para Clínica Demo, recepción. De test-caller. Pulse 1 para hablar ya, o 2 para devolver la llamada.';

/** The last ring and the greeting are two stretches of sound. */
const BREATH_MS = 1_000;

/** Silence after an answer that makes people ask who is there. */
const SILENCE_MS = 2_000;

/** A caller of the demo who hears whoever answers too. */
const asking = { ...people.spanish, texts: [...people.spanish.texts, GREETING, BRIEF] };

/** The person at the telephone that rang. */
function receptionOf({ ear }: TestLines, call: SipCall): Caller {
  return openCaller({ call, ear, language: 'es', voice: 'es', texts: [BRIEF, QUESTION, textAt(demoSpanish, 'person')] });
}

/** A caller who asked for a person, and that person, who has just begun to be told. */
async function openBriefing(lines: TestLines): Promise<{ caller: Caller; reception: Caller }> {
  const phone = await lines.phone(RIG_PHONES.demo);
  const caller = await lines.dial(asking);
  await caller.hear();
  await caller.call.sendDtmf('0');
  await caller.hearSound();
  const reception = receptionOf(lines, await (await phone.ringing).answer());
  const answeredAt = performance.now();
  // Nobody says "hello?" twice: the brief was made while it rang.
  expect((await reception.hearBeginning()) - answeredAt).toBeLessThan(SILENCE_MS);
  return { caller, reception };
}

/** What became of the transfer, in order: each note with its one telling field. */
function transferNotes({ notes }: JournalCall): readonly string[] {
  return notes
    .filter(({ name }) => name.startsWith('transfer_'))
    .map(({ name, fields }) => [name, fields['by'] ?? fields['outcome']].filter((part) => typeof part === 'string').join(' '));
}

/** The quality is written just after the end. */
const JOURNAL_MS = 5_000;

/** Both sides of the last call of the demo's number were carried well, the representative's for a second and more. */
async function expectBothMeasured(): Promise<void> {
  const measured = {
    codec: expect.stringMatching(/^[a-z0-9]+$/),
    receivedLossRatio: expect.any(Number),
    receivedJitterMs: expect.any(Number),
  };
  await vi.waitFor(async () => {
    const { quality } = await endedCall(rig, people.spanish.number);
    expect(quality.toSorted((one, other) => one.leg.localeCompare(other.leg))).toMatchObject([
      { leg: 'caller', ...measured },
      { leg: 'representative', ...measured },
    ]);
    for (const { packetsReceived, packetsSent, receivedMos } of quality) {
      expect(Math.min(packetsReceived, packetsSent)).toBeGreaterThan(50);
      expect(receivedMos).toBeGreaterThan(4);
    }
  }, JOURNAL_MS);
}

describe('a caller who needs a person', () => {
  test('is not understood twice, rings the phone of the reception, and talks to whoever answers', async () => {
    await using lines = openTestLines(rig);
    const phone = await lines.phone(RIG_PHONES.demo);
    const answered = phone.ringing.then((offer) => offer.answer());
    const caller = await lines.dial(asking);
    await caller.hear();
    await caller.say(NONSENSE);
    expect((await caller.hear()).text.startsWith(demoSpanish.flow.notUnderstood.say)).toBe(true);
    await caller.say(NONSENSE);
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'person'));

    const reception = receptionOf(lines, await answered);
    // Of all that is said from now on the caller hears ringing, and then the greeting.
    const firstWords = caller.hearWords();
    const told = await reception.hear();
    expect(told.text).toBe(BRIEF);
    await sleep(BREATH_MS);
    await reception.say(GREETING);
    const heard = await firstWords;
    expect(heard.text).toBe(GREETING);
    expect(heard.startedAt).toBeGreaterThan(told.endedAt);
    await caller.say(QUESTION);
    expect((await reception.hear()).text).toBe(QUESTION);
    await reception.call.hangUp();
    await caller.call.ended;

    const call = await endedCall(rig, people.spanish.number);
    expect(call.outcome).toBe('transferred');
    expect(call.notes.filter(({ name }) => name === 'not_understood')).toHaveLength(2);
    expect(transferNotes(call)).toEqual(['transfer_started', 'transfer_answered', 'transfer_briefed end', 'transfer_ended bridged']);
    await expectBothMeasured();
  });

  test('is connected at once when whoever answers presses a key', async () => {
    await using lines = openTestLines(rig);
    const { caller, reception } = await openBriefing(lines);
    await reception.call.sendDtmf('1');
    await sleep(BREATH_MS);
    const words = caller.hearWords();
    await reception.say(GREETING);
    expect((await words).text).toBe(GREETING);
    await caller.call.hangUp();
    await reception.call.ended;
    const call = await endedCall(rig, people.spanish.number);
    expect(call.outcome).toBe('transferred');
    expect(transferNotes(call)).toEqual(['transfer_started', 'transfer_answered', 'transfer_briefed key', 'transfer_ended bridged']);
    await expectBothMeasured();
  });

  for (const by of ['key', 'hung_up'] as const) {
    test(`is taken back by the agent when whoever answers does not want the call: ${by}`, async () => {
      await using lines = openTestLines(rig);
      const { caller, reception } = await openBriefing(lines);
      // The call ends before the key's last packets are sent.
      if (by === 'key') reception.call.sendDtmf('2').catch(() => {});
      else await reception.call.hangUp();
      await reception.call.ended;
      expect((await caller.hearWords()).text).toBe(textAt(demoSpanish, 'nobody'));
      await caller.say('horario de atención');
      expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'hours'));
      await caller.call.hangUp();
      const call = await endedCall(rig, people.spanish.number);
      expect(call.outcome).toBe('caller_hung_up');
      expect(transferNotes(call)).toEqual(['transfer_started', 'transfer_answered', `transfer_declined ${by}`, 'transfer_ended declined']);
    });
  }

  test('may hang up while whoever answered is told of the call: that telephone is free again', async () => {
    await using lines = openTestLines(rig);
    const { caller, reception } = await openBriefing(lines);
    await caller.call.hangUp();
    await reception.call.ended;
    const call = await endedCall(rig, people.spanish.number);
    expect(call.outcome).toBe('caller_hung_up');
    expect(transferNotes(call)).toEqual(['transfer_started', 'transfer_answered', 'transfer_ended caller_gone']);
  });

  test('hears that nobody is free when the phone is not answered, and goes on with the agent', async () => {
    await using lines = openTestLines(rig);
    const phone = await lines.phone(RIG_PHONES.north);
    const caller = await lines.dial(people.north);
    await caller.hear();
    await caller.say('recepción');
    expect((await caller.hear()).text).toBe(textAt(northDraft, 'person'));
    await phone.ringing;
    expect((await caller.hearWords()).text).toBe(textAt(northDraft, 'nobody'));
    await caller.say('horario de atención');
    expect((await caller.hear()).text).toBe(textAt(northDraft, 'hours'));
    await caller.call.hangUp();
    const call = await endedCall(rig, people.north.number);
    expect(call.notes.filter(({ name }) => name === 'transfer_ended').map(({ fields }) => fields['outcome'])).toEqual(['no_answer']);
    expect(call.turns.map(({ text }) => text)).toContainEqual(expect.stringContaining('Ahora no hay nadie libre'));
  });

  test('is not left to an answering machine where a key is required: nobody presses it', async () => {
    await using lines = openTestLines(rig);
    const phone = await lines.phone(RIG_PHONES.north);
    const answered = phone.ringing.then((offer) => offer.answer());
    const caller = await lines.dial(people.north);
    await caller.hear();
    await caller.say('recepción');
    expect((await caller.hear()).text).toBe(textAt(northDraft, 'person'));
    const machine = await answered;
    const firstWords = caller.hearWords();
    await machine.say(await synthesize({ text: 'deje su mensaje después de la señal', voice: 'es' }));
    await machine.ended;
    expect((await firstWords).text).toBe(textAt(northDraft, 'nobody'));
    await caller.call.hangUp();
    const call = await endedCall(rig, people.north.number);
    expect(transferNotes(call)).toEqual(['transfer_started', 'transfer_answered', 'transfer_declined no_key', 'transfer_ended declined']);
  });

  test('reaches the agent again at once when no phone is registered', async () => {
    await using lines = openTestLines(rig);
    // Nothing rings in between: both prompts may be one stretch of sound.
    const both = `${textAt(demoSpanish, 'person')} ${textAt(demoSpanish, 'nobody')}`;
    const caller = await lines.dial({ ...people.spanish, texts: [...people.spanish.texts, both] });
    await caller.hear();
    await caller.call.sendDtmf('0');
    const first = await caller.hear();
    const heard = first.text === both ? both : `${first.text} ${(await caller.hear()).text}`;
    expect(heard).toBe(both);
    await caller.call.hangUp();
    expect((await endedCall(rig, people.spanish.number)).outcome).toBe('caller_hung_up');
  });
});
