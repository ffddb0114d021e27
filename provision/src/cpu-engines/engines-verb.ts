/** `provision.sh engines`: gives the inference server of a machine without a board the models that lie here. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { mergeEnvFile } from '#env-file.ts';
import { gatherFacts } from '#facts.ts';
import { parseVerbArguments } from '#lifecycle/arguments.ts';
import { loadManifest } from '#models/manifest-file.ts';
import { listInstalledModels, modelsFolder } from '#models/models-folder.ts';
import { EXIT, ObstacleError } from '#place.ts';
import type { Place } from '#place.ts';
import { print } from '#provisioning.ts';
import { replaceFile } from '#rendered-files.ts';
import { listEngines } from './engine-list.ts';
import type { EngineList } from './engine-list.ts';
import { ensureLlamaServer, llamaServerSettings } from './llama-server.ts';

const READABLE = { uid: 0, gid: 0, mode: 0o644 } as const;

/** Exit code 0; 20 where nothing is installed, or where models run on boards. What it wrote counts from the next start of the services. */
export async function runEngines({ home, repository }: Place, args: readonly string[], signal: AbortSignal): Promise<number> {
  const { values } = parseVerbArguments(args, { json: { type: 'boolean' } });
  const { root, settings, sizing } = await gatherFacts({ home, repository, signal });
  if (root === null) throw obstacle('nothing is installed here', './provision.sh installs it');
  if (sizing.plan.models.some(({ gpuUuid }) => gpuUuid !== null))
    throw obstacle('the models of this machine run on its boards', './provision.sh triton, or install with --profile cpu');
  const { models } = await loadManifest(repository);
  const { engines, absent } = listEngines({ models: sizing.plan.models, installed: await listInstalledModels(home, models) });
  const file = join(modelsFolder(home), 'engines.json');
  await replaceFile(file, `${JSON.stringify(engines, null, 2)}\n`, READABLE);
  const hasText = engines.language_model !== undefined;
  if (hasText) await ensureLlamaServer(root, signal);
  const address = `127.0.0.1:${settings.CPU_SERVER_PORT}`;
  const text = hasText ? { ...llamaServerSettings(root), LANGUAGE_MODEL_URL: settings.LANGUAGE_MODEL_URL || address } : {};
  await writeEnvironment(home, { CPU_SERVER_ENGINES_FILE: file, ...text });
  await print(values.json === true ? `${JSON.stringify({ kind: 'engines', engines, absent })}\n` : describe(engines, absent));
  return EXIT.ok;
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
