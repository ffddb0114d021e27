import { afterEach, describe, expect, test } from 'vitest';
import { expectNothingLeft } from '#e2e/leftovers.ts';
import { RIG_PHONES } from '#e2e/rig-seed.ts';
import { testBasePort } from '#e2e/rig-ports.ts';
import { openRig } from '#e2e/rig.ts';
import type { Rig, RigOptions } from '#e2e/rig.ts';
import { openTestLines, people } from '#e2e/test-lines.ts';

let rig: Rig | null = null;
afterEach(async () => {
  await rig?.[Symbol.asyncDispose]();
  rig = null;
});

/** A box whose control plane has died. */
async function openHeadless(instance: NonNullable<RigOptions['instance']>): Promise<Rig> {
  rig = await openRig({ name: 'safety-net', basePort: testBasePort(), instance });
  await rig.controlPlane.stop('SIGKILL', 1_000);
  return rig;
}

describe('without a controller', () => {
  test('a box behind a balancer refuses with 503, so that the balancer tries the next one', async () => {
    const headless = await openHeadless({ behindBalancer: true });
    await using lines = openTestLines(headless);
    const telephone = await lines.telephone();
    const call = await telephone.call(people.spanish.number, { signal: AbortSignal.timeout(15_000) });
    expect(await call.outcome).toMatchObject({ kind: 'rejected', status: 503 });
    await expectNothingLeft(headless, { controlPlaneIsUp: false });
  });

  test('a box with a fallback destination rings it after the apology, and the two can talk', async () => {
    const headless = await openHeadless({ fallbackDestination: `PJSIP/${RIG_PHONES.demo}` });
    await using lines = openTestLines(headless);
    const phone = await lines.phone(RIG_PHONES.demo);
    const caller = await lines.dial(people.spanish);
    await caller.hearBeginning();
    const representative = await (await phone.ringing).answer();
    const from = performance.now();
    await caller.say('buenos días');
    expect(representative.firstAudioAt(from)).not.toBeNull();
    await caller.call.hangUp();
    await representative.ended;
    await expectNothingLeft(headless, { controlPlaneIsUp: false });
  });
});
