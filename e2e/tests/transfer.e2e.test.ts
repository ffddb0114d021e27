import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { endedCall } from '#e2e/call-journal.ts';
import { textAt } from '#e2e/flow-texts.ts';
import { expectNothingLeft } from '#e2e/leftovers.ts';
import { openRig } from '#e2e/rig.ts';
import type { Rig } from '#e2e/rig.ts';
import { northDraft, RIG_PHONES } from '#e2e/rig-seed.ts';
import { synthesize } from '@centralita/sip-caller/speech.ts';
import { demoSpanish, openTestLines, people } from '#e2e/test-lines.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig({ name: 'transfer', basePort: 26_000 });
});
afterAll(() => rig[Symbol.asyncDispose]());
afterEach(() => expectNothingLeft(rig));

const NONSENSE = 'las montañas nevadas brillan al amanecer';

describe('a caller who needs a person', () => {
  test('is not understood twice, rings the phone of the reception, and talks to whoever answers', async () => {
    await using lines = openTestLines(rig);
    const phone = await lines.phone(RIG_PHONES.demo);
    const answered = phone.ringing.then((offer) => offer.answer());
    const caller = await lines.dial(people.spanish);
    await caller.hear();
    await caller.say(NONSENSE);
    expect((await caller.hear()).text.startsWith(demoSpanish.flow.notUnderstood.say)).toBe(true);
    await caller.say(NONSENSE);
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'person'));

    const reception = await answered;
    const greeting = await synthesize({ text: 'recepción, buenos días', voice: 'es' });
    await reception.say(greeting);
    await caller.say('quiero cambiar mi cita');
    expect(caller.call.firstAudioAt(performance.now() - 4_000)).not.toBeNull();
    expect(reception.lastAudioAt()).not.toBeNull();
    await reception.hangUp();
    await caller.call.ended;

    const call = await endedCall(rig, people.spanish.number);
    expect(call.outcome).toBe('transferred');
    expect(call.notes.filter(({ name }) => name === 'not_understood')).toHaveLength(2);
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
