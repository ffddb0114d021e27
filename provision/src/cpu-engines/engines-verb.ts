/** `provision.sh engines`: gives the inference server of a machine without a board the models that lie here. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { mergeEnvFile } from '#env-file.ts';
import { gatherFacts } from '#facts.ts';
import type { Facts } from '#facts.ts';
import { parseVerbArguments } from '#lifecycle/arguments.ts';
import { loadManifest } from '#models/manifest-file.ts';
import { listInstalledModels, modelFolder, modelsFolder } from '#models/models-folder.ts';
import { EXIT, ObstacleError } from '#place.ts';
import type { Place } from '#place.ts';
import { print } from '#provisioning.ts';
import { replaceFile } from '#rendered-files.ts';
import type { Settings } from '#settings.ts';
import type { SizingPlan } from '#sizing/sizing-plan.ts';
import { listAbsent, listEngines } from './engine-list.ts';
import type { EngineList } from './engine-list.ts';
import { ensureLlamaServer, llamaServerSettings } from './llama-server.ts';

const READABLE = { uid: 0, gid: 0, mode: 0o644 } as const;

/** Exit code 0; 20 where nothing is installed, or where models run on boards. What it wrote counts from the next start of the services. */
export async function runEngines({ home, repository }: Place, args: readonly string[], signal: AbortSignal): Promise<number> {
  const isJson = parseEnginesWords(args);
  const facts = await gatherFacts({ home, repository, signal });
  const { root, settings } = facts;
  if (root === null) throw obstacle('nothing is installed here', './provision.sh installs it');
  return await serveModels(facts, {
    isJson,
    languageModelUrl: `127.0.0.1:${settings.CPU_SERVER_PORT}`,
    prepareText: async () => {
      await ensureLlamaServer(root, signal);
      return llamaServerSettings(root);
    },
  });
}

/** What may follow the verb, in every runtime: whether JSON is asked for. Throws `UsageError`. */
export function parseEnginesWords(args: readonly string[]): boolean {
  return parseVerbArguments(args, { json: { type: 'boolean' } }).values.json === true;
}

export type ServeOptions = {
  readonly isJson: boolean;
  /** Where the control plane finds the inference server's language model. */
  readonly languageModelUrl: string;
  /** Brings llama-server where one is needed; what `.env` must say of it. */
  readonly prepareText: () => Promise<Readonly<Record<string, string>>>;
};

/** Writes the file of engines and what `.env` says of it. Throws `ObstacleError` where the models run on boards. */
export async function serveModels(
  { home, repository, settings, sizing }: Pick<Facts, 'home' | 'repository' | 'settings' | 'sizing'>,
  { isJson, languageModelUrl, prepareText }: ServeOptions,
): Promise<number> {
  if (sizing.plan.models.some(({ gpuUuid }) => gpuUuid !== null))
    throw obstacle('the models of this machine run on its boards', './provision.sh triton, or install with --profile cpu');
  const { models } = await loadManifest(repository);
  const installed = await listInstalledModels(home, models);
  const engines = listEngines({ models: sizing.plan.models, installed });
  // The plan is made of what is here: what is missing is what the machine could have besides.
  const absent = listAbsent({ models: sizing.possible.models, installed });
  const file = join(modelsFolder(home), 'engines.json');
  await replaceFile(file, `${JSON.stringify(engines, null, 2)}\n`, READABLE);
  const hasText = engines.language_model !== undefined;
  const text = hasText ? await prepareText() : {};
  await writeEnvironment(home, {
    CPU_SERVER_ENGINES_FILE: file,
    ...text,
    ...modelSettings({ home, settings, plan: sizing.plan, languageModelUrl: hasText ? languageModelUrl : null }),
  });
  await print(isJson ? `${JSON.stringify({ kind: 'engines', engines, absent })}\n` : describe(engines, absent));
  return EXIT.ok;
}

/** Where the control plane finds what is served and what it runs itself; what the operator named stays his. */
export function modelSettings({
  home,
  settings,
  plan,
  languageModelUrl,
}: {
  readonly home: string;
  readonly settings: Pick<Settings, 'LANGUAGE_MODEL_URL' | 'EMBEDDING_MODEL_DIR'>;
  readonly plan: Pick<SizingPlan, 'models'>;
  /** Null without a language model on the processor. */
  readonly languageModelUrl: string | null;
}): Readonly<Record<string, string>> {
  const embedding = plan.models.find(({ role }) => role === 'embedding');
  return {
    ...(languageModelUrl !== null && settings.LANGUAGE_MODEL_URL === '' ? { LANGUAGE_MODEL_URL: languageModelUrl } : {}),
    ...(embedding && settings.EMBEDDING_MODEL_DIR === '' ? { EMBEDDING_MODEL_DIR: modelFolder(home, embedding.name) } : {}),
  };
}

function describe(engines: EngineList, absent: readonly string[]): string {
  const lines = Object.entries(engines).map(
    ([role, { engine, folder }]) => `${role}: ${engine}${folder === undefined ? '' : `, ${folder}`}`,
  );
  const missing = absent.map((name) => `not here: ${name} (./provision.sh models fetch ${name})`);
  return [...lines, ...missing, 'Run ./provision.sh for the services to take it up.', ''].join('\n');
}

async function writeEnvironment(home: string, values: Readonly<Record<string, string>>): Promise<void> {
  const path = join(home, '.env');
  const { uid, gid, mode } = await stat(path);
  await replaceFile(path, mergeEnvFile(await readFile(path, 'utf8'), values), { uid, gid, mode: mode & 0o777 });
}

function obstacle(reason: string, fix: string): ObstacleError {
  return new ObstacleError([{ name: 'engines', reason, fix }]);
}
