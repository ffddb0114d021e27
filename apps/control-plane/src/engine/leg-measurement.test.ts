import { expect, it } from 'vitest';
import { openEngineRig } from './testing/engine-rig.ts';
import { measurementOf } from './leg-measurement.ts';

const received = { codec: 'ulaw', packetsReceived: 950, packetsSent: 1_000, receivedLossRatio: 0.05, receivedJitterMs: 4 };

it('scores what we heard, and what the party heard where its telephone reported it', () => {
  const alone = measurementOf({ ...received, reported: null });
  expect(alone).toMatchObject({ leg: 'caller', receivedLossRatio: 0.05, sentLossRatio: null, roundTripMs: null, sentMos: null });
  expect(alone.receivedMos).toBeGreaterThan(3.8);
  expect(alone.receivedMos).toBeLessThan(4.1);
  const both = measurementOf({ ...received, reported: { lossRatio: 0, jitterMs: 1, roundTripMs: 40 } });
  expect(both.sentMos).toBeGreaterThan(4.3);
  expect(both.receivedMos).toBeLessThan(alone.receivedMos);
});

it("writes the quality of a call's leg into the journal when the call is over", async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted({ quality: { ...received, reported: null } });
  leg.callerHangsUp();
  await rig.clock.run(100);
  expect(rig.journal.events.filter(({ kind }) => kind === 'leg_measured')).toMatchObject([
    { measurement: { leg: 'caller', codec: 'ulaw', packetsReceived: 950 } },
  ]);
});

it('writes nothing for a leg that was never measured', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted();
  leg.callerHangsUp();
  await rig.clock.run(100);
  expect(rig.journal.events.some(({ kind }) => kind === 'leg_measured')).toBe(false);
});
