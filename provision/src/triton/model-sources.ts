/** The Triton models of this repository (inference/models, inference/contracts) as text, for the layout that is rendered from them. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RenderedFile } from '#asterisk-configuration.ts';

/** Roles that have a folder in `inference/models`. */
export const TRITON_ROLES = ['speech_to_text', 'text_to_speech', 'language_model'] as const;
export type TritonRole = (typeof TRITON_ROLES)[number];

/** One role's folder. */
export type ModelSource = {
  /** config.pbtxt with the parameters that it is shipped with. */
  readonly configuration: string;
  /** Files of its version's folder: our Python with what roles share, and the contract that its limits are read from. */
  readonly files: readonly RenderedFile[];
};

export type ModelSources = Readonly<Record<TritonRole, ModelSource>>;

/** Reads every role's folder below a checkout. Throws when a file is missing, or when a role has a module of the same name as a shared one. */
export async function readModelSources(repository: string): Promise<ModelSources> {
  const inference = join(repository, 'inference');
  const models = join(inference, 'models');
  const shared = await readTexts(join(models, 'shared'), '.py');
  const sources = await Promise.all(
    TRITON_ROLES.map(async (role): Promise<[TritonRole, ModelSource]> => {
      const version = join(models, role, '1');
      const own = [...(await readTexts(version, '.py')), ...(await readTexts(version, '.json'))];
      const double = own.find(({ path }) => shared.some((file) => file.path === path));
      if (double) throw new Error(`${role} and the shared modules both have ${double.path}: one would hide the other`);
      const contract = { path: 'contract.json', text: await readFile(join(inference, 'contracts', `${role}.json`), 'utf8') };
      const isPython = own.some(({ path }) => path === 'model.py');
      return [
        role,
        {
          configuration: await readFile(join(models, role, 'config.pbtxt'), 'utf8'),
          files: isPython ? [...own, ...shared, contract] : own,
        },
      ];
    }),
  );
  return Object.fromEntries(sources) as ModelSources;
}

async function readTexts(folder: string, ending: string): Promise<readonly RenderedFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(ending)).sort();
  return await Promise.all(names.map(async (path) => ({ path, text: await readFile(join(folder, path), 'utf8') })));
}
