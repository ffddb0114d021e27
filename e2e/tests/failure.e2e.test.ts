import { readFileSync } from 'node:fs';
import { openDatabase } from '@centralita/control-plane/db/client.ts';
import { rejectedCalls } from '@centralita/control-plane/db/schema/calls.ts';
import { mintApplianceScope } from '@centralita/control-plane/shared/appliance-scope.ts';
import { databaseUrl } from '@centralita/provision/instance.ts';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { endedCall } from '#e2e/call-journal.ts';
import type { JournalCall } from '#e2e/call-journal.ts';
import { textAt } from '#e2e/flow-texts.ts';
import { pausesOf } from '#e2e/heard.ts';
import type { Ear } from '#e2e/heard.ts';
import { expectNothingLeft } from '#e2e/leftovers.ts';
import { testBasePort } from '#e2e/rig-ports.ts';
import { openRig } from '#e2e/rig.ts';
import type { Rig } from '#e2e/rig.ts';
import { RIG_NUMBERS, RIG_PHONES } from '#e2e/rig-seed.ts';
import { synthesize } from '@centralita/sip-caller/speech.ts';
import { demoSpanish, openTestLines, people } from '#e2e/test-lines.ts';

let rig: Rig;
beforeAll(async () => {
  // A model that hangs on purpose makes one slow turn; among so few it would close the admission of the calls after it.
  const settings = { ADMISSION_GAP_P95_MS: '60000', ADMISSION_QUEUE_P95_MS: '60000' };
  rig = await openRig({ name: 'failure', basePort: testBasePort(), settings });
});
afterAll(() => rig[Symbol.asyncDispose]());
afterEach(async () => {
  if (rig.inference?.isRunning() !== true) await rig.startInference();
  if (!rig.controlPlane.isRunning()) await rig.startControlPlane();
  // Connections to a server that was away come back within two seconds.
  await rig.untilReady();
  await expectNothingLeft(rig);
});

/** What was prepared to be said in a language. */
function preparedIn(name: 'apology' | 'filler', language: 'es' | 'en'): string {
  return readFileSync(new URL(`../../asterisk/sounds/${name}-${language}.txt`, import.meta.url), 'utf8').trim();
}
const apologyIn = (language: 'es' | 'en'): string => preparedIn('apology', language);

/** Whether the sound is the filler in Spanish and then, behind some pause, the apology. */
async function isFillerThenApology(ear: Ear, pcm: Int16Array): Promise<boolean> {
  const among = [preparedIn('filler', 'es'), apologyIn('es'), ...people.spanish.texts];
  for (const pause of pausesOf(pcm, 100)) {
    const [first, second] = [pcm.subarray(0, pause), pcm.subarray(pause)];
    if ((await ear.recognise(second, { language: 'es', among })) !== apologyIn('es')) continue;
    if ((await ear.recognise(first, { language: 'es', among })) === preparedIn('filler', 'es')) return true;
  }
  return false;
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

  test('without an inference server the caller hears a filler and a recorded apology, and the call is closed', async () => {
    await using lines = openTestLines(rig);
    await rig.inference?.stop('SIGKILL', 1_000);
    const caller = await lines.dial(people.spanish);
    await caller.call.ended;
    await rig.startInference();
    expect(await isFillerThenApology(lines.ear, caller.call.received().pcm)).toBe(true);
    const call = await endedCall(rig, people.spanish.number);
    expect(call).toMatchObject({ outcome: 'failed' });
    expect(namesOf(call)).toEqual(expect.arrayContaining(['model_retried', 'filler_played', 'model_failed', 'apology_played']));
  });

  test('a speech server that hangs for two seconds costs the caller a "one moment" and not the call', async () => {
    await using lines = openTestLines(rig);
    const caller = await lines.dial(people.spanish);
    await caller.hear();
    const { pid } = rig.inference!;
    process.kill(pid, 'SIGSTOP');
    await caller.call.say(await synthesize({ text: 'horario de atención', voice: 'es' }));
    const filler = await caller.hearBeginning({ withinMs: 5_000 });
    process.kill(pid, 'SIGCONT');
    const answered = await caller.hearSound();
    expect(answered.endedAt - filler).toBeGreaterThan(2_000);
    await caller.call.hangUp();
    const call = await endedCall(rig, people.spanish.number);
    expect(call.outcome).toBe('caller_hung_up');
    const states = call.notes.filter(({ name }) => name === 'failure_state').map(({ fields }) => fields['to']);
    expect(states).toEqual(['bridging', 'steady']);
    expect(call.turns.map(({ text }) => text)).toContainEqual(expect.stringContaining(textAt(demoSpanish, 'hours').slice(0, 20)));
  });

  test('a speech server that dies in mid-call is filled within 800 ms, apologised for, and the reception is rung', async () => {
    await using lines = openTestLines(rig);
    const phone = await lines.phone(RIG_PHONES.demo);
    const answered = phone.ringing.then((offer) => offer.answer());
    const caller = await lines.dial(people.spanish);
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'greeting'));
    await rig.inference?.stop('SIGKILL', 1_000);
    await caller.call.say(await synthesize({ text: 'quiero una cita', voice: 'es' }));
    const spokenAt = performance.now();
    const fillerAt = await caller.hearBeginning({ withinMs: 5_000 });
    // The pause that makes the turn the agent's comes before the failure can be heard.
    const pauseMs = demoSpanish.conversation.commitPauseMs;
    expect(fillerAt - spokenAt).toBeLessThan(pauseMs + 800);
    const reception = await answered;
    const from = performance.now();
    await reception.say(await synthesize({ text: 'recepción, buenos días', voice: 'es' }));
    expect(caller.call.firstAudioAt(from)).not.toBeNull();
    await reception.hangUp();
    await caller.call.ended;
    const call = await endedCall(rig, people.spanish.number);
    expect(call.outcome).toBe('transferred');
    const states = call.notes.filter(({ name }) => name === 'failure_state').map(({ fields }) => fields['to']);
    expect(states).toEqual(['bridging', 'apologising', 'handing_over']);
  });
});

describe('the kill switch', () => {
  test('refuses the next call on every server within 2 s, lets the live one end, outlives a restart, and is lifted', async () => {
    await using lines = openTestLines(rig);
    const second = await rig.startSecondControlPlane();
    const caller = await lines.dial(people.spanish);
    await caller.hear();
    const stoppedAt = performance.now();
    expect(await rig.adminSend('POST', '/admin/global-stop', { reason: 'end-to-end test' })).toMatchObject({ status: 200 });
    await vi.waitFor(
      async () => {
        const { status } = await fetch(`${second}/health/ready`);
        const text = await (await fetch(`${second}/metrics`)).text();
        expect([status, text]).toEqual([503, expect.stringContaining('centralita_global_stop 1')]);
      },
      { timeout: 3_000, interval: 50 },
    );
    expect(performance.now() - stoppedAt).toBeLessThan(2_000);
    const refused = async () => {
      const call = await (await lines.telephone()).call(people.spanish.number, { signal: AbortSignal.timeout(15_000) });
      return await call.outcome;
    };
    await rig.stopSecondControlPlane();
    expect(await refused()).toMatchObject({ kind: 'rejected', status: 503 });
    await caller.say('horario de atención');
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'hours'));
    await caller.call.hangUp();
    await rig.controlPlane.stop('SIGKILL', 1_000);
    await rig.startControlPlane('started');
    expect(await refused()).toMatchObject({ kind: 'rejected', status: 503 });
    expect(await rig.adminSend('POST', '/admin/global-stop/resume', {})).toMatchObject({ body: { state: 'running' } });
    const next = await lines.dial(people.spanish);
    expect((await next.hear()).text).toBe(textAt(demoSpanish, 'greeting'));
    await next.call.hangUp();
    const { entries } = (await rig.admin('/admin/audit?limit=20')) as { entries: { action: string }[] };
    expect(entries.map(({ action }) => action)).toEqual(expect.arrayContaining(['global_stop.begun', 'global_stop.ended']));
  });
});

function namesOf(call: JournalCall): readonly string[] {
  return call.notes.map(({ name }) => name);
}
