import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseGpus, readGpus } from './nvidia-smi.ts';

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'centralita-gpu-'))));
afterAll(() => rm(folder, { recursive: true }));

async function tool(script: string): Promise<string> {
  const path = join(folder, `tool-${script.length}`);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

it('adds up the memory of all processors', async () => {
  expect(parseGpus('1024, 81559\n 0, 81559 \n')).toEqual({ memoryUsedBytes: 1_024 * 1_048_576, memoryTotalBytes: 2 * 81_559 * 1_048_576 });
  const { signal } = new AbortController();
  expect(await readGpus({ command: await tool('echo "10, 20"'), signal })).toEqual({
    memoryUsedBytes: 10_485_760,
    memoryTotalBytes: 20_971_520,
  });
});

it('knows of no processor where the tool is missing, fails, talks of something else, or is given up', async () => {
  const { signal } = new AbortController();
  expect(await readGpus({ command: join(folder, 'nowhere'), signal })).toBeNull();
  expect(await readGpus({ command: await tool('echo "10, 20"; exit 9'), signal })).toBeNull();
  expect(await readGpus({ command: await tool('echo "[N/A], [N/A]"'), signal })).toBeNull();
  const impatient = AbortSignal.timeout(50);
  expect(await readGpus({ command: await tool('exec sleep 30'), signal: impatient })).toBeNull();
});
