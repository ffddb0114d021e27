// Which runtime a verb is for, and what of its words an installation in containers takes.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '#place.ts';
import { VERBS } from '#verbs.ts';
import { CONTAINER_VERBS, runInContainers } from './containers-verb.ts';

describe('a verb', () => {
  let home: string;
  const call = (verb: string, args: readonly string[]) =>
    runInContainers(verb, { place: { home, repository: home }, args, signal: AbortSignal.timeout(10_000) });

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'centralita-runtime-'));
  });
  afterEach(async () => await rm(home, { recursive: true, force: true }));

  it('is the native runtime’s where nothing was installed and nobody asks for containers', async () => {
    expect(await call('', ['--yes', '--json'])).toEqual({ exitCode: null, args: ['--yes', '--json'] });
    expect(await call('', ['--runtime', 'native', '--yes'])).toEqual({ exitCode: null, args: ['--yes'] });
  });

  it.each<[string, readonly string[]]>([
    ['', ['--force']],
    ['', ['--profile', 'gpu']],
    ['', ['--pin']],
    ['', ['--models', '--json']],
    ['--plan', ['--yes']],
    ['engines', ['--yes']],
    ['status', ['--json']],
    ['stop', ['--force']],
  ])('in containers refuses words that it would pass over: %s %j', async (verb, args) => {
    await writeFile(join(home, 'state.json'), JSON.stringify({ runtime: 'docker' }));
    await expect(call(verb, args)).rejects.toThrow(UsageError);
  });

  it('of the table has a way to be done in containers, whichever it is', () => {
    expect(CONTAINER_VERBS.toSorted()).toEqual(VERBS.map(({ name }) => name).toSorted());
  });
});
