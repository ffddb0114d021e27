// Models, agents and sound that fail: never silence, always an end.
import { expect, it, vi } from 'vitest';
import { openScriptedLanguageModel } from '#ports/testing/scripted-language-model.ts';
import { fixedAnnouncements } from '#ports/testing/fixed-stores.ts';
import { openScriptedVoiceActivity } from '#ports/testing/scripted-voice-activity.ts';
import type { VoiceActivity } from '#ports/voice-activity.ts';
import type { AgentProfile } from '#ports/agent-profile.ts';
import { clinicAgent, NOT_UNDERSTOOD, PROMPTS } from './testing/clinic-agent.ts';
import { APOLOGY_SAMPLE, NOTHING_OPEN, openEngineRig, routeTo } from './testing/engine-rig.ts';
import type { EngineRig } from './testing/engine-rig.ts';

async function expectApologyAndEnd(rig: EngineRig, leg: ReturnType<EngineRig['ring']>): Promise<void> {
  await rig.clock.runUntil('the call ended', () => rig.journal.ends().length === 1);
  expect(leg.media().heard.filter((frame) => frame.sample === APOLOGY_SAMPLE)).toHaveLength(25);
  expect(rig.journal.notes()).toEqual(expect.arrayContaining(['model_failed', 'apology_played']));
  expect(rig.journal.ends()[0]?.outcome).toBe('failed');
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
}

it('tries a transcript again once, and the caller notices nothing', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted();
  rig.speechToText.willAnswer({ fails: 'retryable' });
  await rig.says(leg, 'opening hours');
  await rig.agentDone();
  expect(rig.said().at(-1)).toBe(`agent: ${PROMPTS.hours} ${PROMPTS.more}`);
  expect(rig.journal.notes()).not.toContain('model_failed');
});

it('says sorry and closes when speech-to-text fails twice', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted();
  rig.speechToText.willAnswer({ fails: 'retryable' }, { fails: 'retryable' });
  leg.media().callerSpeaks(800);
  await expectApologyAndEnd(rig, leg);
});

it('says sorry and closes when speech-to-text never answers', async () => {
  const timeout = vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    const aborter = new AbortController();
    setTimeout(() => aborter.abort(new DOMException('timeout', 'TimeoutError')), ms);
    return aborter.signal;
  });
  try {
    await using rig = openEngineRig();
    const leg = await rig.greeted();
    const never = { says: '', afterMs: 1_000_000 };
    rig.speechToText.willAnswer(never, never);
    leg.media().callerSpeaks(800);
    await expectApologyAndEnd(rig, leg);
    expect(rig.speechToText.requests).toHaveLength(2);
  } finally {
    timeout.mockRestore();
  }
});

it('says sorry and closes when the voice fails before the first word', async () => {
  await using rig = openEngineRig();
  rig.textToSpeech.voice.failures.push({ isRetryable: true, afterChunks: 0 }, { isRetryable: true, afterChunks: 0 });
  const leg = rig.ring();
  await expectApologyAndEnd(rig, leg);
  expect(rig.said()).toEqual([]);
});

it('plays what the voice made before it broke, and writes only that down', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted();
  rig.textToSpeech.voice.failures.push({ isRetryable: true, afterChunks: 12 });
  rig.speechToText.willAnswer({ says: 'opening hours' });
  leg.media().callerSpeaks(800);
  await expectApologyAndEnd(rig, leg);
  const broken = rig.journal.turns().at(-1);
  expect(broken).toMatchObject({ role: 'agent', interrupted: true });
  expect(broken?.text).not.toBe('');
  expect(broken?.text.length).toBeLessThanOrEqual(24);
  expect(PROMPTS.hours.startsWith(broken?.text ?? '')).toBe(true);
});

it('closes at once when no apology is recorded in the language', async () => {
  await using rig = openEngineRig({ announcements: fixedAnnouncements({}) });
  rig.textToSpeech.voice.failures.push({ isRetryable: false, afterChunks: 0 });
  const leg = rig.ring();
  await rig.clock.run(500);
  expect(rig.journal.ends()[0]?.outcome).toBe('failed');
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
});

it('a flow that lost its node ends this call with an apology, whatever asks for the answer', async () => {
  const agent = clinicAgent();
  const broken: AgentProfile = { ...agent, flow: { ...agent.flow, noInputGoTo: 'nowhere' } };
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

it('ends a call whose sound is lost', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted();
  leg.media().end('lost');
  await rig.clock.run(100);
  expect(rig.journal.notes()).toContain('media_lost');
  expect(rig.journal.ends()[0]).toMatchObject({ outcome: 'failed', reason: 'media_lost' });
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
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
