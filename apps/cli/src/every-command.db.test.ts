// Every command against the control plane as it is: what the other tests take the API to be is what it is.
import { createHash } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testDatabases } from '@centralita/control-plane/db/test-database.ts';
import type { TestDatabase } from '@centralita/control-plane/db/test-database.ts';
import { clinicEn } from '@centralita/control-plane/dialog/demo/clinic-en.ts';
import { up } from '@centralita/control-plane/features/appliance/dependency-board.ts';
import { newId } from '@centralita/control-plane/shared/id.ts';
import { openHttpServer } from '@centralita/control-plane/http/server.ts';
import type { HttpServer } from '@centralita/control-plane/http/server.ts';
import { openTestApi } from '@centralita/control-plane/test/test-api.ts';
import type { TestApi } from '@centralita/control-plane/test/test-api.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandGroups } from './program.ts';
import { play } from './testing/played-terminal.ts';
import type { PlayedTerminal } from './testing/played-terminal.ts';

const FIRST_KEY = 'cca_the-first-admin-key-of-this-test-00000000000';
const NEXT_KEY = 'cca_the-next-admin-key-of-this-test-000000000000';
const limits = ['--concurrent-calls', '2', '--agents', '3', '--requests-per-minute', '60', '--daily-dials', '0'];
const moreLimits = ['--storage-bytes', '10000000000', '--recording-retention-days', '30', '--text-retention-days', '90'];

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('the command line on $kind', (kind) => {
  let test: TestDatabase;
  let api: TestApi;
  let server: HttpServer;
  let dir = '';
  let adminKey = FIRST_KEY;
  const used = new Set<string>();
  /** Why a check fails, by its name. */
  const checks = new Map<string, string>();

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'command-line-'));
    test = await kind.open();
    const adminKeyHash = async () => createHash('sha256').update(adminKey).digest('hex');
    const telephony = { name: 'telephony', check: async () => checks.get('telephony') ?? null };
    const postgres = { name: 'postgres', probe: async () => up };
    api = await openTestApi(test, { config: { adminKeyHash, exportsDir: dir }, checks: [telephony], dependencies: [postgres] });
    server = await openHttpServer({ app: api.api, host: '127.0.0.1', port: 0 });
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await api[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  });

  const run = (words: readonly string[], terminal: PlayedTerminal = {}) => {
    used.add(words.slice(0, 2).join(' '));
    return play(words, { ...terminal, env: { CENTRALITA_URL: server.address, CENTRALITA_ADMIN_KEY: FIRST_KEY, ...terminal.env } });
  };
  /** Runs a command that must do it, and returns the field of its answer. */
  const done = async (words: readonly string[], terminal: PlayedTerminal = {}): Promise<Record<string, unknown>> => {
    const { exitCode, out, err } = await run([...words, '--json'], terminal);
    expect({ words, err, exitCode }).toEqual({ words, err: '', exitCode: 0 });
    return out === '' ? {} : (JSON.parse(out) as Record<string, unknown>);
  };
  const text = async (words: readonly string[]): Promise<string> => {
    const { exitCode, out, err } = await run(words);
    expect({ words, err, exitCode }).toEqual({ words, err: '', exitCode: 0 });
    return out;
  };

  it('makes a plan and organizations, changes them and lists them', async () => {
    await done(['plan', 'create', 'small', '--name', 'Small', ...limits, ...moreLimits]);
    expect(await done(['plan', 'update', 'small', '--agents', '5'])).toMatchObject({ planId: 'small', agents: 5 });
    expect(await text(['plan', 'show', 'small'])).toContain('concurrentCalls         2\n');
    expect(await text(['plan', 'list'])).toMatch(/small +Small +2 +5 +60/);
    expect(await done(['org', 'create', 'Acme Dental', '--slug', 'acme', '--plan', 'small'])).toMatchObject({ planId: 'small' });
    expect(await done(['org', 'set-plan', 'acme', 'standard'])).toMatchObject({ planId: 'standard' });
    await done(['plan', 'delete', 'small', '--yes']);
    expect(await done(['org', 'deactivate', 'acme'])).toMatchObject({ active: false });
    expect(await done(['org', 'activate', 'acme'])).toMatchObject({ active: true });
    const queued = { overload: { choice: 'queue', destination: '2001', maxWaitSeconds: 60 } };
    expect(await done(['org', 'set-overload', 'acme', 'queue', '--destination', '2001', '--max-wait-seconds', '60'])).toMatchObject(queued);
    const silent = { overload: { ...queued.overload, positionEverySeconds: null } };
    expect(await done(['org', 'set-overload', 'acme', 'queue', '--no-tell-position'])).toMatchObject(silent);
    expect(await text(['org', 'list'])).toMatch(/acme +Acme Dental +standard +yes +-/);
    expect(await text(['org', 'show', 'acme'])).toContain('Acme Dental');
    expect(await text(['org', 'usage', 'acme'])).toMatch(/\d/);
  });

  it('follows the cursors of a list that has more than a page', async () => {
    for (let count = 1; count <= 101; count += 1) await done(['org', 'create', `Organization ${count}`]);
    const { organizations } = (await done(['org', 'list'])) as { organizations: unknown[] };
    expect(organizations).toHaveLength(102);
    expect((await run(['org', 'list', '--limit', '3'])).out.trimEnd().split('\n')).toHaveLength(4);
  });

  it('makes, rotates and revokes tokens, whose text is shown once', async () => {
    const made = await done(['token', 'create', 'crm', '--org', 'acme', '--preset', 'integration']);
    expect(made['token']).toMatch(/^cck_live_/);
    const next = await done(['token', 'rotate', String(made['tokenId']), '--grace-hours', '24', '--expires-in-days', '30']);
    expect(await done(['token', 'revoke', String(next['tokenId']), '--yes'])).toMatchObject({ state: 'revoked' });
    const table = await text(['token', 'list', '--org', 'acme']);
    expect(table).toMatch(/crm .* grace /);
    expect(table).toMatch(/crm .* revoked /);
    expect(table).not.toContain(String(made['token']));
  });

  it('registers an agent, puts it to work, and leads numbers to it', async () => {
    const draft = JSON.stringify(clinicEn({ organizationName: 'Acme', destination: '2001' }));
    const { agentId } = (await done(['agent', 'register', '-', '--org', 'acme'], { input: draft })) as { agentId: string };
    await done(['agent', 'provision', agentId, '--number', '+34910000001']);
    expect(await done(['agent', 'deactivate', agentId])).toMatchObject({ agentId });
    await done(['agent', 'activate', agentId]);
    expect(await text(['agent', 'list', '--org', 'acme'])).toContain(agentId);
    expect(await text(['agent', 'show', agentId])).toMatch(/flow +\d+ characters, shown by --json\n/);
    const other = (await done(['agent', 'register', 'a.json', '--org', 'acme'], { files: { 'a.json': draft } })) as { agentId: string };
    await done(['number', 'create', '+34910000002', '--org', 'acme', '--agent', agentId]);
    expect(await done(['number', 'assign', '+34910000002', '--agent', other.agentId])).toMatchObject({ agentId: other.agentId });
    expect(await text(['number', 'list', '--org', 'acme'])).toContain('+34910000002');
    await done(['number', 'delete', '+34910000002', '--yes']);
    await done(['agent', 'delete', other.agentId, '--yes']);
  });

  it('gives an agent a document, follows it, asks and removes it, with a token of the organization', async () => {
    const draft = JSON.stringify(clinicEn({ organizationName: 'Acme', destination: '2001' }));
    const { agentId } = (await done(['agent', 'register', '-', '--org', 'acme'], { input: draft })) as { agentId: string };
    const scopes = ['--scope', 'agent:read', '--scope', 'agent:write'];
    const { token } = await done(['token', 'create', 'knowledge', '--org', 'acme', ...scopes]);
    const env = { CENTRALITA_TOKEN: String(token), CENTRALITA_ADMIN_KEY: '' };
    const files = { 'prices.txt': 'A massage takes an hour and costs 45 euros.' };
    const { documentId } = await done(['knowledge', 'upload', agentId, 'prices.txt', '--category', 'prices'], { env, files });
    const listed = async () => (await run(['knowledge', 'list', agentId], { env })).out;
    await expect.poll(listed, { timeout: 20_000, interval: 100 }).toMatch(/prices\.txt +prices +ready +1 +1/);
    const found = await run(['knowledge', 'search', agentId, 'How much is a massage?', '--limit', '1'], { env });
    expect(found.out).toMatch(/prices\.txt .*45 euros/);
    expect((await run(['knowledge', 'delete', agentId, String(documentId), '--yes'], { env })).exitCode).toBe(0);
    const wrong = await run(['knowledge', 'list', agentId], { env: { ...env, CENTRALITA_TOKEN: 'cck_live_none' } });
    expect(wrong.err).toContain('CENTRALITA_TOKEN is not a token that is good now');
    await done(['agent', 'delete', agentId, '--yes']);
  });

  it('says what may be booked, and shows and cancels what was, with a token of the organization', async () => {
    const scopes = ['agent:read', 'agent:write', 'calls:read', 'calls:write'].flatMap((scope) => ['--scope', scope]);
    const { token } = await done(['token', 'create', 'booking', '--org', 'acme', ...scopes]);
    const asOrganization = { env: { CENTRALITA_TOKEN: String(token), CENTRALITA_ADMIN_KEY: '' } };
    const always = [{ opensAt: '00:00', closesAt: '24:00' }];
    const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
    const calendar = {
      timeZone: 'Europe/Madrid',
      slotMinutes: 30,
      minNoticeMinutes: 0,
      maxDaysAhead: 60,
      holdMinutes: 15,
      weekly: Object.fromEntries(days.map((day) => [day, always])),
      exceptions: [],
    };
    await done(['booking', 'set-calendar', '-'], { ...asOrganization, input: JSON.stringify(calendar) });
    expect(await done(['booking', 'calendar'], asOrganization)).toMatchObject({ timeZone: 'Europe/Madrid', slotMinutes: 30 });
    const words = ['booking', 'add-service', 'Facial', '--minutes', '30', '--synonym', 'face', '--price', '40 euros'];
    const { serviceId } = await done(words, asOrganization);
    await done(['booking', 'add-staff', 'Ana', '--service', String(serviceId)], asOrganization);
    expect((await run(['booking', 'services'], asOrganization)).out).toMatch(/Facial +face +30 +40 euros +yes/);
    expect((await run(['booking', 'staff'], asOrganization)).out).toContain(String(serviceId));
    const date = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10);
    const body = { serviceId, date, time: '10:00', contactName: 'Eva', contactNumber: '+34600111222' };
    const booked = await api.asToken(String(token), '/booking/appointments', { method: 'POST', body });
    expect((await run(['booking', 'appointments', '--state', 'confirmed'], asOrganization)).out).toMatch(/10:00 +Facial +Ana +Eva/);
    const cancelled = await done(['booking', 'cancel', String(booked.body['appointmentId']), '--yes'], asOrganization);
    expect(cancelled).toMatchObject({ state: 'cancelled' });
  });

  it('shows what calls left behind, sees to it and erases it', async () => {
    const { token, organizationId } = await done([
      'token',
      'create',
      'calls',
      '--org',
      'acme',
      '--scope',
      'calls:read',
      '--scope',
      'calls:write',
    ]);
    const env = { env: { CENTRALITA_TOKEN: String(token), CENTRALITA_ADMIN_KEY: '' } };
    const { agentId } = ((await done(['agent', 'list', '--org', 'acme'])) as { agents: { agentId: string }[] }).agents[0]!;
    const [message, contact, call, job] = [newId('callerMessage'), newId('contact'), newId('call'), newId('job')];
    const orgId = String(organizationId);
    await test.asSuperuser(`insert into caller_messages (org_id, id, agent_id, conversation_id, from_name, callback_number, text, is_urgent, fingerprint)
      values ('${orgId}', '${message}', '${agentId}', '${call}', 'Eva', '+34600111222', 'Please call back', false, 'f')`);
    await test.asSuperuser(
      `insert into contacts (org_id, id, number, last_seen_at) values ('${orgId}', '${contact}', '+34600111222', now())`,
    );
    await test.asSuperuser(`insert into calls (org_id, id, agent_id, dialled_number, caller_number, state, outcome, started_at, ended_at)
      values ('${orgId}', '${call}', '${agentId}', '+34910000001', '+34600111222', 'ended', 'completed', now(), now())`);
    await test.asSuperuser(`insert into jobs (org_id, id, kind, key, payload, state, attempts, max_attempts, last_error, ended_at)
      values ('${orgId}', '${job}', 'call_outcome', '${call}', '{}', 'dead', 10, 10, 'the model was away', now())`);
    expect((await run(['message', 'list', '--state', 'waiting'], env)).out).toMatch(/Eva +\+34600111222 +no +- +Please call back/);
    expect(await done(['message', 'handled', message], env)).toMatchObject({ handledAt: expect.any(String) as string });
    await done(['message', 'delete', message, '--yes'], env);
    expect((await run(['contact', 'list'], env)).out).toContain('+34600111222');
    expect(await done(['contact', 'show', contact], env)).toMatchObject({ number: '+34600111222' });
    await done(['contact', 'erase', contact, '--yes'], env);
    expect((await run(['contact', 'show', contact], env)).err).toMatch(/^refused \(404\)/);
    expect(await done(['outcome', 'show', call], env)).toMatchObject({ callId: call });
    expect(await text(['job', 'list', '--org', 'acme'])).toMatch(/dead +10 +the model was away/);
    expect(await done(['job', 'retry', job])).toMatchObject({ state: 'ready', attempts: 0 });
  });

  it('adds phones and trunks, and compares Asterisk with them', async () => {
    const made = await done(['phone', 'create', '2001', '--org', 'acme', '--name', 'Front desk']);
    const phoneId = String(made['phoneId']);
    const again = await done(['phone', 'reset-password', phoneId]);
    expect(again['password']).not.toBe(made['password']);
    expect(await done(['phone', 'rename', phoneId, 'Back office'])).toMatchObject({ displayName: 'Back office' });
    expect(await text(['phone', 'list', '--org', 'acme'])).toMatch(/2001 +2001-acme +Back office +applied/);
    const words = ['trunk', 'create', 'carrier', '--host', 'sip.example.com', '--match', '192.0.2.1', '--username', 'me'];
    await done([...words, '--with-password', '--registers'], { input: 'not-a-real-one\n' });
    expect(await done(['trunk', 'update', 'carrier', '--no-credentials', '--no-registers'])).toMatchObject({ username: null });
    expect(await text(['trunk', 'list'])).toMatch(/carrier +sip\.example\.com +5060 +192\.0\.2\.1 +no +applied/);
    expect(await text(['telephony', 'reconcile'])).toMatch(/failed +0\n/);
    expect(await text(['capacity', 'show'])).toContain('maximumCalls');
    expect(await text(['telephony', 'status'])).toContain('Asterisk has everything.');
    await done(['trunk', 'delete', 'carrier', '--yes']);
    await done(['phone', 'delete', phoneId, '--yes']);
  });

  it('stops new calls, says so, and takes them again', async () => {
    expect(await text(['global-stop', 'status'])).toMatch(/^New calls are taken \(since /);
    expect(await done(['global-stop', 'on', 'fire drill'])).toMatchObject({ state: 'stopped', cause: 'admin', changed: true });
    expect(await text(['global-stop', 'on', 'fire drill'])).toMatch(/^New calls are stopped, as before \(since .*, by admin: fire drill\)/);
    expect(await done(['global-stop', 'off', '--reason', 'over'])).toMatchObject({ state: 'running', reason: 'over' });
    expect(await text(['audit', 'list', '--chain', 'appliance', '--limit', '100'])).toMatch(/global_stop\.begun/);
  });

  it('says that there is no registry of servers, and refuses to tell one that is not there', async () => {
    expect(await text(['registry', 'show'])).toMatch(/^local-only: /);
    const { exitCode, err } = await run(['registry', 'push']);
    expect([exitCode, err]).toEqual([1, expect.stringContaining('SUPABASE_URL')]);
  });

  it('shows what a call needs and what the appliance depends on', async () => {
    expect(await text(['health', 'show'])).toMatch(/telephony +yes .*\n\nDEPENDENCY .*\npostgres +up +\d/s);
    checks.set('telephony', 'not connected');
    const { exitCode, out } = await run(['health', 'show']);
    expect([exitCode, out]).toEqual([1, expect.stringMatching(/telephony +no +not connected/)]);
    checks.clear();
  });

  it('says which field of a request was wrong', async () => {
    const { exitCode, err } = await run(['org', 'create', 'Other', '--slug', 'Not A Slug']);
    expect(exitCode).toBe(1);
    expect(err).toMatch(/slug: must be 2 to 32/);
    expect(err).toMatch(/requestId: /);
    expect((await run(['org', 'create', 'Other', '--slug', 'acme'])).err).toMatch(/^refused \(409\)/);
    expect((await run(['agent', 'show', 'agent_nobody'])).err).toMatch(/^refused \(404\)/);
  });

  it('lists who did what, and finds an entry that somebody changed', async () => {
    expect(await text(['audit', 'list', '--chain', 'acme', '--limit', '5000'])).toMatch(/admin +127\.0\.0\.1 +token\.revoked/);
    expect(await text(['audit', 'verify', '--chain', 'acme'])).toMatch(/ yes\n/);
    await test.asSuperuser(`alter table audit_entries disable trigger all`);
    await test.asSuperuser(`update audit_entries set action = 'nothing.happened' where action = 'token.revoked'`);
    const { exitCode, out } = await run(['audit', 'verify']);
    expect(exitCode).toBe(4);
    expect(out).toContain('edited');
  });

  it('deletes an organization after a grace period, exports it first, and calls a deletion off', async () => {
    expect(await done(['org', 'delete', 'acme', '--grace-days', '7', '--yes'])).toMatchObject({ active: false });
    await expect.poll(async () => (await done(['org', 'export', 'acme']))['state'], { timeout: 20_000, interval: 200 }).toBe('ready');
    const output = join(dir, 'downloaded');
    expect((await run(['org', 'export', 'acme', '--output', output])).exitCode).toBe(0);
    expect((await stat(output)).size).toBeGreaterThan(0);
    expect(await done(['org', 'restore', 'acme'])).toMatchObject({ deleteAfter: null });
  });

  it('is refused with the old admin key as soon as there is another', async () => {
    adminKey = NEXT_KEY;
    expect((await run(['plan', 'list'])).err).toMatch(/^refused \(401\)/);
    const env = { XDG_CONFIG_HOME: dir, CENTRALITA_ADMIN_KEY: '' };
    expect((await run(['login'], { input: NEXT_KEY, env })).exitCode).toBe(0);
    expect((await run(['plan', 'list'], { env })).exitCode).toBe(0);
  });

  it('was tried here in every command but the one that needs none of it and the one that needs a box', () => {
    const all = commandGroups.flatMap(({ name, commands }) => commands.map((command) => `${name} ${command.name}`));
    expect(all.filter((words) => !used.has(words))).toEqual(['flow check', 'admin-key rotate']);
  });
});
