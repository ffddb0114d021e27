// The script that the operator types: its words reach the checkout's command line whole, and the operator's own choices win.
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { renderCommand } from './command-link.ts';
import { readSettings } from './settings.ts';

let dir = '';
let script = '';

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "it's a checkout-"));
  const settings = readSettings(new Map([['HTTP_PORT', '9090']]), '.env');
  script = join(dir, 'centralita');
  const root = { dir: '/srv/home/root', multiarch: 'x86_64-linux-gnu' };
  await writeFile(script, renderCommand({ home: '/srv/home', repository: dir, settings, root }), { mode: 0o755 });
  await mkdir(join(dir, 'node_modules/.bin'), { recursive: true });
  const node = join(dir, 'node_modules/.bin/node');
  await writeFile(
    node,
    '#!/bin/sh\nprintf "%s\\n" "$CENTRALITA_HOME" "$CENTRALITA_DEFAULT_URL" "$@"\nprintf "%s\\n" "$CENTRALITA_SIP" "$ESPEAK_COMMAND" "$ESPEAK_DATA_PATH" >"$TELEPHONE"\n',
  );
  await chmod(node, 0o755);
});

afterAll(() => rm(dir, { recursive: true, force: true }));

it('runs the command line of the checkout with the words given and the address of this installation', () => {
  const lines = execFileSync(script, ['org', 'show', 'two words'], { encoding: 'utf8', env: { TELEPHONE: '/dev/null' } })
    .trimEnd()
    .split('\n');
  expect(lines).toEqual(['/srv/home', 'http://127.0.0.1:9090', join(dir, 'apps/cli/src/main.ts'), 'org', 'show', 'two words']);
});

it('leaves a home that the operator names in force', () => {
  const lines = execFileSync(script, [], { encoding: 'utf8', env: { CENTRALITA_HOME: '/srv/other', TELEPHONE: '/dev/null' } }).split('\n');
  expect(lines[0]).toBe('/srv/other');
});

it('names the telephone system and the voice of this installation, for calls that test an agent', async () => {
  const telephone = join(dir, 'telephone');
  const told = async (env: Readonly<Record<string, string>>): Promise<string[]> => {
    execFileSync(script, ['test'], { env: { ...env, TELEPHONE: telephone } });
    return (await readFile(telephone, 'utf8')).trimEnd().split('\n');
  };
  const [sip, command = '', voices] = await told({});
  expect([sip, voices]).toEqual(['127.0.0.1:5060', '/srv/home/root/usr/lib/x86_64-linux-gnu/espeak-ng-data']);
  expect((JSON.parse(command) as string[]).at(-1)).toBe('/srv/home/root/usr/bin/espeak-ng');
  expect((await told({ CENTRALITA_SIP: '192.0.2.7:5062' }))[0]).toBe('192.0.2.7:5062');
});
