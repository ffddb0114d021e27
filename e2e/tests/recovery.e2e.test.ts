import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { endedCall } from '#e2e/call-journal.ts';
import { textAt } from '#e2e/flow-texts.ts';
import { expectNothingLeft } from '#e2e/leftovers.ts';
import { testBasePort } from '#e2e/rig-ports.ts';
import { openRig } from '#e2e/rig.ts';
import type { Rig } from '#e2e/rig.ts';
import { RIG_PHONES } from '#e2e/rig-seed.ts';
import { demoSpanish, openTestLines, people } from '#e2e/test-lines.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig({ name: 'recovery', basePort: testBasePort() });
});
afterAll(() => rig[Symbol.asyncDispose]());
afterEach(() => expectNothingLeft(rig));

const pardon = readFileSync(new URL('../../asterisk/sounds/resume-es.txt', import.meta.url), 'utf8').trim();
/** A supervisor needs this long; a shorter silence asks no pardon. */
const DEAD_MS = 2_000;

async function crash(): Promise<void> {
  await rig.controlPlane.stop('SIGKILL', 1_000);
  await new Promise((resolve) => setTimeout(resolve, DEAD_MS));
  await rig.startControlPlane();
}

describe('a call in the middle of which', () => {
  test('the control plane is killed goes on as the same call: the caller is asked to go on, and what he said is known', async () => {
    await using lines = openTestLines(rig);
    const caller = await lines.dial(people.spanish);
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'greeting'));
    await caller.say('quiero una cita');
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'booking_day'));
    await caller.say('el martes');
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'booking_hour', { day: 'martes' }));
    caller.forget();
    const restarted = crash();
    const sorry = await caller.hearSound();
    expect(await lines.ear.recognise(sorry.pcm, { language: 'es', among: [pardon, ...people.spanish.texts] })).toBe(pardon);
    await restarted;
    await caller.say('a las diez');
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'booking_confirm', { day: 'martes', hour: 'diez' }));
    await caller.call.hangUp();
    const call = await endedCall(rig, people.spanish.number);
    expect(call).toMatchObject({ outcome: 'caller_hung_up' });
    expect(call.turns.map(({ seq }) => seq)).toEqual(call.turns.map((_, index) => index));
    expect(call.turns.filter(({ role }) => role === 'caller').map(({ text }) => text)).toEqual([
      'quiero una cita',
      'el martes',
      'a las diez',
    ]);
    expect(call.notes.map(({ name }) => name)).toContain('call_resumed');
    expect(call.recordingPath).not.toBeNull();
  });

  test('the control plane is killed while caller and representative talk is left to them, and ends as transferred', async () => {
    await using lines = openTestLines(rig);
    const phone = await lines.phone(RIG_PHONES.demo);
    const caller = await lines.dial(people.spanish);
    await caller.hear();
    await caller.call.sendDtmf('0');
    const representative = await (await phone.ringing).answer();
    // In the middle of being told who calls: a key connects the two.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await representative.sendDtmf('1');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await crash();
    expect([caller.call.state, representative.state]).toEqual(['answered', 'answered']);
    await representative.hangUp();
    await caller.call.ended;
    expect(await endedCall(rig, people.spanish.number)).toMatchObject({ outcome: 'transferred' });
  });

  test('the caller hangs up while no control plane is there is closed with what was said', async () => {
    await using lines = openTestLines(rig);
    const caller = await lines.dial(people.spanish);
    await caller.hear();
    await rig.controlPlane.stop('SIGKILL', 1_000);
    await caller.call.hangUp();
    await rig.startControlPlane();
    expect(await endedCall(rig, people.spanish.number)).toMatchObject({ outcome: 'failed', reason: 'ended_while_away' });
  });

  test('PostgreSQL is killed loses nothing, whether the control plane sees it come back or dies before', async () => {
    await using lines = openTestLines(rig);
    const caller = await lines.dial(people.spanish);
    await caller.hear();
    await rig.killPostgres();
    await caller.say('quiero una cita');
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'booking_day'));
    await rig.controlPlane.stop('SIGKILL', 1_000);
    await rig.startPostgres();
    caller.forget();
    await rig.startControlPlane();
    await caller.hearSound().catch(() => undefined);
    await caller.say('el martes');
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'booking_hour', { day: 'martes' }));
    await caller.call.hangUp();
    const call = await endedCall(rig, people.spanish.number);
    expect(call.turns.filter(({ role }) => role === 'caller').map(({ text }) => text)).toEqual(['quiero una cita', 'el martes']);
    expect(call.turns.map(({ seq }) => seq)).toEqual(call.turns.map((_, index) => index));
  });

  test('Asterisk is killed is closed as lost with it, and the next call is taken', async () => {
    await using lines = openTestLines(rig);
    const caller = await lines.dial(people.spanish);
    await caller.hear();
    await rig.restartAsterisk();
    expect(await endedCall(rig, people.spanish.number)).toMatchObject({ outcome: 'failed', reason: 'node_lost' });
    await rig.untilReady();
    await using later = openTestLines(rig);
    const next = await later.dial(people.spanish);
    expect((await next.hear()).text).toBe(textAt(demoSpanish, 'greeting'));
    await next.call.hangUp();
    await endedCall(rig, people.spanish.number);
  });
});
