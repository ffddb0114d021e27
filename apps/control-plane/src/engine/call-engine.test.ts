// The engine around the calls: who is taken, who is refused, how it stops.
import { expect, it } from 'vitest';
import { sampleOf } from '#ports/testing/scripted-text-to-speech.ts';
import { openMemoryJournal } from '#ports/testing/memory-journal.ts';
import { newId } from '#shared/id.ts';
import { clinicAgent, PROMPTS } from './testing/clinic-agent.ts';
import { NOTHING_OPEN, openEngineRig, routeTo } from './testing/engine-rig.ts';
import type { EngineRig } from './testing/engine-rig.ts';

const refusals = ({ journal }: EngineRig) => journal.events.filter(({ kind }) => kind === 'call_rejected');

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

it("refuses a call beyond the plan of the number's organization, writes it down as that organization's, and takes others' calls", async () => {
  const small = { ...routeTo(clinicAgent()), concurrentCalls: 1 };
  const other = routeTo(clinicAgent());
  await using rig = openEngineRig({ routes: { 100: small, 101: other } });
  const first = rig.ring({ dialledNumber: '100' });
  await rig.clock.run(50);
  const second = rig.ring({ dialledNumber: '100' });
  const others = rig.ring({ dialledNumber: '101' });
  await rig.clock.run(50);
  expect([first.progress(), second.rejectedFor(), others.progress()]).toEqual(['answered', 'at_capacity', 'answered']);
  expect(rig.journal.events.filter(({ kind }) => kind === 'call_rejected')).toMatchObject([
    { scope: small.scope, dialledNumber: '100', outcome: 'rejected_at_capacity' },
  ]);
  first.callerHangsUp();
  await rig.clock.run(50);
  const third = rig.ring({ dialledNumber: '100' });
  await rig.clock.run(50);
  expect(third.progress()).toBe('answered');
});

it("gives an organization's place back when its call breaks in set-up", async () => {
  const small = { ...routeTo(clinicAgent()), concurrentCalls: 1 };
  await using rig = openEngineRig({ routes: { 100: small } });
  rig.ring({ openMediaFails: true });
  await rig.clock.run(50);
  const next = rig.ring();
  await rig.clock.run(50);
  expect(next.progress()).toBe('answered');
});

it('hangs a call up for its organization or the admin, and for nobody else', async () => {
  const route = routeTo(clinicAgent());
  await using rig = openEngineRig({ routes: { 100: route } });
  const [leg, another] = [rig.ring(), rig.ring()];
  await rig.clock.run(50);
  const [callId, anotherId] = rig.journal.events.flatMap((event) => (event.kind === 'call_started' ? [event.callId] : []));
  expect(rig.engine.hangUp(newId('call'), null)).toBe(false);
  expect(rig.engine.hangUp(callId!, newId('organization'))).toBe(false);
  expect(leg.progress()).toBe('answered');
  expect(rig.engine.hangUp(callId!, route.scope.organizationId)).toBe(true);
  expect(rig.engine.hangUp(anotherId!, null)).toBe(true);
  await rig.clock.run(50);
  expect(rig.journal.ends()).toMatchObject([
    { callId, outcome: 'completed', reason: 'hung_up_by_api' },
    { callId: anotherId, outcome: 'completed', reason: 'hung_up_by_api' },
  ]);
  expect(rig.leftOpen([leg, another])).toEqual(NOTHING_OPEN);
  expect(rig.engine.hangUp(callId!, route.scope.organizationId)).toBe(false);
});

it('hangs up a call while a representative is rung', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted({ transfer: { outcome: { kind: 'no_answer' }, afterMs: 60_000 } });
  await rig.says(leg, 'a person please');
  await rig.clock.runUntil('somebody is rung', () => leg.transfers.length > 0);
  const callId = rig.journal.events.flatMap((event) => (event.kind === 'call_started' ? [event.callId] : []))[0]!;
  expect(rig.engine.hangUp(callId, null)).toBe(true);
  await rig.clock.run(50);
  expect(rig.journal.ends()).toMatchObject([{ callId, outcome: 'completed', reason: 'hung_up_by_api' }]);
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
});

it('hangs up a call that is still being set up', async () => {
  await using rig = openEngineRig();
  const ringing = rig.ring({ openMediaAfterMs: 5_000 });
  await rig.clock.run(50);
  const callId = rig.journal.events.flatMap((event) => (event.kind === 'call_started' ? [event.callId] : []))[0]!;
  expect(rig.engine.hangUp(callId, null)).toBe(true);
  await rig.clock.run(50);
  expect(rig.journal.ends()).toMatchObject([{ callId, outcome: 'completed', reason: 'hung_up_by_api' }]);
  expect(rig.leftOpen([ringing])).toEqual(NOTHING_OPEN);
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
  expect(refusals(rig)).toMatchObject([{ outcome: 'rejected_not_ready', scope: null }]);
  expect(isDrained).toBe(false);
  leg.callerHangsUp();
  await rig.clock.run(100);
  expect(isDrained).toBe(true);
});

it('refuses calls whose events would find no room, and does not say that there was none for calls', async () => {
  const journal = { ...openMemoryJournal(), isNearlyFull: () => true };
  await using rig = openEngineRig({ journal });
  const leg = rig.ring();
  await rig.clock.run(50);
  expect(leg.rejectedFor()).toBe('not_ready');
  expect(journal.events).toMatchObject([{ kind: 'call_rejected', outcome: 'rejected_not_ready' }]);
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
  expect(refusals(rig)).toMatchObject([{ outcome: 'rejected_not_ready', scope: route.scope }]);
  expect(rig.leftOpen([live, ringing])).toEqual(NOTHING_OPEN);
  expect(rig.journal.ends()).toHaveLength(2);
});

it('ends a call at once whose set-up began before the engine was disposed', async () => {
  const tools = Promise.withResolvers<readonly []>();
  await using rig = openEngineRig({ findTools: () => tools.promise });
  const leg = rig.ring();
  await rig.clock.run(50);
  let isGone = false;
  void rig.engine[Symbol.asyncDispose]().then(() => (isGone = true));
  await rig.clock.run(50);
  tools.resolve([]);
  await rig.clock.run(50);
  expect(isGone).toBe(true);
  expect(rig.journal.ends()).toMatchObject([{ outcome: 'failed', reason: 'the control plane stopped' }]);
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
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
