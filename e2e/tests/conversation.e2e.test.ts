import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { endedCall } from '#e2e/call-journal.ts';
import { textAt } from '#e2e/flow-texts.ts';
import { expectNothingLeft } from '#e2e/leftovers.ts';
import { medianPitchHz, readStereoRecording } from '#e2e/recording.ts';
import { testBasePort } from '#e2e/rig-ports.ts';
import { openRig } from '#e2e/rig.ts';
import type { Rig } from '#e2e/rig.ts';
import { northDraft } from '#e2e/rig-seed.ts';
import { demoEnglish, demoSpanish, openTestLines, people } from '#e2e/test-lines.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig({ name: 'conversation', basePort: testBasePort() });
});
afterAll(() => rig[Symbol.asyncDispose]());
afterEach(() => expectNothingLeft(rig));

describe('a caller of the clinic', () => {
  test('books an appointment in Spanish, hears it confirmed, and the journal and the recording hold both sides', async () => {
    await using lines = openTestLines(rig);
    const caller = await lines.dial(people.spanish);
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'greeting'));
    await caller.say('quiero una cita');
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'booking_day'));
    await caller.say('el martes');
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'booking_hour', { day: 'martes' }));
    await caller.say('a las diez');
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'booking_confirm', { day: 'martes', hour: 'diez' }));
    await caller.say('sí');
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'booked', { day: 'martes', hour: 'diez' }));
    await caller.say('no, gracias');
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'goodbye'));
    await caller.call.ended;

    const call = await endedCall(rig, people.spanish.number);
    expect(call.outcome).toBe('completed');
    expect(call.turns.map((turn) => turn.role)).toEqual(Array.from({ length: 11 }, (_, seq) => (seq % 2 === 0 ? 'agent' : 'caller')));
    expect(call.turns.filter((turn) => turn.role === 'caller').map((turn) => turn.text)).toEqual([
      'quiero una cita',
      'el martes',
      'a las diez',
      'sí',
      'no, gracias',
    ]);
    for (const turn of call.turns.filter(({ seq, role }) => role === 'agent' && seq > 0)) {
      expect(turn).toMatchObject({ endpointMs: expect.any(Number), speechToTextMs: expect.any(Number), firstFrameMs: expect.any(Number) });
    }
    const recording = await readStereoRecording(call.recordingPath);
    expect(await lines.ear.recognise(recording.agent.subarray(0, 8_000 * 9), { language: 'es', among: people.spanish.texts })).toBe(
      textAt(demoSpanish, 'greeting'),
    );
  });

  test('asks for the opening hours in English', async () => {
    await using lines = openTestLines(rig);
    const caller = await lines.dial(people.english);
    expect((await caller.hear()).text).toBe(textAt(demoEnglish, 'greeting'));
    await caller.say('opening hours');
    expect((await caller.hear()).text).toBe(textAt(demoEnglish, 'hours'));
    await caller.say('goodbye');
    expect((await caller.hear()).text).toBe(textAt(demoEnglish, 'goodbye'));
    await caller.call.ended;
    expect((await endedCall(rig, people.english.number)).outcome).toBe('completed');
  });

  test('interrupts the greeting: the agent falls silent and the history keeps only what was heard', async () => {
    await using lines = openTestLines(rig);
    const caller = await lines.dial(people.spanish);
    await caller.hearBeginning();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const spoke = performance.now();
    await caller.say('quiero una cita');
    const said = performance.now();
    const lastAudio = caller.call.lastAudioAt(spoke) ?? spoke;
    expect(lastAudio).toBeLessThan(said);
    caller.forget();
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'booking_day'));
    await caller.call.hangUp();

    const call = await endedCall(rig, people.spanish.number);
    expect(call.notes.map(({ name }) => name)).toContain('barge_in');
    const [greeting, turn] = call.turns;
    expect(greeting).toMatchObject({ role: 'agent', interrupted: true });
    expect(textAt(demoSpanish, 'greeting').startsWith(greeting?.text ?? '?')).toBe(true);
    expect(greeting?.text.length).toBeLessThan(textAt(demoSpanish, 'greeting').length);
    expect(turn).toMatchObject({ role: 'caller', text: 'quiero una cita', input: 'speech' });
  });

  test('takes the way of keys: hours with 1, a booking with 2', async () => {
    await using lines = openTestLines(rig);
    const caller = await lines.dial(people.spanish);
    await caller.hear();
    await caller.call.sendDtmf('1');
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'hours'));
    await caller.call.sendDtmf('2');
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'booking_day'));
    await caller.call.sendDtmf('2');
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'booking_hour', { day: 'martes' }));
    await caller.call.hangUp();
    const call = await endedCall(rig, people.spanish.number);
    expect(call.turns.filter((turn) => turn.role === 'caller').map(({ text, input }) => [text, input])).toEqual([
      ['1', 'dtmf'],
      ['2', 'dtmf'],
      ['2', 'dtmf'],
    ]);
  });

  test('hangs up in the middle of a sentence', async () => {
    await using lines = openTestLines(rig);
    const caller = await lines.dial(people.spanish);
    await caller.hear();
    const speaking = caller.say('quiero una cita para el martes por la tarde').catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 700));
    await caller.call.hangUp();
    await speaking;
    const call = await endedCall(rig, people.spanish.number);
    expect(call.outcome).toBe('caller_hung_up');
  });

  test('of one organization never hears the other one, though both talk at once', async () => {
    await using lines = openTestLines(rig);
    const [demo, north] = await Promise.all([lines.dial(people.spanish), lines.dial(people.north)]);
    const [demoGreeting, northGreeting] = await Promise.all([demo.hear(), north.hear()]);
    expect([demoGreeting.text, northGreeting.text]).toEqual([textAt(demoSpanish, 'greeting'), textAt(northDraft, 'greeting')]);
    await Promise.all([demo.say('horario de atención'), north.say('horario de atención')]);
    const [demoHours, northHours] = await Promise.all([demo.hear(), north.hear()]);
    expect([demoHours.text, northHours.text]).toEqual([textAt(demoSpanish, 'hours'), textAt(northDraft, 'hours')]);
    await Promise.all([demo.call.hangUp(), north.call.hangUp()]);

    const [demoCall, northCall] = [await endedCall(rig, people.spanish.number), await endedCall(rig, people.north.number)];
    expect(demoCall.organizationId).not.toBe(northCall.organizationId);
    const demoSound = await readStereoRecording(demoCall.recordingPath);
    const northSound = await readStereoRecording(northCall.recordingPath);
    const pitches = [medianPitchHz(demoSound.agent), medianPitchHz(northSound.agent)];
    // The demo's voice is a man's (about 100 Hz), the other clinic's a woman's (about 200 Hz).
    expect(pitches[1]).toBeGreaterThan((pitches[0] ?? 0) * 1.3);
  });
});
