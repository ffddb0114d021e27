// Verbs that only stop, start, show or save what is installed: what is wrong with the settings, or would be planned of them, is not in their way. The engine is a program in PATH.
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EXIT } from '#place.ts';
import { renderedProfiles } from './container-place.ts';
import { containerRuntime } from './container-runtime.ts';
import { runInContainers } from './containers-verb.ts';

const repository = resolve(import.meta.dirname, '../../..');
let folder = '';
const place = () => ({ home: join(folder, 'home'), repository });
const signal = AbortSignal.timeout(30_000);
const calls = async (): Promise<string> => await readFile(join(folder, 'calls'), 'utf8');
const run = async (verb: string, ...args: readonly string[]) => (await runInContainers(verb, { place: place(), args, signal })).exitCode;

const DOCKER = `#!/bin/sh
echo "$*" >>"$ENGINE_FOLDER/calls"
case "$*" in
  "version --format"*) echo 28.5.2 ;;
  "compose version"*) echo 2.40.3 ;;
  *working_dir*) ;;
  "ps --all"*) printf 'asterisk\\trunning\\tUp 2 minutes (healthy)\\npostgres\\trunning\\tUp 2 minutes (healthy)\\n' ;;
  "volume inspect"*) echo "$ENGINE_FOLDER" ;;
  "image inspect"*) exit 1 ;;
esac
`;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'centralita-installed-'));
  await mkdir(join(folder, 'bin'));
  await writeFile(join(folder, 'bin/docker'), DOCKER);
  await chmod(join(folder, 'bin/docker'), 0o755);
  await mkdir(join(place().home, 'containers'), { recursive: true });
  await writeFile(join(place().home, 'containers/.env'), 'LANGUAGE_GPU_UUID=none\n');
  await writeFile(join(place().home, 'state.json'), '{"runtime":"docker"}');
  // No run could be planned with these: the images of the boards have no names, and there is no such file.
  await writeFile(join(place().home, '.env'), 'CONTAINER_INFERENCE=gpu\nSUPABASE_TOKEN_FILE=/nowhere/token\n', { mode: 0o600 });
  vi.stubEnv('PATH', `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`);
  vi.stubEnv('ENGINE_FOLDER', folder);
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

describe('an installation in containers whose settings cannot be planned with', () => {
  it('is refused by a run', async () => {
    await expect(run('')).rejects.toThrow('the images that use the GPU are not named');
  });

  it('says how it is, and is stopped, started and read all the same', async () => {
    expect(await run('status')).toBe(EXIT.ok);
    expect(await run('stop')).toBe(EXIT.ok);
    expect(await run('start')).toBe(EXIT.ok);
    expect(await run('logs', 'asterisk')).toBe(EXIT.ok);
    expect(await calls()).toMatch(/^compose .*--profile cpu stop$/m);
    expect(await calls()).toMatch(/^compose .*--profile cpu up --detach --wait/m);
    expect(await calls()).toMatch(/^compose .*--profile cpu logs --tail 200 asterisk$/m);
  });

  it('is opened for a backup, a restore and an uninstallation', async () => {
    expect(await containerRuntime.open(place(), signal)).toMatchObject({ hasDatabase: true, isDatabaseUp: true, isMade: false });
  });
});

it('compose is called with the profiles that the last run rendered', () => {
  expect(renderedProfiles('LANGUAGE_GPU_UUID=none\n')).toEqual(['cpu']);
  expect(renderedProfiles('LANGUAGE_GPU_UUID=GPU-1\nGRAFANA_DIGEST=sha256:1\n')).toEqual(['gpu', 'grafana']);
});
