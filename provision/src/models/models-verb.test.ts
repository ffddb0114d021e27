// What the operator is told when a file turns out to be wrong: where it lies now, and what to type next.
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { EXIT } from '#place.ts';
import { runModels } from './models-verb.ts';

const NAME = 'paraphrase-multilingual-minilm-l12-v2';
const repository = resolve(import.meta.dirname, '../../..');
let home = '';
let said: string[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'centralita-models-verb-'));
  said = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(home, { recursive: true });
});

it('a wrong file is set aside, and whoever verified hears that the next run goes on without its model', async () => {
  const folder = join(home, 'models', NAME);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'special_tokens_map.json'), 'x'.repeat(239));
  expect(await runModels({ home, repository }, ['verify', NAME], AbortSignal.timeout(10_000))).toBe(EXIT.obstacle);
  expect(said.find((line) => line.includes('WRONG'))).toMatch(/special_tokens_map\.json\.corrupt-[0-9a-f]{8} {2}fix: models fetch/);
  expect(said.at(-1)).toMatch(/^Run \.\/provision\.sh now: it goes on without what was set aside/);
  expect((await readdir(folder)).join()).toMatch(/^special_tokens_map\.json\.corrupt-[0-9a-f]{8}$/);
});

it('a model of which nothing was wrong asks for no run', async () => {
  expect(await runModels({ home, repository }, ['verify'], AbortSignal.timeout(10_000))).toBe(EXIT.ok);
  expect(said.join('\n')).not.toContain('Run ./provision.sh');
});
