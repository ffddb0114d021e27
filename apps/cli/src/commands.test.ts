// Each command sends the one request that it is for.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandGroups } from './program.ts';
import { play } from './testing/played-terminal.ts';
import type { PlayedTerminal } from './testing/played-terminal.ts';
import { openRecordingApi } from './testing/recording-api.ts';

const id = (kind: string) => `${kind}_${'a'.repeat(32)}`;
const ORG = id('org');
const limits = ['--concurrent-calls', '2', '--agents', '3', '--requests-per-minute', '60', '--daily-dials', '0'];
const moreLimits = ['--storage-bytes', '10000000000', '--recording-retention-days', '30', '--text-retention-days', '90'];
const plan = {
  planId: 'small',
  name: 'Small',
  concurrentCalls: 2,
  agents: 3,
  requestsPerMinute: 60,
  dailyDials: 0,
  storageBytes: 10_000_000_000,
  recordingRetentionDays: 30,
  textRetentionDays: 90,
};

type Case = { readonly words: string[]; readonly line: string; readonly body?: unknown; readonly terminal?: PlayedTerminal };
const cases: readonly Case[] = [
  { words: ['org', 'list'], line: 'GET /admin/organizations?limit=100' },
  { words: ['org', 'show', ORG], line: `GET /admin/organizations/${ORG}` },
  { words: ['org', 'usage', ORG], line: `GET /admin/organizations/${ORG}/usage` },
  { words: ['org', 'create', 'Acme', '--plan', 'small'], line: 'POST /admin/organizations', body: { name: 'Acme', planId: 'small' } },
  { words: ['org', 'activate', ORG], line: `POST /admin/organizations/${ORG}/activate` },
  { words: ['org', 'deactivate', ORG], line: `POST /admin/organizations/${ORG}/deactivate` },
  { words: ['org', 'set-plan', ORG, 'small'], line: `PATCH /admin/organizations/${ORG}`, body: { planId: 'small' } },
  {
    words: ['org', 'set-overload', ORG, 'queue', '--max-wait-seconds', '60', '--destination', '2001'],
    line: `PATCH /admin/organizations/${ORG}`,
    body: { overload: { choice: 'queue', maxWaitSeconds: 60, destination: '2001' } },
  },
  {
    words: ['org', 'set-overload', ORG, 'queue', '--tell-position', '45'],
    line: `PATCH /admin/organizations/${ORG}`,
    body: { overload: { choice: 'queue', positionEverySeconds: 45 } },
  },
  {
    words: ['org', 'set-overload', ORG, 'queue', '--no-tell-position'],
    line: `PATCH /admin/organizations/${ORG}`,
    body: { overload: { choice: 'queue', positionEverySeconds: null } },
  },
  { words: ['capacity', 'show'], line: 'GET /admin/capacity' },
  { words: ['org', 'delete', ORG, '--yes'], line: `DELETE /admin/organizations/${ORG}`, body: {} },
  { words: ['org', 'restore', ORG], line: `POST /admin/organizations/${ORG}/restore` },
  { words: ['org', 'export', ORG], line: `GET /admin/organizations/${ORG}/export` },
  { words: ['plan', 'list'], line: 'GET /admin/plans?limit=100' },
  { words: ['plan', 'show', 'small'], line: 'GET /admin/plans/small' },
  { words: ['plan', 'create', 'small', '--name', 'Small', ...limits, ...moreLimits], line: 'POST /admin/plans', body: plan },
  { words: ['plan', 'update', 'small', '--agents', '5'], line: 'PATCH /admin/plans/small', body: { agents: 5 } },
  { words: ['plan', 'delete', 'small', '-y'], line: 'DELETE /admin/plans/small' },
  { words: ['token', 'list', '--org', ORG], line: `GET /admin/organizations/${ORG}/tokens?limit=100` },
  {
    words: ['token', 'create', 'crm', '--org', ORG, '--scope', 'calls:read', '--scope', 'agent:read', '--expires-in-days', '30'],
    line: `POST /admin/organizations/${ORG}/tokens`,
    body: { name: 'crm', scopes: ['calls:read', 'agent:read'], expiresInDays: 30 },
  },
  {
    words: ['token', 'rotate', id('tok'), '--grace-hours', '24'],
    line: 'POST /admin/tokens/rotate',
    body: { tokenId: id('tok'), graceHours: 24 },
  },
  { words: ['token', 'revoke', id('tok'), '--yes'], line: `POST /admin/tokens/${id('tok')}/revoke` },
  { words: ['agent', 'list', '--org', ORG], line: `GET /admin/agents?organizationId=${ORG}&limit=100` },
  { words: ['agent', 'show', id('agent')], line: `GET /admin/agents/${id('agent')}` },
  {
    words: ['agent', 'register', 'a.json', '--org', ORG],
    line: `POST /admin/organizations/${ORG}/agents`,
    body: { name: 'Ana' },
    terminal: { files: { 'a.json': '{"name":"Ana"}' } },
  },
  {
    words: ['agent', 'register', '-', '--org', ORG],
    line: `POST /admin/organizations/${ORG}/agents`,
    body: { name: 'Eva' },
    terminal: { input: '{"name":"Eva"}' },
  },
  {
    words: ['agent', 'provision', id('agent'), '--number', '+34910000001'],
    line: `POST /admin/agents/${id('agent')}/provision`,
    body: { number: '+34910000001' },
  },
  { words: ['agent', 'activate', id('agent')], line: `POST /admin/agents/${id('agent')}/activate` },
  { words: ['agent', 'deactivate', id('agent')], line: `POST /admin/agents/${id('agent')}/deactivate` },
  { words: ['agent', 'delete', id('agent'), '--yes'], line: `DELETE /admin/agents/${id('agent')}` },
  {
    words: ['knowledge', 'upload', id('agent'), 'docs/tarifas.txt', '--category', 'precios'],
    line: `POST /agents/${id('agent')}/rag/upload`,
    body: expect.stringMatching(/filename="tarifas\.txt"[^]*45 euros[^]*name="category"\r\n\r\nprecios/),
    terminal: { files: { 'docs/tarifas.txt': '45 euros' } },
  },
  { words: ['knowledge', 'list', id('agent')], line: `GET /agents/${id('agent')}/rag/documents?limit=100` },
  {
    words: ['knowledge', 'search', id('agent'), '¿Precio?', '--category', 'precios', '--limit', '3'],
    line: `POST /agents/${id('agent')}/rag/search`,
    body: { question: '¿Precio?', categories: ['precios'], limit: 3 },
  },
  { words: ['knowledge', 'delete', id('agent'), id('doc'), '-y'], line: `DELETE /agents/${id('agent')}/rag/documents/${id('doc')}` },
  { words: ['booking', 'calendar'], line: 'GET /booking/calendar' },
  {
    words: ['booking', 'set-calendar', '-'],
    line: 'PUT /booking/calendar',
    body: { timeZone: 'UTC' },
    terminal: { input: '{"timeZone":"UTC"}' },
  },
  { words: ['booking', 'services'], line: 'GET /booking/services?limit=100' },
  {
    words: ['booking', 'add-service', 'Facial', '--minutes', '60', '--synonym', 'cara', '--price', '40 euros'],
    line: 'POST /booking/services',
    body: { name: 'Facial', minutes: 60, synonyms: ['cara'], priceText: '40 euros' },
  },
  { words: ['booking', 'staff'], line: 'GET /booking/staff?limit=100' },
  {
    words: ['booking', 'add-staff', 'Ana', '--service', id('svc'), '--service', id('svc')],
    line: 'POST /booking/staff',
    body: { name: 'Ana', serviceIds: [id('svc'), id('svc')] },
  },
  {
    words: ['booking', 'appointments', '--from', '2026-12-01T00:00:00Z', '--state', 'confirmed', '--staff', id('staff')],
    line: `GET /booking/appointments?startsFrom=2026-12-01T00%3A00%3A00Z&state=confirmed&staffId=${id('staff')}&limit=100`,
  },
  { words: ['booking', 'cancel', id('appt'), '-y'], line: `POST /booking/appointments/${id('appt')}/cancel` },
  { words: ['message', 'list', '--state', 'waiting'], line: 'GET /caller-messages?state=waiting&limit=100' },
  { words: ['message', 'handled', id('msg')], line: `PATCH /caller-messages/${id('msg')}`, body: { isHandled: true } },
  { words: ['message', 'delete', id('msg'), '-y'], line: `DELETE /caller-messages/${id('msg')}` },
  { words: ['outcome', 'show', id('call')], line: `GET /calls/${id('call')}/outcome` },
  { words: ['contact', 'list', '--number', '+34600111222'], line: 'GET /contacts?number=%2B34600111222&limit=100' },
  { words: ['contact', 'show', id('contact')], line: `GET /contacts/${id('contact')}` },
  { words: ['contact', 'erase', id('contact'), '-y'], line: `DELETE /contacts/${id('contact')}` },
  { words: ['job', 'list'], line: 'GET /admin/jobs?state=dead&limit=100' },
  { words: ['job', 'list', '--org', ORG, '--state', 'done'], line: `GET /admin/jobs?organizationId=${ORG}&state=done&limit=100` },
  { words: ['job', 'retry', id('job')], line: `POST /admin/jobs/${id('job')}/retry` },
  { words: ['number', 'list'], line: 'GET /admin/numbers?limit=100' },
  {
    words: ['number', 'create', '+34910000001', '--org', ORG, '--agent', id('agent')],
    line: `POST /admin/organizations/${ORG}/numbers`,
    body: { number: '+34910000001', agentId: id('agent') },
  },
  {
    words: ['number', 'assign', id('num'), '--agent', id('agent')],
    line: `PATCH /admin/numbers/${id('num')}`,
    body: { agentId: id('agent') },
  },
  { words: ['number', 'delete', id('num'), '--yes'], line: `DELETE /admin/numbers/${id('num')}` },
  { words: ['phone', 'list'], line: 'GET /admin/phones?limit=100' },
  {
    words: ['phone', 'create', '2001', '--org', ORG, '--name', 'Front desk'],
    line: `POST /admin/organizations/${ORG}/phones`,
    body: { extension: '2001', displayName: 'Front desk' },
  },
  { words: ['phone', 'reset-password', id('phone')], line: `POST /admin/phones/${id('phone')}/reset-password` },
  { words: ['phone', 'rename', id('phone'), 'Desk'], line: `PATCH /admin/phones/${id('phone')}`, body: { displayName: 'Desk' } },
  { words: ['phone', 'delete', id('phone'), '--yes'], line: `DELETE /admin/phones/${id('phone')}` },
  { words: ['trunk', 'list'], line: 'GET /admin/trunks?limit=100' },
  {
    words: ['trunk', 'create', 'carrier', '--host', 'sip.example.com', '--match', '192.0.2.1', '--username', 'me', '--with-password'],
    line: 'POST /admin/trunks',
    body: { name: 'carrier', host: 'sip.example.com', username: 'me', matches: ['192.0.2.1'], password: 'secret' },
    terminal: { input: 'secret\n' },
  },
  {
    words: ['trunk', 'update', id('trunk'), '--port', '5080', '--no-registers'],
    line: `PATCH /admin/trunks/${id('trunk')}`,
    body: { port: 5080, registers: false },
  },
  { words: ['trunk', 'delete', id('trunk'), '--yes'], line: `DELETE /admin/trunks/${id('trunk')}` },
  { words: ['telephony', 'status'], line: 'GET /admin/telephony' },
  { words: ['telephony', 'reconcile'], line: 'POST /admin/telephony/reconcile' },
  { words: ['registry', 'show'], line: 'GET /admin/registry' },
  { words: ['registry', 'push'], line: 'POST /admin/registry/push' },
  { words: ['global-stop', 'status'], line: 'GET /admin/global-stop' },
  { words: ['global-stop', 'on', 'fire drill'], line: 'POST /admin/global-stop', body: { reason: 'fire drill' } },
  { words: ['global-stop', 'off'], line: 'POST /admin/global-stop/resume', body: {} },
  { words: ['health', 'show'], line: 'GET /health/detailed' },
  { words: ['audit', 'list', '--chain', 'appliance'], line: 'GET /admin/audit?chain=appliance&limit=100' },
  { words: ['audit', 'verify', '--chain', ORG], line: `GET /admin/audit/verify?chain=${ORG}` },
];

/** An answer that every command can read. */
const knowledge = { documents: [], passages: [] };
const page = {
  nextCursor: null,
  organizations: [],
  plans: [],
  tokens: [],
  agents: [],
  numbers: [],
  phones: [],
  trunks: [],
  entries: [],
  jobs: [],
  services: [],
  staff: [],
  appointments: [],
  messages: [],
  contacts: [],
  ...knowledge,
};
const answer = { ...page, intact: true, chains: [{ chain: 'appliance', intact: true, entries: 1, faults: [] }] };
const at = (url: string) => ({ CENTRALITA_URL: url, CENTRALITA_ADMIN_KEY: 'cca_0123456789abcdef', CENTRALITA_TOKEN: 'cck_live_x' });

describe('a command', () => {
  it.each(cases)('sends its request: $words', async ({ words, line, body, terminal }) => {
    await using api = await openRecordingApi({ body: answer });
    const { exitCode, err } = await play(words, { ...terminal, env: at(api.url) });
    expect(err).toBe('');
    expect(exitCode).toBe(0);
    expect(api.asked.map((asked) => ({ line: asked.line, body: asked.body }))).toEqual([{ line, body }]);
  });

  it('is in the table above, whatever it is called', () => {
    const tried = new Set(cases.map(({ words }) => words.slice(0, 2).join(' ')));
    const all = commandGroups.flatMap(({ name, commands }) => commands.map((command) => `${name} ${command.name}`));
    expect(all.filter((words) => !tried.has(words))).toEqual(['flow check', 'admin-key rotate']);
  });
});

describe('knowledge search', () => {
  it('shows what was found with its source, and asks with the token alone', async () => {
    const passages = [{ source: 'tarifas.pdf', headings: ['Tarifas', 'Masajes'], text: 'Cuesta 45 euros.' }];
    await using api = await openRecordingApi({ body: { passages } });
    const words = ['knowledge', 'search', id('agent'), '¿Cuánto?'];
    expect((await play(words, { env: at(api.url) })).out).toMatch(/tarifas\.pdf +Tarifas, Masajes +Cuesta 45 euros\./);
    expect(api.asked[0]?.key).toBe(undefined);
  });

  it('says how to get a token where there is none', async () => {
    const { exitCode, err } = await play(['knowledge', 'list', id('agent')], { env: { CENTRALITA_URL: 'http://127.0.0.1:9' } });
    expect(exitCode).toBe(2);
    expect(err).toContain('centralita token create');
  });
});

describe('token create', () => {
  it('wants a preset or scopes, and not both', async () => {
    const words = ['token', 'create', 'crm', '--org', ORG];
    const env = at('http://127.0.0.1:9');
    expect((await play(words, { env })).exitCode).toBe(2);
    expect((await play([...words, '--preset', 'full', '--scope', 'calls:read'], { env })).exitCode).toBe(2);
  });

  it('shows the token that the API gives once', async () => {
    await using api = await openRecordingApi({ status: 201, body: { tokenId: id('tok'), token: 'cck_live_x' } });
    const { out } = await play(['token', 'create', 'crm', '--org', ORG, '--preset', 'full'], { env: at(api.url) });
    expect(out).toContain('token    cck_live_x\n');
  });
});

describe('org export', () => {
  it('downloads into a file, whole or not at all', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'export-'));
    const file = join(dir, 'acme.tar.gz');
    await using refusing = await openRecordingApi({ status: 409, body: { title: 'not yet', detail: 'the export is not ready' } });
    const early = await play(['org', 'export', ORG, '--output', file], { env: at(refusing.url) });
    expect([early.exitCode, early.err]).toEqual([1, 'refused (409): the export is not ready\n']);
    await expect(readFile(file)).rejects.toThrow('ENOENT');
    await using api = await openRecordingApi({ body: 'a whole export', headers: { 'content-type': 'application/gzip' } });
    expect((await play(['org', 'export', ORG, '--output', file], { env: at(api.url) })).exitCode).toBe(0);
    expect(await readFile(file, 'utf8')).toBe('a whole export');
    await rm(dir, { recursive: true });
  });
});

describe('audit verify', () => {
  const sound = { chain: 'appliance', intact: true, entries: 3, faults: [] };

  it('ends with 4 when a chain is damaged, and says where', async () => {
    const faults = [{ kind: 'edited', seq: 2, message: 'entry 2 is not as it was written' }];
    const damaged = { chain: ORG, intact: false, entries: 9, faults };
    await using api = await openRecordingApi({
      body: { intact: false, unreadableAnchorLines: [7], chains: [sound, damaged], nextCursor: null },
    });
    const { exitCode, out, err } = await play(['audit', 'verify'], { env: at(api.url) });
    expect(exitCode).toBe(4);
    expect(out).toContain(`${ORG}  2    edited  entry 2 is not as it was written\n`);
    expect(out).toContain('none: 7');
    expect(err).toBe('the audit log is damaged\n');
    expect((await play(['audit', 'verify', '--json'], { env: at(api.url) })).exitCode).toBe(4);
  });

  it('reads a long log part by part, and joins what is said of one chain', async () => {
    const faults = [{ kind: 'edited', seq: 2, message: 'entry 2 is not as it was written' }];
    const first = { intact: false, chains: [sound, { chain: ORG, intact: false, entries: 10_000, faults }], nextCursor: 'more' };
    const last = { intact: true, chains: [{ chain: ORG, intact: true, entries: 5, faults: [] }], nextCursor: null };
    await using api = await openRecordingApi({ body: first }, { body: last });
    const { exitCode, out } = await play(['audit', 'verify', '--json'], { env: at(api.url) });
    expect(api.lines()).toEqual(['GET /admin/audit/verify', 'GET /admin/audit/verify?cursor=more']);
    expect(exitCode).toBe(4);
    const chains = [sound, { chain: ORG, intact: false, entries: 10_005, faults }];
    expect(JSON.parse(out)).toEqual({ intact: false, chains, unreadableAnchorLines: [] });
  });

  it('does not go in circles when the API names the same part again', async () => {
    await using api = await openRecordingApi({ body: { intact: true, chains: [sound], nextCursor: 'same' } });
    expect((await play(['audit', 'verify'], { env: at(api.url) })).exitCode).toBe(3);
  });

  it('takes nothing for sound that does not say so', async () => {
    await using api = await openRecordingApi({ body: { chains: [sound], nextCursor: null } });
    expect((await play(['audit', 'verify'], { env: at(api.url) })).exitCode).toBe(3);
  });
});

describe('telephony status', () => {
  it('names what Asterisk lacks, and why', async () => {
    const reconciliation = { at: '2026-01-01T00:00:00.000Z', unchanged: 4, pushed: [], removed: [], failed: [{}], error: null };
    const outOfStep = [{ kind: 'trunk', name: 'carrier', state: 'failed', reason: 'no such host' }];
    await using api = await openRecordingApi({ body: { reconciliation, outOfStep } });
    const { out } = await play(['telephony', 'status'], { env: at(api.url) });
    expect(out).toContain('unchanged  4\n');
    expect(out).toContain('failed     1\n');
    expect(out).toContain('trunk  carrier  failed  no such host\n');
  });
});

describe('admin-key rotate', () => {
  it('runs the provisioner of this checkout, after a yes', async () => {
    const { started, exitCode } = await play(['admin-key', 'rotate'], { answers: ['yes'] });
    expect(exitCode).toBe(0);
    expect(started).toEqual([[expect.stringMatching(/\/provision\.sh$/), 'new-admin-key']]);
    expect((await play(['admin-key', 'rotate'])).exitCode).toBe(2);
  });

  it('says that nothing was replaced when the provisioner fails', async () => {
    const { exitCode, err } = await play(['admin-key', 'rotate', '--yes'], { exitCode: 20 });
    expect([exitCode, err]).toEqual([1, 'the admin key was not replaced: provision.sh ended with 20\n']);
  });
});
