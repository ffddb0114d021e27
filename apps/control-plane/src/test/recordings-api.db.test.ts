// Recordings over the API: links for those who may hear, files behind links, and the sizes of both.
import { mkdtemp, readdir, readlink, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRecordingStorage } from '#adapters/disk/recording-storage.ts';
import type { TestApi } from './test-api.ts';
import { addTestOrganization, openTestApi } from './test-api.ts';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { CallId, OrganizationId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';

const wav = Buffer.concat([
  Buffer.from('RIFF\x24\x00\x00\x00WAVE', 'latin1'),
  Buffer.from(Array.from({ length: 5_000 }, (_, at) => at % 251)),
]);

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('recordings on $kind', (kind) => {
  let test: TestDatabase;
  let api: TestApi;
  let folder: string;
  let ours: OrganizationId;
  let token: string;
  let nowMs = Date.parse('2026-11-21T12:00:00Z');
  const clock = { nowMs: () => performance.now(), wallAt: () => new Date(nowMs) };

  beforeAll(async () => {
    test = await kind.open();
    folder = await mkdtemp(join(tmpdir(), 'recordings-'));
    api = await openTestApi(test, {
      clock,
      recordings: createRecordingStorage({ folder }),
      config: { publicUrl: 'https://box.example.com' },
    });
    ours = await addTestOrganization(test, 'ours');
    token = await api.tokenFor(ours, ['recordings:read']);
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  /** A call that is over, with a file where `path` says. */
  async function addCall(changes: { path?: string | null; state?: string; endedAt?: string | null; organizationId?: string } = {}) {
    const callId = newId('call');
    const { state = 'ended', endedAt = '2026-11-21T11:50:00Z', organizationId = ours } = changes;
    const path = changes.path === undefined ? join(folder, `${callId}.wav`) : changes.path;
    await writeFile(join(folder, `${callId}.wav`), wav);
    await test.asSuperuser(`insert into calls (org_id, id, dialled_number, caller_number, state, started_at, ended_at, recording_path)
      values ('${organizationId}', '${callId}', '1001', '', '${state}', '2026-11-21T11:00:00Z', ${quoted(endedAt)}, ${quoted(path)})`);
    return callId;
  }
  const quoted = (value: string | null) => (value === null ? 'null' : `'${value}'`);
  const askUrl = (callId: string, by = token) => api.asToken(by, `/calls/${callId}/recording-url`, { method: 'POST' });
  async function linkTo(callId: CallId, by = token): Promise<string> {
    const { status, body } = await askUrl(callId, by);
    expect(status).toBe(200);
    const url = new URL(body['url'] as string);
    expect(url.origin).toBe('https://box.example.com');
    return url.pathname + url.search;
  }
  const auditOf = (callId: string) =>
    test.asSuperuser(
      `select actor_name, action, details from audit_entries where org_id = '${ours}' and resource = '${callId}' order by seq`,
    );
  const get = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const response = await api.api.request(path, { method, headers });
    return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
  };

  it('are heard through a link, whole and in parts, and the log says so once', async () => {
    const callId = await addCall();
    const issued = await askUrl(callId);
    expect(issued.headers.get('cache-control')).toBe('no-store');
    expect(issued.body['expiresAt']).toBe('2026-11-21T12:05:00.000Z');
    const path = (issued.body['url'] as string).replace('https://box.example.com', '');
    const head = await get(path, {}, 'HEAD');
    expect([head.status, head.headers.get('content-length'), head.bytes.length]).toEqual([200, String(wav.length), 0]);
    const whole = await get(path);
    expect([whole.status, whole.bytes.equals(wav)]).toEqual([200, true]);
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      'content-type': 'audio/wav',
      'content-length': String(wav.length),
      'accept-ranges': 'bytes',
      'cache-control': 'private, no-store',
      'x-content-type-options': 'nosniff',
      'content-disposition': `attachment; filename="${callId}.wav"`,
    });
    const part = await get(path, { range: 'bytes=100-199', 'if-range': whole.headers.get('etag') ?? '' });
    expect([part.status, part.headers.get('content-range'), part.headers.get('content-length')]).toEqual([
      206,
      `bytes 100-199/${wav.length}`,
      '100',
    ]);
    expect(part.bytes.equals(wav.subarray(100, 200))).toBe(true);
    const changed = await get(path, { range: 'bytes=100-199', 'if-range': '"another"' });
    expect([changed.status, changed.bytes.length]).toEqual([200, wav.length]);
    const behind = await get(path, { range: `bytes=${wav.length}-` });
    expect([behind.status, behind.headers.get('content-range')]).toEqual([416, `bytes */${wav.length}`]);
    const entries = await auditOf(callId);
    expect(entries.map(({ action }) => action)).toEqual(['recording.url_issued', 'recording.downloaded']);
    expect(entries[0]?.['actor_name']).toBe(entries[1]?.['actor_name']);
    expect(JSON.stringify(entries)).not.toMatch(/signature|\.wav/);
  });

  it('are logged also when only a part in the middle is read', async () => {
    const callId = await addCall();
    expect((await get(await linkTo(callId), { range: 'bytes=1-' })).status).toBe(206);
    expect((await auditOf(callId)).map(({ action }) => action)).toEqual(['recording.url_issued', 'recording.downloaded']);
  });

  it('are closed to every link that is changed or over, with one and the same answer', async () => {
    const callId = await addCall();
    const another = await addCall();
    const theirs = await addTestOrganization(test, 'theirs-forged');
    const theirCall = await addCall({ organizationId: theirs });
    const path = await linkTo(callId);
    const expected = await api.ask(path.replace(/signature=../, 'signature=zz'));
    expect(expected).toMatchObject({ status: 404, body: { code: 'not_found' } });
    for (const changed of [
      path.replace(callId, another),
      path.replace(callId, theirCall),
      path.replace(ours, theirs),
      path.replace(ours, theirs).replace(callId, theirCall),
      path.replace(/expires=[0-9]+/, 'expires=9999999999'),
      path.replace(/id=tok_[^.]+/, `id=${newId('apiToken')}`),
      path.replace('version=1', 'version=2'),
      path.replace(callId, '..%2Fetc'),
    ]) {
      expect(changed).not.toBe(path);
      const { status, body } = await api.ask(changed);
      expect({ status, ...body, requestId: '' }).toEqual({ status: 404, ...expected.body, requestId: '' });
    }
    expect((await get(path, {}, 'POST')).status).toBe(405);
    nowMs += 300_000;
    expect((await api.ask(path)).body).toMatchObject({ status: 404, code: 'not_found', detail: expected.body['detail'] });
    nowMs -= 300_000;
    expect((await get(path)).status).toBe(200);
  });

  it('are closed as soon as the token that asked, or the organization, is not good any more', async () => {
    const organizationId = await addTestOrganization(test, 'closing');
    const callId = await addCall({ organizationId });
    const [first, second] = [
      await api.tokenFor(organizationId, ['recordings:read']),
      await api.tokenFor(organizationId, ['recordings:read']),
    ];
    const [byFirst, bySecond] = [await linkTo(callId, first), await linkTo(callId, second)];
    await test.asSuperuser(`update api_tokens set active = false where org_id = '${organizationId}' and id = '${tokenIdOf(byFirst)}'`);
    expect([(await get(byFirst)).status, (await get(bySecond)).status]).toEqual([404, 200]);
    await test.asSuperuser(`update organizations set active = false where id = '${organizationId}'`);
    expect((await get(bySecond)).status).toBe(404);
  });
  const tokenIdOf = (path: string) => /id=(tok_[0-9a-f]+)/.exec(path)?.[1] ?? '';

  it('are closed when their readers go away, and an organization reads so many at once and no more', async () => {
    const callId = await addCall();
    const file = join(folder, `${callId}.wav`);
    await writeFile(file, Buffer.concat([wav, Buffer.alloc(4_000_000)]));
    const path = await linkTo(callId);
    const readers = [];
    for (let each = 0; each < 16; each += 1) {
      const response = await api.api.request(path);
      expect(response.status).toBe(200);
      readers.push(response);
    }
    expect(await openFiles(file)).toBe(16);
    const refused = await api.ask(path);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '5']);
    for (const { body } of readers) await body?.cancel();
    await expect.poll(() => openFiles(file)).toBe(0);
    expect((await get(path)).bytes.length).toBe(wav.length + 4_000_000);
    await expect.poll(() => openFiles(file)).toBe(0);
  });
  /** How often this process has the file open. */
  async function openFiles(file: string): Promise<number> {
    const links = await Promise.allSettled((await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`)));
    return links.filter((link) => link.status === 'fulfilled' && link.value === file).length;
  }

  it('that are not there are 404, and of a call that is up 409', async () => {
    const theirs = await addTestOrganization(test, 'theirs-missing');
    const gone = await addCall();
    const path = await linkTo(gone);
    await unlink(join(folder, `${gone}.wav`));
    expect((await get(path)).status).toBe(404);
    expect((await askUrl(gone)).status).toBe(404);
    expect((await askUrl(await addCall({ path: null }))).status).toBe(404);
    expect((await askUrl(await addCall({ state: 'answered', endedAt: null }))).status).toBe(409);
    for (const callId of [newId('call'), 'x', await addCall({ organizationId: theirs })]) {
      expect(await askUrl(callId)).toMatchObject({ status: 404, body: { detail: 'there is no such call' } });
    }
  });

  it('are never read from outside of their folder, whatever a row says', async () => {
    const secret = join(tmpdir(), `secret-${process.pid}.wav`);
    await writeFile(secret, wav);
    const link = join(folder, 'link.wav');
    await symlink(secret, link);
    for (const path of [secret, link, join(folder, '..', `secret-${process.pid}.wav`), '/etc/passwd']) {
      expect((await askUrl(await addCall({ path }))).status).toBe(404);
    }
    await rm(secret);
  });

  it('ask for the scope recordings:read', async () => {
    const other = await api.tokenFor(ours, ['calls:read', 'calls:write']);
    expect((await askUrl(await addCall(), other)).status).toBe(403);
  });

  it('are measured once the call is over, and given up when they do not appear within an hour', async () => {
    const [there, late, lost, live] = [
      await addCall(),
      await addCall({ path: join(folder, 'late.wav') }),
      await addCall({ path: join(folder, 'lost.wav'), endedAt: '2026-11-21T10:59:00Z' }),
      await addCall({ state: 'answered', endedAt: null }),
    ];
    const justOver = await addCall({ endedAt: '2026-11-21T11:59:55Z' });
    await test.asSuperuser(`update calls set recording_bytes = 1 where recording_bytes is null
      and id not in (${[there, late, lost, live, justOver].map((id) => `'${id}'`).join(',')})`);
    const appliance = mintApplianceScope();
    expect(await api.office.recordingStore.measureRecordings(appliance, { limit: 100 })).toEqual({ measured: 1, missing: 1 });
    expect(await api.office.recordingStore.measureRecordings(appliance, { limit: 100 })).toEqual({ measured: 0, missing: 0 });
    const rows = await test.asSuperuser(
      `select id, recording_bytes from calls where id in ('${[there, late, lost, live, justOver].join("','")}')`,
    );
    const bytesOf = new Map(rows.map((row) => [row['id'], row['recording_bytes'] === null ? null : Number(row['recording_bytes'])]));
    expect([there, late, lost, live, justOver].map((id) => bytesOf.get(id))).toEqual([wav.length, null, 0, null, null]);
    expect((await askUrl(lost)).status).toBe(404);
  });
});
