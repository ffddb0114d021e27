import { readFileSync } from 'node:fs';
import { openDatabase } from '@centralita/control-plane/db/client.ts';
import { rejectedCalls } from '@centralita/control-plane/db/schema/calls.ts';
import { mintApplianceScope } from '@centralita/control-plane/shared/appliance-scope.ts';
import { databaseUrl } from '@centralita/provision/instance.ts';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { endedCall } from '#e2e/call-journal.ts';
import { textAt } from '#e2e/flow-texts.ts';
import { pausesOf } from '#e2e/heard.ts';
import type { Ear } from '#e2e/heard.ts';
import { expectNothingLeft } from '#e2e/leftovers.ts';
import { openRig } from '#e2e/rig.ts';
import type { Rig } from '#e2e/rig.ts';
import { RIG_NUMBERS } from '#e2e/rig-seed.ts';
import { demoSpanish, openTestLines, people } from '#e2e/test-lines.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig({ name: 'failure', basePort: 26_000 });
});
afterAll(() => rig[Symbol.asyncDispose]());
afterEach(async () => {
  if (rig.inference?.isRunning() !== true) await rig.startInference();
  if (!rig.controlPlane.isRunning()) await rig.startControlPlane();
  // Connections to a server that was away come back within two seconds.
  await rig.untilReady();
  await expectNothingLeft(rig);
});

/** What the safety net says in a language. */
function apologyIn(language: 'es' | 'en'): string {
  return readFileSync(new URL(`../../asterisk/sounds/apology-${language}.txt`, import.meta.url), 'utf8').trim();
}

/** Whether the sound is the apology in Spanish and then, behind some pause, in English. */
async function isApologyInBoth(ear: Ear, pcm: Int16Array): Promise<boolean> {
  for (const pause of pausesOf(pcm, 100)) {
    const spanish = await ear.recognise(pcm.subarray(0, pause), { language: 'es', among: [apologyIn('es'), ...people.spanish.texts] });
    const english = await ear.recognise(pcm.subarray(pause), { language: 'en', among: [apologyIn('en'), ...people.english.texts] });
    if (spanish === apologyIn('es') && english === apologyIn('en')) return true;
  }
  return false;
}

describe('when something is not there', () => {
  test('a number that nobody owns is refused with 404 and stored as a rejected call only', async () => {
    await using lines = openTestLines(rig);
    const telephone = await lines.telephone();
    const call = await telephone.call(RIG_NUMBERS.unknown, { signal: AbortSignal.timeout(26_000) });
    expect(await call.outcome).toMatchObject({ kind: 'rejected', status: 404 });
    const { calls } = (await rig.admin('/admin/calls?limit=20')) as { calls: { dialledNumber: string }[] };
    expect(calls.filter(({ dialledNumber }) => dialledNumber === RIG_NUMBERS.unknown)).toEqual([]);
    await using database = await openDatabase({ kind: 'server', url: databaseUrl(rig.instance, 'app') });
    const refused = await vi.waitFor(async () => {
      const rows = await database.inAppliance(mintApplianceScope(), (queries) => queries.select().from(rejectedCalls));
      expect(rows).not.toEqual([]);
      return rows;
    });
    expect(refused).toMatchObject([{ dialledNumber: RIG_NUMBERS.unknown, outcome: 'rejected_unknown_number' }]);
  });

  test('without a controller the caller hears the apology in Spanish and in English, and the line is closed', async () => {
    await using lines = openTestLines(rig);
    await rig.controlPlane.stop('SIGKILL', 1_000);
    const caller = await lines.dial(people.spanish);
    await caller.call.ended;
    expect(await isApologyInBoth(lines.ear, caller.call.received().pcm)).toBe(true);
    await expectNothingLeft(rig, { controlPlaneIsUp: false });
  });

  test('without an inference server the caller hears a recorded apology and the call is closed', async () => {
    await using lines = openTestLines(rig);
    await rig.inference?.stop('SIGKILL', 1_000);
    const caller = await lines.dial(people.spanish);
    const apology = await caller.hearSound();
    await caller.call.ended;
    await rig.startInference();
    const among = [...people.spanish.texts, apologyIn('es')];
    expect(await lines.ear.recognise(apology.pcm, { language: 'es', among })).toBe(apologyIn('es'));
    const call = await endedCall(rig, people.spanish.number);
    expect(call).toMatchObject({ outcome: 'failed' });
    expect(call.notes.map(({ name }) => name)).toEqual(expect.arrayContaining(['model_failed', 'apology_played']));
  });

  test('an inference server that dies in mid-call ends in the apology, not in silence', async () => {
    await using lines = openTestLines(rig);
    const caller = await lines.dial(people.spanish);
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'greeting'));
    await rig.inference?.stop('SIGKILL', 1_000);
    const { call } = caller;
    await caller.say('quiero una cita').catch(() => undefined);
    const from = performance.now();
    await call.ended;
    expect(call.lastAudioAt(from)).not.toBeNull();
    expect((await endedCall(rig, people.spanish.number)).notes.map(({ name }) => name)).toContain('apology_played');
  });
});
