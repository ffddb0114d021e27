// Models, agents and sound that fail: never silence, always an end.
import { expect, it } from 'vitest';
import { silentFrames } from '#audio/frame.ts';
import { openScriptedLanguageModel } from '#ports/testing/scripted-language-model.ts';
import { fixedAnnouncements } from '#ports/testing/fixed-stores.ts';
import { sampleOf } from '#ports/testing/scripted-text-to-speech.ts';
import { openScriptedVoiceActivity } from '#ports/testing/scripted-voice-activity.ts';
import type { VoiceActivity } from '#ports/voice-activity.ts';
import type { AgentProfile } from '#ports/agent-profile.ts';
import { clinicAgent, NOT_UNDERSTOOD, PROMPTS } from './testing/clinic-agent.ts';
import { APOLOGY_SAMPLE, FILLER_SAMPLE, NOTHING_OPEN, openEngineRig, routeTo } from './testing/engine-rig.ts';
import type { EngineRig } from './testing/engine-rig.ts';

async function expectApologyAndEnd(rig: EngineRig, leg: ReturnType<EngineRig['ring']>): Promise<void> {
  await rig.clock.runUntil('the call ended', () => rig.journal.ends().length === 1);
  expect(leg.media().heard.filter((frame) => frame.sample === APOLOGY_SAMPLE)).toHaveLength(25);
  expect(rig.journal.notes()).toEqual(expect.arrayContaining(['model_failed', 'apology_played']));
  expect(rig.journal.ends()[0]?.outcome).toBe('failed');
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
}

/** When the filler was heard first, ms after `fromMs`; null when it was not. */
function fillerAfter(leg: ReturnType<EngineRig['ring']>, fromMs: number): number | null {
  const frame = leg.media().heard.find(({ sample, atMs }) => sample === FILLER_SAMPLE && atMs >= fromMs);
  return frame === undefined ? null : frame.atMs - fromMs;
}

/** The clinic's agent, whose flow sends whom it does not understand to no person. */
function withoutFallback(): AgentProfile {
  const agent = clinicAgent();
  return { ...agent, flow: { ...agent.flow, notUnderstood: { ...agent.flow.notUnderstood, goTo: agent.flow.entry } } };
}

function noteFields(rig: EngineRig, name: string): Readonly<Record<string, unknown>>[] {
  return rig.journal.events.flatMap((event) => (event.kind === 'note' && event.name === name ? [event.fields] : []));
}

it('tries a transcript twice more behind a filler, and then answers', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted();
  rig.speechToText.willAnswer({ fails: 'retryable' }, { fails: 'retryable' }, { says: 'opening hours' });
  leg.media().callerSpeaks(800);
  const spokenAtMs = rig.clock.nowMs() + 800;
  await rig.agentDone();
  expect(rig.said().at(-1)).toBe(`agent: ${PROMPTS.hours} ${PROMPTS.more}`);
  expect(rig.journal.notes()).toEqual(expect.arrayContaining(['model_retried', 'filler_played', 'failure_state']));
  expect(rig.journal.notes()).not.toContain('model_failed');
  // The turn is the agent's 500 ms after the last word (the test agent's commit pause, a step and the detector's lag).
  expect(fillerAfter(leg, spokenAtMs)).toBeLessThan(500 + 100 + 800);
});

it('a wait for a slow model is filled too, and the reply comes behind the filler, whole', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted();
  rig.speechToText.willAnswer({ says: 'opening hours', afterMs: 2_200 });
  leg.media().callerSpeaks(800);
  const spokenAtMs = rig.clock.nowMs() + 800;
  await rig.agentDone();
  const { heard } = leg.media();
  const fillers = heard.filter(({ sample }) => sample === FILLER_SAMPLE);
  expect(fillers).toHaveLength(25);
  expect(fillerAfter(leg, spokenAtMs)).toBeLessThan(2_000);
  const reply = sampleOf({ text: PROMPTS.hours, voice: clinicAgent().voice });
  const firstOfReply = heard.findIndex(({ sample }) => sample === reply);
  expect(firstOfReply).toBeGreaterThan(heard.findLastIndex(({ sample }) => sample === FILLER_SAMPLE));
  expect(leg.media().gaps()).toBe(0);
  expect(rig.said().at(-1)).toBe(`agent: ${PROMPTS.hours} ${PROMPTS.more}`);
});

it('a caller who goes on during the filler is heard, and answered once', async () => {
  const filler = silentFrames(100).fill(FILLER_SAMPLE);
  await using rig = openEngineRig({ announcements: fixedAnnouncements({}, { en: filler }) });
  const leg = await rig.greeted();
  rig.speechToText.willAnswer({ says: 'never said', afterMs: 60_000 });
  leg.media().callerSpeaks(800);
  await rig.clock.runUntil('the filler', () => rig.journal.notes().includes('filler_played'));
  await rig.clock.run(200);
  rig.speechToText.willAnswer({ says: 'opening hours' });
  leg.media().callerSpeaks(800);
  await rig.agentDone();
  expect(rig.said().slice(1)).toEqual(['caller: opening hours', `agent: ${PROMPTS.hours} ${PROMPTS.more}`]);
  expect(leg.media().heard.filter(({ sample }) => sample === FILLER_SAMPLE).length).toBeLessThan(60);
});

it('the echo of a filler is not taken for the caller, and the reply is not thrown away for it', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted();
  rig.speechToText.willAnswer({ says: 'opening hours', afterMs: 2_200 });
  leg.media().callerSpeaks(800);
  await rig.clock.runUntil('the filler', () => rig.journal.notes().includes('filler_played'));
  leg.media().callerSpeaks(240);
  await rig.agentDone();
  expect(rig.journal.notes()).not.toContain('candidate_discarded');
  expect(rig.speechToText.requests).toHaveLength(1);
  expect(rig.said().at(-1)).toBe(`agent: ${PROMPTS.hours} ${PROMPTS.more}`);
});

it('says sorry and closes when speech-to-text fails three times; every step is in the journal with its time', async () => {
  await using rig = openEngineRig({ routes: { 100: routeTo(withoutFallback()) } });
  const leg = await rig.greeted();
  rig.speechToText.willAnswer({ fails: 'retryable' }, { fails: 'retryable' }, { fails: 'retryable' });
  leg.media().callerSpeaks(800);
  await expectApologyAndEnd(rig, leg);
  const transitions = noteFields(rig, 'failure_state');
  expect(transitions.map(({ from, to }) => `${String(from)} > ${String(to)}`)).toEqual([
    'steady > bridging',
    'bridging > apologising',
    'apologising > closing',
  ]);
  expect(transitions.map(({ component }) => component)).toEqual(Array.from({ length: 3 }, () => 'speech_to_text'));
  expect(transitions.map(({ afterMs }) => typeof afterMs)).toEqual(['object', 'number', 'number']);
});

it('rings whom the flow names when nobody understood, after the apology, and the two talk', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted({ transfer: { outcome: { kind: 'bridged', talkedMs: 5_000 }, afterMs: 5_000 } });
  rig.speechToText.willAnswer({ fails: 'final' });
  leg.media().callerSpeaks(800);
  await rig.clock.runUntil('the call ended', () => rig.journal.ends().length === 1);
  expect(leg.transfers).toMatchObject([{ organizationSlug: 'clinica' }]);
  expect(leg.media().heard.filter(({ sample }) => sample === APOLOGY_SAMPLE)).toHaveLength(25);
  expect(rig.journal.ends()[0]?.outcome).toBe('transferred');
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
});

it("rings the organization's own fallback when the flow names nobody, and closes when nobody answers", async () => {
  const route = { ...routeTo(withoutFallback()), overload: { choice: 'refuse', destination: '2009', maxWaitMs: 0 } } as const;
  await using rig = openEngineRig({ routes: { 100: route } });
  const leg = await rig.greeted();
  rig.speechToText.willAnswer({ fails: 'final' });
  leg.media().callerSpeaks(800);
  await rig.clock.runUntil('the call ended', () => rig.journal.ends().length === 1);
  expect(leg.transfers).toEqual([{ organizationSlug: 'clinica', extension: '2009' }]);
  expect(rig.journal.ends()[0]?.outcome).toBe('failed');
  expect(noteFields(rig, 'failure_state').at(-1)).toMatchObject({ from: 'handing_over', to: 'closing' });
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
});

it('says sorry and closes when speech-to-text never answers, after fillers and never two filler waits of silence', async () => {
  await using rig = openEngineRig({ routes: { 100: routeTo(withoutFallback()) } });
  const leg = await rig.greeted();
  const never = { says: '', afterMs: 1_000_000 };
  rig.speechToText.willAnswer(never, never, never);
  leg.media().callerSpeaks(800);
  await expectApologyAndEnd(rig, leg);
  expect(rig.speechToText.requests).toHaveLength(3);
  expect(noteFields(rig, 'filler_played').length).toBeGreaterThanOrEqual(2);
});

it('says sorry and closes when the voice fails before the first word', async () => {
  await using rig = openEngineRig({ routes: { 100: routeTo(withoutFallback()) } });
  const failure = { isRetryable: true, afterChunks: 0 };
  rig.textToSpeech.voice.failures.push(failure, failure, failure);
  const leg = rig.ring();
  await expectApologyAndEnd(rig, leg);
  expect(rig.said()).toEqual([]);
});

it('a voice that breaks off goes on where it broke, and the caller hears every sample of it once', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted();
  rig.textToSpeech.voice.failures.push({ isRetryable: true, afterChunks: 12 });
  rig.speechToText.willAnswer({ says: 'opening hours' });
  leg.media().callerSpeaks(800);
  await rig.agentDone();
  expect(rig.said().at(-1)).toBe(`agent: ${PROMPTS.hours} ${PROMPTS.more}`);
  const sample = sampleOf({ text: PROMPTS.hours, voice: clinicAgent().voice });
  expect(leg.media().heard.filter((frame) => frame.sample === sample)).toHaveLength(Math.ceil((PROMPTS.hours.length * 50) / 20));
});

it('plays what the voice made before it broke for good, and writes only that down', async () => {
  await using rig = openEngineRig({ routes: { 100: routeTo(withoutFallback()) } });
  const leg = await rig.greeted();
  rig.textToSpeech.voice.failures.push({ isRetryable: false, afterChunks: 12 });
  rig.speechToText.willAnswer({ says: 'opening hours' });
  leg.media().callerSpeaks(800);
  await expectApologyAndEnd(rig, leg);
  const broken = rig.journal.turns().at(-1);
  expect(broken).toMatchObject({ role: 'agent', interrupted: true });
  expect(broken?.text).not.toBe('');
  expect(broken?.text.length).toBeLessThanOrEqual(24);
  expect(PROMPTS.hours.startsWith(broken?.text ?? '')).toBe(true);
});

it('without a recorded filler the caller hears two soft tones, and without an apology the call closes at once', async () => {
  await using rig = openEngineRig({ announcements: fixedAnnouncements({}), routes: { 100: routeTo(withoutFallback()) } });
  rig.textToSpeech.voice.failures.push({ isRetryable: true, afterChunks: 0 }, { isRetryable: false, afterChunks: 0 });
  const leg = rig.ring();
  await rig.clock.run(2_000);
  expect(leg.media().heard.filter(({ sample }) => sample !== 0).length).toBeGreaterThan(8);
  expect(rig.journal.ends()[0]?.outcome).toBe('failed');
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
});

it('a flow that lost its node ends this call with an apology, whatever asks for the answer', async () => {
  const agent = clinicAgent();
  const flow = { ...agent.flow, noInputGoTo: 'nowhere', notUnderstood: { ...agent.flow.notUnderstood, goTo: agent.flow.entry } };
  const broken: AgentProfile = { ...agent, flow };
  await using rig = openEngineRig({ routes: { 100: routeTo(broken) } });
  await expectApologyAndEnd(rig, rig.ring());
});

it('a language model that breaks in the middle is heard as far as it came, or answered by the flow, and never silently', async () => {
  const languageModel = openScriptedLanguageModel([{ deltas: ['We are open. '], afterMs: 20, fails: 'final' }]);
  const agent: AgentProfile = {
    ...clinicAgent(),
    responder: { kind: 'language_model', prompt: 'You are a clinic.', maxOutputTokens: 100, temperature: 0.3 },
  };
  await using rig = openEngineRig({ languageModel, routes: { 100: routeTo(agent) } });
  const leg = await rig.greeted();
  await rig.says(leg, 'when are you open');
  await rig.clock.run(8_000);
  expect(languageModel.requests.length).toBeGreaterThanOrEqual(1);
  expect(languageModel.open()).toBe(0);
  const last = rig.said().at(-1) ?? '';
  expect(last.startsWith('agent: We are open.') || rig.journal.notes().includes('apology_played')).toBe(true);
});

/** An agent that speaks by a model; its flow is the clinic's. */
function modelAgent(): AgentProfile {
  return {
    ...clinicAgent(),
    responder: { kind: 'language_model', prompt: 'You are a clinic.', maxOutputTokens: 100, temperature: 0.3 },
  };
}

it('a language model that stalls, before its first words or behind them, is tried once more and then answered by the flow, without 2 s of silence', async () => {
  for (const deltas of [['Never said. '], ['We are open. ', 'Never said.']]) {
    const stalled = { deltas, afterMs: deltas.length === 1 ? 60_000 : 3_500 };
    const languageModel = openScriptedLanguageModel([stalled, { deltas: ['Never said. '], afterMs: 60_000 }]);
    await using rig = openEngineRig({ languageModel, routes: { 100: routeTo(modelAgent()) } });
    const leg = await rig.greeted();
    const askedAtMs = rig.clock.nowMs();
    await rig.says(leg, 'when are you open');
    await rig.clock.runUntil('it speaks', () => rig.textToSpeech.requests.length > 1);
    // The caller's 800 ms, the pause before the turn is the agent's, and the model's limit.
    expect(rig.clock.nowMs() - askedAtMs).toBeLessThan(800 + 600 + 1_600);
    await rig.agentDone();
    expect(languageModel.requests).toHaveLength(2);
    expect(languageModel.open()).toBe(0);
    expect(rig.said().join(' ')).not.toContain('Never');
    expect(rig.said().at(-1)).toContain(NOT_UNDERSTOOD);
    expect(rig.journal.notes()).toContain('model_failed');
  }
});

it('a caller who interrupts a model ends its generation at once', async () => {
  const languageModel = openScriptedLanguageModel([{ deltas: ['We are open from nine in the morning on. ', 'More. '], afterMs: 2_500 }]);
  await using rig = openEngineRig({ languageModel, routes: { 100: routeTo(modelAgent()) } });
  const leg = await rig.greeted();
  await rig.says(leg, 'when are you open');
  await rig.clock.runUntil('it speaks', () => rig.said().length === 2);
  await rig.clock.run(400);
  leg.press('1');
  await rig.clock.run(50);
  expect(languageModel.open()).toBe(0);
});

it.each([
  ['before', 300],
  ['after', 0],
])('builds a sound anew that is lost while the call is being answered, and greets; it is there %s the answer', async (_, answerMs) => {
  await using rig = openEngineRig();
  const leg = rig.ring();
  const answer = leg.answer.bind(leg);
  leg.answer = async (options) => {
    leg.media().end('lost');
    if (answerMs > 0) await new Promise((resolve) => setTimeout(resolve, answerMs));
    await answer(options);
  };
  await rig.agentDone();
  expect(rig.journal.notes()).toEqual(expect.arrayContaining(['media_lost', 'media_reattached']));
  expect(rig.said()).toEqual([`agent: ${PROMPTS.greeting}`]);
  expect(new Set(leg.media().heard.map(({ sample }) => sample))).toContain(
    sampleOf({ text: PROMPTS.greeting, voice: clinicAgent().voice }),
  );
  leg.callerHangsUp();
  await rig.clock.run(50);
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
});

it('builds a sound that is lost in the middle of a sentence anew, and says the rest of it', async () => {
  await using rig = openEngineRig();
  const leg = rig.ring();
  await rig.clock.run(1_050);
  const before = leg.media();
  before.end('lost');
  await rig.clock.run(50);
  expect(leg.media()).not.toBe(before);
  await rig.agentDone();
  expect(rig.journal.notes()).toEqual(expect.arrayContaining(['media_lost', 'media_reattached']));
  expect(rig.said()).toEqual([`agent: ${PROMPTS.greeting}`]);
  expect(rig.journal.turns()).toMatchObject([{ interrupted: false }]);
  await rig.says(leg, 'opening hours');
  await rig.agentDone();
  expect(rig.said()).toHaveLength(3);
  leg.callerHangsUp();
  await rig.clock.run(50);
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
});

it('ends a call whose sound cannot be built anew, and one whose telephone system died as what it is', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted({ openMediaFailsAfter: 1 });
  leg.media().end('lost');
  await rig.clock.run(19_000);
  expect(rig.journal.ends()).toEqual([]);
  await rig.clock.run(3_000);
  expect(rig.journal.ends()[0]).toMatchObject({ outcome: 'failed', reason: 'media_lost' });
  const other = await rig.greeted({ openMediaFailsAfter: 1 });
  other.media().end('lost');
  await rig.clock.run(500);
  other.ends('node', 'Asterisk died');
  await rig.clock.run(50);
  expect(rig.journal.ends()[1]).toMatchObject({ outcome: 'failed', reason: 'node_lost' });
  expect(rig.leftOpen([leg, other])).toEqual(NOTHING_OPEN);
});

it('a bug in what one call does with its sound ends that call and no other', async () => {
  const sound = openScriptedVoiceActivity();
  let opened = 0;
  const push = (): void => {
    throw new Error('a bug');
  };
  const voiceActivity: VoiceActivity = {
    openStream(listener) {
      const stream = sound.openStream(listener);
      opened += 1;
      return opened === 1 ? { ...stream, push } : stream;
    },
  };
  await using rig = openEngineRig({ voiceActivity });
  const broken = rig.ring();
  await rig.clock.run(300);
  const sane = rig.ring();
  broken.media().callerSpeaks(500);
  await rig.clock.run(500);
  expect(rig.journal.ends()).toMatchObject([{ outcome: 'failed', reason: 'internal_error' }]);
  await rig.agentDone();
  await rig.says(sane, 'opening hours');
  await rig.agentDone();
  expect(rig.said().at(-1)).toBe(`agent: ${PROMPTS.hours} ${PROMPTS.more}`);
});
