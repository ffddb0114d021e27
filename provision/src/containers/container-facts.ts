/** Everything that a run with containers is planned from, read at one moment. Reading changes nothing. */
import { identityToRecipient } from 'age-encryption';
import { join } from 'node:path';
import { z } from 'zod';
import type { RenderedFile } from '#asterisk-configuration.ts';
import { gatherFacts, plannableHardware } from '#facts.ts';
import type { Facts, FactsPlace } from '#facts.ts';
import { ObstacleError } from '#place.ts';
import type { Finding } from '#place.ts';
import { digestPaths } from '#releases/release-files.ts';
import { readFiles } from '#rendered-files.ts';
import { renderServerDescription } from '#server-description.ts';
import { digestOf } from '#services.ts';
import { planMachine } from '#sizing/machine-plan.ts';
import { limitServers } from '#sizing/server-limits.ts';
import type { State } from '#state.ts';
import { readTextIfThere } from '#text-file.ts';
import { loadManifest } from '#models/manifest-file.ts';
import { compareTriton } from '#triton/prepare-triton.ts';
import type { TritonState } from '#triton/prepare-triton.ts';
import { modelSettings } from '#triton/model-settings.ts';
import { readBackupUnits } from './backup-timer.ts';
import { readServices } from './compose.ts';
import type { ServiceReport } from './compose.ts';
import { containersFolder, describeContainers, FOREIGN_DIGESTS, IMAGE_NAMES, listProfiles } from './container-appliance.ts';
import type { ContainerAppliance, ContainerSecrets, ImageName } from './container-appliance.ts';
import type { ContainerProfile } from './container-addresses.ts';
import { SERVER_TOKEN_FILE } from './container-settings.ts';
import { readComposeText, requireOwnEngine } from './container-place.ts';
import type { Engine } from './engine.ts';
import { listForeignImages, listMissingForeign } from './foreign-images.ts';
import { BASE_SUITE, IDENTITIES } from './identities.ts';
import { listMissingImages } from './image-build.ts';
import { parseEnvFile } from '#env-file.ts';

const imageSchema = z.object({ recipe: z.string(), id: z.string() });
const containersSchema = z.object({
  base: imageSchema.optional(),
  images: z.partialRecord(z.enum(IMAGE_NAMES), imageSchema).default({}),
  /** Digest of what was brought up. */
  up: z.string().optional(),
});
/** What earlier runs did with containers; part of `state.json`. */
export type ContainersState = z.infer<typeof containersSchema>;

export type ContainerFacts = {
  readonly facts: Facts;
  readonly engine: Engine;
  readonly profile: ContainerProfile;
  /** What of the boards' servers keeps a run from being made: nothing can be brought up before it is put right. */
  readonly unmet: readonly Finding[];
  readonly containers: ContainersState;
  /** Digest of what each image is made from. */
  readonly recipes: Readonly<Record<ImageName | 'base', string>>;
  readonly missingImages: readonly ImageName[];
  /** Images that others publish and the engine has not. */
  readonly missingForeign: readonly string[];
  /** Folder of files -> what lies in it. */
  readonly files: ReadonlyMap<string, readonly RenderedFile[]>;
  readonly composeText: string;
  readonly overrideText: string;
  readonly services: readonly ServiceReport[];
  /** Units of the daily backup that systemd has. */
  readonly backupUnits: readonly RenderedFile[];
  /** What the two Tritons load; null where no GPU serves the models. */
  readonly triton: TritonState | null;
  /** Null while the secrets or the images that it names are still to be made. */
  readonly appliance: ContainerAppliance | null;
};

type ContainerFactsPlace = FactsPlace & { readonly signal: AbortSignal };

/** Reads everything. Throws `ObstacleError` where there is no engine that will do, where it is another home's, or where what the operator asks for cannot be had. */
export async function gatherContainerFacts(place: ContainerFactsPlace): Promise<ContainerFacts> {
  const now = await readContainerFacts(place);
  if (now.unmet.length > 0) throw new ObstacleError(now.unmet);
  return now;
}

/** The same for who tells all that is in the way at once, a plan before anything else: what cannot be had is in `unmet`. */
export async function readContainerFacts(place: ContainerFactsPlace): Promise<ContainerFacts> {
  const { home, signal } = place;
  const engine = await requireOwnEngine(home, signal);
  const found = await gatherFacts(place);
  const { profile, unmet } = chooseProfile(found);
  const facts = await planForProfile(found, profile);
  const boards = profile === 'gpu' && unmet.length === 0 ? await readTriton(facts) : { triton: null, unmet: [] };
  const containers = readContainersState(facts.state);
  const recipes = await readRecipes(facts.repository);
  const ids = Object.fromEntries(IMAGE_NAMES.flatMap((name) => (containers.images[name] ? [[name, containers.images[name].id]] : [])));
  const known: Omit<ContainerFacts, 'appliance' | 'files' | 'services'> = {
    facts,
    engine,
    profile,
    unmet: [...unmet, ...boards.unmet],
    containers,
    recipes,
    missingImages: await listMissingImages(ids, signal),
    missingForeign: unmet.length > 0 ? [] : await readMissingForeign(facts, profile, signal),
    composeText: await readComposeText(home),
    overrideText: (await readTextIfThere(join(containersFolder(home), 'compose.override.yml'))) ?? '',
    backupUnits: await readBackupUnits(),
    triton: boards.triton,
  };
  const appliance = await describe(known);
  const names = appliance?.folders.map(({ name }) => name) ?? ['control-plane', 'grafana', 'postgres'];
  const folders = names.map(async (name) => [name, await readFiles(join(containersFolder(home), 'files', name))] as const);
  return {
    ...known,
    appliance,
    files: new Map(await Promise.all(folders)),
    services: await readServices(signal),
  };
}

async function readMissingForeign(facts: Facts, profile: ContainerProfile, signal: AbortSignal): Promise<readonly string[]> {
  const { environmentText } = facts;
  const profiles = listProfiles({ profile, environmentText });
  return await listMissingForeign(await listForeignImages({ tree: facts.repository, profiles, environmentText }), signal);
}

/** What `state.json` says of containers. */
export function readContainersState(state: State): ContainersState {
  const parsed = containersSchema.safeParse((state as Record<string, unknown>)['containers'] ?? {});
  return parsed.success ? parsed.data : { images: {} };
}

/** Whether a GPU serves the models, and what it lacks where it should. `CONTAINER_INFERENCE` decides; left out, `--profile` and what the machine has. */
export function chooseProfile({
  hardware,
  settings,
  environmentText,
  home,
}: Pick<Facts, 'hardware' | 'settings' | 'environmentText' | 'home'>): {
  readonly profile: ContainerProfile;
  readonly unmet: readonly Finding[];
} {
  const values = parseEnvFile(environmentText);
  const unmet = (reason: string, fix: string): readonly Finding[] => [{ name: 'inference', reason, fix }];
  const wish = values.get('CONTAINER_INFERENCE') ?? '';
  const isLeftAlone = settings.PROFILE === 'cpu';
  if (wish !== '' && wish !== 'cpu' && wish !== 'gpu')
    return { profile: 'cpu', unmet: unmet(`CONTAINER_INFERENCE is "${wish}"`, `write cpu or gpu into ${home}/.env`) };
  if (wish === 'gpu' && isLeftAlone)
    return {
      profile: 'cpu',
      unmet: unmet(
        'CONTAINER_INFERENCE=gpu asks for the GPU, and the profile is cpu',
        `take CONTAINER_INFERENCE out of ${home}/.env, or run with --profile auto`,
      ),
    };
  if (wish === 'cpu' || (wish === '' && (isLeftAlone || hardware.gpu.kind !== 'found'))) return { profile: 'cpu', unmet: [] };
  const missing = FOREIGN_DIGESTS.filter((key) => key !== 'GRAFANA_DIGEST' && !/(^|@)sha256:[0-9a-f]{64}$/.test(values.get(key) ?? ''));
  if (missing.length === 0) return { profile: 'gpu', unmet: [] };
  return {
    profile: 'gpu',
    unmet: unmet(
      `the images that use the GPU are not named: ${missing.join(', ')}`,
      `put their digests (sha256:…) into ${home}/.env (inference/models/Dockerfile makes the image for speech), or leave the GPU alone: --profile cpu`,
    ),
  };
}

/** A board that `CONTAINER_INFERENCE=cpu` leaves alone carries no calls either. */
async function planForProfile(facts: Facts, profile: ContainerProfile): Promise<Facts> {
  if (profile === 'gpu' || facts.sizing.hardware.gpu.kind !== 'found') return facts;
  const hardware = plannableHardware(facts.hardware, { PROFILE: 'cpu' });
  return { ...facts, sizing: await planMachine({ ...facts, hardware }) };
}

/** What the Tritons would load, and where the plan wants others than the compose file has. */
async function readTriton({
  home,
  repository,
  sizing,
  settings,
}: Facts): Promise<{ readonly triton: TritonState; readonly unmet: readonly Finding[] }> {
  const triton = await compareTriton({
    home,
    repository,
    plan: sizing.plan,
    manifest: await loadManifest(repository),
    allowsNonCommercial: settings.MODELS_COMMERCIAL_ONLY === '0',
  });
  const names = triton.layout.processes.map(({ name }) => name);
  const reason =
    names.length === 0
      ? `no model that is here runs on a board: ${sizing.plan.why}`
      : names.some((name) => name !== 'speech' && name !== 'language')
        ? `speech is planned on two boards or slices (${names.join(', ')}), and the compose file has one process for it`
        : !names.includes('language')
          ? 'no language model that is here fits on a board beside speech, and the compose file starts one'
          : null;
  const fix =
    './provision.sh --runtime docker --models fetches those that are planned and goes on; with --profile cpu the GPU is left alone';
  return { triton, unmet: reason === null ? [] : [{ name: 'inference', reason, fix }] };
}

/** Digest of what each image is made from. A release has the same as the checkout that it was made of. */
export async function readRecipes(repository: string): Promise<Readonly<Record<ImageName | 'base', string>>> {
  const folder = (paths: readonly string[]): Promise<string> => digestPaths(repository, paths);
  const base = digestOf([await folder(['provision/base-image']), BASE_SUITE, IDENTITIES]);
  const code = await folder([
    'apps',
    'asterisk',
    'e2e/src',
    'inference',
    'provision/src',
    'prometheus',
    'package.json',
    'package-lock.json',
  ]);
  const controlPlane = digestOf([base, code]);
  return {
    base,
    'control-plane': controlPlane,
    'cpu-server': digestOf([controlPlane, await folder(['inference/cpu-server/Dockerfile'])]),
    asterisk: digestOf([controlPlane, await folder(['asterisk/Dockerfile'])]),
    postgres: digestOf([base, await folder(['provision/postgres'])]),
    monitoring: digestOf([base, await folder(['provision/monitoring'])]),
  };
}

async function describe(known: Omit<ContainerFacts, 'appliance' | 'files' | 'services'>): Promise<ContainerAppliance | null> {
  const { facts, containers, missingImages, recipes, profile } = known;
  const secrets = completeSecrets(facts);
  if (!secrets || missingImages.length > 0 || IMAGE_NAMES.some((name) => containers.images[name]?.recipe !== recipes[name])) return null;
  return describeContainers({
    ...facts,
    repository: facts.release.dir,
    architecture: facts.machine.architecture,
    secrets,
    controlPlaneFiles: [renderServerDescription(facts.hardware), ...(await readServerToken(facts))],
    backupRecipient: await identityToRecipient(secrets.backupKey),
    limits: limitServers(facts),
    profile,
    modelSettings: known.triton ? modelSettings(facts.sizing.plan, '/models') : {},
    modelsDigest: known.triton ? digestOf([known.triton.layout.files]).slice(0, 16) : '',
    gpus: gpusOf(known.triton),
    machineAddress: facts.hardware.network.addresses[0] ?? '127.0.0.1',
    images: Object.fromEntries(IMAGE_NAMES.map((name) => [name, containers.images[name]?.id ?? ''])) as Record<ImageName, string>,
  });
}

/** The board of each process; what no model was planned for sees none. */
function gpusOf(triton: TritonState | null): { readonly speech: string; readonly language: string } {
  const boardOf = (name: string): string => triton?.layout.processes.find((process) => process.name === name)?.gpuUuid ?? 'none';
  return { speech: boardOf('speech'), language: boardOf('language') };
}

/** The registry's token, from where the operator put it. A file that is not there is in the way of a run, and told. */
async function readServerToken({ settings }: Facts): Promise<readonly RenderedFile[]> {
  const path = settings.SUPABASE_TOKEN_FILE;
  return path === '' ? [] : [{ path: SERVER_TOKEN_FILE, text: (await readTextIfThere(path)) ?? '' }];
}

/** The secrets, or null while one of them is still to be made. */
export function completeSecrets({ secrets }: Pick<Facts, 'secrets'>): ContainerSecrets | null {
  if (!secrets) return null;
  const { databaseMonitor, asteriskMetrics, grafana, secretKeys, backupKey } = secrets;
  if (databaseMonitor === undefined || asteriskMetrics === undefined || grafana === undefined) return null;
  if (!secretKeys || backupKey === undefined) return null;
  return { ...secrets, databaseMonitor, asteriskMetrics, grafana, secretKeys, backupKey };
}
