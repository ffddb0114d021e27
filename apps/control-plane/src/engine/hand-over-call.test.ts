// A call that no agent takes is a call like any other: it is seen, ended from outside, waited for, and counted once, and it holds no slot.
import { expect, it } from 'vitest';
import { openScriptedCallControl } from '#ports/testing/scripted-call-leg.ts';
import type { ScriptedLegOptions } from '#ports/testing/scripted-call-leg.ts';
import type { OpenCall } from '#ports/open-calls.ts';
import type { CallId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import type { CallEngineParts } from './call-engine.ts';
import { startRecovery } from './recovery.ts';
import { clinicAgent } from './testing/clinic-agent.ts';
import { NOTHING_OPEN, openEngineRig, routeTo } from './testing/engine-rig.ts';
import type { EngineRig } from './testing/engine-rig.ts';

const HOUR_MS = 3_600_000;
const LONG_TALK = { outcome: { kind: 'bridged', talkedMs: HOUR_MS }, afterMs: 1_000 } as const;
const fallback = { choice: 'fallback', destination: '2009', maxWaitMs: 0 } as const;

/** A rig under the global stop, whose calls are rung to an extension. */
const stopped = (parts: Partial<CallEngineParts> = {}): EngineRig =>
  openEngineRig({ routes: { 100: { ...routeTo(clinicAgent()), overload: fallback } }, isStopped: () => true, ...parts });

const startedIds = ({ journal }: EngineRig): CallId[] =>
  journal.events.flatMap((event) => (event.kind === 'call_started' ? [event.callId] : []));

/** A call in which the caller and the representative talk. */
async function talking(rig: EngineRig, transfer: ScriptedLegOptions['transfer'] = LONG_TALK) {
  const leg = rig.ring({ transfer });
  await rig.clock.run(2_000);
  expect([leg.progress(), leg.transfers.length, rig.journal.ends().length]).toEqual(['answered', 1, 0]);
  return { leg, callId: startedIds(rig)[0]! };
}

/** The rows that the journal's events would make, as the watch over rows reads them. */
function rowsOf({ journal }: EngineRig): OpenCall[] {
  const ended = new Set(journal.ends().map(({ callId }) => callId));
  return journal.events.flatMap((event) => {
    if (event.kind !== 'call_started' || ended.has(event.callId)) return [];
    const { callId, scope, legId, dialledNumber, callerNumber, at } = event;
    return [{ callId, scope, legId, dialledNumber, callerNumber, startedAt: at, answeredAt: null, turns: 0, stand: null }];
  });
}

it('stays open in the journal while the two talk for minutes, and ends once', async () => {
  await using rig = stopped();
  const { engine, journal, clock } = rig;
  await using _watch = startRecovery({
    callControl: openScriptedCallControl(),
    openCalls: { list: async () => rowsOf(rig) },
    routing: { findRoute: async () => rig.route() },
    journal,
    engine,
    clock,
    log: silentLog,
  });
  const { leg, callId } = await talking(rig);
  await clock.run(130_000);
  expect(rowsOf(rig)).toHaveLength(1);
  leg.callerHangsUp();
  await clock.run(100);
  await clock.run(60_000);
  expect(journal.ends()).toMatchObject([{ callId, outcome: 'transferred', reason: 'no agent takes calls, talked to a representative' }]);
});

it('holds no slot, and is hung up by its organization or the admin', async () => {
  await using rig = stopped();
  const { leg, callId } = await talking(rig);
  expect([rig.engine.liveCalls(), rig.engine.isLive(callId)]).toEqual([0, true]);
  expect(rig.engine.hangUp(callId, routeTo(clinicAgent()).scope.organizationId)).toBe(false);
  expect(rig.engine.hangUp(callId, rig.route().scope.organizationId)).toBe(true);
  await rig.clock.run(100);
  expect(rig.journal.ends()).toMatchObject([{ callId, outcome: 'completed', reason: 'hung_up_by_api' }]);
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
  expect([rig.engine.isLive(callId), rig.engine.hangUp(callId, null)]).toEqual([false, false]);
});

it('is hung up while it rings, and while the apology is heard', async () => {
  await using rig = stopped();
  const rings = rig.ring({ transfer: { outcome: { kind: 'no_answer' }, afterMs: 60_000 } });
  const apologised = rig.ring({ transfer: { outcome: { kind: 'busy' }, afterMs: 100 } });
  await rig.clock.runUntil('the apology is heard', () => rig.journal.notes().includes('apology_played'));
  await rig.clock.run(100);
  for (const callId of startedIds(rig)) expect(rig.engine.hangUp(callId, null)).toBe(true);
  await rig.clock.run(50);
  expect(rig.journal.ends().map(({ reason }) => reason)).toEqual(['hung_up_by_api', 'hung_up_by_api']);
  expect(rig.leftOpen([rings, apologised])).toEqual(NOTHING_OPEN);
});

it('is waited for by a process that drains', async () => {
  await using rig = stopped();
  const { leg } = await talking(rig);
  rig.engine.stopAccepting();
  let isDrained = false;
  void rig.engine.drain({ signal: new AbortController().signal }).then(() => (isDrained = true));
  await rig.clock.run(5_000);
  expect([isDrained, leg.progress()]).toEqual([false, 'answered']);
  leg.representative().hangsUp();
  await rig.clock.run(100);
  expect(isDrained).toBe(true);
  expect(rig.journal.ends()).toMatchObject([{ outcome: 'transferred' }]);
});

it('does not keep a process that is told to stop now', async () => {
  await using rig = stopped();
  const { leg } = await talking(rig);
  let isGone = false;
  void rig.engine[Symbol.asyncDispose]().then(() => (isGone = true));
  await rig.clock.run(100);
  expect(isGone).toBe(true);
  expect(rig.journal.ends()).toMatchObject([{ outcome: 'failed', reason: 'the control plane stopped' }]);
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
});

it('does not keep a process that stops under a caller who is held, for whom somebody would be rung then', async () => {
  const queue = { choice: 'queue', destination: '2009', maxWaitMs: 60_000 } as const;
  const routes = { 100: { ...routeTo(clinicAgent()), overload: queue } };
  await using rig = openEngineRig({ routes, limits: { maxConcurrentCalls: 1 } });
  const first = await rig.greeted();
  const held = rig.ring({ transfer: LONG_TALK });
  await rig.clock.run(1_000);
  expect(held.progress()).toBe('held');
  let isGone = false;
  void rig.engine[Symbol.asyncDispose]().then(() => (isGone = true));
  await rig.clock.run(100);
  expect(isGone).toBe(true);
  expect(rig.journal.ends()).toHaveLength(2);
  expect(rig.leftOpen([first, held])).toEqual(NOTHING_OPEN);
});

it('has no end here when another process goes on with it', async () => {
  await using rig = stopped();
  const { leg, callId } = await talking(rig);
  leg.ends('taken_over', 'another control plane serves the application');
  await rig.clock.run(100);
  expect(rig.journal.ends()).toEqual([]);
  expect(rig.journal.events.at(-1)).toMatchObject({ kind: 'call_let_go', callId });
});

it('failed when the telephone system died while a representative was rung, and the caller hung up when they did', async () => {
  await using rig = stopped();
  const transfer = { outcome: { kind: 'no_answer' }, afterMs: 60_000 } as const;
  const [node, system, caller] = [rig.ring({ transfer }), rig.ring({ transfer }), rig.ring({ transfer })];
  await rig.clock.run(2_000);
  for (const [leg, end] of [
    [node, () => node.ends('node', 'lost')],
    [system, () => system.ends('system', 'Q.850 38')],
    [caller, () => caller.callerHangsUp()],
  ] as const) {
    expect([leg.progress(), leg.transfers.length]).toEqual(['answered', 1]);
    end();
    await rig.clock.run(100);
  }
  expect(rig.journal.ends().map(({ outcome, reason }) => [outcome, reason])).toEqual([
    ['failed', 'node_lost'],
    ['failed', 'hung up by system: Q.850 38'],
    ['caller_hung_up', 'hung up while a representative was rung'],
  ]);
  expect(rig.leftOpen([node, system, caller])).toEqual(NOTHING_OPEN);
});

it('talked to a representative also when the telephone system ends the talk', async () => {
  await using rig = stopped();
  const { leg } = await talking(rig);
  leg.ends('system', 'Q.850 38');
  await rig.clock.run(100);
  expect(rig.journal.ends()).toMatchObject([{ outcome: 'transferred' }]);
});
