// Whether calls are up in containers: only an engine that answers may say that there are none. The engine is a program in PATH that answers from files.
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ObstacleError } from '#place.ts';
import { refuseWhileCallsAreUp } from '#releases/live-calls.ts';
import { findRunning, readServices } from './compose.ts';
import { askChannels } from './container-runtime.ts';

const { signal } = new AbortController();
let folder = '';

const DOCKER = `#!/bin/sh
case "$1 $2" in
  "ps --all") cat "$ENGINE_FOLDER/services" ;;
  "ps --quiet") cat "$ENGINE_FOLDER/running" ;;
  "exec "*) cat "$ENGINE_FOLDER/channels" ;;
esac || { echo 'Cannot connect to the Docker daemon' >&2; exit 1; }
`;
const write = async (name: string, text: string): Promise<void> => await writeFile(join(folder, name), text);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'centralita-live-'));
  await mkdir(join(folder, 'bin'));
  await writeFile(join(folder, 'bin/docker'), DOCKER);
  await chmod(join(folder, 'bin/docker'), 0o755);
  vi.stubEnv('PATH', `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`);
  vi.stubEnv('ENGINE_FOLDER', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

describe('an engine that does not say which containers it has', () => {
  it('is no engine without containers: the refusal says why and what to do', async () => {
    for (const ask of [() => readServices(signal), () => findRunning('asterisk', signal)]) {
      const error = await ask().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ObstacleError);
      expect((error as ObstacleError).message).toMatch(/calls may be up in them.*Cannot connect to the Docker daemon.*docker ps --all/);
    }
  });

  it('lets no change of release go on', async () => {
    await expect(refuseWhileCallsAreUp({ askChannels }, null)).rejects.toThrow('calls may be up');
  });
});

describe('an engine that answers', () => {
  it('has calls where its Asterisk has channels, whatever compose would say, and none where none runs', async () => {
    await write('running', '0123456789ab\n');
    await write('channels', '2 active channels\n1 active call\n');
    await expect(refuseWhileCallsAreUp({ askChannels }, null)).rejects.toThrow('calls are up (2 channels)');
    await write('running', '');
    await expect(refuseWhileCallsAreUp({ askChannels }, null)).resolves.toBeUndefined();
  });

  it('whose Asterisk runs and does not tell its channels has perhaps some', async () => {
    await write('running', '0123456789ab\n');
    await expect(refuseWhileCallsAreUp({ askChannels }, null)).rejects.toThrow('does not say how many calls are up');
  });
});
