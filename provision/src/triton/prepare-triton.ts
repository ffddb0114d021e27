/** Writes the model repositories of this machine's Tritons: `<home>/models/triton/<process>/<role>/…`. Runs any number of times. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RenderedFile } from '#asterisk-configuration.ts';
import type { Manifest } from '#models/manifest.ts';
import { modelsFolder } from '#models/models-folder.ts';
import { replaceFile, readFiles, listDifferences, writeRenderedFiles } from '#rendered-files.ts';
import type { SizingPlan } from '#sizing/sizing-plan.ts';
import { readModelSources } from './model-sources.ts';
import { layOutTriton } from './triton-layout.ts';
import type { TritonLayout, TritonParts } from './triton-layout.ts';

export type PrepareTritonParts = {
  readonly home: string;
  readonly repository: string;
  readonly plan: Pick<SizingPlan, 'models'>;
  readonly manifest: Manifest;
  readonly allowsNonCommercial: boolean;
};

/** Triton runs in containers alone, each in a network of its own, where `<home>/models` is `/models` and nothing but /tmp can be written. */
const IN_CONTAINER = {
  paths: { models: '/models', voices: '/models/voices', conversions: '/tmp/conversions' },
  repositories: '/models/triton',
  network: 'own',
  address: '0.0.0.0',
} as const satisfies Partial<TritonParts>;

const ADMIN_KEY_FILE = 'triton-admin.secret';
const READABLE = { uid: 0, gid: 0, mode: 0o644 } as const;

/** What changed on disk is told by path. Folders of processes that the plan no longer has are removed. */
export async function prepareTriton(
  parts: PrepareTritonParts,
): Promise<{ readonly layout: TritonLayout; readonly changed: readonly string[] }> {
  const { home, repository, plan, manifest, allowsNonCommercial } = parts;
  const sources = await readModelSources(repository);
  const layout = layOutTriton({ ...IN_CONTAINER, plan, manifest, sources, allowsNonCommercial, adminKey: await keepAdminKey(home) });
  const folder = join(modelsFolder(home), 'triton');
  await mkdir(folder, { recursive: true });
  const changed = await removeOthers(folder, layout);
  for (const path of listModels(layout)) changed.push(...(await writeModel({ folder, path, layout })));
  return { layout, changed };
}

/** Whoever may read the home's secrets may ask Triton for more than the control plane does. Made once. */
async function keepAdminKey(home: string): Promise<string> {
  const path = join(home, ADMIN_KEY_FILE);
  const kept = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (kept !== null && /^[a-f0-9]{48}\n$/.test(kept)) return kept.trim();
  const key = randomBytes(24).toString('hex');
  await replaceFile(path, `${key}\n`, { uid: 0, gid: 0, mode: 0o600 });
  return key;
}

/** Folders of models below the folder of all repositories, such as `speech/speech_to_text`. */
function listModels({ processes }: TritonLayout): readonly string[] {
  return processes.flatMap(({ name, roles }) => roles.map((role) => `${name}/${role}`));
}

async function removeOthers(folder: string, layout: TritonLayout): Promise<string[]> {
  const wanted = new Set([...listModels(layout), ...layout.processes.map(({ name }) => name)]);
  const removed: string[] = [];
  for (const name of await listFolders(folder)) {
    const models = wanted.has(name) ? await listFolders(join(folder, name)) : [''];
    const stale = models.map((model) => (model === '' ? name : `${name}/${model}`)).filter((path) => !wanted.has(path));
    for (const path of stale) await rm(join(folder, path), { recursive: true });
    removed.push(...stale);
  }
  return removed;
}

async function listFolders(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** The version's folder first: a configuration never stands beside modules that it does not fit. */
async function writeModel({ folder, path, layout }: { folder: string; path: string; layout: TritonLayout }): Promise<readonly string[]> {
  const files = layout.files.flatMap((file) =>
    file.path.startsWith(`${path}/`) ? [{ ...file, path: file.path.slice(path.length + 1) }] : [],
  );
  const version: readonly RenderedFile[] = files.flatMap((file) =>
    file.path.startsWith('1/') ? [{ path: file.path.slice(2), text: file.text }] : [],
  );
  const versionFolder = join(folder, path, '1');
  const changed = listDifferences(await readFiles(versionFolder), version).map((name) => `${path}/1/${name}`);
  await writeRenderedFiles(versionFolder, version, READABLE);
  for (const file of files.filter((one) => !one.path.startsWith('1/'))) {
    const target = join(folder, path, file.path);
    if ((await readFile(target, 'utf8').catch(() => null)) === file.text) continue;
    await replaceFile(target, file.text, READABLE);
    changed.push(`${path}/${file.path}`);
  }
  return changed;
}
