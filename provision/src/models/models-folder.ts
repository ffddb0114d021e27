/** Where the weights lie on this machine, and what their operator pinned: `<home>/models/<name>/…` and `<home>/models/pins.json`. */
import { mkdir, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { ObstacleError } from '#place.ts';
import { replaceFile } from '#rendered-files.ts';
import { readTextIfThere } from '#text-file.ts';
import { modelPathSchema } from './manifest.ts';
import type { ManifestModel } from './manifest.ts';

/** Size and checksum that a file must have. */
export type Pin = { readonly bytes: number; readonly sha256: string };
/** A file as it is wanted here: what is null is not pinned by anybody. */
export type WantedFile = {
  readonly path: string;
  readonly remotePath: string;
  readonly bytes: number | null;
  readonly sha256: string | null;
};

const pinSchema = z.strictObject({ bytes: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) });
const pinsSchema = z.record(z.string(), z.record(modelPathSchema, pinSchema));
/** Model -> path -> pin. */
export type Pins = z.infer<typeof pinsSchema>;

export function modelsFolder(home: string): string {
  return join(home, 'models');
}

export function modelFolder(home: string, name: string): string {
  return join(modelsFolder(home), name);
}

/** Half-downloaded files, and whole ones that wait for the others of their model. */
export function incomingFolder(home: string, name: string): string {
  return join(modelFolder(home, name), '.incoming');
}

/** Reads what was pinned here. Throws naming the file when it is damaged: without it nothing unpinned can be told from a forgery. */
export async function readPins(home: string): Promise<Pins> {
  const path = join(modelsFolder(home), 'pins.json');
  const text = await readTextIfThere(path);
  if (text === null) return {};
  try {
    return pinsSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new ObstacleError(
      `${path} is damaged: put it back from a backup, or remove it and run "models verify --pin" for models you trust`,
      {
        cause,
      },
    );
  }
}

/** Adds pins of one model; what was pinned before and is not named stays. */
export async function writePins(home: string, name: string, pins: Readonly<Record<string, Pin>>): Promise<void> {
  const all = await readPins(home);
  const path = join(modelsFolder(home), 'pins.json');
  await replaceFile(path, `${JSON.stringify({ ...all, [name]: { ...all[name], ...pins } }, null, 2)}\n`, { mode: 0o644 });
}

/** The files of a model with the manifest's pins, or the operator's where the manifest has none, and those that only he listed. */
export function wantedFiles(model: ManifestModel, pins: Pins): readonly WantedFile[] {
  const own = pins[model.name] ?? {};
  const listed = model.files.map(({ path, remotePath, bytes, sha256 }) => ({
    path,
    remotePath: remotePath ?? path,
    bytes: bytes ?? own[path]?.bytes ?? null,
    sha256: sha256 ?? own[path]?.sha256 ?? null,
  }));
  const names = new Set(listed.map(({ path }) => path));
  const added = Object.entries(own).filter(([path]) => !names.has(path));
  return [...listed, ...added.map(([path, pin]) => ({ path, remotePath: path, ...pin }))];
}

/** `complete`: every file has its size (checksums are `verify`'s). `unlisted`: nobody has said which files it has. */
export type ModelState =
  | { readonly kind: 'complete' | 'unlisted' | 'absent' }
  | { readonly kind: 'partial'; readonly presentBytes: number; readonly totalBytes: number | null };

/** A quick look, by names and sizes alone. */
export async function findModelState(home: string, model: ManifestModel, pins: Pins): Promise<ModelState> {
  const files = wantedFiles(model, pins);
  if (files.length === 0) return { kind: 'unlisted' };
  const sizes = await Promise.all(files.map(async ({ path }) => await sizeOf(join(modelFolder(home, model.name), path))));
  const isRight = sizes.map((size, index) => size !== null && (files[index]?.bytes ?? size) === size);
  if (isRight.every(Boolean)) return { kind: 'complete' };
  const waiting = await Promise.all(files.map(async ({ path }) => (await sizeOf(partPath(home, model.name, path))) ?? 0));
  const presentBytes = files.reduce((sum, _, index) => sum + ((isRight[index] ? sizes[index] : waiting[index]) ?? 0), 0);
  if (presentBytes === 0) return { kind: 'absent' };
  const isKnown = files.every(({ bytes }) => bytes !== null);
  return { kind: 'partial', presentBytes, totalBytes: isKnown ? files.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0) : null };
}

/** Names of the models that are whole on this machine, by names and sizes. */
export async function listInstalledModels(home: string, models: readonly ManifestModel[]): Promise<readonly string[]> {
  const pins = await readPins(home);
  const states = await Promise.all(models.map(async (model) => await findModelState(home, model, pins)));
  return models.filter((_, index) => states[index]?.kind === 'complete').map(({ name }) => name);
}

/** Where a file grows while it comes. */
export function partPath(home: string, name: string, path: string): string {
  return join(incomingFolder(home, name), `${path}.part`);
}

/** Size in bytes, or null when there is no such file. */
export async function sizeOf(path: string): Promise<number | null> {
  return await stat(path).then(
    (found) => (found.isFile() ? found.size : null),
    () => null,
  );
}

/** Sets a file aside under the name of what it is: `<path>.corrupt-<first 8 digits of its checksum>`. Returns the new path. */
export async function quarantine(from: string, to: string, sha256: string): Promise<string> {
  const aside = `${to}.corrupt-${sha256.slice(0, 8)}`;
  await mkdir(dirname(aside), { recursive: true });
  await rename(from, aside);
  return aside;
}
