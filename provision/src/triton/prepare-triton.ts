/** Writes the model repositories of this machine's Tritons: `<home>/models/triton/<process>/<role>/…`. Runs any number of times. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RenderedFile } from '#asterisk-configuration.ts';
import type { Manifest } from '#models/manifest.ts';
import { modelsFolder } from '#models/models-folder.ts';
import { replaceFile, readFiles, listDifferences, writeRenderedFiles } from '#rendered-files.ts';
import type { SizingPlan } from '#sizing/sizing-plan.ts';
import { readTextIfThere } from '#text-file.ts';
import type { TritonPaths } from './model-configuration.ts';
import { readModelSources } from './model-sources.ts';
import { layOutTriton } from './triton-layout.ts';
import type { TritonLayout } from './triton-layout.ts';

export type PrepareTritonParts = {
  readonly home: string;
  readonly repository: string;
  readonly plan: Pick<SizingPlan, 'models'>;
  readonly manifest: Manifest;
  readonly allowsNonCommercial: boolean;
};

/** Triton runs in containers alone, where `<home>/models` is `/models` and a volume keeps what is converted. */
const PATHS: TritonPaths = { models: '/models', voices: '/models/voices', conversions: '/conversions' };

const READABLE = { uid: 0, gid: 0, mode: 0o644 } as const;

/** What is planned and how it differs from what lies on the disk. */
export type TritonState = { readonly layout: TritonLayout; readonly changes: readonly string[] };

/** Reads, and tells by path what `prepareTriton` would write or remove. */
export async function compareTriton(parts: PrepareTritonParts): Promise<TritonState> {
  const layout = await planLayout(parts);
  const folder = repositoriesFolder(parts.home);
  const changes = [...(await listOthers(folder, layout))];
  for (const path of listModels(layout)) changes.push(...(await listModelChanges({ folder, path, layout })));
  return { layout, changes };
}

/** Makes the folders hold what is planned and nothing else. */
export async function prepareTriton(parts: PrepareTritonParts): Promise<TritonState> {
  const { layout, changes } = await compareTriton(parts);
  const folder = repositoriesFolder(parts.home);
  for (const path of await listOthers(folder, layout)) await rm(join(folder, path), { recursive: true });
  for (const path of listModels(layout)) await writeModel({ folder, path, layout });
  return { layout, changes };
}

function repositoriesFolder(home: string): string {
  return join(modelsFolder(home), 'triton');
}

async function planLayout({ repository, plan, manifest, allowsNonCommercial }: PrepareTritonParts): Promise<TritonLayout> {
  return layOutTriton({ paths: PATHS, plan, manifest, sources: await readModelSources(repository), allowsNonCommercial });
}

/** Folders of models below the folder of all repositories, such as `speech/speech_to_text`. */
function listModels({ processes }: TritonLayout): readonly string[] {
  return processes.flatMap(({ name, roles }) => roles.map((role) => `${name}/${role}`));
}

/** Folders of processes and roles that the plan no longer has. */
async function listOthers(folder: string, layout: TritonLayout): Promise<readonly string[]> {
  const wanted = new Set([...listModels(layout), ...layout.processes.map(({ name }) => name)]);
  const others: string[] = [];
  for (const name of await listFolders(folder)) {
    const models = wanted.has(name) ? await listFolders(join(folder, name)) : [''];
    others.push(...models.map((model) => (model === '' ? name : `${name}/${model}`)).filter((path) => !wanted.has(path)));
  }
  return others;
}

async function listFolders(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

type ModelPlace = { readonly folder: string; readonly path: string; readonly layout: TritonLayout };

/** A role's files: its configuration, and those of its version's folder. */
function filesOf({ path, layout }: ModelPlace): { readonly own: readonly RenderedFile[]; readonly version: readonly RenderedFile[] } {
  const files = layout.files.flatMap((file) =>
    file.path.startsWith(`${path}/`) ? [{ ...file, path: file.path.slice(path.length + 1) }] : [],
  );
  return {
    own: files.filter((file) => !file.path.startsWith('1/')),
    version: files.flatMap((file) => (file.path.startsWith('1/') ? [{ ...file, path: file.path.slice(2) }] : [])),
  };
}

async function listModelChanges(place: ModelPlace): Promise<readonly string[]> {
  const { folder, path } = place;
  const { own, version } = filesOf(place);
  const changes = listDifferences(await readFiles(join(folder, path, '1')), version).map((name) => `${path}/1/${name}`);
  for (const file of own) if ((await readTextIfThere(join(folder, path, file.path))) !== file.text) changes.push(`${path}/${file.path}`);
  return changes;
}

/** The version's folder first: a configuration never stands beside modules that it does not fit. */
async function writeModel(place: ModelPlace): Promise<void> {
  const { folder, path } = place;
  const { own, version } = filesOf(place);
  await writeRenderedFiles(join(folder, path, '1'), version, READABLE);
  for (const file of own) {
    const target = join(folder, path, file.path);
    if ((await readTextIfThere(target)) !== file.text) await replaceFile(target, file.text, READABLE);
  }
}
