/** Takes models from a folder: a disk that was carried in, an offline bundle. Copies and checks beside the old files, then puts all in place. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { statDisk } from '#machine/disk-space.ts';
import { putInPlace } from './fetch-model.ts';
import { modelPathSchema } from './manifest.ts';
import type { Manifest, ManifestModel } from './manifest.ts';
import { ModelError } from './model-failure.ts';
import { openModelLock } from './model-lock.ts';
import { incomingFolder, modelFolder, partPath, quarantine, readPins, sizeOf, wantedFiles, writePins } from './models-folder.ts';
import type { Pin, WantedFile } from './models-folder.ts';

export type ImportTools = {
  readonly home: string;
  readonly signal: AbortSignal;
  readonly onProgress: (path: string, presentBytes: number, totalBytes: number | null) => void;
};

/** Which models lie in a folder: it has subfolders called as the manifest calls them. With `as` the folder is that model itself. */
export async function findImports(
  manifest: Manifest,
  folder: string,
  as: string | undefined,
): Promise<readonly { readonly model: ManifestModel; readonly folder: string }[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new ModelError('obstacle', `${folder} cannot be read`, { fix: 'give the folder that holds the models', cause });
  });
  if (as !== undefined) {
    const model = manifest.models.find(({ name }) => name === as);
    if (!model) throw new ModelError('obstacle', `no model ${as} in models.json`, { fix: '"models list" names them' });
    return [{ model, folder }];
  }
  const names = new Set(entries.filter((entry) => entry.isDirectory()).map(({ name }) => name));
  const found = manifest.models.filter(({ name }) => names.has(name)).map((model) => ({ model, folder: join(folder, model.name) }));
  if (found.length === 0)
    throw new ModelError('obstacle', `${folder} has no folder that is called as a model of models.json`, {
      fix: 'call the folders as "models list" does, or say which model it is: models import DIR --as NAME',
    });
  return found;
}

/** Copies one model. What nobody has pinned is pinned as it is here: the operator brought it. Throws `ModelError`; what was here before stays then. */
export async function importModel(
  model: ManifestModel,
  folder: string,
  tools: ImportTools,
): Promise<{ readonly copied: number; readonly pinned: number }> {
  const known = wantedFiles(model, await readPins(tools.home));
  const files = known.length > 0 ? known : await listFolder(folder);
  const sizes = await Promise.all(files.map(async ({ path }) => await sizeOf(join(folder, path))));
  const missing = files.filter((_, index) => sizes[index] === null).map(({ path }) => path);
  if (missing.length > 0)
    throw new ModelError('obstacle', `${folder} lacks ${missing.join(', ')} of ${model.name}`, { fix: 'bring the whole model' });
  const needed = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0) * 1.1;
  const { freeBytes } = await statDisk(modelFolder(tools.home, model.name));
  if (needed > freeBytes)
    throw new ModelError('obstacle', `${model.name}: ${(needed / 1e9).toFixed(2)} GB needed, ${(freeBytes / 1e9).toFixed(2)} GB free`, {
      fix: 'make room and run it again',
    });
  await using _lock = await openModelLock(tools.home, model.name);
  const pins: Record<string, Pin> = {};
  for (const file of files) {
    const pin = await copyFile(model.name, { file, from: join(folder, file.path) }, tools);
    if (!model.files.some(({ path, sha256 }) => path === file.path && sha256 !== null)) pins[file.path] = pin;
  }
  if (Object.keys(pins).length > 0) await writePins(tools.home, model.name, pins);
  await putInPlace(tools.home, model.name, files);
  return { copied: files.length, pinned: Object.keys(pins).length };
}

async function listFolder(folder: string): Promise<readonly WantedFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  const plain = paths.filter((path) => modelPathSchema.safeParse(path).success).sort();
  if (plain.length === 0) throw new ModelError('obstacle', `${folder} has no files`, { fix: 'give the folder that holds the weights' });
  return plain.map((path) => ({ path, remotePath: path, bytes: null, sha256: null }));
}

async function copyFile(name: string, { file, from }: { file: WantedFile; from: string }, tools: ImportTools): Promise<Pin> {
  const part = partPath(tools.home, name, file.path);
  const total = await sizeOf(from);
  await mkdir(dirname(part), { recursive: true });
  const hash = createHash('sha256');
  let bytes = 0;
  {
    await using target = await open(part, 'w', 0o644);
    for await (const piece of createReadStream(from, { highWaterMark: 1024 * 1024, signal: tools.signal })) {
      await target.writeFile(piece as Buffer);
      hash.update(piece as Buffer);
      bytes += (piece as Buffer).byteLength;
      tools.onProgress(file.path, bytes, total);
    }
    await target.datasync();
  }
  const sha256 = hash.digest('hex');
  if (file.sha256 !== null && file.sha256 !== sha256) {
    const aside = await quarantine(part, join(modelFolder(tools.home, name), file.path), sha256);
    throw new ModelError(
      'failed',
      `${from}: SHA-256 ${sha256}, ${file.sha256} expected; what was here before is untouched, the copy is set aside as ${aside}`,
      {
        fix: 'copy it anew from where it came: it was damaged on the way, or it is another revision',
      },
    );
  }
  await rename(part, join(incomingFolder(tools.home, name), file.path));
  return { bytes, sha256 };
}
