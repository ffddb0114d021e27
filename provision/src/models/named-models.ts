/**
 * What becomes of a setting whose model is not whole any more: the control plane does not start with such a folder, so the model before it takes its place, or
 * none. It is written down, and comes back when the model is whole again. Pure.
 */
import { parseEnvFile } from '#env-file.ts';
import type { Facts } from '#facts.ts';
import type { Finding } from '#place.ts';
import type { State } from '#state.ts';
import { listEnginePaths, MODEL_FOLDER_SETTINGS } from './model-folders.ts';

const EMBEDDING = 'EMBEDDING_MODEL_DIR';
const PREVIOUS = 'EMBEDDING_PREVIOUS_MODEL_DIR';
/** Those that the control plane can do without. */
const OPTIONAL = [EMBEDDING, PREVIOUS, 'LANGUAGE_MODEL_DIR'] as const;
type Optional = (typeof OPTIONAL)[number];

type ModelFacts = Pick<Facts, 'environmentText' | 'enginesText' | 'modelFolders' | 'state'>;
type SetAside = NonNullable<State['setAside']>;

export type NamedModels = {
  /** What `.env` must say otherwise than it does. */
  readonly values: Readonly<Record<string, string>>;
  /** Setting -> the folder that it names when that is whole again; for `state.json`. */
  readonly setAside: SetAside;
  readonly obstacles: readonly Finding[];
  readonly warnings: readonly Finding[];
};

export function judgeNamedModels(facts: ModelFacts): NamedModels {
  const { modelFolders, state } = facts;
  const current = parseEnvFile(facts.environmentText);
  const isUsable = (path: string): boolean => path === '' || (modelFolders[path]?.isWhole ?? true) || modelFolders[path]?.model === null;
  // What the operator has written since goes before what was set aside.
  const wished = (setting: Optional): string => {
    const value = current.get(setting) ?? '';
    const aside = state.setAside?.[setting];
    return aside?.instead === value ? aside.folder : value;
  };
  const previous = wished(PREVIOUS);
  const isFallenBack = !isUsable(wished(EMBEDDING)) && previous !== '' && isUsable(previous);
  const given = (setting: Optional): string => {
    if (isFallenBack && setting !== 'LANGUAGE_MODEL_DIR') return setting === EMBEDDING ? previous : '';
    return isUsable(wished(setting)) ? wished(setting) : '';
  };
  const aside = OPTIONAL.filter((setting) => given(setting) !== wished(setting));
  return {
    values: Object.fromEntries(
      OPTIONAL.filter((setting) => given(setting) !== (current.get(setting) ?? '')).map((key) => [key, given(key)]),
    ),
    setAside: Object.fromEntries(aside.map((setting) => [setting, { folder: wished(setting), instead: given(setting) }])),
    obstacles: findObstacles(facts),
    warnings: [
      ...aside
        .filter((setting) => !isUsable(wished(setting)))
        .map((setting) => notWhole(`${setting} named`, modelFolders[wished(setting)]?.model ?? '', MEANWHILE[setting](given(setting)))),
      ...findEngineFaults(facts),
    ],
  };
}

const MEANWHILE: Readonly<Record<Optional, (instead: string) => string>> = {
  [EMBEDDING]: (instead) =>
    `knowledge is searched ${instead === '' ? 'by hashed n-grams' : `with the model before it, ${instead}`} meanwhile`,
  [PREVIOUS]: () => 'documents that have no vectors of the newer model are not found by it meanwhile',
  LANGUAGE_MODEL_DIR: () => 'the template of LANGUAGE_MODEL_TEMPLATE is used meanwhile',
};

function notWhole(what: string, model: string, meanwhile: string): Finding {
  return {
    name: 'models',
    reason: `${what} ${model}, which is not whole here (a file is missing, or was set aside because it was wrong); ${meanwhile}`,
    fix: `./provision.sh models fetch ${model}, then ./provision.sh takes it up again`,
  };
}

/** Folders of the operator's own that are not there, and models without which nobody is heard: what is to be done about them is his to say. */
function findObstacles({ environmentText, modelFolders }: ModelFacts): readonly Finding[] {
  const current = parseEnvFile(environmentText);
  return MODEL_FOLDER_SETTINGS.flatMap((setting) => {
    const path = current.get(setting) ?? '';
    const folder = modelFolders[path];
    if (folder === undefined || folder.isWhole) return [];
    const isOptional = OPTIONAL.some((optional) => optional === setting);
    if (folder.model !== null && isOptional) return [];
    const fetch = folder.model === null ? '' : `./provision.sh models fetch ${folder.model}, or `;
    const reason = folder.model === null ? 'there is no such folder' : 'that model is not whole here';
    return [{ name: 'models', reason: `${setting}=${path}: ${reason}`, fix: `${fetch}correct the line in .env, or empty it` }];
  });
}

/** The server that runs has them in memory and does not find them at its next start. */
function findEngineFaults(facts: ModelFacts): readonly Finding[] {
  return listEnginePaths(facts).flatMap((path) => {
    const { model, isWhole } = facts.modelFolders[path] ?? { model: null, isWhole: true };
    return isWhole || model === null ? [] : [notWhole('the file of engines names', model, './provision.sh engines goes on without it')];
  });
}

/** Whether `state.json` says what was set aside. */
export function isSetAsideRemembered(facts: ModelFacts): boolean {
  return JSON.stringify(judgeNamedModels(facts).setAside) === JSON.stringify(facts.state.setAside ?? {});
}
