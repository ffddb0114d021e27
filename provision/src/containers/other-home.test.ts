// One engine, one installation: what belongs to another home is neither taken over nor removed. The engine is a program in PATH that answers from files.
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bareFacts } from '#sample-facts.ts';
import { findVolume, takeDown } from './container-runtime.ts';
import type { ContainersState } from './container-facts.ts';
import { findOtherHome } from './other-home.ts';

const { signal } = new AbortController();
let folder = '';

/** `docker WORD WORD …` answers with the file of its first two words and notes that it was asked. */
const DOCKER = `#!/bin/sh
echo "$*" >>"$ENGINE_FOLDER/calls"
case "$1 $2" in
  "ps --all") cat "$ENGINE_FOLDER/folders" ;;
  "volume ls") echo centralita_postgres-data ;;
  "volume inspect") cat "$ENGINE_FOLDER/fault" >&2; exit 1 ;;
esac
`;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'centralita-homes-'));
  await mkdir(join(folder, 'bin'));
  await writeFile(join(folder, 'bin/docker'), DOCKER);
  await chmod(join(folder, 'bin/docker'), 0o755);
  for (const home of ['first', 'second']) await mkdir(join(folder, home, 'containers'), { recursive: true });
  await writeFile(join(folder, 'first/containers/.env'), '');
  await writeFile(join(folder, 'folders'), `${join(folder, 'first/containers')}\n${join(folder, 'first/containers')}\n`);
  vi.stubEnv('PATH', `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`);
  vi.stubEnv('ENGINE_FOLDER', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

describe('the containers on an engine', () => {
  it('are in the way of another home than the one that they were brought up from', async () => {
    expect(await findOtherHome(join(folder, 'second'), signal)).toMatchObject({
      reason: expect.stringContaining(join(folder, 'first/containers')),
    });
  });

  it('are not in the way of their own home, by whatever path', async () => {
    await symlink(join(folder, 'first'), join(folder, 'link'));
    expect(await findOtherHome(join(folder, 'first'), signal)).toBeNull();
    expect(await findOtherHome(join(folder, 'link'), signal)).toBeNull();
  });

  it('are not in the way where their home is gone: it was moved', async () => {
    await rm(join(folder, 'first'), { recursive: true });
    expect(await findOtherHome(join(folder, 'second'), signal)).toBeNull();
  });
});

describe('a volume', () => {
  it('is not there when the engine says so, and nothing is known when it says something else', async () => {
    await writeFile(join(folder, 'fault'), 'Error response from daemon: get centralita_postgres-data: no such volume\n');
    expect(await findVolume('postgres-data', signal)).toBeNull();
    await writeFile(join(folder, 'fault'), 'Cannot connect to the Docker daemon\n');
    await expect(findVolume('postgres-data', signal)).rejects.toThrow('Cannot connect');
  });

  /** As it is after an uninstall: nothing is rendered any more. */
  const seen = (containers: ContainersState) => {
    const engine = { version: '28.5.2', compose: null };
    return { facts: bareFacts(), composeText: '', containers, compose: { home: folder, repository: folder, engine, profiles: [] } };
  };
  const calls = async (): Promise<string> => await readFile(join(folder, 'calls'), 'utf8');

  it('goes with a purge of the home that brought it up', async () => {
    const told = await takeDown(seen({ images: {}, up: 'digest' }), { isPurging: true, signal });
    expect(told).toEqual({ removed: ['volumes'], kept: [] });
    expect(await calls()).toContain('volume rm centralita_postgres-data');
  });

  it('stays when the home that is purged never brought it up', async () => {
    const told = await takeDown(seen({ images: {} }), { isPurging: true, signal });
    expect(told.removed).toEqual([]);
    expect(told.kept).toEqual(['volumes centralita_postgres-data, which this installation did not make']);
    expect(await calls()).not.toContain('volume rm');
  });
});
