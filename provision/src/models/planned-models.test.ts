// `models fetch` without names: what the plan wants, told first with sizes and room, refused as a whole where something could not be checked.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EXIT, ObstacleError } from '#place.ts';
import { sampleGpu, sampleHardware } from '#sizing/sample-hardware.ts';
import { readManifest } from './manifest.ts';
import type { Manifest } from './manifest.ts';
import { runModels } from './models-verb.ts';
import { announceFetch, listPlannedModels } from './planned-models.ts';

const repository = resolve(import.meta.dirname, '..', '..', '..');
const settings = { MODELS_COMMERCIAL_ONLY: '1', LANGUAGE_MODEL_CONTEXT_TOKENS: 4_096 } as const;
const weights = Buffer.from('weights');

let home: string;
let checkout: string;
let server: Server;
let requests: string[];
let said: string[];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'planned-home-'));
  checkout = await mkdtemp(join(tmpdir(), 'planned-checkout-'));
  requests = [];
  said = [];
  server = createServer((request, response) => {
    requests.push(request.url ?? '');
    if (request.url?.includes('/api/models/'))
      return void response.end(JSON.stringify([{ type: 'file', path: 'model.onnx', size: weights.byteLength }]));
    response.end(weights);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  for (const name of ['log', 'error'] as const) vi.spyOn(console, name).mockImplementation((line: unknown) => void said.push(String(line)));
});

afterEach(async () => {
  vi.restoreAllMocks();
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  await Promise.all([home, checkout].map(async (folder) => await rm(folder, { recursive: true })));
});

/** A checkout whose manifest has one model, which every plan has: that of knowledge. */
async function writeManifest(files: Manifest['models'][number]['files']): Promise<void> {
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const model = {
    name: 'sentences',
    role: 'embedding',
    languages: ['es'],
    engine: 'onnxruntime',
    runsOn: 'cpu',
    licence: { name: 'MIT', allowsCommercialUse: true, source: 'here' },
    precisions: [{ name: 'float32', vramBytes: 0, source: 'here' }],
    url: `${address}/someone/sentences/resolve/main`,
    mirrorVariable: 'MODELS_MIRROR_URL',
    files,
  };
  await mkdir(join(checkout, 'provision'));
  await writeFile(join(checkout, 'provision', 'models.json'), JSON.stringify({ version: 1, models: [model] }));
}

const fetchPlanned = async (...words: readonly string[]): Promise<number> =>
  await runModels({ home, repository: checkout }, ['fetch', ...words], AbortSignal.timeout(30_000));
const sha256 = createHash('sha256').update(weights).digest('hex');

describe('fetching without a name', () => {
  it(
    'says what the plan wants, its size and the room, brings it, and finds all of it here the second time',
    { timeout: 60_000 },
    async () => {
      await writeManifest([{ path: 'model.onnx', bytes: weights.byteLength, sha256 }]);
      expect(await fetchPlanned()).toBe(EXIT.ok);
      const text = said.join('\n');
      expect(text).toMatch(/embedding +sentences float32: 0\.00 GB to fetch\n/);
      expect(text).toMatch(/^To fetch: 0\.00 GB; \d+\.\d\d GB free in /m);
      expect(text.indexOf('To fetch')).toBeLessThan(text.indexOf('sentences: MIT'));
      expect(await readFile(join(home, 'models', 'sentences', 'model.onnx'))).toEqual(weights);
      said = [];
      const before = requests.length;
      expect(await fetchPlanned()).toBe(EXIT.ok);
      expect(said.join('\n')).toContain('All of them are here.');
      expect(requests).toHaveLength(before);
    },
  );

  it('asks nobody while .env cannot be read, which may name the mirror: whoever names a model too', async () => {
    await writeManifest([{ path: 'model.onnx', bytes: weights.byteLength, sha256 }]);
    await mkdir(join(home, '.env'));
    await expect(fetchPlanned()).rejects.toThrow(/\.env cannot be read \(EISDIR\)/);
    await expect(fetchPlanned('sentences')).rejects.toBeInstanceOf(ObstacleError);
    expect(requests).toEqual([]);
  });

  it('asks nobody for a model without a checksum, until --pin believes it', { timeout: 60_000 }, async () => {
    await writeManifest([]);
    expect(await fetchPlanned()).toBe(EXIT.obstacle);
    expect(said.join('\n')).toContain('size unknown to fetch, no checksum yet');
    expect(said.at(-1)).toMatch(/no checksum yet of sentences: .*nothing was fetched\n {2}fix: "models fetch --pin"/);
    expect(requests).toEqual([]);
    expect(await fetchPlanned('--pin')).toBe(EXIT.ok);
    expect(await readFile(join(home, 'models', 'sentences', 'model.onnx'))).toEqual(weights);
    expect(await fetchPlanned()).toBe(EXIT.ok);
    expect(said.at(-1)).toContain('All of them are here.');
  });
});

describe('the plan of a machine', () => {
  const product = async (): Promise<Manifest> => readManifest(await readFile(join(repository, 'provision', 'models.json'), 'utf8'));
  const listFor = async (machine: Parameters<typeof sampleHardware>[0]) =>
    await listPlannedModels({ home, repository, manifest: await product(), hardware: sampleHardware(machine), settings });

  it('wants the models of every role that it was planned with, in their precision', async () => {
    const { models, profile } = await listFor({ gpus: [sampleGpu('L4', 24)] });
    expect(profile).toBe('l');
    expect(models.map(({ model, runsAs }) => `${model.role} ${model.name} ${runsAs}`)).toEqual(
      expect.arrayContaining(['speech_to_text whisper-large-v3-turbo float16', 'text_to_speech kokoro-82m float32']),
    );
    expect(new Set(models.map(({ model }) => model.role))).toEqual(
      new Set(['speech_to_text', 'text_to_speech', 'language_model', 'embedding']),
    );
    const [whisper] = models;
    expect(whisper).toMatchObject({ isPinned: true, state: { kind: 'absent' } });
    expect(whisper?.missingBytes).toBe(whisper?.model.files.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0));
  });

  it.each([
    ['a board of 12 GB', 'RTX 3060', 12],
    ['a board of 24 GB', 'L4', 24],
    ['a board of 40 GB', 'A100', 40],
  ] as const)('on %s is fetched without believing anything: every file has its size and checksum', async (_, name, gib) => {
    const planned = await listFor({ gpus: [sampleGpu(name, gib)] });
    const fetched = await announceFetch(planned, { home, pin: false, say: (line) => said.push(line) });
    expect(fetched.map(({ role }) => role)).toEqual(
      expect.arrayContaining(['speech_to_text', 'text_to_speech', 'language_model', 'embedding']),
    );
    expect(said.join('\n')).not.toMatch(/unknown|at least/);
  });

  it('names the small files that would have to be believed where the weights have their checksums', async () => {
    const planned = await listFor({ gpus: [sampleGpu('L40S', 48)], diskGib: 1_000 });
    const announced = announceFetch(planned, { home, pin: false, say: (line) => said.push(line) });
    await expect(announced).rejects.toThrow('config.json, generation_config.json, tokenizer_config.json of qwen3-14b-awq');
    expect(said.join('\n')).toMatch(/qwen3-14b-awq awq: at least 9\.99 GB to fetch, no checksum yet of 3 of 6 files/);
    expect(said.join('\n')).toMatch(/^To fetch: at least 1\d\.\d\d GB; /m);
  });

  it('wants the vocoder beside F5-TTS, where its licence is let in and there is no other voice', async () => {
    const { models } = await product();
    await mkdir(join(checkout, 'provision'));
    const manifest = { version: 1 as const, models: models.filter(({ name }) => name !== 'kokoro-82m') };
    await writeFile(join(checkout, 'provision', 'models.json'), JSON.stringify(manifest));
    const hardware = sampleHardware({ gpus: [sampleGpu('L4', 24)] });
    const planned = await listPlannedModels({
      home,
      repository: checkout,
      manifest,
      hardware,
      settings: { ...settings, MODELS_COMMERCIAL_ONLY: '0' },
    });
    expect(planned.models.map(({ model }) => model.name)).toContain('f5-tts-spanish');
    expect(planned.models.at(-1)).toMatchObject({ model: { name: 'vocos-mel-24khz' }, runsAs: 'for f5-tts-spanish' });
  });

  it('is told with those that can be had alone, when one of them has no checksum', async () => {
    const planned = await listFor({ gpus: [sampleGpu('L4', 24)] });
    const models = planned.models.filter(({ isPinned }) => isPinned);
    const unpinned = models.slice(0, 1).map((one) => ({ ...one, isPinned: false, missingBytes: null }));
    const announced = announceFetch(
      { ...planned, models: [...models.slice(1), ...unpinned] },
      { home, pin: false, say: (line) => said.push(line) },
    );
    await expect(announced).rejects.toMatchObject({
      kind: 'obstacle',
      fix: expect.stringContaining(`the others alone: "models fetch ${models[1]?.model.name}`),
    });
    expect(said.join('\n')).toContain('and 1 of unknown size');
  });

  it('is refused before anything comes when the disk is too small for it', async () => {
    const planned = await listFor({});
    const models = planned.models.map((one) => ({ ...one, isPinned: true, missingBytes: 1e15 }));
    const announced = announceFetch({ ...planned, models }, { home, pin: false, say: (line) => said.push(line) });
    await expect(announced).rejects.toThrow(/GB needed \(with a tenth to spare\), .* GB free in/);
  });
});
