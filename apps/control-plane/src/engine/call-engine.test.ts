// The engine around the calls: who is taken, who is refused, how it stops.
import { expect, it } from 'vitest';
import { sampleOf } from '#ports/testing/scripted-text-to-speech.ts';
import { clinicAgent, PROMPTS } from './testing/clinic-agent.ts';
import { NOTHING_OPEN, openEngineRig, routeTo } from './testing/engine-rig.ts';

it('refuses a number that nobody owns, with one line in the journal and no slot kept', async () => {
  await using rig = openEngineRig();
  const leg = rig.ring({ dialledNumber: '999' });
  await rig.clock.run(50);
  expect(leg.rejectedFor()).toBe('unknown_number');
  expect(rig.journal.events).toMatchObject([
    { kind: 'call_rejected', scope: null, dialledNumber: '999', outcome: 'rejected_unknown_number' },
  ]);
  expect(rig.engine.liveCalls()).toBe(0);
});

it('refuses calls beyond its capacity and takes the next one when a slot is free', async () => {
  await using rig = openEngineRig({ limits: { maxConcurrentCalls: 2 } });
  const [first, second, third] = [rig.ring(), rig.ring(), rig.ring()];
  await rig.clock.run(100);
  expect(third.rejectedFor()).toBe('at_capacity');
  expect(rig.engine.liveCalls()).toBe(2);
  first.callerHangsUp();
  await rig.clock.run(50);
  const fourth = rig.ring();
  await rig.clock.run(50);
  expect(fourth.progress()).toBe('answered');
  expect(second.progress()).toBe('answered');
});

it('two calls of two organizations never mix', async () => {
  const clinic = routeTo(clinicAgent({ voice: 'ana' }));
  const garage = routeTo(clinicAgent({ voice: 'tom' }));
  await using rig = openEngineRig({ routes: { 100: clinic, 101: garage } });
  const first = rig.ring({ dialledNumber: '100' });
  const second = rig.ring({ dialledNumber: '101' });
  await rig.clock.run(4_000);
  rig.speechToText.willAnswer({ says: 'opening hours' }, { says: 'that is all' });
  first.media().callerSpeaks(800);
  await rig.clock.run(400);
  second.media().callerSpeaks(800);
  await rig.clock.run(8_000);
  const voices = (voice: string, ...texts: string[]) => new Set([0, ...texts.map((text) => sampleOf({ text, voice }))]);
  const samplesOf = (leg: typeof first) => new Set(leg.media().heard.map((frame) => frame.sample));
  expect(samplesOf(first)).toEqual(voices('ana', PROMPTS.greeting, PROMPTS.hours, PROMPTS.more));
  expect(samplesOf(second)).toEqual(voices('tom', PROMPTS.greeting, PROMPTS.bye));
  for (const { scope } of [clinic, garage]) {
    const turns = rig.journal.events.filter((event) => event.kind === 'turn_recorded' && event.scope === scope);
    expect(new Set(turns.map((turn) => ('callId' in turn ? turn.callId : null))).size).toBe(1);
    expect(turns).toHaveLength(3);
  }
});

it('a routing that fails refuses the call with a recorded reason and gives the slot back', async () => {
  await using rig = openEngineRig({ routing: { findRoute: () => Promise.reject(new Error('the database is away')) } });
  const leg = rig.ring();
  await rig.clock.run(50);
  expect(leg.rejectedFor()).toBe('not_ready');
  expect(rig.journal.events).toMatchObject([{ kind: 'call_rejected', scope: null, outcome: 'failed' }]);
  expect(rig.engine.liveCalls()).toBe(0);
});

it('a call whose sound cannot be built ends as failed', async () => {
  await using rig = openEngineRig();
  const leg = rig.ring({ openMediaFails: true });
  await rig.clock.run(50);
  expect(rig.journal.ends()).toMatchObject([{ outcome: 'failed', reason: 'set_up_failed' }]);
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
});

it('refuses new calls while it drains and lets live ones finish', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted();
  rig.engine.stopAccepting();
  let isDrained = false;
  void rig.engine.drain({ signal: new AbortController().signal }).then(() => (isDrained = true));
  const late = rig.ring();
  await rig.clock.run(100);
  expect(late.rejectedFor()).toBe('not_ready');
  expect(isDrained).toBe(false);
  leg.callerHangsUp();
  await rig.clock.run(100);
  expect(isDrained).toBe(true);
});

it('gives up draining when told to', async () => {
  await using rig = openEngineRig();
  await rig.greeted();
  const aborter = new AbortController();
  const drained = rig.engine.drain({ signal: aborter.signal });
  aborter.abort();
  await drained;
  expect(rig.engine.liveCalls()).toBe(1);
});

it('ends every call when it is disposed: live, ringing, and the one whose route is still looked up', async () => {
  const routes = Promise.withResolvers<ReturnType<typeof routeTo>>();
  const route = routeTo(clinicAgent());
  const routing = { findRoute: async (number: string) => (number === 'slow' ? await routes.promise : route) };
  await using rig = openEngineRig({ routing });
  const live = await rig.greeted();
  const ringing = rig.ring({ openMediaAfterMs: 5_000 });
  const looked = rig.ring({ dialledNumber: 'slow' });
  await rig.clock.run(50);
  let isGone = false;
  void rig.engine[Symbol.asyncDispose]().then(() => (isGone = true));
  await rig.clock.run(50);
  routes.resolve(route);
  await rig.clock.run(50);
  expect(isGone).toBe(true);
  expect(looked.rejectedFor()).toBe('not_ready');
  expect(rig.leftOpen([live, ringing])).toEqual(NOTHING_OPEN);
  expect(rig.journal.ends()).toHaveLength(2);
});

it("takes a short number for unknown when another organization's phone dials it, and a full number from everybody", async () => {
  const route = routeTo(clinicAgent());
  await using rig = openEngineRig({ routes: { '1001': route, '+34910000001': route } });
  const stranger = rig.ring({ dialledNumber: '1001', callerOrganizationSlug: 'dental-norte' });
  const strangerOutside = rig.ring({ dialledNumber: '+34910000001', callerOrganizationSlug: 'dental-norte' });
  const colleague = rig.ring({ dialledNumber: '1001', callerOrganizationSlug: 'clinica' });
  await rig.clock.run(50);
  expect([stranger, strangerOutside, colleague].map((leg) => leg.rejectedFor())).toEqual(['unknown_number', null, null]);
});
