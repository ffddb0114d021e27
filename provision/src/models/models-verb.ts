/** `provision.sh models …`: which models there are, and bringing, checking and taking in their files. */
import { join, resolve } from 'node:path';
import { parseEnvFile } from '#env-file.ts';
import { plannableHardware, readEnvironment } from '#facts.ts';
import { parseVerbArguments } from '#lifecycle/arguments.ts';
import { detectHardware } from '#machine/detect-hardware.ts';
import { EXIT, UsageError } from '#place.ts';
import type { Place } from '#place.ts';
import { readSettings } from '#settings.ts';
import { openDispatcher } from './download.ts';
import { fetchModel, verifyModel } from './fetch-model.ts';
import { findImports, importModel } from './import-model.ts';
import { loadManifest } from './manifest-file.ts';
import type { Manifest, ManifestModel } from './manifest.ts';
import { ModelError } from './model-failure.ts';
import { findModelState, modelsFolder, readPins, wantedFiles } from './models-folder.ts';
import type { ModelState } from './models-folder.ts';
import { announceFetch, listPlannedModels } from './planned-models.ts';
import type { PlannedModels } from './planned-models.ts';
import { openProgressBar } from './progress-bar.ts';

export const MODELS_USAGE = 'list [--json] | fetch [NAME…] [--pin] | verify [NAME…] [--pin] | import DIR [--as NAME]';

/** Verbs with what follows them; exit codes: 0 done, 10 files that nobody pinned, 20 to be put right first, 1 failed, 2 called wrongly. */
export async function runModels(place: Place, args: readonly string[], signal: AbortSignal): Promise<number> {
  const [verb, ...rest] = args;
  const manifest = await loadManifest(place.repository);
  try {
    if (verb === 'list') return await list(place, manifest, rest);
    if (verb === 'fetch') return await fetchModels(place, manifest, { args: rest, signal });
    if (verb === 'verify') return await verify(place, manifest, { args: rest, signal });
    if (verb === 'import') return await importModels(place, manifest, { args: rest, signal });
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    console.error(`FAILED: ${error.message}\n  fix: ${error.fix}`);
    return error.kind === 'obstacle' ? EXIT.obstacle : EXIT.failed;
  }
  throw new UsageError(`models ${verb ?? ''}: say models ${MODELS_USAGE}`);
}

type Call = { readonly args: readonly string[]; readonly signal: AbortSignal };

async function list({ home }: Place, manifest: Manifest, args: readonly string[]): Promise<number> {
  const { values } = parseVerbArguments(args, { json: { type: 'boolean' } });
  const pins = await readPins(home);
  const rows = await Promise.all(
    manifest.models.map(async (model) => {
      const files = wantedFiles(model, pins);
      const isPinned = files.length > 0 && files.every(({ sha256 }) => sha256 !== null);
      const bytes =
        files.length > 0 && files.every((file) => file.bytes !== null) ? files.reduce((sum, file) => sum + (file.bytes ?? 0), 0) : null;
      return { model, isPinned, bytes, state: await findModelState(home, model, pins) };
    }),
  );
  if (values.json === true) {
    const shown = rows.map(({ model: { name, role, languages, engine, runsOn, licence, precisions }, ...rest }) => ({
      name,
      role,
      languages,
      engine,
      runsOn,
      licence,
      precisions,
      ...rest,
    }));
    console.log(JSON.stringify({ folder: modelsFolder(home), models: shown }));
    return EXIT.ok;
  }
  for (const { model, isPinned, bytes, state } of rows) {
    console.log(
      `${model.name.padEnd(40)} ${describeState(state).padEnd(14)} ${bytes === null ? '    ?' : (bytes / 1e9).toFixed(2).padStart(5)} GB  ${model.role}`,
    );
    console.log(
      `  ${model.languages.join(', ')}; runs on the ${model.runsOn === 'gpu' ? 'GPU' : 'processor'} (${model.engine}); ${model.licence.name}, ${model.licence.allowsCommercialUse ? 'commercial use allowed' : 'NO COMMERCIAL USE'}${isPinned ? '' : '; not pinned: fetch it with --pin, or import it'}`,
    );
    if (model.licence.note !== undefined) console.log(`  ${model.licence.note}`);
  }
  console.log(`Folder: ${modelsFolder(home)}`);
  return EXIT.ok;
}

function describeState(state: ModelState): string {
  if (state.kind !== 'partial') return { complete: 'here', absent: 'not here', unlisted: 'not here' }[state.kind];
  return state.totalBytes === null ? 'in part' : `${Math.floor((100 * state.presentBytes) / state.totalBytes)} % here`;
}

function findModels(manifest: Manifest, names: readonly string[]): readonly ManifestModel[] {
  return names.map((name) => {
    const model = manifest.models.find((one) => one.name === name);
    if (!model) throw new UsageError(`no model ${name}: "models list" names them`);
    return model;
  });
}

function openTerminal() {
  const bar = openProgressBar({
    isTerminal: process.stdout.isTTY === true,
    write: (text) => process.stdout.write(text),
    nowMs: () => performance.now(),
  });
  const log = (message: string): void => {
    bar.end();
    console.log(message);
  };
  return { bar, log };
}

async function fetchModels(place: Place, manifest: Manifest, { args, signal }: Call): Promise<number> {
  const { home } = place;
  const { values, positionals } = parseVerbArguments(args, { pin: { type: 'boolean' } }, manifest.models.length);
  const models =
    positionals.length > 0
      ? findModels(manifest, positionals)
      : await announceFetch(await planModels(place, manifest, signal), {
          home,
          pin: values.pin === true,
          say: (line) => console.log(line),
        });
  const { bar, log } = openTerminal();
  const settings = parseEnvFile(await readEnvironment(join(home, '.env')));
  const dispatcher = openDispatcher();
  try {
    for (const model of models) {
      log(
        `${model.name}: ${model.licence.name} (${model.licence.source})${model.licence.allowsCommercialUse ? '' : '; NO COMMERCIAL USE'}`,
      );
      const outcome = await fetchModel(model, {
        home,
        signal,
        dispatcher,
        log,
        pin: values.pin === true,
        mirror: process.env[model.mirrorVariable] ?? settings.get(model.mirrorVariable),
        token: process.env['HF_TOKEN'] ?? null,
        onProgress: (path, present, total) => bar.show(path, present, total),
      });
      const pinned = outcome.pinned > 0 ? `, ${outcome.pinned} pinned as they came` : '';
      log(`${model.name}: ${outcome.fetched} files fetched, ${outcome.kept} were here${pinned}; all checksums right`);
    }
  } finally {
    bar.end();
    await dispatcher.close();
  }
  return EXIT.ok;
}

/** What the plan of this machine wants: looked at anew, a machine without an installation can be asked too. */
async function planModels({ home, repository }: Place, manifest: Manifest, signal: AbortSignal): Promise<PlannedModels> {
  const path = join(home, '.env');
  const values = parseEnvFile(await readEnvironment(path));
  const settings = readSettings(values, path);
  // A board that the containers leave alone is given no models either.
  const PROFILE = values.get('CONTAINER_INFERENCE') === 'cpu' ? 'cpu' : settings.PROFILE;
  const hardware = plannableHardware(await detectHardware({ home, env: process.env, signal }), { PROFILE });
  return await listPlannedModels({ home, repository, manifest, hardware, settings });
}

async function verify({ home }: Place, manifest: Manifest, { args, signal }: Call): Promise<number> {
  const { values, positionals } = parseVerbArguments(args, { pin: { type: 'boolean' } }, manifest.models.length);
  const pins = await readPins(home);
  const states = await Promise.all(manifest.models.map(async (model) => await findModelState(home, model, pins)));
  const present = manifest.models.filter((_, index) => states[index]?.kind === 'complete' || states[index]?.kind === 'partial');
  const models = positionals.length > 0 ? findModels(manifest, positionals) : present;
  if (models.length === 0) console.log(`No models in ${modelsFolder(home)}.`);
  let exitCode: number = EXIT.ok;
  let isSetAside = false;
  for (const model of models) {
    const { right, missing, corrupt, unpinned, pinned } = await verifyModel(model, { home, pin: values.pin === true, signal });
    console.log(`${model.name}: ${right.length} right${pinned.length > 0 ? `, ${pinned.length} pinned as they are` : ''}`);
    for (const path of missing) console.log(`  missing: ${path}  fix: models fetch ${model.name}`);
    for (const { path, aside } of corrupt) console.log(`  WRONG: ${path}, set aside as ${aside}  fix: models fetch ${model.name}`);
    for (const path of unpinned) console.log(`  not pinned: ${path}  fix: models verify ${model.name} --pin, if you trust it`);
    isSetAside ||= corrupt.length > 0;
    if (missing.length + corrupt.length > 0) exitCode = EXIT.obstacle;
    else if (unpinned.length > 0 && exitCode === EXIT.ok) exitCode = EXIT.warnings;
  }
  if (isSetAside) console.log('Run ./provision.sh now: it goes on without what was set aside, with which nothing would start again.');
  return exitCode;
}

async function importModels({ home }: Place, manifest: Manifest, { args, signal }: Call): Promise<number> {
  const { values, positionals } = parseVerbArguments(args, { as: { type: 'string' } }, 1);
  const [folder] = positionals;
  if (folder === undefined) throw new UsageError('models import: say the folder that holds them');
  const { bar, log } = openTerminal();
  try {
    for (const found of await findImports(manifest, resolve(folder), values.as)) {
      const outcome = await importModel(found.model, found.folder, {
        home,
        signal,
        onProgress: (path, present, total) => bar.show(path, present, total),
      });
      log(
        `${found.model.name}: ${outcome.copied} files taken in${outcome.pinned > 0 ? `, ${outcome.pinned} pinned as they are` : ''}; all checksums right`,
      );
    }
  } finally {
    bar.end();
  }
  return EXIT.ok;
}
