import { expect, it } from 'vitest';
import { clinicAgent } from './testing/clinic-agent.ts';
import { openEngineRig, routeTo } from './testing/engine-rig.ts';
import { measurementOf } from './leg-measurement.ts';

const received = { codec: 'ulaw', packetsReceived: 950, packetsSent: 1_000, receivedLossRatio: 0.05, receivedJitterMs: 4 };

it('scores what we heard, and what the party heard where its telephone reported it', () => {
  const alone = measurementOf('caller', { ...received, reported: null });
  expect(alone).toMatchObject({ leg: 'caller', receivedLossRatio: 0.05, sentLossRatio: null, roundTripMs: null, sentMos: null });
  expect(alone.receivedMos).toBeGreaterThan(3.8);
  expect(alone.receivedMos).toBeLessThan(4.1);
  const both = measurementOf('representative', { ...received, reported: { lossRatio: 0, jitterMs: 1, roundTripMs: 40 } });
  expect(both.leg).toBe('representative');
  expect(both.sentMos).toBeGreaterThan(4.3);
  expect(both.receivedMos).toBeLessThan(alone.receivedMos);
});

it("writes the quality of a call's leg into the journal when the call is over", async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted({ quality: { caller: { ...received, reported: null } } });
  leg.callerHangsUp();
  await rig.clock.run(100);
  expect(rig.journal.events.filter(({ kind }) => kind === 'leg_measured')).toMatchObject([
    { measurement: { leg: 'caller', codec: 'ulaw', packetsReceived: 950 } },
  ]);
});

const both = {
  caller: { ...received, reported: null },
  representative: { ...received, codec: 'alaw', packetsReceived: 40, reported: null },
};
const BOTH_MEASURED = [
  { measurement: { leg: 'caller', codec: 'ulaw', packetsReceived: 950, receivedMos: expect.any(Number) } },
  { measurement: { leg: 'representative', codec: 'alaw', packetsReceived: 40, receivedMos: expect.any(Number) } },
];

it('writes that of the representative too, of a call that was put through', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted({ quality: both, transfer: { outcome: { kind: 'bridged', talkedMs: 5_000 }, afterMs: 500 } });
  await rig.says(leg, 'a person please');
  await rig.clock.runUntil('the two talked', () => rig.journal.ends().length === 1);
  await rig.clock.run(100);
  expect(leg.transfers).toHaveLength(1);
  expect(rig.journal.events.filter(({ kind }) => kind === 'leg_measured')).toMatchObject(BOTH_MEASURED);
});

it('writes both of a call that was handed over without an agent', async () => {
  const fallback = { choice: 'fallback', destination: '2009', maxWaitMs: 0 } as const;
  await using rig = openEngineRig({ routes: { 100: { ...routeTo(clinicAgent()), overload: fallback } }, isStopped: () => true });
  const leg = rig.ring({ quality: both, transfer: { outcome: { kind: 'bridged', talkedMs: 5_000 }, afterMs: 500 } });
  await rig.clock.run(10_000);
  expect(leg.transfers).toHaveLength(1);
  expect(rig.journal.ends()).toMatchObject([{ outcome: 'transferred' }]);
  expect(rig.journal.events.filter(({ kind }) => kind === 'leg_measured')).toMatchObject(BOTH_MEASURED);
});

it('writes nothing for a leg that was never measured', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted();
  leg.callerHangsUp();
  await rig.clock.run(100);
  expect(rig.journal.events.some(({ kind }) => kind === 'leg_measured')).toBe(false);
});
