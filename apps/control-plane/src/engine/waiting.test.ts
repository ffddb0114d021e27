// Callers that there is no room for: refused, rung elsewhere, or held until there is room.
import { expect, it } from 'vitest';
import type { OverloadWish } from '#ports/call-routing.ts';
import type { AdmissionView } from './admission.ts';
import { clinicAgent } from './testing/clinic-agent.ts';
import { openEngineRig, routeTo } from './testing/engine-rig.ts';

const queue: OverloadWish = { choice: 'queue', destination: null, maxWaitMs: 10_000 };
const routed = (overload: OverloadWish, concurrentCalls = 100) => ({ ...routeTo(clinicAgent()), overload, concurrentCalls });

it('holds callers with music and takes them in order when a call ends', async () => {
  await using rig = openEngineRig({ routes: { 100: routed(queue) }, limits: { maxConcurrentCalls: 1 } });
  const [first, second, third] = [rig.ring(), rig.ring(), rig.ring()];
  await rig.clock.run(2_000);
  expect([first, second, third].map((leg) => leg.progress())).toEqual(['answered', 'held', 'held']);
  expect([rig.engine.waiting.count(), rig.engine.waiting.longestMs() >= 1_900]).toEqual([2, true]);
  first.callerHangsUp();
  await rig.clock.run(200);
  expect([second, third].map((leg) => leg.progress())).toEqual(['answered', 'held']);
  second.callerHangsUp();
  await rig.clock.run(200);
  expect([third.progress(), rig.engine.waiting.count()]).toEqual(['answered', 0]);
});

it('counts the set-up of a call that was held from the end of its wait', async () => {
  await using rig = openEngineRig({ routes: { 100: routed(queue) }, limits: { maxConcurrentCalls: 1 } });
  const first = rig.ring();
  await rig.clock.run(100);
  rig.ring();
  await rig.clock.run(5_000);
  first.callerHangsUp();
  await rig.clock.run(500);
  const [, second] = rig.journal.events.filter(({ kind }) => kind === 'call_answered');
  expect(second).toMatchObject({ setupMs: expect.closeTo(0, -2) });
});

it('refuses the next caller when the line is as long as the telephone system has room for, or rings whom his organization named', async () => {
  const routes = { 100: routed(queue), 101: routed({ ...queue, destination: '2009' }) };
  await using rig = openEngineRig({ routes, limits: { maxConcurrentCalls: 1, maxWaitingCallers: 2 } });
  rig.ring();
  await rig.clock.run(100);
  const [first, second, third, fourth] = [rig.ring(), rig.ring(), rig.ring(), rig.ring({ dialledNumber: '101' })];
  await rig.clock.run(2_000);
  expect([first, second, third].map((leg) => leg.progress())).toEqual(['held', 'held', 'rejected']);
  expect([third.rejectedFor(), fourth.transfers]).toMatchObject(['at_capacity', [{ extension: '2009' }]]);
  expect(rig.journal.events.filter(({ kind }) => kind === 'call_rejected')).toMatchObject([{ outcome: 'rejected_at_capacity' }]);
  first.callerHangsUp();
  await rig.clock.run(200);
  const fifth = rig.ring();
  await rig.clock.run(200);
  expect(fifth.progress()).toBe('held');
});

it('writes down who hung up before it was his turn, and keeps no place for him', async () => {
  await using rig = openEngineRig({ routes: { 100: routed(queue) }, limits: { maxConcurrentCalls: 1 } });
  const first = rig.ring();
  await rig.clock.run(100);
  const second = rig.ring();
  await rig.clock.run(1_000);
  second.callerHangsUp();
  await rig.clock.run(100);
  expect(rig.engine.waiting.count()).toBe(0);
  expect(rig.journal.events.filter(({ kind }) => kind === 'call_rejected')).toMatchObject([{ outcome: 'abandoned_waiting' }]);
  first.callerHangsUp();
  await rig.clock.run(100);
  expect(rig.engine.liveCalls()).toBe(0);
});

it('gives up after the longest wait: rings whom the organization named, or says so and hangs up', async () => {
  const routes = { 100: routed(queue), 101: routed({ ...queue, destination: '2009' }) };
  await using rig = openEngineRig({ routes, limits: { maxConcurrentCalls: 1 } });
  rig.ring();
  await rig.clock.run(100);
  const [alone, rung] = [rig.ring(), rig.ring({ dialledNumber: '101' })];
  await rig.clock.run(13_000);
  expect(alone.progress()).toBe('ended');
  expect(rung.transfers).toMatchObject([{ extension: '2009' }]);
  expect(rig.journal.ends()).toMatchObject([{ outcome: 'failed' }, { outcome: 'failed' }]);
});

it('does not let a full plan keep the callers of others waiting', async () => {
  const routes = { 100: routed(queue, 1), 101: routed(queue) };
  await using rig = openEngineRig({ routes, limits: { maxConcurrentCalls: 2 } });
  const [own, others] = [rig.ring(), rig.ring({ dialledNumber: '101' })];
  await rig.clock.run(100);
  const [ownWaiting, othersWaiting] = [rig.ring(), rig.ring({ dialledNumber: '101' })];
  await rig.clock.run(500);
  others.callerHangsUp();
  await rig.clock.run(200);
  expect([own, ownWaiting, othersWaiting].map((leg) => leg.progress())).toEqual(['answered', 'held', 'answered']);
});

it('rings the fallback at once where the organization chose that, and refuses where it named nobody', async () => {
  const fallback = { choice: 'fallback', destination: '2009', maxWaitMs: 0 } as const;
  const routes = { 100: routed(fallback), 101: routed({ ...fallback, destination: null }) };
  const choices: string[] = [];
  await using rig = openEngineRig({ routes, limits: { maxConcurrentCalls: 1 }, onOverload: (choice) => choices.push(choice) });
  rig.ring();
  await rig.clock.run(100);
  const [rung, refused] = [rig.ring(), rig.ring({ dialledNumber: '101' })];
  await rig.clock.run(2_000);
  expect(rung.transfers).toMatchObject([{ extension: '2009' }]);
  expect(refused.rejectedFor()).toBe('at_capacity');
  expect(choices).toEqual(['fallback', 'fallback']);
});

it('takes nobody while calls are not answered in time, and whoever waits once they are', async () => {
  let view: AdmissionView = { maxCalls: 5, isOpen: true };
  await using rig = openEngineRig({ routes: { 100: routed(queue) }, admission: () => view });
  const first = rig.ring();
  await rig.clock.run(100);
  view = { maxCalls: 5, isOpen: false };
  const second = rig.ring();
  await rig.clock.run(3_000);
  expect([first.progress(), second.progress()]).toEqual(['answered', 'held']);
  view = { maxCalls: 5, isOpen: true };
  await rig.clock.run(1_000);
  expect(second.progress()).toBe('answered');
});

it('lets go of who waits when the process stops', async () => {
  await using rig = openEngineRig({ routes: { 100: routed(queue) }, limits: { maxConcurrentCalls: 1 } });
  rig.ring();
  await rig.clock.run(100);
  const waiting = rig.ring();
  await rig.clock.run(500);
  rig.engine.stopAccepting();
  await rig.clock.run(2_000);
  expect([waiting.progress(), rig.engine.waiting.count()]).toEqual(['rejected', 0]);
  expect(waiting.rejectedFor()).toBe('not_ready');
  expect(rig.journal.events.filter(({ kind }) => kind === 'call_rejected')).toMatchObject([{ outcome: 'rejected_not_ready' }]);
});
