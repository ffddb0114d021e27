import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { writeArchive } from './export-archive.ts';

it('gives an archive up in the middle of a file when the process stops, and leaves nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'centralita-archive-'));
  const stopping = new AbortController();
  async function* content() {
    yield Buffer.alloc(100_000);
    stopping.abort(new Error('the process stops'));
    yield Buffer.alloc(100_000);
  }
  const written = writeArchive({ folder, file: 'a.tar.gz', signal: stopping.signal }, async (writer) => {
    await writer.addStream('big', { bytes: 200_000, content: content() });
  });
  await expect(written).rejects.toThrow(/stop|abort/);
  // An error that nobody listens to comes a moment later, and fails the run.
  await sleep(20);
  expect(await readdir(folder)).toEqual([]);
  await rm(folder, { recursive: true });
});
