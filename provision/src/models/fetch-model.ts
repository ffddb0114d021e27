/** Brings a model whole: every file is fetched and checked beside the old ones, and only then do they take their place. */
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { digestFile } from '#file-digest.ts';
import { statDisk } from '#machine/disk-space.ts';
import { downloadFile } from './download.ts';
import type { DownloadTools } from './download.ts';
import type { ManifestModel } from './manifest.ts';
import { ModelError } from './model-failure.ts';
import { fileUrl, listRemoteFiles, sourceUrl } from './model-source.ts';
import { openModelLock } from './model-lock.ts';
import { incomingFolder, modelFolder, partPath, quarantine, readPins, sizeOf, wantedFiles, writePins } from './models-folder.ts';
import type { Pin, WantedFile } from './models-folder.ts';

export type FetchTools = Omit<DownloadTools, 'onProgress'> & {
  readonly home: string;
  readonly mirror: string | undefined;
  /** Files that nobody has pinned are taken as they come, and pinned as what came. */
  readonly pin: boolean;
  readonly log: (message: string) => void;
  readonly onProgress: (path: string, presentBytes: number, totalBytes: number | null) => void;
};

export type FetchOutcome = { readonly fetched: number; readonly kept: number; readonly pinned: number };

/** Room that must be left beside what is fetched: a tenth, for the file system's own needs. */
const SPACE_FACTOR = 1.1;

/** Room that so many bytes ask for. */
export function roomFor(bytes: number): number {
  return bytes * SPACE_FACTOR;
}

/** Fetches what is missing or wrong. Nothing in the model's folder changes before all of it is right. Throws `ModelError`. */
export async function fetchModel(model: ManifestModel, tools: FetchTools): Promise<FetchOutcome> {
  const source = sourceUrl(model, tools.mirror);
  const files = await listWanted(model, source, tools);
  await using _lock = await openModelLock(tools.home, model.name);
  const missing: WantedFile[] = [];
  for (const file of files) if (!(await isRight(model, file, tools))) missing.push(file);
  await checkRoom(model, missing, tools.home);
  const came: Record<string, Pin> = {};
  for (const file of missing) came[file.path] = await bring(model, { file, url: fileUrl(source, file) }, tools);
  const earlier = wantedFiles(model, await readPins(tools.home));
  const isPinned = (path: string): boolean => earlier.some((file) => file.path === path && file.sha256 !== null);
  const pins = Object.fromEntries(Object.entries(came).filter(([path]) => !isPinned(path)));
  if (Object.keys(pins).length > 0) await writePins(tools.home, model.name, pins);
  await putInPlace(tools.home, model.name, missing);
  return { fetched: missing.length, kept: files.length - missing.length, pinned: Object.keys(pins).length };
}

/** One file, beside the old ones; an earlier run may have brought it. */
async function bring(model: ManifestModel, { file, url }: { file: WantedFile; url: string }, tools: FetchTools): Promise<Pin> {
  const path = join(incomingFolder(tools.home, model.name), file.path);
  const waiting = file.sha256 !== null && (await sizeOf(path)) !== null ? await digestFile(path, tools) : null;
  if (waiting?.sha256 === file.sha256 && waiting) return waiting;
  return await downloadFile(
    {
      url,
      path,
      partPath: partPath(tools.home, model.name, file.path),
      quarantinePath: join(modelFolder(tools.home, model.name), file.path),
      bytes: file.bytes,
      sha256: file.sha256,
    },
    { ...tools, onProgress: (present, total) => tools.onProgress(file.path, present, total) },
  );
}

/** What the model should be made of. A file that nobody has pinned is refused unless it is to be pinned now. */
async function listWanted(model: ManifestModel, source: string, tools: FetchTools): Promise<readonly WantedFile[]> {
  const known = wantedFiles(model, await readPins(tools.home));
  const unpinned = known.filter(({ sha256 }) => sha256 === null).map(({ path }) => path);
  if (known.length > 0 && unpinned.length === 0) return known;
  if (!tools.pin)
    throw new ModelError(
      'obstacle',
      known.length === 0
        ? `${model.name}: nobody has listed and pinned its files: what comes could not be checked`
        : `${model.name}: not pinned, so that what comes could not be checked: ${unpinned.join(', ')}`,
      {
        fix: `"models fetch ${model.name} --pin" believes what comes this first time and pins it; or "models import DIR" with files that you trust`,
      },
    );
  const files = known.length > 0 ? known : await listRemoteFiles(source, tools);
  tools.log(`${model.name}: ${files.length} files of ${source} are believed this once and pinned as they come`);
  return files;
}

/** Right already in its place. */
async function isRight(model: ManifestModel, file: WantedFile, { home, signal }: FetchTools): Promise<boolean> {
  const path = join(modelFolder(home, model.name), file.path);
  const size = await sizeOf(path);
  if (size === null || (file.bytes !== null && file.bytes !== size) || file.sha256 === null) return false;
  return (await digestFile(path, { signal })).sha256 === file.sha256;
}

async function checkRoom(model: ManifestModel, missing: readonly WantedFile[], home: string): Promise<void> {
  let needed = 0;
  for (const { path, bytes } of missing) {
    const present = (await sizeOf(partPath(home, model.name, path))) ?? 0;
    needed += roomFor(Math.max(0, (bytes ?? 0) - present));
  }
  const { folder, freeBytes } = await statDisk(modelFolder(home, model.name));
  if (needed > freeBytes)
    throw new ModelError(
      'obstacle',
      `${model.name}: ${(needed / 1e9).toFixed(2)} GB needed (with a tenth to spare), ${(freeBytes / 1e9).toFixed(2)} GB free in ${folder}`,
      { fix: 'make room, or put CENTRALITA_HOME on a larger disk, and run it again' },
    );
}

/** Everything is here and right: each file takes its place at once, a wrong one that lay there is set aside. */
export async function putInPlace(home: string, name: string, files: readonly Pick<WantedFile, 'path'>[]): Promise<void> {
  for (const { path } of files) {
    const to = join(modelFolder(home, name), path);
    await mkdir(dirname(to), { recursive: true });
    // The servers read them as users of their own, whatever root's umask is.
    await chmod(dirname(to), 0o755);
    await chmod(join(incomingFolder(home, name), path), 0o644);
    await rename(join(incomingFolder(home, name), path), to);
  }
  await chmod(modelFolder(home, name), 0o755);
  await rm(incomingFolder(home, name), { recursive: true, force: true });
}

export type VerifyOutcome = {
  readonly right: readonly string[];
  readonly missing: readonly string[];
  /** Set aside, with the path where each lies now. */
  readonly corrupt: readonly { readonly path: string; readonly aside: string }[];
  /** There, and pinned by nobody. */
  readonly unpinned: readonly string[];
  readonly pinned: readonly string[];
};

/** Reads every file and compares. A wrong one is set aside, so that no server loads it; with `pin`, files pinned by nobody are pinned as they are. */
export async function verifyModel(
  model: ManifestModel,
  { home, pin, signal }: { readonly home: string; readonly pin: boolean; readonly signal: AbortSignal },
): Promise<VerifyOutcome> {
  const outcome = {
    right: [] as string[],
    missing: [] as string[],
    corrupt: [] as { path: string; aside: string }[],
    unpinned: [] as string[],
  };
  const pins: Record<string, Pin> = {};
  for (const file of wantedFiles(model, await readPins(home))) {
    const path = join(modelFolder(home, model.name), file.path);
    if ((await sizeOf(path)) === null) {
      outcome.missing.push(file.path);
      continue;
    }
    const found = await digestFile(path, { signal });
    if (file.sha256 === null && pin) pins[file.path] = found;
    else if (file.sha256 === null) outcome.unpinned.push(file.path);
    else if (file.sha256 === found.sha256) outcome.right.push(file.path);
    else outcome.corrupt.push({ path: file.path, aside: await quarantine(path, path, found.sha256) });
  }
  if (Object.keys(pins).length > 0) await writePins(home, model.name, pins);
  return { ...outcome, pinned: Object.keys(pins) };
}
