/** The folders that Triton loads, on a disk. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadManifest } from '#models/manifest-file.ts';
import type { Manifest } from '#models/manifest.ts';
import type { PlacedModel } from '#sizing/sizing-plan.ts';
import { compareTriton, prepareTriton } from './prepare-triton.ts';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const isRoot = process.getuid?.() === 0;
const placed = (role: PlacedModel['role'], name: string, gpuUuid = 'GPU-1'): PlacedModel => ({
  role,
  name,
  precision: 'float16',
  vramBytes: 1,
  gpuUuid,
  memoryFraction: 0.1,
  settings: {},
});
const speech = [placed('speech_to_text', 'whisper-large-v3-turbo'), placed('text_to_speech', 'kokoro-82m')];

let home: string;
let manifest: Manifest;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'centralita-triton-'));
  manifest = await loadManifest(repository);
});
afterAll(async () => await rm(home, { recursive: true, force: true }));

const partsOf = (models: readonly PlacedModel[]) => ({ home, repository, plan: { models }, manifest, allowsNonCommercial: false });
const prepare = (models: readonly PlacedModel[]) => prepareTriton(partsOf(models));

// Files of the appliance are root's.
test.skipIf(!isRoot)('the first run writes everything, the second nothing', async () => {
  const looked = await compareTriton(partsOf(speech));
  expect(await readdir(home)).toEqual([]);
  const first = await prepare(speech);
  expect(looked.changes).toEqual(first.changes);
  expect(first.changes).toContain('speech/speech_to_text/1/model.py');
  expect(first.changes).toContain('speech/text_to_speech/config.pbtxt');
  const second = await prepare(speech);
  expect(second.changes).toEqual([]);
  expect(await compareTriton(partsOf(speech))).toEqual(second);
  expect(second.layout).toEqual(first.layout);
});

test.skipIf(!isRoot)(
  'what the plan no longer has is removed, what somebody changed is put right, weights beside it are left alone',
  async () => {
    await prepare(speech);
    await mkdir(join(home, 'models', 'whisper-large-v3-turbo'), { recursive: true });
    await writeFile(join(home, 'models', 'triton', 'speech', 'text_to_speech', '1', 'clauses.py'), 'raise SystemExit\n');
    await writeFile(join(home, 'models', 'triton', 'speech', 'text_to_speech', '1', 'left_over.py'), '');
    expect((await prepare(speech)).changes.toSorted()).toEqual([
      'speech/text_to_speech/1/clauses.py',
      'speech/text_to_speech/1/left_over.py',
    ]);
    const [hearing, voice] = [speech[0], placed('text_to_speech', 'kokoro-82m', 'GPU-2')];
    const split = await prepare(hearing ? [hearing, voice] : []);
    expect(split.changes).toContain('speech');
    expect((await readdir(join(home, 'models', 'triton'))).toSorted()).toEqual(['speech-to-text', 'text-to-speech']);
    expect(await readdir(join(home, 'models'))).toContain('whisper-large-v3-turbo');
  },
);

test.skipIf(!isRoot)('what Whisper converts is kept in a volume: written once, as its configuration says', async () => {
  await prepare(speech);
  const text = await readFile(join(home, 'models', 'triton', 'speech', 'speech_to_text', 'config.pbtxt'), 'utf8');
  const folder = /key: "conversions_folder" value: \{ string_value: "([^"]*)"/.exec(text)?.[1];
  const { services, volumes } = parse(await readFile(join(repository, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
    services: Record<string, { volumes: string[] }>;
    volumes: object;
  };
  expect(services['triton-speech']?.volumes).toContain(`conversions:${folder}`);
  expect(services['triton-language']?.volumes.join()).not.toContain('conversions');
  expect(volumes).toHaveProperty('conversions');
  // The volume takes its owner from the image: the process is not root.
  expect(await readFile(join(repository, 'inference/models/Dockerfile'), 'utf8')).toContain(`install -d -o 1000 -g 1000 ${folder}\n`);
});

const PYTHON = '/usr/bin/python3';
const hasPython =
  spawnSync(PYTHON, ['-c', 'import grpc, numpy, google.protobuf']).status === 0 && spawnSync('protoc', ['--version']).status === 0;

test.skipIf(!isRoot || !hasPython)('what was written is what the host of the models can read: only the weights are missing', async () => {
  await prepare(speech);
  const folder = join(home, 'models', 'triton', 'speech');
  const child = spawn(PYTHON, ['-B', join(repository, 'inference/models/testing/host.py'), '--repository', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    // Every configuration was parsed, every module imported and every parameter before the first folder of weights found good.
    expect((JSON.parse(line.toString()) as { unusable: unknown }).unusable).toEqual({
      speech_to_text: expect.stringContaining("parameter model_folder is '/models/whisper-large-v3-turbo'") as string,
      text_to_speech: expect.stringContaining("parameter model_folder is '/models/kokoro-82m'") as string,
    });
  } finally {
    child.kill();
    await once(child, 'close');
  }
});
