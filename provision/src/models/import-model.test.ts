// Models that are carried in: taken whole or not at all, and pinned when nobody else has.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findImports, importModel } from './import-model.ts';
import { readManifest } from './manifest.ts';
import type { ManifestModel } from './manifest.ts';
import { modelFolder, readPins } from './models-folder.ts';

const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
const manifest = readManifest(await readFile(new URL('../../models.json', import.meta.url), 'utf8'));
const sample = manifest.models.find(({ files }) => files.length === 0) as ManifestModel;
const pinned: ManifestModel = { ...sample, files: [{ path: 'a/model.onnx', bytes: 4, sha256: sha('hola') }] };

let home: string;
let brought: string;
const put = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
};
const tools = () => ({ home, signal: AbortSignal.timeout(5_000), onProgress: () => undefined });

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'models-home-'));
  brought = await mkdtemp(join(tmpdir(), 'models-brought-'));
});
afterEach(async () => {
  for (const folder of [home, brought]) await rm(folder, { recursive: true });
});

describe('taking in a folder', () => {
  it('finds the models by the names of their folders, or by the name that is said', async () => {
    await put(join(brought, sample.name, 'model.onnx'), 'hola');
    await put(join(brought, 'holiday-photos', 'beach.jpg'), 'no');
    expect((await findImports(manifest, brought, undefined)).map(({ model }) => model.name)).toEqual([sample.name]);
    expect(await findImports(manifest, brought, sample.name)).toMatchObject([{ folder: brought }]);
    await expect(findImports(manifest, brought, 'whisper-gigantic')).rejects.toMatchObject({ kind: 'obstacle' });
    await expect(findImports(manifest, join(brought, 'holiday-photos'), undefined)).rejects.toMatchObject({ kind: 'obstacle' });
  });

  it('pins what nobody has pinned as it is', async () => {
    await put(join(brought, 'model.onnx'), 'hola');
    expect(await importModel(sample, brought, tools())).toEqual({ copied: 1, pinned: 1 });
    expect(await readPins(home)).toEqual({ [sample.name]: { 'model.onnx': { bytes: 4, sha256: sha('hola') } } });
  });

  it('refuses a file with a wrong checksum, sets it aside, and leaves what was here', async () => {
    await put(join(modelFolder(home, sample.name), 'a/model.onnx'), 'hola');
    await put(join(brought, 'a/model.onnx'), 'halo');
    await expect(importModel(pinned, brought, tools())).rejects.toMatchObject({ message: expect.stringContaining(sha('halo')) as string });
    expect(await readFile(join(modelFolder(home, sample.name), 'a/model.onnx'), 'utf8')).toBe('hola');
    const aside = join(modelFolder(home, sample.name), `a/model.onnx.corrupt-${sha('halo').slice(0, 8)}`);
    expect(await readFile(aside, 'utf8')).toBe('halo');
  });

  it('names what a half-copied folder lacks', async () => {
    await expect(importModel(pinned, brought, tools())).rejects.toMatchObject({
      message: expect.stringContaining('a/model.onnx') as string,
    });
  });
});
