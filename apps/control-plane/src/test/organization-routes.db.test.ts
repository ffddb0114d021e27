import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRecordingStorage } from '#adapters/disk/recording-storage.ts';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { CallId, OrganizationId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import type { TestApi } from './test-api.ts';
import { openTestApi, TEST_ADMIN_KEY } from './test-api.ts';

const DAY_MS = 86_400_000;
const wav = Buffer.concat([Buffer.from('RIFF\x24\x00\x00\x00WAVE', 'latin1'), Buffer.alloc(100_000, 7)]);

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('organizations over the API on $kind', (kind) => {
  let test: TestDatabase;
  let api: TestApi;
  let home: string;
  let nowMs = Date.parse('2026-11-21T10:00:00Z');
  const clock = { nowMs: () => performance.now(), wallAt: () => new Date(nowMs) };

  beforeAll(async () => {
    test = await kind.open();
    home = await mkdtemp(join(tmpdir(), 'organizations-'));
    const recordings = createRecordingStorage({ folder: home });
    api = await openTestApi(test, { config: { exportsDir: join(home, 'exports') }, recordings, clock });
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
    await rm(home, { recursive: true });
  });

  const post = (path: string, body?: unknown) => api.asAdmin(path, { method: 'POST', ...(body === undefined ? {} : { body }) });
  const make = async (name: string, more: object = {}) => {
    nowMs += 1_000;
    const { status, body } = await post('/admin/organizations', { name, ...more });
    expect(status).toBe(201);
    return { id: body['organizationId'] as OrganizationId, body };
  };
  const actionsOf = async (chain: string) =>
    ((await api.asAdmin(`/admin/audit?chain=${chain}`)).body['entries'] as { action: string }[]).map(({ action }) => action);
  const runJob = async (name: string) => {
    const job = api.jobs.find((candidate) => candidate.name === name)!;
    await job.run({ scope: mintApplianceScope(), at: clock.wallAt(), signal: new AbortController().signal, log: silentLog });
  };
  /** A call with a recording, one turn and one note. */
  const addCall = async (orgId: string, options: { startedAt?: Date; isUp?: boolean } = {}): Promise<CallId> => {
    const callId = newId('call');
    const startedAt = (options.startedAt ?? clock.wallAt()).toISOString();
    await writeFile(join(home, `${callId}.wav`), wav);
    await test.asSuperuser(`insert into calls (org_id, id, dialled_number, caller_number, state, started_at, ended_at, duration_ms, recording_path, recording_bytes)
      values ('${orgId}', '${callId}', '1001', '+34600', 'ended', '${startedAt}', ${options.isUp ? 'null' : `'${startedAt}'`}, 90000,
        '${join(home, `${callId}.wav`)}', ${wav.length})`);
    await test.asSuperuser(`insert into turns (org_id, call_id, seq, role, text, started_at, ended_at, interrupted)
      values ('${orgId}', '${callId}', 1, 'caller', 'quiero una cita — “mañana”', '${startedAt}', '${startedAt}', false)`);
    await test.asSuperuser(`insert into call_events (org_id, call_id, id, name, fields, at)
      values ('${orgId}', '${callId}', gen_random_uuid(), 'note', '{}', '${startedAt}')`);
    return callId;
  };

  it('are made with a slug from the name, which another one of the same name gets with a number', async () => {
    const first = await make('Clínica Núñez');
    const second = await make('Clinica Nuñez');
    expect([first.body['slug'], second.body['slug']]).toEqual(['clinica-nunez', 'clinica-nunez-2']);
    expect(first.body).toMatchObject({ active: true, planId: 'standard', deletionRequestedAt: null });
    expect(await post('/admin/organizations', { name: 'X', slug: 'clinica-nunez' })).toMatchObject({
      status: 409,
      body: { code: 'conflict', fields: [{ path: 'slug' }] },
    });
    expect(await post('/admin/organizations', { name: 'X', planId: 'nowhere' })).toMatchObject({
      status: 422,
      body: { fields: [{ path: 'planId' }] },
    });
    expect(await post('/admin/organizations', { name: ' ' })).toMatchObject({ status: 400, body: { fields: [{ path: 'name' }] } });
  });

  it('are listed newest first, page by page, and by whether they are active', async () => {
    const made = [(await make('One')).id, (await make('Two')).id, (await make('Three')).id];
    await post(`/admin/organizations/${made[1]}/deactivate`);
    const first = await api.asAdmin('/admin/organizations?limit=2');
    const ids = (answer: typeof first) => (answer.body['organizations'] as { organizationId: string }[]).map((row) => row.organizationId);
    expect(ids(first)).toEqual([made[2], made[1]]);
    const second = await api.asAdmin(`/admin/organizations?limit=2&cursor=${String(first.body['nextCursor'])}`);
    expect(ids(second)[0]).toBe(made[0]);
    expect(ids(await api.asAdmin('/admin/organizations?active=false'))).toEqual([made[1]]);
  });

  it('are the same 404 whether their id is unknown or no id at all', async () => {
    const answers = [newId('organization'), 'nonsense'].map((id) => api.asAdmin(`/admin/organizations/${id}`));
    for (const { status, body } of await Promise.all(answers))
      expect([status, body['detail']]).toEqual([404, 'there is no such organization']);
  });

  it('change name and plan, but not to a plan that allows fewer agents than there are', async () => {
    const { id } = await make('Grows');
    for (let index = 0; index < 4; index += 1)
      await test.asSuperuser(
        `insert into agents (org_id, id, name, language, voice, profile) values ('${id}', '${newId('agent')}', 'A', 'es', '', '{}')`,
      );
    const change = (body: object) => api.asAdmin(`/admin/organizations/${id}`, { method: 'PATCH', body });
    expect(await change({ planId: 'starter' })).toMatchObject({
      status: 422,
      body: { code: 'plan_limit', detail: expect.stringMatching(/4 .*3/) },
    });
    expect(await change({ planId: 'enterprise', name: 'Grown' })).toMatchObject({
      status: 200,
      body: { planId: 'enterprise', name: 'Grown' },
    });
    expect(await change({})).toMatchObject({ status: 400 });
    expect(await actionsOf(id)).toEqual(['organization.updated', 'organization.created']);
  });

  it('change how often callers on hold are told their place, within bounds, and switch it off', async () => {
    const { id } = await make('Waits');
    const change = (positionEverySeconds: number | null) =>
      api.asAdmin(`/admin/organizations/${id}`, { method: 'PATCH', body: { overload: { choice: 'queue', positionEverySeconds } } });
    expect(await api.asAdmin(`/admin/organizations/${id}`)).toMatchObject({ body: { overload: { positionEverySeconds: 30 } } });
    for (const seconds of [9, 601, 12.5]) expect(await change(seconds)).toMatchObject({ status: 400 });
    for (const seconds of [10, 600, null])
      expect(await change(seconds)).toMatchObject({ status: 200, body: { overload: { choice: 'queue', positionEverySeconds: seconds } } });
  });

  it('tell other processes when they are made and switched off and on', async () => {
    const heard: string[] = [];
    await using _listening = await test.database.listen('access_changes', (notification) => {
      if (notification.kind === 'payload') heard.push(notification.payload);
    });
    const { id } = await make('Switched');
    expect((await post(`/admin/organizations/${id}/deactivate`)).body).toMatchObject({ active: false });
    expect((await post(`/admin/organizations/${id}/activate`)).body).toMatchObject({ active: true });
    await expect.poll(() => heard.filter((payload) => payload === `organization ${id}`)).toHaveLength(3);
  });

  it('are not deleted while calls are live, and the refusal says how many', async () => {
    const { id } = await make('Busy');
    api.board.observe({
      kind: 'call_started',
      callId: newId('call'),
      scope: mintOrgScope(id),
      at: clock.wallAt(),
      agentId: newId('agent'),
      legId: 'leg',
      dialledNumber: '1001',
      callerNumber: '',
      recordingPath: null,
    });
    await addCall(id, { isUp: true });
    await addCall(id, { isUp: true });
    const refused = await api.asAdmin(`/admin/organizations/${id}`, { method: 'DELETE' });
    expect(refused).toMatchObject({ status: 409, body: { code: 'conflict', detail: expect.stringMatching(/^2 call/) } });
    expect((await api.asAdmin(`/admin/organizations/${id}`)).body).toMatchObject({ active: true, deletionRequestedAt: null });
  });

  it('that wait to be deleted cannot be activated, are restored once, and then stay inactive', async () => {
    const { id } = await make('Regretted');
    const deleted = await api.asAdmin(`/admin/organizations/${id}`, { method: 'DELETE', body: { graceDays: 7 } });
    expect(deleted).toMatchObject({ status: 202, body: { active: false, deleteAfter: new Date(nowMs + 7 * DAY_MS).toISOString() } });
    expect((await post(`/admin/organizations/${id}/activate`)).status).toBe(409);
    expect((await api.asAdmin(`/admin/organizations/${id}`, { method: 'DELETE' })).status).toBe(409);
    expect(await post(`/admin/organizations/${id}/restore`)).toMatchObject({ status: 200, body: { active: false, deleteAfter: null } });
    expect((await post(`/admin/organizations/${id}/restore`)).status).toBe(409);
    expect((await post(`/admin/organizations/${id}/activate`)).body).toMatchObject({ active: true });
  });

  it('are exported whole, then deleted for good after the grace period, with everything but their audit chain', async () => {
    const { id } = await make('Leaves');
    const other = await make('Stays');
    const callIds = [await addCall(id), await addCall(id)];
    const missing = await addCall(id);
    await rm(join(home, `${missing}.wav`));
    const kept = await addCall(other.id);
    const agentId = newId('agent');
    await test.asSuperuser(
      `insert into agents (org_id, id, name, language, voice, profile) values ('${id}', '${agentId}', 'A', 'es', '', '{}')`,
    );
    await test.asSuperuser(`insert into agent_versions (org_id, agent_id, version, name, language, voice, profile, comment, created_by)
      values ('${id}', '${agentId}', 1, 'A', 'es', '', '{}', '', 'admin')`);
    await test.asSuperuser(
      `insert into numbers (org_id, id, number, agent_id) values ('${id}', '${newId('number')}', '+34911', '${agentId}')`,
    );
    await test.asSuperuser(`insert into phones (org_id, id, extension, username, display_name, digest_ha1)
      values ('${id}', '${newId('phone')}', '2001', '2001-leaves', 'P', 'the-digest')`);
    await test.asSuperuser(`insert into rag_documents (org_id, id, agent_id, name, media_type, size_bytes, sha256, state, claim)
      values ('${id}', 'doc_1', '${agentId}', 'tarifas.md', 'text/markdown', 9, '${'0'.repeat(64)}', 'ready', 'the-claim')`);
    await test.asSuperuser(`insert into rag_chunks (org_id, agent_id, document_id, id, ordinal, headings, text)
      values ('${id}', '${agentId}', 'doc_1', 'chunk_1', 0, '{Tarifas}', 'Un masaje cuesta 45 euros.')`);
    const token = await api.tokenFor(id, ['calls:read']);
    expect(await api.asAdmin(`/admin/organizations/${id}/export`)).toMatchObject({ status: 200, body: { state: 'none' } });
    await api.asAdmin(`/admin/organizations/${id}`, { method: 'DELETE', body: { graceDays: 1 } });
    expect((await api.asToken(token, '/usage')).status).toBe(401);
    const state = async () => (await api.asAdmin(`/admin/organizations/${id}/export`)).body;
    await expect.poll(async () => (await state())['state'], { timeout: 10_000 }).toBe('ready');

    const download = await api.api.request(`/admin/organizations/${id}/export/download`, { headers: { 'X-Admin-Key': TEST_ADMIN_KEY } });
    const archive = Buffer.from(await download.arrayBuffer());
    expect((await state())['sha256']).toBe(sha256(archive));
    const files = await unpack(archive);
    const manifest = JSON.parse(files.get('manifest.json')!.toString()) as Manifest;
    for (const { file, bytes, sha256: digest } of [...manifest.tables, ...manifest.recordings])
      expect([file, files.get(file)!.length, sha256(files.get(file)!)]).toEqual([file, bytes, digest]);
    const rows = new Map(manifest.tables.map((table) => [table.file, table.rows]));
    for (const table of [
      'organization',
      'plan',
      'agents',
      'agent_versions',
      'numbers',
      'phones',
      'api_tokens',
      'documents',
      'document_pieces',
    ])
      expect([table, rows.get(`${table}.ndjson`)]).toEqual([table, 1]);
    for (const table of ['calls', 'turns', 'call_events']) expect([table, rows.get(`${table}.ndjson`)]).toEqual([table, 3]);
    expect(manifest.recordings.map(({ callId }) => callId).toSorted()).toEqual(callIds.toSorted());
    expect(manifest.missingRecordings).toEqual([missing]);
    expect(files.get(`recordings/${callIds[0]}.wav`)).toEqual(wav);
    expect(files.get('turns.ndjson')!.toString()).toContain('quiero una cita — “mañana”');
    const everything = [...files.values()].map(String).join('\n');
    expect(files.get('document_pieces.ndjson')!.toString()).toContain('Un masaje cuesta 45 euros.');
    expect(everything).not.toContain('the-claim');
    expect(everything).not.toContain('the-digest');
    expect(everything).not.toMatch(/"mac":/);

    await runJob('organization-deletions');
    expect((await api.asAdmin(`/admin/organizations/${id}`)).status).toBe(200);
    nowMs += DAY_MS;
    await runJob('organization-deletions');
    expect((await api.asAdmin(`/admin/organizations/${id}`)).status).toBe(404);
    // Of a box on its own nobody is told that they are gone.
    await runJob('registry-outbox-cleanup');
    expect(await tablesWithRowsOf(id)).toEqual(['audit_entries', 'audit_heads']);
    const left = await readdir(home);
    expect([left.includes(`${callIds[0]}.wav`), left.includes(`${kept}.wav`)]).toEqual([false, true]);
    expect(await actionsOf('appliance')).toContain('organization.deleted');
    expect(await actionsOf(id)).toEqual(expect.arrayContaining(['organization.export_downloaded', 'organization.exported']));
    expect((await api.asAdmin(`/admin/audit/verify?chain=${id}`)).body).toMatchObject({ intact: true });
  });

  it('are not deleted while their export is not on the disk with its size; it is made again first', async () => {
    const { id } = await make('Lost export');
    await api.asAdmin(`/admin/organizations/${id}`, { method: 'DELETE', body: { graceDays: 1 } });
    const state = async () => (await api.asAdmin(`/admin/organizations/${id}/export`)).body;
    await expect.poll(async () => (await state())['state'], { timeout: 10_000 }).toBe('ready');
    const { file } = await state();
    await writeFile(join(home, 'exports', String(file)), 'cut');
    expect((await state())['state']).toBe('pending');
    expect((await api.asAdmin(`/admin/organizations/${id}/export/download`)).status).toBe(409);
    nowMs += 1_000;
    await runJob('organization-deletions');
    const again = await state();
    expect(again).toMatchObject({ state: 'ready' });
    expect(again['file']).not.toBe(file);
    expect((await readdir(join(home, 'exports'))).filter((name) => name.startsWith('lost-export'))).toEqual([again['file']]);
  });

  it('are downloaded to the end while a newer export takes the place of the file', async () => {
    const { id } = await make('Replaced export');
    await api.asAdmin(`/admin/organizations/${id}`, { method: 'DELETE', body: { graceDays: 1 } });
    const state = async () => (await api.asAdmin(`/admin/organizations/${id}/export`)).body;
    await expect.poll(async () => (await state())['state'], { timeout: 10_000 }).toBe('ready');
    const path = `/admin/organizations/${id}/export/download`;
    const begun = await api.api.request(path, { headers: { 'X-Admin-Key': TEST_ADMIN_KEY } });
    const { file, bytes } = await state();
    await rm(join(home, 'exports', String(file)));
    expect((await begun.arrayBuffer()).byteLength).toBe(bytes);
    expect((await api.asAdmin(path)).status).toBe(409);
    // The row that was looked up first names a file that is gone by then.
    nowMs += 1_000;
    const { exports: made, exportStore } = api.office;
    const stale = await exportStore.find(mintApplianceScope(), id);
    await made.makeMissing({ signal: new AbortController().signal });
    expect(await made.open(stale!)).toBeNull();
    const headed = await api.api.request(path, { method: 'HEAD', headers: { 'X-Admin-Key': TEST_ADMIN_KEY } });
    expect([headed.status, headed.headers.get('content-length')]).toEqual([200, String((await state())['bytes'])]);
  });

  it('have an export that is kept for 30 days from their deletion on, and for as long as they wait for it', async () => {
    const { id } = await make('Kept a while');
    await api.asAdmin(`/admin/organizations/${id}`, { method: 'DELETE', body: { graceDays: 90 } });
    const state = async () => (await api.asAdmin(`/admin/organizations/${id}/export`)).body;
    await expect.poll(async () => (await state())['state'], { timeout: 10_000 }).toBe('ready');
    const file = String((await state())['file']);
    const folder = join(home, 'exports');
    const files = async () => (await readdir(folder)).filter((name) => name.includes('kept-a-while') || name.startsWith('audit-anchors'));
    const age = (name: string, days: number) => {
      const since = new Date(nowMs - days * DAY_MS);
      return utimes(join(folder, name), since, since);
    };
    const unfinished = `.${file}.partial`;
    for (const name of [unfinished, 'audit-anchors.jsonl']) await writeFile(join(folder, name), '');
    await age(file, 89);
    await age(unfinished, 2);
    await age('audit-anchors.jsonl', 900);
    await runJob('export-removal');
    expect((await files()).toSorted()).toEqual(['audit-anchors.jsonl', file]);
    nowMs += 91 * DAY_MS;
    await runJob('organization-deletions');
    expect((await api.asAdmin(`/admin/organizations/${id}`)).status).toBe(404);
    nowMs += 29 * DAY_MS;
    await runJob('export-removal');
    expect(await files()).toContain(file);
    nowMs += 2 * DAY_MS;
    await runJob('export-removal');
    expect(await files()).toEqual(['audit-anchors.jsonl']);
    expect((await api.asAdmin('/admin/audit?limit=100')).body['entries']).toContainEqual(
      expect.objectContaining({ action: 'export.removed', resource: file, details: expect.objectContaining({ days: 30 }) }),
    );
  });

  it('leave no half-written file behind when their export breaks off', async () => {
    const { id } = await make('Broken');
    await addCall(id);
    const broken = await openTestApi(test, {
      config: { exportsDir: join(home, 'exports') },
      recordings: { measure: async () => null, remove: async () => false, open: () => Promise.reject(new Error('the disk is broken')) },
      clock,
    });
    await broken.asAdmin(`/admin/organizations/${id}`, { method: 'DELETE' });
    const made = broken.office.exports.makeMissing({ signal: new AbortController().signal });
    await expect(made).rejects.toMatchObject({ cause: { message: 'the disk is broken' } });
    await broken[Symbol.asyncDispose]();
    expect((await api.asAdmin(`/admin/organizations/${id}/export`)).body).toMatchObject({ state: 'pending', file: null });
    expect((await readdir(join(home, 'exports'))).filter((name) => name.includes('broken') || name.startsWith('.'))).toEqual([]);
  });

  it('see what they use beside what their plan allows', async () => {
    const { id } = await make('Uses', { planId: 'starter' });
    await addCall(id);
    await addCall(id, { startedAt: new Date(Date.UTC(2026, 9, 30)) });
    const token = await api.tokenFor(id, ['calls:read']);
    const own = await api.asToken(token, '/usage');
    expect(own).toMatchObject({
      status: 200,
      body: {
        planId: 'starter',
        limits: { concurrentCalls: 5, agents: 3, requestsPerMinute: 300 },
        used: { liveCalls: 0, agents: 0, storageBytes: 2 * wav.length, activeTokens: 1, calls: 1, callMinutes: 1.5 },
      },
    });
    expect((await api.asAdmin(`/admin/organizations/${id}/usage`)).body).toEqual(own.body);
    expect((await api.asAdmin(`/admin/organizations/${newId('organization')}/usage`)).status).toBe(404);
  });

  type Manifest = {
    readonly tables: readonly { file: string; rows: number; bytes: number; sha256: string }[];
    readonly recordings: readonly { file: string; callId: string; bytes: number; sha256: string }[];
    readonly missingRecordings: readonly string[];
  };

  async function tablesWithRowsOf(orgId: string): Promise<string[]> {
    const tables =
      await test.asSuperuser(`select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id'
      join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind = 'r' order by 1`);
    const found: string[] = [];
    for (const { relname } of tables)
      if ((await test.asSuperuser(`select from ${String(relname)} where org_id = '${orgId}' limit 1`)).length > 0)
        found.push(String(relname));
    return found;
  }
});

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function unpack(archive: Buffer): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const entries = Readable.from([archive]).pipe(createGunzip()).pipe(extract());
  for await (const entry of entries) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    files.set(entry.header.name, Buffer.concat(chunks));
  }
  return files;
}
