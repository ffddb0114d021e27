import { openDatabase } from '@centralita/control-plane/db/client.ts';
import { phones } from '@centralita/control-plane/db/schema/phones.ts';
import { mintApplianceScope } from '@centralita/control-plane/shared/appliance-scope.ts';
import { digestHa1 } from '@centralita/control-plane/shared/sip-digest.ts';
import { databaseUrl, METRICS_USER } from '@centralita/provision/instance.ts';
import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { openCarrierRegistrar } from '#e2e/carrier-registrar.ts';
import { expectNothingLeft } from '#e2e/leftovers.ts';
import { RIG_NUMBERS, RIG_PHONES } from '#e2e/rig-seed.ts';
import { testBasePort } from '#e2e/rig-ports.ts';
import { openRig } from '#e2e/rig.ts';
import type { Rig } from '#e2e/rig.ts';
import type { SipOutcome } from '@centralita/sip-caller/sip-call.ts';
import { openSipCaller } from '@centralita/sip-caller/sip-caller.ts';
import type { SipCaller } from '@centralita/sip-caller/sip-caller.ts';
import { deleteObject, listEndpoints, readObject, writeObject } from '#e2e/sip-objects.ts';
import { openTestLines } from '#e2e/test-lines.ts';

const DEMO_ID = 'org_00000000000000000000000000000001';
const TRUNK = { name: 'rig-trunk', host: '127.0.0.1', matches: ['127.0.0.1'] };

let rig: Rig;
let northId: string;

beforeAll(async () => {
  rig = await openRig({ name: 'directory', basePort: testBasePort() });
  const { organizations } = (await rig.admin('/admin/organizations')) as { organizations: { slug: string; organizationId: string }[] };
  northId = organizations.find(({ slug }) => slug === 'dental-norte')?.organizationId ?? '';
});
afterAll(() => rig[Symbol.asyncDispose]());
afterEach(() => expectNothingLeft(rig));

type Made = { readonly phoneId: string; readonly username: string; readonly password: string };

async function addPhone(organizationId: string, extension: string): Promise<Made> {
  const answer = await rig.adminSend('POST', `/admin/organizations/${organizationId}/phones`, {
    extension,
    displayName: `Phone ${extension}`,
  });
  expect(answer).toMatchObject({ status: 201, body: { telephony: { state: 'applied' } } });
  return answer.body as Made;
}

async function removeAll(made: readonly Made[]): Promise<void> {
  for (const { phoneId } of made) expect((await rig.adminSend('DELETE', `/admin/phones/${phoneId}`)).status).toBe(200);
}

/** Dials and hangs up as soon as it is known how that ends. */
async function tryCall(telephone: SipCaller, number: string): Promise<SipOutcome> {
  await using call = await telephone.call(number, { signal: AbortSignal.timeout(20_000) });
  return await call.outcome;
}

const WAIT = { timeout: 20_000, interval: 500 };

/** Asterisk's own figures of registrations at a carrier: 1 registered, 0 not, 2 refused. */
async function registrationsOf(port: number): Promise<string[]> {
  const credentials = Buffer.from(`${METRICS_USER}:${rig.instance.passwords.asteriskMetrics}`).toString('base64');
  const url = `http://127.0.0.1:${rig.ports.ari}/metrics`;
  const text = await (await fetch(url, { headers: { authorization: `Basic ${credentials}` } })).text();
  const values = text.matchAll(/^asterisk_pjsip_outbound_registration_status\{(.*)\} (\d+)$/gm);
  return [...values].flatMap(([, labels = '', value = '']) => (labels.includes(`domain="sip:127.0.0.1:${port}"`) ? [value] : []));
}

async function reconcile(): Promise<Readonly<Record<string, unknown>>> {
  return (await rig.adminSend('POST', '/admin/telephony/reconcile')).body;
}

describe('a trunk', () => {
  /** The carrier's telephone: it has no password, its address is all that is known. */
  const callFromCarrier = async (): Promise<SipOutcome> => {
    await using carrier = await openSipCaller({ server: { host: '127.0.0.1', port: rig.ports.sip }, username: '34600000000' });
    return await tryCall(carrier, RIG_NUMBERS.demoSpanish);
  };

  test('brings calls in from the moment it is made until it is deleted, without a restart', async () => {
    const { trunks } = (await rig.admin('/admin/trunks')) as { trunks: { trunkId: string }[] };
    expect(await callFromCarrier()).toMatchObject({ kind: 'answered' });
    for (const { trunkId } of trunks) await rig.adminSend('DELETE', `/admin/trunks/${trunkId}`);
    expect(await callFromCarrier()).toMatchObject({ kind: 'rejected', status: 401 });
    const made = await rig.adminSend('POST', '/admin/trunks', { ...TRUNK, matches: ['192.0.2.0/24', '127.0.0.1', '198.51.100.7'] });
    expect(made).toMatchObject({ status: 201, body: { telephony: { state: 'applied' } } });
    expect(await callFromCarrier()).toMatchObject({ kind: 'answered' });
    await rig.restartAsterisk();
    await rig.untilReady();
    expect(await callFromCarrier()).toMatchObject({ kind: 'answered' });
    // The rest of this file looks at phones: a trunk at their address would answer for those that are not there.
    expect(await rig.adminSend('DELETE', `/admin/trunks/${String(made.body['trunkId'])}`)).toMatchObject({ status: 200 });
    expect(await callFromCarrier()).toMatchObject({ kind: 'rejected', status: 401 });
    expect((await listEndpoints(rig)).filter((name) => name.startsWith('trunk-'))).toEqual([]);
  });

  test('with a password registers at its carrier and answers the challenge', async () => {
    const port = rig.ports.sip + 2;
    const credentials = { username: 'clinic', password: 'carrier-PASS!' };
    await using carrier = await openCarrierRegistrar(port, credentials);
    const trunk = { name: 'carrier-b', host: '127.0.0.1', port, matches: ['192.0.2.1'], registers: true, ...credentials };
    const made = await rig.adminSend('POST', '/admin/trunks', trunk);
    expect(made).toMatchObject({ status: 201, body: { telephony: { state: 'applied' } } });
    expect(await carrier.registered).toBe('clinic');
    // What the alert TrunkUnregistered counts.
    await vi.waitFor(async () => expect(await registrationsOf(port)).toEqual(['1']), WAIT);
    expect(await rig.adminSend('DELETE', `/admin/trunks/${String(made.body['trunkId'])}`)).toMatchObject({ status: 200 });
    for (const type of ['registration', 'endpoint', 'aor', 'auth'] as const)
      expect(await readObject(rig, type, 'trunk-carrier-b')).toBeNull();
    // It stays behind as not registered, which is why the alert compares with the number of trunks.
    await vi.waitFor(async () => expect(await registrationsOf(port)).not.toContain('1'), WAIT);
  });
});

describe('a phone', () => {
  test('registers and rings as soon as it is made; its old password and a deleted phone are refused', async () => {
    await using lines = openTestLines(rig);
    const first = await addPhone(DEMO_ID, '2011');
    const second = await addPhone(DEMO_ID, '2012');
    const one = await lines.phone(first.username, first.password);
    const two = await lines.phone(second.username, second.password);
    await using call = await two.telephone.call('2011', { signal: AbortSignal.timeout(20_000) });
    const offer = await one.ringing;
    expect(offer.from).toContain('<sip:2012@');
    const talk = await offer.answer();
    expect(await call.outcome).toMatchObject({ kind: 'answered' });
    await talk.hangUp();
    const reset = await rig.adminSend('POST', `/admin/phones/${first.phoneId}/reset-password`);
    expect(await lines.refusalOf(first.username, first.password)).toBe(401);
    expect(await lines.refusalOf(first.username, String(reset.body['password']))).toBeNull();
    await removeAll([first, second]);
    expect(await lines.refusalOf(first.username, String(reset.body['password']))).toBe(401);
    expect(await tryCall(two.telephone, RIG_NUMBERS.demoSpanish)).toMatchObject({ kind: 'rejected', status: 401 });
  });

  test('rings colleagues of its own organization, whoever else has the same extension, and no other', async () => {
    await using lines = openTestLines(rig);
    const twin = await addPhone(northId, '2001');
    const demo = await lines.phone(RIG_PHONES.demo);
    const northTwin = await lines.phone(twin.username, twin.password);
    const north = await lines.phone(RIG_PHONES.north);
    let isDemoRung = false;
    void demo.ringing.then(() => (isDemoRung = true));
    await using call = await north.telephone.call('2001', { signal: AbortSignal.timeout(20_000) });
    const offer = await northTwin.ringing;
    expect(offer.from).toContain('<sip:2002@');
    offer.reject(486, 'Busy Here');
    expect(await call.outcome).toMatchObject({ kind: 'rejected' });
    expect(isDemoRung).toBe(false);
    // 2002 is a phone of the other organization only, and by no spelling of its name is it reached.
    for (const dialled of ['2002', '2002-dental-norte', '+2002']) {
      expect([dialled, await tryCall(demo.telephone, dialled)]).toMatchObject([dialled, { kind: 'rejected', status: 404 }]);
    }
    await removeAll([twin]);
  });

  test("does not reach another organization's short number, and reaches its own", async () => {
    await using lines = openTestLines(rig);
    const north = await lines.phone(RIG_PHONES.north);
    expect(await tryCall(north.telephone, RIG_NUMBERS.demoSpanish)).toMatchObject({ kind: 'rejected', status: 404 });
    expect(await tryCall(north.telephone, RIG_NUMBERS.northSpanish)).toMatchObject({ kind: 'answered' });
  });

  test('of an organization that is switched off cannot register within seconds, and can again afterwards', async () => {
    await using lines = openTestLines(rig);
    expect(await lines.refusalOf(RIG_PHONES.north)).toBeNull();
    expect((await rig.adminSend('POST', `/admin/organizations/${northId}/deactivate`)).status).toBe(200);
    await vi.waitFor(async () => expect(await lines.refusalOf(RIG_PHONES.north)).toBe(401), { timeout: 5_000 });
    expect((await rig.adminSend('POST', `/admin/organizations/${northId}/activate`)).status).toBe(200);
    await vi.waitFor(async () => expect(await lines.refusalOf(RIG_PHONES.north)).toBeNull(), { timeout: 5_000 });
  });
});

describe('the database is the truth', () => {
  test('a row that changed while the control plane was away is pushed when it comes back', async () => {
    await using lines = openTestLines(rig);
    await rig.controlPlane.stop('SIGKILL', 1_000);
    await using database = await openDatabase({ kind: 'server', url: databaseUrl(rig.instance, 'app') });
    const change = { displayName: 'Otra', digestHa1: digestHa1(RIG_PHONES.north, 'another-password') };
    await database.inAppliance(mintApplianceScope(), (queries) =>
      queries.update(phones).set(change).where(eq(phones.username, RIG_PHONES.north)),
    );
    expect(await lines.refusalOf(RIG_PHONES.north)).toBeNull();
    await rig.startControlPlane();
    // The row does not say that it changed: only the comparison finds it.
    await vi.waitFor(async () => expect(await lines.refusalOf(RIG_PHONES.north, 'another-password')).toBeNull(), { timeout: 5_000 });
    expect(await readObject(rig, 'endpoint', RIG_PHONES.north)).toMatchObject({ callerid: '"Otra" <2002>' });
    expect(await lines.refusalOf(RIG_PHONES.north)).toBe(401);
  });

  test('what was taken away, changed or added by hand in Asterisk is put right', async () => {
    await using lines = openTestLines(rig);
    await deleteObject(rig, 'endpoint', RIG_PHONES.demo);
    await deleteObject(rig, 'auth', RIG_PHONES.demo);
    await writeObject(rig, 'endpoint', { id: RIG_PHONES.north, context: 'from-trunk' });
    await writeObject(rig, 'auth', { id: '2999-clinica-demo', auth_type: 'userpass', username: '2999-clinica-demo', password: 'intruder' });
    await writeObject(rig, 'aor', { id: '2999-clinica-demo', max_contacts: '1' });
    await writeObject(rig, 'endpoint', {
      id: '2999-clinica-demo',
      context: 'from-phones',
      auth: '2999-clinica-demo',
      aors: '2999-clinica-demo',
      tenantid: 'clinica-demo',
    });
    expect(await lines.refusalOf('2999-clinica-demo', 'intruder')).toBeNull();
    expect(await reconcile()).toMatchObject({ removed: [{ kind: 'phone', name: '2999-clinica-demo' }], failed: [], error: null });
    expect(await lines.refusalOf('2999-clinica-demo', 'intruder')).toBe(401);
    for (const type of ['auth', 'aor'] as const) expect(await readObject(rig, type, '2999-clinica-demo')).toBeNull();
    expect(await lines.refusalOf(RIG_PHONES.demo)).toBeNull();
    expect(await readObject(rig, 'endpoint', RIG_PHONES.north)).toMatchObject({ context: 'from-phones' });
    expect(await listEndpoints(rig)).toEqual([RIG_PHONES.demo, RIG_PHONES.north, 'test-caller'].toSorted());
    expect(await reconcile()).toMatchObject({ pushed: [], removed: [], failed: [], error: null });
  });

  test('everything is in Asterisk again after it was killed, also when it had forgotten something', async () => {
    await using lines = openTestLines(rig);
    await deleteObject(rig, 'auth', RIG_PHONES.demo);
    await rig.restartAsterisk();
    await vi.waitFor(async () => expect(await lines.refusalOf(RIG_PHONES.demo)).toBeNull(), { timeout: 20_000 });
    await rig.untilReady();
    expect(await reconcile()).toMatchObject({ pushed: [], removed: [], failed: [], error: null });
  });

  test('no text that was refused changed anything in Asterisk', async () => {
    const before = await Promise.all([listEndpoints(rig), rig.asterisk('pjsip show auths'), rig.asterisk('pjsip show aors')]);
    const hostile = ['x\nallow=all', 'x"; type=endpoint', '[x](phone-defaults)', 'x\\', '${SHELL(id)}', 'x\u0000'];
    const trunk = { ...TRUNK, name: 'evil', username: 'u', password: 'p' };
    for (const text of hostile) {
      for (const field of ['name', 'host', 'username', 'password'])
        expect([field, text, (await rig.adminSend('POST', '/admin/trunks', { ...trunk, [field]: text })).status]).toEqual([
          field,
          text,
          400,
        ]);
      const phone = { extension: '2999', displayName: text };
      expect((await rig.adminSend('POST', `/admin/organizations/${DEMO_ID}/phones`, phone)).status).toBe(400);
    }
    expect(await Promise.all([listEndpoints(rig), rig.asterisk('pjsip show auths'), rig.asterisk('pjsip show aors')])).toEqual(before);
  });
});
