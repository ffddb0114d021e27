// What counts as a change of a model's folder, so that it is loaded anew: other content, not a touch or half a download.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { folderFingerprint } from './folder-state.ts';
import { watchFolder } from './folder-watch.ts';

const EVERY_MS = 20;

function watched(folder: string) {
  const changes: string[] = [];
  const watch = watchFolder({ folder: () => folder, everyMs: EVERY_MS, onChange: async (path) => void changes.push(path) });
  onTestFinished(async () => await watch[Symbol.asyncDispose]());
  return changes;
}
function place(): string {
  const folder = mkdtempSync(join(tmpdir(), 'weights-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
const pause = () => new Promise((resolve) => setTimeout(resolve, 8 * EVERY_MS));

test('other content is a change, once; a file that was only touched, or a download under way, is none', async () => {
  const folder = place();
  writeFileSync(join(folder, 'model.gguf'), 'one');
  const changes = watched(folder);
  await pause();
  utimesSync(join(folder, 'model.gguf'), 1, 1);
  mkdirSync(join(folder, '.incoming'));
  writeFileSync(join(folder, '.incoming', 'model.gguf'), 'half');
  await pause();
  expect(changes).toEqual([]);
  writeFileSync(join(folder, 'model.gguf'), 'two');
  await expect.poll(() => changes).toEqual([folder]);
  await pause();
  expect(changes).toEqual([folder]);
});

test('a link that is turned to another folder is a change', async () => {
  const folder = place();
  for (const version of ['v1', 'v2']) {
    mkdirSync(join(folder, version));
    writeFileSync(join(folder, version, 'model.gguf'), version);
  }
  const link = join(folder, 'current');
  symlinkSync(join(folder, 'v1'), link);
  const changes = watched(link);
  await pause();
  unlinkSync(link);
  symlinkSync(join(folder, 'v2'), link);
  await expect.poll(() => changes).toEqual([link]);
});

test('a folder that is not there is no change', async () => {
  const folder = place();
  writeFileSync(join(folder, 'model.gguf'), 'one');
  const changes = watched(folder);
  await pause();
  rmSync(folder, { recursive: true });
  await pause();
  expect([await folderFingerprint(folder), ...changes]).toEqual([null]);
});
