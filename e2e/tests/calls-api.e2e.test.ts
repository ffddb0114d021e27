/** An organization's own calls over the API, on a real line: seen while they are up, hung up from outside, heard afterwards through a link. */
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { newRecordingGrant, recordingUrl } from '@centralita/control-plane/features/recordings/recording-url.ts';
import { isId } from '@centralita/control-plane/shared/id.ts';
import { openSecretKeys } from '@centralita/control-plane/shared/secret-keys.ts';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { endedCall } from '#e2e/call-journal.ts';
import { textAt } from '#e2e/flow-texts.ts';
import { expectNothingLeft } from '#e2e/leftovers.ts';
import { readStereoRecording } from '#e2e/recording.ts';
import { testBasePort } from '#e2e/rig-ports.ts';
import { openRig, RIG_ADMIN_KEY, RIG_SECRET_KEYS } from '#e2e/rig.ts';
import type { Rig } from '#e2e/rig.ts';
import { demoSpanish, openTestLines, people } from '#e2e/test-lines.ts';

/** A change of a plan is heard by the calls after this time. */
const ROUTING_REMEMBERS_MS = 5_500;

type LiveCall = { readonly callId: string; readonly dialledNumber: string };

let rig: Rig;
let origin: string;

beforeAll(async () => {
  rig = await openRig({ name: 'calls-api', basePort: testBasePort() });
  origin = `http://127.0.0.1:${rig.ports.http}`;
});
afterAll(() => rig[Symbol.asyncDispose]());
afterEach(() => expectNothingLeft(rig));

async function ask<Body>(path: string, { token, method = 'GET' }: { token: string; method?: string }) {
  const response = await fetch(origin + path, { method, headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, body: (await response.json()) as Body };
}

async function tokenOf(organizationId: string): Promise<string> {
  const made = await fetch(`${origin}/admin/organizations/${organizationId}/tokens`, {
    method: 'POST',
    headers: { 'X-Admin-Key': RIG_ADMIN_KEY, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'calls', preset: 'full' }),
  });
  expect(made.status).toBe(201);
  return ((await made.json()) as { token: string }).token;
}

/** The organization of the call that is up on this number, as the admin sees it. */
async function organizationOf(number: string): Promise<string> {
  const { calls } = (await rig.admin('/admin/live-calls')) as { calls: (LiveCall & { organizationId: string })[] };
  const found = calls.find(({ dialledNumber }) => dialledNumber === number);
  if (!found) throw new Error(`no call to ${number} is up`);
  return found.organizationId;
}

describe('a call that is up', () => {
  test('is seen and hung up by its organization and by no other, and its recording is heard through a link', async () => {
    await using lines = openTestLines(rig);
    const [caller, neighbour] = await Promise.all([lines.dial(people.spanish), lines.dial(people.north)]);
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'greeting'));
    const [token, other] = [
      await tokenOf(await organizationOf(people.spanish.number)),
      await tokenOf(await organizationOf(people.north.number)),
    ];
    const live = await ask<{ calls: LiveCall[] }>('/live-calls', { token });
    expect(live.body.calls).toMatchObject([{ dialledNumber: people.spanish.number }]);
    const callId = live.body.calls[0]?.callId ?? '';
    expect((await ask(`/calls/${callId}/recording-url`, { token, method: 'POST' })).status).toBe(409);
    expect((await ask(`/calls/${callId}/hang-up`, { token: other, method: 'POST' })).status).toBe(404);
    expect(caller.call.state).toBe('answered');

    expect((await ask(`/calls/${callId}/hang-up`, { token, method: 'POST' })).status).toBe(202);
    expect(await caller.call.ended).toMatchObject({ kind: 'hung_up_by_them' });
    expect(neighbour.call.state).toBe('answered');
    await neighbour.call.hangUp();
    const call = await endedCall(rig, people.spanish.number);
    expect(call).toMatchObject({ callId, outcome: 'completed', reason: 'hung_up_by_api' });
    expect((await ask(`/calls/${callId}/hang-up`, { token, method: 'POST' })).status).toBe(409);
    await readStereoRecording(call.recordingPath);
    await expectRecordingBehindLinks(call.recordingPath ?? '', { callId, organizationId: call.organizationId, token });
  });
});

describe('an organization at the limit of its plan', () => {
  const ONE_CALL = {
    planId: 'one-call',
    name: 'One call',
    concurrentCalls: 1,
    agents: 5,
    requestsPerMinute: 1_000,
    dailyDials: 0,
    storageBytes: 10_000_000_000,
    recordingRetentionDays: 30,
    textRetentionDays: 30,
  };

  test('has the next call refused while its own is up, takes one again afterwards, and costs its neighbours nothing', async () => {
    const { organizations } = (await rig.admin('/admin/organizations')) as { organizations: { slug: string; organizationId: string }[] };
    const northId = organizations.find(({ slug }) => slug === 'dental-norte')?.organizationId ?? '';
    expect((await rig.adminSend('POST', '/admin/plans', ONE_CALL)).status).toBe(201);
    expect((await rig.adminSend('PATCH', `/admin/organizations/${northId}`, { planId: ONE_CALL.planId })).status).toBe(200);
    await setTimeout(ROUTING_REMEMBERS_MS);
    await using lines = openTestLines(rig);
    const first = await lines.dial(people.north);
    const outcomeOf = async (number: string) => {
      await using call = await (await lines.telephone()).call(number, { signal: AbortSignal.timeout(20_000) });
      return await call.outcome;
    };
    expect(await outcomeOf(people.north.number)).toMatchObject({ kind: 'rejected', status: 486 });
    expect(await outcomeOf(people.spanish.number)).toMatchObject({ kind: 'answered' });
    expect(first.call.state).toBe('answered');
    await first.call.hangUp();
    await vi.waitFor(async () => expect(await outcomeOf(people.north.number)).toMatchObject({ kind: 'answered' }), { timeout: 5_000 });
    const refused = await ask<{ calls: object[] }>('/calls?outcome=rejected_at_capacity', { token: await tokenOf(northId) });
    expect(refused.body.calls[0]).toMatchObject({ dialledNumber: people.north.number, state: 'rejected', agentId: null });
  });
});

/** The link gives the file, whole and in parts; changed or expired it gives nothing. */
async function expectRecordingBehindLinks(path: string, of: { callId: string; organizationId: string; token: string }): Promise<void> {
  const { callId, organizationId, token } = of;
  const file = await readFile(path);
  const { status, body } = await ask<{ url: string }>(`/calls/${callId}/recording-url`, { token, method: 'POST' });
  expect(status).toBe(200);
  const whole = await fetch(body.url);
  expect([whole.status, whole.headers.get('content-type')]).toEqual([200, 'audio/wav']);
  expect(Buffer.from(await whole.arrayBuffer()).equals(file)).toBe(true);
  const part = await fetch(body.url, { headers: { range: 'bytes=1000-1999' } });
  expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 1000-1999/${file.length}`]);
  expect(Buffer.from(await part.arrayBuffer()).equals(file.subarray(1_000, 2_000))).toBe(true);
  const head = await fetch(body.url, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, String(file.length)]);
  expect((await fetch(body.url, { headers: { range: `bytes=${file.length}-` } })).status).toBe(416);

  const given = new URL(body.url);
  given.searchParams.set('expires', '9999999999');
  expect((await fetch(given)).status).toBe(404);
  const [tokenId = ''] = (given.searchParams.get('id') ?? '').split('.');
  if (!isId('call', callId) || !isId('organization', organizationId) || !isId('apiToken', tokenId)) throw new Error(`ids of ${body.url}`);
  const sixMinutesAgo = new Date(Date.now() - 360_000);
  const grant = newRecordingGrant({ callId, organizationId, tokenId }, sixMinutesAgo);
  expect((await fetch(recordingUrl(openSecretKeys(RIG_SECRET_KEYS), origin, grant))).status).toBe(404);
}
