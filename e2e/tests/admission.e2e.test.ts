// A box with room for one call: what becomes of the second caller, as his organization chose, on real Asterisk.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { endedCall } from '#e2e/call-journal.ts';
import type { Caller } from '#e2e/caller.ts';
import { expectNothingLeft } from '#e2e/leftovers.ts';
import { placeTexts, toldOnHold } from '#e2e/on-hold.ts';
import { testBasePort } from '#e2e/rig-ports.ts';
import { openRig } from '#e2e/rig.ts';
import type { Rig } from '#e2e/rig.ts';
import { RIG_PHONES } from '#e2e/rig-seed.ts';
import { demoSpanish, openTestLines, people } from '#e2e/test-lines.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig({ name: 'admission', basePort: testBasePort(), maxConcurrentCalls: 1 });
});
afterAll(() => rig[Symbol.asyncDispose]());
afterEach(() => expectNothingLeft(rig));

/** Routing remembers a number for five seconds. */
const ROUTE_FRESH_MS = 5_500;

type Wish = { choice: string; destination?: string | null; maxWaitSeconds?: number; positionEverySeconds?: number | null };

async function wish(of: string, overload: Wish): Promise<void> {
  const { organizations } = (await rig.admin('/admin/organizations?limit=100')) as {
    organizations: { organizationId: string; slug: string }[];
  };
  const organization = organizations.find(({ slug }) => slug === of);
  const answer = await rig.adminSend('PATCH', `/admin/organizations/${organization?.organizationId ?? ''}`, { overload });
  expect(answer.status).toBe(200);
}

async function choose(overload: Wish): Promise<void> {
  await wish('clinica-demo', overload);
  await sleep(ROUTE_FRESH_MS);
}

const waitingCallers = async (): Promise<number> => ((await rig.admin('/admin/capacity')) as { waitingCallers: number }).waitingCallers;
const greeting = () => demoSpanish.flow.nodes.find(({ name }) => name === demoSpanish.flow.entry)?.prompt ?? '';

/** The words of these places, in this order. On a slow machine a place is told again before it is looked at: once more is no other place. */
function tellingOf([first, ...others]: readonly number[]): RegExp {
  const place = (position: number | undefined) => `Es usted el número ${position} de la espera\\.`;
  const again = (position: number | undefined) => `( Gracias por esperar\\. ${place(position)})`;
  const moved = others.map((position) => `${again(position)}+`).join('');
  return new RegExp(`^Todas nuestras líneas están ocupadas\\. ${place(first)}${again(first)}*${moved}$`);
}

describe('a caller for whom there is no room', () => {
  test('hears music until the first call ends, and then the agent', async () => {
    await choose({ choice: 'queue', maxWaitSeconds: 60 });
    await using lines = openTestLines(rig);
    const first = await lines.dial(people.spanish);
    await first.hear();
    const second = await lines.dial(people.spanish);
    await vi.waitFor(async () => expect(await waitingCallers()).toBe(1), { timeout: 5_000 });
    await sleep(3_000);
    // Music all the time: a pause as long as between sentences would be none.
    expect(second.call.lastAudioAt(performance.now() - 1_000)).not.toBeNull();
    await first.call.hangUp();
    await vi.waitFor(async () => expect(await waitingCallers()).toBe(0), { timeout: 5_000 });
    second.forget();
    // The entry's words, and those of the nodes behind it.
    expect((await second.hearWords()).text.startsWith(greeting())).toBe(true);
    await second.call.hangUp();
    expect(await endedCall(rig, people.spanish.number)).toMatchObject({ outcome: 'caller_hung_up' });
  });

  test('is told his place among the callers of his organization, and again when he moved up', async () => {
    const queue = { choice: 'queue', destination: null, maxWaitSeconds: 120, positionEverySeconds: 20 };
    await wish('dental-norte', queue);
    await choose(queue);
    await using lines = openTestLines(rig);
    const texts = placeTexts(demoSpanish, 3);
    const told = (caller: Caller) => toldOnHold(caller.call, { ear: lines.ear, language: 'es', texts });
    const hears = (caller: Caller, ...places: number[]) =>
      vi.waitFor(async () => expect(await told(caller)).toMatch(tellingOf(places)), { timeout: 25_000, interval: 1_000 });
    const first = await lines.dial(people.spanish);
    await first.hear();
    const second = await lines.dial(people.spanish);
    const other = await lines.dial(people.north);
    const third = await lines.dial(people.spanish);
    await hears(second, 1);
    await hears(other, 1);
    await hears(third, 2);
    await other.call.hangUp();
    await first.call.hangUp();
    await hears(third, 2, 1);
    // The music goes on behind the words.
    await sleep(2_000);
    expect(third.call.lastAudioAt(performance.now() - 1_000)).not.toBeNull();
    third.forget();
    await second.call.hangUp();
    expect((await third.hearWords()).text.startsWith(greeting())).toBe(true);
    await third.call.hangUp();
    const { notes } = await endedCall(rig, people.spanish.number);
    const noted = notes.filter(({ name }) => name === 'position_told').map(({ fields }) => fields);
    expect([...new Set(noted.map((each) => each['position']))]).toEqual([2, 1]);
    expect(new Set(noted.map((each) => each['heard']))).toEqual(new Set([true]));
  });

  test('rings the phone that the organization named, and talks to who answers', async () => {
    await choose({ choice: 'fallback', destination: '2001' });
    await using lines = openTestLines(rig);
    const phone = await lines.phone(RIG_PHONES.demo);
    const first = await lines.dial(people.spanish);
    await first.hear();
    const answered = phone.ringing.then((offer) => offer.answer());
    const second = await lines.dial(people.spanish);
    const reception = await answered;
    // Who hangs up while he is being connected was never talked to.
    await sleep(2_000);
    await reception.hangUp();
    await second.call.ended;
    expect(await endedCall(rig, people.spanish.number)).toMatchObject({ outcome: 'transferred' });
    await first.call.hangUp();
  });

  test('is told so and let go when he waited too long and nobody is named', async () => {
    await choose({ choice: 'queue', destination: null, maxWaitSeconds: 5 });
    await using lines = openTestLines(rig);
    const first = await lines.dial(people.spanish);
    await first.hear();
    const second = await lines.dial(people.spanish);
    await second.call.ended;
    expect(await endedCall(rig, people.spanish.number)).toMatchObject({ outcome: 'failed' });
    await first.call.hangUp();
  });

  test('is refused at once where the organization chose nothing else', async () => {
    await choose({ choice: 'refuse' });
    await using lines = openTestLines(rig);
    const first = await lines.dial(people.spanish);
    await first.hear();
    const second = await (await lines.telephone()).call(people.spanish.number, { signal: AbortSignal.timeout(20_000) });
    expect(await second.outcome).toMatchObject({ kind: 'rejected', status: 486 });
    await first.call.hangUp();
  });
});
