import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { newId } from '#shared/id.ts';
import type { TestApi } from './test-api.ts';
import { addTestOrganization, openTestApi } from './test-api.ts';

type Body = Record<string, unknown>;

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('phones and trunks on $kind', (kind) => {
  let test: TestDatabase;
  let api: TestApi;
  let clinic: string;
  let dental: string;
  let extension = 2000;

  beforeAll(async () => {
    test = await kind.open();
    api = await openTestApi(test);
    clinic = await addTestOrganization(test, 'clinica');
    dental = await addTestOrganization(test, 'dental-norte');
  });
  beforeEach(() => {
    extension += 1;
    api.directory.refuse(null);
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
  });

  const post = (path: string, body?: unknown) => api.asAdmin(path, { method: 'POST', body: body ?? undefined });
  const addPhone = async (organizationId = clinic): Promise<Body> =>
    (await post(`/admin/organizations/${organizationId}/phones`, { extension: String(extension), displayName: 'Recepción' })).body;
  const chain = (orgId: string) =>
    test.asSuperuser(`select action, resource, details::text from audit_entries where org_id = '${orgId}' order by seq desc limit 1`);
  const rowOf = async (phoneId: unknown) =>
    (await test.asSuperuser(`select push_state, push_error, digest_ha1 from phones where id = '${String(phoneId)}'`))[0];

  it('a new phone is in the telephone system when the answer comes, its password is in that answer alone', async () => {
    const answer = await post(`/admin/organizations/${clinic}/phones`, { extension: String(extension), displayName: 'Recepción' });
    expect(answer).toMatchObject({
      status: 201,
      body: { username: `${extension}-clinica`, telephony: { state: 'applied', reason: null } },
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const { password, phoneId } = answer.body as { password: string; phoneId: string };
    expect(password).toMatch(/^[A-Za-z0-9_-]{24}$/);
    const entry = api.directory.entries.get(`phone ${extension}-clinica`);
    expect(entry).toMatchObject({ organizationSlug: 'clinica', extension: String(extension), displayName: 'Recepción' });
    expect(JSON.stringify([await chain(clinic), await api.asAdmin(`/admin/phones/${phoneId}`), entry])).not.toContain(password);
    expect(await chain(clinic)).toMatchObject([{ action: 'phone.created', resource: phoneId }]);
  });

  it('two organizations may have the same extension, one organization only once, and nobody sees the other', async () => {
    await addPhone();
    expect(await addPhone(dental)).toMatchObject({ username: `${extension}-dental-norte` });
    expect(await post(`/admin/organizations/${clinic}/phones`, { extension: String(extension), displayName: 'x' })).toMatchObject({
      status: 409,
      body: { code: 'conflict', fields: [{ path: 'extension' }] },
    });
    expect(await post(`/admin/organizations/${newId('organization')}/phones`, { extension: '2001', displayName: 'x' })).toMatchObject({
      status: 404,
    });
    const { body } = await api.asAdmin(`/admin/phones?organizationId=${dental}`);
    expect((body['phones'] as Body[]).every((phone) => phone['organizationId'] === dental)).toBe(true);
  });

  it('a reset makes another digest, a new name is pushed, a removed phone is gone', async () => {
    const phone = await addPhone();
    const before = api.directory.entries.get(`phone ${extension}-clinica`);
    const reset = await post(`/admin/phones/${String(phone['phoneId'])}/reset-password`);
    expect(reset.body['password']).not.toBe(phone['password']);
    expect(reset.body).toMatchObject({ telephony: { state: 'applied' } });
    const after = api.directory.entries.get(`phone ${extension}-clinica`);
    expect(after).not.toEqual(before);
    const renamed = await api.asAdmin(`/admin/phones/${String(phone['phoneId'])}`, { method: 'PATCH', body: { displayName: 'Dra. Ruiz' } });
    expect(renamed.body).toMatchObject({ displayName: 'Dra. Ruiz', telephony: { state: 'applied' } });
    expect(api.directory.entries.get(`phone ${extension}-clinica`)).toEqual({ ...after, displayName: 'Dra. Ruiz' });
    const removed = await api.asAdmin(`/admin/phones/${String(phone['phoneId'])}`, { method: 'DELETE' });
    expect(removed).toMatchObject({ status: 200, body: { telephony: { state: 'applied' } } });
    expect(api.directory.entries.has(`phone ${extension}-clinica`)).toBe(false);
    expect((await api.asAdmin(`/admin/phones/${String(phone['phoneId'])}`, { method: 'DELETE' })).status).toBe(404);
  });

  it('a push that fails is said in the answer and in the row, and put right by the next comparison', async () => {
    api.directory.refuse('Asterisk refused 403');
    const phone = await addPhone();
    expect(phone).toMatchObject({ telephony: { state: 'failed', reason: 'Asterisk refused 403' } });
    expect(await rowOf(phone['phoneId'])).toMatchObject({ push_state: 'failed', push_error: 'Asterisk refused 403' });
    const shown = await api.asAdmin('/admin/telephony');
    expect(shown.body['outOfStep']).toContainEqual({
      kind: 'phone',
      name: `${extension}-clinica`,
      state: 'failed',
      reason: 'Asterisk refused 403',
    });
    api.directory.refuse(null);
    const report = await post('/admin/telephony/reconcile');
    expect(report.body).toMatchObject({ error: null, failed: [] });
    expect(report.body['pushed']).toContainEqual({ kind: 'phone', name: `${extension}-clinica` });
    expect(await rowOf(phone['phoneId'])).toMatchObject({ push_state: 'applied', push_error: null });
    expect((await api.asAdmin('/admin/telephony')).body).toMatchObject({ outOfStep: [] });
  });

  it('a removal that fails is said in the answer, and done by the next comparison', async () => {
    const phone = await addPhone();
    api.directory.refuse('no answer');
    const removed = await api.asAdmin(`/admin/phones/${String(phone['phoneId'])}`, { method: 'DELETE' });
    expect(removed).toMatchObject({ status: 200, body: { telephony: { state: 'failed', reason: 'no answer' } } });
    api.directory.refuse(null);
    const report = await post('/admin/telephony/reconcile');
    expect(report.body['removed']).toContainEqual({ kind: 'phone', name: `${extension}-clinica` });
  });

  it('everything is there again when the telephone system comes back having forgotten it', async () => {
    await addPhone();
    const before = new Map(api.directory.entries);
    api.directory.reconnect({ forgets: true });
    await vi.waitFor(() => expect(new Map(api.directory.entries)).toEqual(before));
  });

  it('phones of an organization that is not active leave, and come back with it', async () => {
    const phone = await addPhone(dental);
    const name = `phone ${extension}-dental-norte`;
    const setActive = (isActive: boolean) =>
      test
        .asSuperuser(`update organizations set active = ${isActive} where id = '${dental}'`)
        .then(() => test.asSuperuser(`select pg_notify('access_changes', 'organization ${dental}')`));
    await setActive(false);
    await vi.waitFor(() => expect(api.directory.entries.has(name)).toBe(false), { timeout: 5_000 });
    await vi.waitFor(async () => expect(await rowOf(phone['phoneId'])).toMatchObject({ push_error: 'its organization is not active' }));
    await setActive(true);
    await vi.waitFor(() => expect(api.directory.entries.has(name)).toBe(true), { timeout: 5_000 });
  });

  it('what is found out of an older version of a row is not written into it, also when the change had begun before the look', async () => {
    const phone = await addPhone();
    const { directoryEntries } = api.office;
    const scope = mintApplianceScope();
    const key = { kind: 'phone', name: `${extension}-clinica` } as const;
    const before = await directoryEntries.find(scope, key);
    if (!before) throw new Error('the phone is not there');
    // As a transaction does that began long ago and ends now.
    await test.asSuperuser(
      `update phones set push_state = 'pending', updated_at = updated_at - interval '1 s' where id = '${String(phone['phoneId'])}'`,
    );
    await directoryEntries.note(scope, [{ key, state: 'applied', reason: null, version: before.version }]);
    expect(await rowOf(phone['phoneId'])).toMatchObject({ push_state: 'pending' });
    const now = await directoryEntries.find(scope, key);
    await directoryEntries.note(scope, [{ key, state: 'failed', reason: 'x', version: now?.version ?? new Date(0) }]);
    expect(await rowOf(phone['phoneId'])).toMatchObject({ push_state: 'failed', push_error: 'x' });
  });

  it('every change of a phone is a later version of it, also within one millisecond', async () => {
    const phone = await addPhone();
    const id = String(phone['phoneId']);
    const [ahead] = await test.asSuperuser(
      `update phones set updated_at = now() + interval '1 h' where id = '${id}' returning updated_at::text as at`,
    );
    await post(`/admin/phones/${id}/reset-password`);
    const [later] = await test.asSuperuser(`select updated_at > '${String(ahead?.['at'])}' as is_later from phones where id = '${id}'`);
    expect(later).toEqual({ is_later: true });
  });

  it('a trunk keeps its password sealed, needs one to register, and is pushed with it', async () => {
    const carrier = {
      name: 'carrier-a',
      host: 'sip.carrier.example',
      matches: ['192.0.2.0/24'],
      username: 'clinic',
      password: 's3cret-PASS',
    };
    const made = await post('/admin/trunks', { ...carrier, registers: true });
    expect(made).toMatchObject({ status: 201, body: { name: 'carrier-a', port: 5060, registers: true, telephony: { state: 'applied' } } });
    const [row] = await test.asSuperuser("select * from trunks where name = 'carrier-a'");
    expect(JSON.stringify([row, made.body, await chain('appliance')])).not.toContain('s3cret-PASS');
    expect(api.directory.entries.get('trunk carrier-a')).toMatchObject({ credentials: { username: 'clinic', password: 's3cret-PASS' } });
    const path = `/admin/trunks/${String(made.body['trunkId'])}`;
    expect((await post('/admin/trunks', carrier)).status).toBe(409);
    expect(await api.asAdmin(path, { method: 'PATCH', body: { username: null } })).toMatchObject({
      status: 422,
      body: { fields: [{ path: 'registers' }] },
    });
    const changed = await api.asAdmin(path, { method: 'PATCH', body: { username: null, registers: false, matches: ['198.51.100.7'] } });
    expect(changed).toMatchObject({ status: 200, body: { username: null, matches: ['198.51.100.7'], telephony: { state: 'applied' } } });
    expect(api.directory.entries.get('trunk carrier-a')).toMatchObject({ credentials: null, matches: ['198.51.100.7'] });
    expect((await api.asAdmin(path, { method: 'DELETE' })).body).toMatchObject({ telephony: { state: 'applied' } });
    expect(api.directory.entries.has('trunk carrier-a')).toBe(false);
  });

  it('what could mean more to Asterisk than it says is refused, naming the field, and nothing is pushed', async () => {
    const before = new Map(api.directory.entries);
    const hostile = [
      'a\nb',
      'a\r\nallow = all',
      'x"',
      'x;y',
      'x\\',
      '[x]',
      '<sip:x>',
      '${SHELL(id)}',
      'x\u0000',
      'x\u0085',
      '\u202ex',
      '',
      ' ',
      'a'.repeat(300),
    ];
    const trunk = { name: 'ok', host: '192.0.2.1', matches: ['192.0.2.1'], username: 'u', password: 'p' };
    const more = {
      host: ['a/../b', 'host:5060', '256.1.1.1', '-x', 'sip.example.com;transport=tcp', 'a@b'],
      name: ['a/../b', 'Upper', '9x', 'a.1', 'ñ'],
      username: ['a/../b', 'a@b', 'a b', 'a:b'],
      password: ['a b', "a'b", 'ñ'],
      displayName: ['a/../b', '-x', '@'],
      extension: ['a/../b', '1', '123456789', '20x1', '+2001', '２００１'],
    };
    const refusedAt = async (path: string, body: Body, field: string) => {
      const answer = await post(path, body);
      expect([body[field], answer.status, JSON.stringify(answer.body['fields'])]).toEqual([
        body[field],
        400,
        expect.stringContaining(field),
      ]);
    };
    for (const field of ['host', 'name', 'username', 'password'] as const) {
      for (const text of [...hostile, ...more[field]]) await refusedAt('/admin/trunks', { ...trunk, [field]: text }, field);
    }
    for (const text of [...hostile, '0.0.0.0/0', '0.0.0.0', '192.0.2.5/24', '1.2.3.4/33', '10.0.0.0/7', '::1', 'example.com', '!10.0.0.1'])
      await refusedAt('/admin/trunks', { ...trunk, matches: [text] }, 'matches');
    for (const field of ['displayName', 'extension'] as const) {
      for (const text of [...hostile, ...more[field]])
        await refusedAt(`/admin/organizations/${clinic}/phones`, { extension: '2999', displayName: 'x', [field]: text }, field);
    }
    expect(new Map(api.directory.entries)).toEqual(before);
  });
});
