// What every command has in common: the key, the address, lists to their end, refusals, confirmations, help.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandGroups } from './program.ts';
import { play } from './testing/played-terminal.ts';
import { openRecordingApi } from './testing/recording-api.ts';

const KEY = 'cca_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG';
const ORG = `org_${'1'.repeat(32)}`;
const acme = { organizationId: ORG, slug: 'acme', name: 'Acme Dental', planId: 'standard', active: true, deleteAfter: null };
const at = (url: string) => ({ CENTRALITA_URL: url, CENTRALITA_ADMIN_KEY: KEY });

describe('what is printed', () => {
  it('is a table with aligned columns, or the JSON of the API', async () => {
    await using api = await openRecordingApi({ body: { organizations: [acme], nextCursor: null } });
    const { out, exitCode } = await play(['org', 'list'], { env: at(api.url) });
    expect(exitCode).toBe(0);
    expect(out.split('\n')).toEqual([
      `ID${' '.repeat(36)}SLUG  NAME         PLAN      ACTIVE  DELETED AFTER`,
      `${ORG}  acme  Acme Dental  standard  yes     -`,
      '',
    ]);
    const json = await play(['org', 'list', '--json'], { env: at(api.url) });
    expect(JSON.parse(json.out)).toEqual({ organizations: [acme], nextCursor: null });
    expect(api.asked[0]?.key).toBe(KEY);
  });

  it('is one field a line for one thing, and the answer as it came under --json', async () => {
    const text = '{ "organizationId":"x",  "limits": {"agents": 2} }';
    await using api = await openRecordingApi({ body: text });
    expect((await play(['org', 'show', ORG], { env: at(api.url) })).out).toBe('organizationId  x\nlimits.agents   2\n');
    expect((await play(['org', 'show', ORG, '--json'], { env: at(api.url) })).out).toBe(`${text}\n`);
  });

  it('keeps what an organization wrote from moving the cursor', async () => {
    await using api = await openRecordingApi({ body: { organizations: [{ ...acme, name: '\u001b[2Jgone\u202e' }], nextCursor: null } });
    const { out } = await play(['org', 'list'], { env: at(api.url) });
    expect(out).toContain('\ufffd[2Jgone\ufffd');
    expect(out).not.toContain('\u001b');
    expect(out).not.toContain('\u202e');
  });

  it('says that a thing was deleted where the API answers nothing', async () => {
    await using api = await openRecordingApi({ status: 204 });
    expect((await play(['plan', 'delete', 'small', '--yes'], { env: at(api.url) })).out).toBe('Deleted.\n');
  });
});

describe('a list', () => {
  it('follows the cursors to the end', async () => {
    await using api = await openRecordingApi(
      { body: { plans: [{ planId: 'a' }], nextCursor: 'next/1' } },
      { body: { plans: [{ planId: 'b' }], nextCursor: null } },
    );
    const { out } = await play(['plan', 'list', '--json'], { env: at(api.url) });
    expect(JSON.parse(out)).toEqual({ plans: [{ planId: 'a' }, { planId: 'b' }], nextCursor: null });
    expect(api.lines()).toEqual(['GET /admin/plans?limit=100', 'GET /admin/plans?limit=100&cursor=next%2F1']);
  });

  it('stops at the limit and says that there are more', async () => {
    await using api = await openRecordingApi({ body: { plans: [{ planId: 'a' }], nextCursor: 'more' } });
    const { err } = await play(['plan', 'list', '--limit', '1'], { env: at(api.url) });
    expect(api.lines()).toEqual(['GET /admin/plans?limit=1']);
    expect(err).toContain('there are more');
  });

  it('that is no list of ours ends with 3, not with an empty table', async () => {
    await using api = await openRecordingApi({ body: { hello: 'world' } });
    const { exitCode, err } = await play(['plan', 'list'], { env: at(api.url) });
    expect(exitCode).toBe(3);
    expect(err).toContain('no list of plans');
  });
});

describe('an organization', () => {
  it('is found by its slug on any page', async () => {
    await using api = await openRecordingApi(
      { body: { organizations: [{ organizationId: 'org_2', slug: 'other' }], nextCursor: 'c' } },
      { body: { organizations: [acme], nextCursor: null } },
      { body: acme },
    );
    await play(['org', 'deactivate', 'acme'], { env: at(api.url) });
    expect(api.lines().at(-1)).toBe(`POST /admin/organizations/${ORG}/deactivate`);
  });

  it('that is not there ends with 1 before anything is written', async () => {
    await using api = await openRecordingApi({ body: { organizations: [], nextCursor: null } });
    const { exitCode, err } = await play(['org', 'deactivate', 'nobody'], { env: at(api.url) });
    expect(exitCode).toBe(1);
    expect(err).toContain('no organization with the slug "nobody"');
    expect(api.lines().every((line) => line.startsWith('GET'))).toBe(true);
  });
});

describe('a refusal', () => {
  it('ends with 1 and names every field and the request', async () => {
    const problem = {
      title: 'x',
      detail: 'body: 1 field(s) do not parse',
      requestId: 'req-7',
      fields: [{ path: 'slug', message: 'must be a slug' }],
    };
    await using api = await openRecordingApi({ status: 400, body: problem, headers: { 'content-type': 'application/problem+json' } });
    const { exitCode, err, out } = await play(['org', 'create', 'Acme', '--slug', 'A'], { env: at(api.url) });
    expect(exitCode).toBe(1);
    expect(err).toBe('refused (400): body: 1 field(s) do not parse\n  slug: must be a slug\n  requestId: req-7\n');
    expect(out).toBe('');
  });

  it('of the admin key says how to give another', async () => {
    await using api = await openRecordingApi({ status: 401, body: { title: 'no' } });
    expect((await play(['plan', 'list'], { env: at(api.url) })).err).toContain('centralita login');
  });

  it('that is no problem of ours is another server', async () => {
    await using api = await openRecordingApi({ status: 404, body: '<html>', headers: { 'content-type': 'text/html' } });
    const { exitCode, err } = await play(['plan', 'list'], { env: at(api.url) });
    expect(exitCode).toBe(3);
    expect(err).toContain('is this address a Centralita?');
  });
});

describe('the way to the API', () => {
  it('that nobody answers ends with 3 and says what to check', async () => {
    const api = await openRecordingApi();
    await api[Symbol.asyncDispose]();
    const { exitCode, err } = await play(['org', 'list'], { env: at(api.url) });
    expect(exitCode).toBe(3);
    expect(err).toContain('./provision.sh status');
  });

  it('follows no redirect, which would carry the key elsewhere', async () => {
    await using elsewhere = await openRecordingApi({ body: {} });
    await using api = await openRecordingApi({ status: 307, headers: { location: `${elsewhere.url}/admin/plans` } });
    expect((await play(['plan', 'list'], { env: at(api.url) })).exitCode).toBe(3);
    expect(elsewhere.asked).toEqual([]);
  });

  it('without a key ends with 2 before anything is sent', async () => {
    await using api = await openRecordingApi({ body: {} });
    const { exitCode, err } = await play(['org', 'list', '--url', api.url]);
    expect(exitCode).toBe(2);
    expect(err).toContain('centralita login');
    expect(api.asked).toEqual([]);
  });

  it('refuses an address that is none', async () => {
    expect((await play(['org', 'list', '--url', 'box'], { env: { CENTRALITA_ADMIN_KEY: KEY } })).exitCode).toBe(2);
  });
});

describe('a destructive command', () => {
  it('without a person to ask wants --yes and sends nothing', async () => {
    await using api = await openRecordingApi({ body: acme });
    const { exitCode, err } = await play(['org', 'delete', ORG], { env: at(api.url) });
    expect(exitCode).toBe(2);
    expect(err).toContain('--yes');
    expect(api.asked).toEqual([]);
  });

  it('asks a person and goes by the answer', async () => {
    await using api = await openRecordingApi({ body: acme });
    const kept = await play(['org', 'delete', ORG], { env: at(api.url), answers: ['n'] });
    expect(kept.questions).toHaveLength(1);
    expect(api.asked).toEqual([]);
    await play(['org', 'delete', ORG, '--grace-days', '7'], { env: at(api.url), answers: ['y'] });
    expect(api.asked).toEqual([{ line: `DELETE /admin/organizations/${ORG}`, key: KEY, body: { graceDays: 7 } }]);
  });

  it('is every delete, erasure, cancellation and revocation, and the rotation of the admin key', () => {
    const destructive = commandGroups.flatMap(({ name, commands }) =>
      commands.filter((command) => command.isDestructive).map((command) => `${name} ${command.name}`),
    );
    const expected = commandGroups.flatMap(({ name, commands }) =>
      commands.map((command) => `${name} ${command.name}`).filter((words) => /delete|revoke|erase|cancel|admin-key rotate/.test(words)),
    );
    expect(destructive).toEqual(expected);
  });
});

describe('login', () => {
  let home = '';
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'login-'));
  });
  afterAll(() => rm(home, { recursive: true, force: true }));

  it('stores a key that works, for its owner alone, and later commands use it for that address only', async () => {
    await using api = await openRecordingApi({ body: { plans: [], nextCursor: null } });
    await using other = await openRecordingApi({ body: { plans: [], nextCursor: null } });
    const env = { XDG_CONFIG_HOME: home };
    expect((await play(['login', '--url', api.url], { env, answers: [KEY] })).exitCode).toBe(0);
    const path = join(home, 'centralita/credentials.json');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await play(['plan', 'list'], { env })).exitCode).toBe(0);
    expect(api.asked.map(({ key }) => key)).toEqual([KEY, KEY]);
    expect((await play(['plan', 'list', '--url', other.url], { env })).exitCode).toBe(2);
    expect(other.asked).toEqual([]);
  });

  it('stores nothing of a key that is refused', async () => {
    await using api = await openRecordingApi({ status: 401, body: { title: 'no' } });
    const env = { XDG_CONFIG_HOME: join(home, 'refused') };
    expect((await play(['login', '--url', api.url], { env, input: `${KEY}\n` })).exitCode).toBe(1);
    await expect(stat(join(home, 'refused'))).rejects.toThrow('ENOENT');
  });

  it('refuses a file of credentials that others can read', async () => {
    const path = join(home, 'centralita/credentials.json');
    const text = await readFile(path, 'utf8');
    await rm(path);
    await writeFile(path, text, { mode: 0o644 });
    const { exitCode, err } = await play(['plan', 'list'], { env: { XDG_CONFIG_HOME: home } });
    expect(exitCode).toBe(2);
    expect(err).toContain('chmod 600');
  });
});

describe('the help', () => {
  const all = commandGroups.flatMap(({ name, commands }) => commands.map((command) => [name, command.name] as const));

  it.each(all)('of %s %s has an example that begins with its own words', async (group, name) => {
    const { out, exitCode } = await play([group, name, '--help']);
    expect(exitCode).toBe(0);
    expect(out).toContain(`Example:\n  centralita ${group} ${name}`);
  });

  it('names the exit codes, and a call without a command ends with 2', async () => {
    expect((await play(['--help'])).out).toContain('Exit codes');
    expect((await play([])).exitCode).toBe(2);
    expect((await play(['org'])).exitCode).toBe(2);
    expect((await play(['org', 'lsit'])).err).toContain('Did you mean list?');
  });
});
