/** The folders of models that `.env` and the file of engines name: which of them are still whole. A file that was set aside leaves a folder that no server starts with. */
import { basename, dirname, join } from 'node:path';
import { listEngineFolders } from '#cpu-engines/configured-engines.ts';
import { parseEnvFile } from '#env-file.ts';
import { isThere } from '#path-presence.ts';
import { loadManifest } from './manifest-file.ts';
import { findModelState, modelsFolder, readPins } from './models-folder.ts';

/** Settings that name a folder of weights: of those the control plane reads the first three, the inference server the others. */
export const MODEL_FOLDER_SETTINGS = [
  'EMBEDDING_MODEL_DIR',
  'EMBEDDING_PREVIOUS_MODEL_DIR',
  'LANGUAGE_MODEL_DIR',
  'SPEECH_TO_TEXT_MODEL_DIR',
  'TEXT_TO_SPEECH_MODEL_DIR',
] as const;

export type ModelFolder = {
  /** Of the manifest; null for a folder of the operator's own, of which nothing but that it is there is known. */
  readonly model: string | null;
  readonly isWhole: boolean;
};

/** Path -> what is known of it. */
export type ModelFolders = Readonly<Record<string, ModelFolder>>;

/** Looks at every folder that is named, and at those that were named before (`former`). By names and sizes alone: checksums are `models verify`'s. */
export async function readModelFolders(parts: {
  readonly home: string;
  readonly repository: string;
  readonly environmentText: string;
  readonly enginesText: string;
  readonly former: readonly string[];
}): Promise<ModelFolders> {
  const { home } = parts;
  const values = parseEnvFile(parts.environmentText);
  const named = MODEL_FOLDER_SETTINGS.map((setting) => values.get(setting) ?? '').filter((path) => path !== '');
  const paths = [...new Set([...named, ...listEnginePaths(parts), ...parts.former])];
  if (paths.length === 0) return {};
  const { models } = await loadManifest(parts.repository);
  const pins = await readPins(home);
  const folders = paths.map(async (path): Promise<[string, ModelFolder]> => {
    const model = dirname(path) === modelsFolder(home) ? models.find(({ name }) => name === basename(path)) : undefined;
    if (!model) return [path, { model: null, isWhole: await isThere(path) }];
    return [path, { model: model.name, isWhole: (await findModelState(home, model, pins)).kind === 'complete' }];
  });
  return Object.fromEntries(await Promise.all(folders));
}

/** Paths of the folders that the file of engines names: they begin where it lies. */
export function listEnginePaths({
  environmentText,
  enginesText,
}: {
  readonly environmentText: string;
  readonly enginesText: string;
}): readonly string[] {
  const file = parseEnvFile(environmentText).get('CPU_SERVER_ENGINES_FILE') ?? '';
  return file === '' ? [] : listEngineFolders(enginesText).map((name) => join(dirname(file), name));
}
