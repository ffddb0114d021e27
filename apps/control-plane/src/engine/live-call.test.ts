import { expect, it } from 'vitest';
import { FRAME_MS } from '#audio/frame.ts';
import { sampleOf } from '#ports/testing/scripted-text-to-speech.ts';
import { SILENCE_PIECE_MS } from './limits.ts';
import { clinicAgent, NOT_UNDERSTOOD, PROMPTS } from './testing/clinic-agent.ts';
import { NOTHING_OPEN, openEngineRig, routeTo } from './testing/engine-rig.ts';

it('greets, answers a turn, says goodbye and hangs up, all of it in the journal', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted();
  await rig.says(leg, 'your opening hours please');
  await rig.agentDone();
  await rig.says(leg, 'that is all');
  await rig.clock.runUntil('the call ended', () => rig.journal.ends().length === 1);
  expect(rig.said()).toEqual([
    `agent: ${PROMPTS.greeting}`,
    'caller: your opening hours please',
    `agent: ${PROMPTS.hours} ${PROMPTS.more}`,
    'caller: that is all',
    `agent: ${PROMPTS.bye}`,
  ]);
  expect(rig.journal.turns().map((turn) => turn.seq)).toEqual([0, 1, 2, 3, 4]);
  expect(rig.journal.events[0]?.kind).toBe('call_started');
  expect(rig.journal.events[1]?.kind).toBe('call_answered');
  expect(rig.journal.events.at(-1)).toMatchObject({ kind: 'call_ended', outcome: 'completed' });
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
});

it('sends silence when there is nothing to say, leaves no gap and stays less than a second ahead', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted();
  await rig.says(leg, 'your opening hours please');
  await rig.agentDone();
  await rig.clock.run(2_000);
  expect(leg.media().gaps()).toBe(0);
  expect(leg.media().maxQueued()).toBeLessThan(50);
  expect(
    leg
      .media()
      .heard.slice(-50)
      .every((frame) => frame.sample === 0),
  ).toBe(true);
});

it('measures the stages of a turn and hears the reply soon after the commit, because it was prepared in the pause', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted();
  rig.speechToText.willAnswer({ says: 'opening hours', afterMs: 80 });
  rig.textToSpeech.voice.firstAfterMs = 80;
  leg.media().callerSpeaks(800);
  await rig.agentDone();
  const latency = rig.journal.turns().at(-1)?.latency;
  expect(latency?.speechToTextMs).toBe(80);
  expect(latency?.textToSpeechMs).toBe(80);
  expect(latency?.endpointMs).toBeGreaterThanOrEqual(500);
  expect(latency?.endpointMs).toBeLessThan(560);
  expect(latency?.firstFrameMs).toBeLessThanOrEqual(10);
});

it('hands speech-to-text the utterance with its beginning and the phrases expected now', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted();
  await rig.says(leg, 'opening hours');
  const [request] = rig.speechToText.requests;
  expect(request?.hints).toContain('opening hours');
  expect(request?.language).toBe('en');
  const loud = request?.pcm.filter((sample) => sample !== 0).length ?? 0;
  expect(loud / 16).toBeGreaterThanOrEqual(780);
  expect(request?.pcm[0]).toBe(0);
});

it('takes a key as an answer and stops talking for it', async () => {
  await using rig = openEngineRig();
  const leg = rig.ring();
  await rig.clock.run(500);
  leg.press('1');
  await rig.clock.run(200);
  const cut = rig.journal.turns()[0];
  expect(cut).toMatchObject({ role: 'agent', interrupted: true });
  expect(PROMPTS.greeting.startsWith(cut?.text ?? 'nothing')).toBe(true);
  await rig.agentDone();
  expect(rig.journal.turns()[1]).toMatchObject({ role: 'caller', text: '1', input: 'dtmf' });
  expect(rig.said().at(-1)).toBe(`agent: ${PROMPTS.hours} ${PROMPTS.more}`);
  expect(rig.journal.notes()).toContain('dtmf');
});

it('waits for the rest of a code of several keys, and takes what is there when no more come', async () => {
  const agent = clinicAgent();
  const { flow } = agent;
  const staff = { when: { kind: 'phrase', phrases: ['staff'], dtmf: '12' }, goTo: 'bye' } as const;
  await using rig = openEngineRig({ routes: { 100: routeTo({ ...agent, flow: { ...flow, global: [...flow.global, staff] } }) } });
  const patient = await rig.greeted();
  patient.press('1');
  await rig.agentDone();
  expect(rig.said().slice(1)).toEqual(['caller: 1', `agent: ${PROMPTS.hours} ${PROMPTS.more}`]);
  patient.press('1');
  await rig.clock.run(900);
  patient.press('2');
  await rig.agentDone();
  expect(rig.said().slice(3)).toEqual(['caller: 12', `agent: ${PROMPTS.bye}`]);
});

it('keys that arrive in one moment are one answer, each for its own question', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted();
  leg.press('1');
  leg.press('3');
  await rig.agentDone();
  expect(rig.said().slice(1)).toEqual(['caller: 13', `agent: ${PROMPTS.hours} ${PROMPTS.bye}`]);
});

it('does not lose its greeting over a key that is pressed before the call is answered', async () => {
  await using rig = openEngineRig();
  const leg = rig.ring({ openMediaAfterMs: 200 });
  await rig.clock.run(100);
  leg.press('1');
  await rig.agentDone();
  await rig.clock.run(1_000);
  expect(rig.said()).toEqual([`agent: ${PROMPTS.greeting}`]);
  expect(rig.textToSpeech.requests.map((request) => request.text)).toEqual([PROMPTS.greeting]);
});

it('asks again when the caller stays silent, then says goodbye', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted();
  await rig.clock.runUntil('the call ended', () => rig.journal.ends().length === 1);
  expect(rig.said()).toEqual([PROMPTS.greeting, PROMPTS.greeting, PROMPTS.greeting, PROMPTS.bye].map((text) => `agent: ${text}`));
  expect(rig.journal.notes().filter((name) => name === 'no_input')).toHaveLength(3);
  expect(rig.journal.ends()[0]?.outcome).toBe('no_input');
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
});

it('says that it did not understand, and takes a short noise for nothing', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted();
  await rig.says(leg, 'mumble');
  await rig.agentDone();
  expect(rig.said().slice(1)).toEqual(['caller: mumble', `agent: ${NOT_UNDERSTOOD} ${PROMPTS.greeting}`]);
  rig.speechToText.willAnswer({ says: '' });
  leg.media().callerSpeaks(100);
  await rig.clock.run(2_000);
  expect(rig.said()).toHaveLength(3);
});

it('ends a call that is longer than the agent allows', async () => {
  await using rig = openEngineRig({ routes: { 100: routeTo(clinicAgent({ conversation: { maxCallMs: 3_000 } })) } });
  const leg = rig.ring();
  await rig.clock.run(3_100);
  expect(rig.journal.ends()[0]?.outcome).toBe('max_duration');
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
});

it('throws silence away that crept into the queue, and notes it', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted();
  leg.media().stall(24);
  await rig.clock.run(2_100);
  expect(rig.journal.notes()).toContain('queue_shed');
  // One piece of silence is all that waits.
  expect(leg.media().queued()).toBeLessThanOrEqual(SILENCE_PIECE_MS / FRAME_MS);
});

it('a node that ends the call without a word ends it', async () => {
  const agent = clinicAgent();
  const nodes = agent.flow.nodes.map((node) => (node.name === 'bye' ? { ...node, prompt: '' } : node));
  await using rig = openEngineRig({ routes: { 100: routeTo({ ...agent, flow: { ...agent.flow, nodes } }) } });
  const leg = await rig.greeted();
  await rig.says(leg, 'that is all');
  await rig.clock.run(1_000);
  expect(rig.journal.ends()).toMatchObject([{ outcome: 'completed' }]);
});

it('hears a caller who speaks after a long silence from the first sound on', async () => {
  await using rig = openEngineRig({ routes: { 100: routeTo(clinicAgent({ conversation: { noInputMs: 60_000 } })) } });
  const leg = await rig.greeted();
  await rig.clock.run(40_000);
  await rig.says(leg, 'opening hours');
  const loud = rig.speechToText.requests[0]?.pcm.filter((sample) => sample !== 0).length ?? 0;
  expect(loud / 16).toBeGreaterThanOrEqual(780);
});

it('plays only its own voice', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted();
  const heard = new Set(leg.media().heard.map((frame) => frame.sample));
  expect(heard).toEqual(new Set([sampleOf({ text: PROMPTS.greeting, voice: 'ana' })]));
});
