/** What `models fetch` brings when nobody names a model: those that the plan of this machine wants, and what they take, told before anything is fetched. */
import type { Hardware } from '#machine/hardware.ts';
import { statDisk } from '#machine/disk-space.ts';
import { planMachine } from '#sizing/machine-plan.ts';
import type { SizingSettings } from '#sizing/machine-plan.ts';
import { roomFor } from './fetch-model.ts';
import type { Manifest, ManifestModel } from './manifest.ts';
import { ModelError } from './model-failure.ts';
import { findModelState, modelsFolder, readPins, wantedFiles } from './models-folder.ts';
import type { ModelState } from './models-folder.ts';

export type PlannedModel = {
  readonly model: ManifestModel;
  /** Such as `float16`: the form it will run in. Of what another model needs beside it, that model's name. */
  readonly runsAs: string;
  readonly state: ModelState;
  readonly isPinned: boolean;
  /** Files that the manifest lists without a checksum; empty also where it lists none. */
  readonly unpinnedFiles: readonly string[];
  /** Still to come, of the files whose size is known; null where nobody knows of any. */
  readonly missingBytes: number | null;
  /** Some of its files have no size: what comes is more. */
  readonly isMore: boolean;
};

export type PlannedModels = {
  readonly profile: string;
  readonly why: string;
  readonly models: readonly PlannedModel[];
};

/** The models of the best plan that this machine could have, whether they are on it or not. */
export async function listPlannedModels(parts: {
  readonly home: string;
  readonly repository: string;
  readonly manifest: Manifest;
  readonly hardware: Hardware;
  readonly settings: SizingSettings;
}): Promise<PlannedModels> {
  const { home, manifest } = parts;
  const { profile, why, models } = (await planMachine(parts)).possible;
  const wanted = models.flatMap(({ name, precision }) =>
    manifest.models.filter((model) => model.name === name).map((model) => ({ model, runsAs: precision })),
  );
  // F5-TTS makes spectra: its sound is another model's.
  const voice = wanted.find(({ model }) => model.engine === 'f5-tts');
  const vocoders = voice
    ? manifest.models.filter(({ engine }) => engine === 'vocoder').map((model) => ({ model, runsAs: `for ${voice.model.name}` }))
    : [];
  const pins = await readPins(home);
  return {
    profile,
    why,
    models: await Promise.all(
      [...wanted, ...vocoders].map(async ({ model, runsAs }) => {
        const files = wantedFiles(model, pins);
        const state = await findModelState(home, model, pins);
        return {
          model,
          runsAs,
          state,
          isPinned: files.length > 0 && files.every(({ sha256 }) => sha256 !== null),
          unpinnedFiles: files.filter(({ sha256 }) => sha256 === null).map(({ path }) => path),
          missingBytes: missingOf(
            state,
            files.map(({ bytes }) => bytes),
          ),
          isMore: state.kind !== 'complete' && files.some(({ bytes }) => bytes === null),
        };
      }),
    ),
  };
}

function missingOf(state: ModelState, sizes: readonly (number | null)[]): number | null {
  if (state.kind === 'complete') return 0;
  if (state.kind === 'unlisted' || sizes.every((bytes) => bytes === null)) return null;
  const total = sizes.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
  return total - (state.kind === 'partial' ? state.presentBytes : 0);
}

/**
 * Tells what will be fetched, in lines for the operator. Throws `ModelError` when what is not pinned would have to be believed and `pin` does not say so, or
 * when the disk is too small for what is known: nothing has been fetched then.
 */
export async function announceFetch(
  { profile, why, models }: PlannedModels,
  { home, pin, say }: { readonly home: string; readonly pin: boolean; readonly say: (line: string) => void },
): Promise<readonly ManifestModel[]> {
  const { folder, freeBytes } = await statDisk(modelsFolder(home));
  const missing = models.filter(({ state }) => state.kind !== 'complete');
  const bytes = missing.reduce((sum, { missingBytes }) => sum + (missingBytes ?? 0), 0);
  const unknown = missing.filter(({ missingBytes }) => missingBytes === null).length;
  say(`This machine is planned as ${profile} (${why}). Its models:`);
  for (const planned of models) say(`  ${describePlanned(planned)}`);
  if (models.length === 0) say('  none: espeak-ng and phrases need no weights');
  const more = unknown === 0 ? '' : `, and ${unknown} of unknown size`;
  const atLeast = missing.some(({ isMore }) => isMore) ? 'at least ' : '';
  say(
    missing.length === 0
      ? 'All of them are here.'
      : `To fetch: ${atLeast}${gigabytes(bytes)}${more}; ${gigabytes(freeBytes)} free in ${folder}.`,
  );
  refuseUnpinned(missing, pin);
  if (roomFor(bytes) > freeBytes)
    throw new ModelError(
      'obstacle',
      `${gigabytes(roomFor(bytes))} needed (with a tenth to spare), ${gigabytes(freeBytes)} free in ${folder}`,
      {
        fix: 'make room, or put CENTRALITA_HOME on a larger disk, and run it again; or name the models that you want first',
      },
    );
  return missing.map(({ model }) => model);
}

function refuseUnpinned(missing: readonly PlannedModel[], pin: boolean): void {
  const unpinned = missing.filter(({ isPinned }) => !isPinned).map(describeUnpinned);
  const pinned = missing.filter(({ isPinned }) => isPinned).map(({ model }) => model.name);
  if (unpinned.length === 0 || pin) return;
  const others = pinned.length === 0 ? '' : `; the others alone: "models fetch ${pinned.join(' ')}"`;
  throw new ModelError(
    'obstacle',
    `the manifest has no checksum yet of ${unpinned.join(', ')}: what comes could not be checked; nothing was fetched`,
    {
      fix: `"models fetch --pin" believes what comes of it this first time and pins it; or "models import DIR" with files that you trust${others}`,
    },
  );
}

/** Where the manifest has checksums of the others, the operator hears how little he would have to believe. */
function describeUnpinned({ model, unpinnedFiles }: PlannedModel): string {
  const isHalf = unpinnedFiles.length > 0 && unpinnedFiles.length < model.files.length;
  return isHalf ? `${unpinnedFiles.join(', ')} of ${model.name} (of its other files it has)` : model.name;
}

function describePlanned({ model, runsAs, state, isPinned, unpinnedFiles, missingBytes, isMore }: PlannedModel): string {
  const size = missingBytes === null ? 'size unknown' : `${isMore ? 'at least ' : ''}${gigabytes(missingBytes)}`;
  const lacking =
    unpinnedFiles.length === 0 ? 'no checksum yet' : `no checksum yet of ${unpinnedFiles.length} of ${model.files.length} files`;
  const told = state.kind === 'complete' ? 'here' : `${size} to fetch${isPinned ? '' : `, ${lacking}`}`;
  return `${model.role.padEnd(14)} ${model.name} ${runsAs}: ${told}`;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
