// Who has the floor: interruptions, false ones, and callers who go on.
import { expect, it } from 'vitest';
import { sampleOf } from '#ports/testing/scripted-text-to-speech.ts';
import { clinicAgent, PROMPTS } from './testing/clinic-agent.ts';
import { openEngineRig, routeTo } from './testing/engine-rig.ts';

const HOURS_VOICE = sampleOf({ text: PROMPTS.hours, voice: 'ana' });
const GREETING_VOICE = sampleOf({ text: PROMPTS.greeting, voice: 'ana' });

it('a caller who barges in hears silence within 100 ms of the decision, and none of the old reply afterwards', async () => {
  await using rig = openEngineRig();
  const leg = rig.ring();
  await rig.clock.run(1_000);
  rig.speechToText.willAnswer({ says: 'opening hours' });
  const spokeAtMs = rig.clock.nowMs();
  leg.media().callerSpeaks(900);
  await rig.agentDone();
  const lastOldMs = leg.media().heard.findLast((frame) => frame.sample === GREETING_VOICE)?.atMs ?? 0;
  // 300 ms of speech make an interruption; windows are 32 ms and frames 20 ms.
  expect(lastOldMs - spokeAtMs).toBeGreaterThanOrEqual(280);
  expect(lastOldMs - spokeAtMs).toBeLessThanOrEqual(300 + 100);
  expect(rig.journal.notes()).toContain('barge_in');
});

it('the history keeps only what was heard of an interrupted reply', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted();
  await rig.says(leg, 'opening hours');
  await rig.clock.run(1_200);
  rig.speechToText.willAnswer({ says: 'that is all' });
  leg.media().callerSpeaks(900);
  await rig.agentDone();
  const cut = rig.journal.turns()[2];
  const heardMs = leg.media().heard.filter((frame) => frame.sample === HOURS_VOICE).length * 20;
  expect(cut).toMatchObject({ role: 'agent', interrupted: true });
  expect(PROMPTS.hours.startsWith(cut?.text ?? 'nothing')).toBe(true);
  expect(cut?.text).not.toBe('');
  // Marks are 200 ms apart, so that much less may be known than was heard, never more.
  expect(cut?.heardMs).toBeLessThanOrEqual(heardMs);
  expect(cut?.heardMs).toBeGreaterThanOrEqual(heardMs - 220);
  expect(cut?.text.length ?? 0).toBeLessThanOrEqual(heardMs / 50);
  expect(rig.journal.turns()[3]).toMatchObject({ role: 'caller', text: 'that is all' });
});

for (const [what, text, speechMs, note] of [
  ['a cough', '', 400, 'false_barge_in'],
  ['"uh huh"', 'uh-huh', 400, 'false_barge_in'],
  ['its own echo', 'this is the clinic', 700, 'echo_ignored'],
] as const) {
  it(`goes on where it stopped when the interruption was ${what}`, async () => {
    await using rig = openEngineRig();
    const leg = rig.ring();
    await rig.clock.run(1_000);
    rig.speechToText.willAnswer({ says: text });
    leg.media().callerSpeaks(speechMs);
    await rig.agentDone();
    expect(rig.said()).toEqual([`agent: ${PROMPTS.greeting}`]);
    expect(rig.journal.turns()[0]).toMatchObject({ interrupted: false });
    expect(rig.journal.notes()).toContain(note);
    const heardMs = leg.media().heard.filter((frame) => frame.sample === GREETING_VOICE).length * 20;
    const wholeMs = PROMPTS.greeting.length * 50;
    expect(heardMs).toBeGreaterThanOrEqual(wholeMs);
    expect(heardMs).toBeLessThanOrEqual(wholeMs + 220);
    expect(rig.textToSpeech.requests.filter((request) => request.text === PROMPTS.greeting)).toHaveLength(1);
  });
}

it('does not stop for speech too short to interrupt, and notes it', async () => {
  await using rig = openEngineRig();
  const leg = rig.ring();
  await rig.clock.run(1_000);
  leg.media().callerSpeaks(150);
  await rig.agentDone();
  expect(rig.journal.notes()).toEqual(['backchannel', 'node_entered']);
  expect(rig.speechToText.requests).toHaveLength(0);
});

it('an agent that may not be interrupted is not', async () => {
  await using rig = openEngineRig({ routes: { 100: routeTo(clinicAgent({ conversation: { bargeIn: false } })) } });
  const leg = rig.ring();
  await rig.clock.run(500);
  leg.media().callerSpeaks(1_000);
  await rig.agentDone();
  expect(rig.said()).toEqual([`agent: ${PROMPTS.greeting}`]);
  expect(rig.journal.notes()).toEqual(['node_entered']);
});

it('a caller who goes on after a short pause has said one turn, and the guess leaves nothing behind', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted();
  const before = rig.journal.events.length;
  rig.speechToText.willAnswer({ says: 'your opening' }, { says: 'your opening hours' });
  leg.media().callerSpeaks(600);
  await rig.clock.run(1_000);
  expect(rig.speechToText.requests).toHaveLength(1);
  expect(rig.journal.events).toHaveLength(before);
  leg.media().callerSpeaks(600);
  await rig.agentDone();
  expect(rig.speechToText.requests).toHaveLength(2);
  expect(rig.said().slice(1)).toEqual(['caller: your opening hours', `agent: ${PROMPTS.hours} ${PROMPTS.more}`]);
  expect(rig.journal.notes().filter((name) => name === 'candidate_discarded')).toHaveLength(1);
  expect(rig.journal.notes()).not.toContain('not_understood');
});

for (const [when, delays] of [
  ['while the transcript is awaited', { afterMs: 600, firstAfterMs: 0 }],
  ['while the first sound is awaited', { afterMs: 50, firstAfterMs: 700 }],
] as const) {
  it(`a caller who goes on after the commit, ${when}, has said one turn with both parts in it`, async () => {
    await using rig = openEngineRig();
    const leg = await rig.greeted();
    rig.textToSpeech.voice.firstAfterMs = delays.firstAfterMs;
    rig.speechToText.willAnswer({ says: 'your opening', afterMs: delays.afterMs }, { says: 'your opening hours' });
    leg.media().callerSpeaks(600);
    await rig.clock.run(600 + 560);
    leg.media().callerSpeaks(600);
    await rig.agentDone();
    const second = rig.speechToText.requests[1];
    const loudMs = (second?.pcm.filter((sample) => sample !== 0).length ?? 0) / 16;
    expect(loudMs).toBeGreaterThanOrEqual(1_160);
    expect(rig.said().slice(1)).toEqual(['caller: your opening hours', `agent: ${PROMPTS.hours} ${PROMPTS.more}`]);
    expect(leg.media().heard.some((frame) => frame.sample === HOURS_VOICE)).toBe(true);
  });
}

it('speech before the first word of the greeting does not drop the greeting or answer twice', async () => {
  await using rig = openEngineRig();
  rig.textToSpeech.voice.firstAfterMs = 2_000;
  const leg = rig.ring();
  await rig.clock.run(200);
  leg.media().callerSpeaks(400);
  await rig.agentDone();
  rig.textToSpeech.voice.firstAfterMs = 0;
  expect(rig.said()).toEqual([`agent: ${PROMPTS.greeting}`]);
  await rig.says(leg, 'opening hours');
  await rig.agentDone();
  expect(rig.said().slice(1)).toEqual(['caller: opening hours', `agent: ${PROMPTS.hours} ${PROMPTS.more}`]);
});

it('a transcript that comes after a key was pressed instead is not answered, even from an engine that cannot be cancelled', async () => {
  const late = Promise.withResolvers<{ text: string; confidence: number; noSpeechProbability: number }>();
  await using rig = openEngineRig({ speechToText: { transcribe: () => late.promise } });
  const leg = await rig.greeted();
  leg.media().callerSpeaks(800);
  await rig.clock.run(1_500);
  leg.press('1');
  await rig.clock.run(200);
  late.resolve({ text: 'that is all', confidence: 1, noSpeechProbability: 0 });
  await rig.agentDone();
  await rig.clock.run(1_000);
  expect(rig.said().slice(1)).toEqual(['caller: 1', `agent: ${PROMPTS.hours} ${PROMPTS.more}`]);
  expect(rig.journal.ends()).toEqual([]);
});
