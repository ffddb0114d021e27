// The script that the operator types: its words reach the checkout's command line whole, and the operator's own choices win.
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
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
  await writeFile(script, renderCommand({ home: '/srv/home', repository: dir, settings }), { mode: 0o755 });
  await mkdir(join(dir, 'node_modules/.bin'), { recursive: true });
  const node = join(dir, 'node_modules/.bin/node');
  await writeFile(node, '#!/bin/sh\nprintf "%s\\n" "$CENTRALITA_HOME" "$CENTRALITA_DEFAULT_URL" "$@"\n');
  await chmod(node, 0o755);
});

afterAll(() => rm(dir, { recursive: true, force: true }));

it('runs the command line of the checkout with the words given and the address of this installation', () => {
  const lines = execFileSync(script, ['org', 'show', 'two words'], { encoding: 'utf8', env: {} }).trimEnd().split('\n');
  expect(lines).toEqual(['/srv/home', 'http://127.0.0.1:9090', join(dir, 'apps/cli/src/main.ts'), 'org', 'show', 'two words']);
});

it('leaves a home that the operator names in force', () => {
  const lines = execFileSync(script, [], { encoding: 'utf8', env: { CENTRALITA_HOME: '/srv/other' } }).split('\n');
  expect(lines[0]).toBe('/srv/other');
});
