/** `--bundle` of an installation in containers: the images that run here, the release that they were made from, compose, the models. No npm and no registry. */
import { copyFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { runCommand } from '#command.ts';
import { containersFolder } from '#containers/container-appliance.ts';
import { gatherContainerFacts, readRecipes } from '#containers/container-facts.ts';
import type { ContainerFacts } from '#containers/container-facts.ts';
import { listContainerChanges } from '#containers/container-steps.ts';
import { composePath } from '#containers/engine.ts';
import { BASE_SUITE } from '#containers/identities.ts';
import { BUNDLED_IMAGES, saveImages } from '#containers/image-archive.ts';
import type { ImageSeals, MadeImage } from '#containers/image-archive.ts';
import { ObstacleError } from '#place.ts';
import type { Place } from '#place.ts';
import { atCurrentRelease } from '#releases/release-facts.ts';
import { releaseFolder, releasesFolder } from '#releases/release-store.ts';
import { PARTS } from './bundle-manifest.ts';
import { BUNDLE_TIMEOUT_MS, packRelease, packRest, parseBundleWishes, sayBundle, writeBundle } from './bundle-writing.ts';
import type { MadeParts, Making } from './bundle-writing.ts';
import { renderDebianPackages } from './software-list.ts';

/** The images 2.5 GB, packed beside that, the release's packages 1.1 GB, and the bundle itself. */
const FLOOR_BYTES = 8 * 1024 ** 3;
const LIST_TIMEOUT_MS = 120_000;

type ContainerCall = { readonly place: Place; readonly args: readonly string[]; readonly signal: AbortSignal };

/** Exit codes: 0 the bundle is there, 20 it could not be begun, 1 it failed. */
export async function bundleContainers({ place, args, signal }: ContainerCall): Promise<number> {
  const wishes = await parseBundleWishes(args);
  const now = await gatherContainerFacts({ ...(await atCurrentRelease(place)), signal });
  refuseUnfinished(now);
  for (const image of listForeignImages(now))
    console.error(`WARNING: ${image} is not in it: others publish it, and what it may be passed on as is theirs to say`);
  return await writeBundle(
    { facts: now.facts, repository: place.repository, wishes, floorBytes: FLOOR_BYTES, signal },
    async (making) => await makeContainerParts(making, now),
  );
}

/** Throws while what runs is not what this code makes: the images would not be those of the release. */
function refuseUnfinished(now: ContainerFacts): void {
  const [change] = listContainerChanges(now);
  if (change === undefined) return;
  throw new ObstacleError([
    {
      name: 'bundle',
      reason: `a bundle is made of a finished installation, and this one is not as it should be (${change})`,
      fix: 'run ./provision.sh first',
    },
  ]);
}

/** Images that run here and that nobody built here. */
function listForeignImages({ profile, appliance }: ContainerFacts): readonly string[] {
  const boards = ['the image of triton-speech', 'the image of triton-language', 'the image of dcgm-exporter'];
  return [...(profile === 'gpu' ? boards : []), ...(appliance?.profiles.includes('grafana') === true ? ['the image of Grafana'] : [])];
}

/** Puts everything that a machine with an engine needs into the folder. */
export async function makeContainerParts(making: Making, now: Pick<ContainerFacts, 'facts' | 'containers' | 'engine'>): Promise<MadeParts> {
  const { folder, signal } = making;
  sayBundle('the release with its packages');
  const { id: current, version } = now.facts.release;
  const release = { id: current, version, releases: releasesFolder(now.facts.home) };
  await packRelease(making, release);
  sayBundle('the images');
  const recipes = await readRecipes(releaseFolder(now.facts.home, current));
  const made = BUNDLED_IMAGES.map((name): MadeImage => {
    const id = (name === 'base' ? now.containers.base : now.containers.images[name])?.id;
    if (id === undefined) throw new Error(`the image ${name} is not in state.json after all steps: a bug in the steps`);
    return { name, recipe: recipes[name], id };
  });
  const images = await packImages(made, join(folder, PARTS.images), signal);
  sayBundle('compose');
  await copyFile(await findComposeProgram(now, signal), join(folder, PARTS.compose));
  const rest = await packRest(making, release);
  await writeFile(join(folder, PARTS.debianSbom), renderDebianPackages(await listPackages(made, signal), BASE_SUITE));
  return { runtime: 'docker', images, release, names: [PARTS.release, PARTS.images, PARTS.compose, ...rest, PARTS.debianSbom] };
}

async function packImages(made: readonly MadeImage[], target: string, signal: AbortSignal): Promise<ImageSeals> {
  const plain = target.replace(/\.gz$/, '');
  const seals = await saveImages(made, plain, signal);
  await runCommand(['gzip', '-1', plain], { signal, timeoutMs: BUNDLE_TIMEOUT_MS });
  return seals;
}

const pluginsSchema = z.array(z.object({ Name: z.string(), Path: z.string().default('') })).nullable();

/** The one program that compose is: ours, or the engine client's own plugin. */
async function findComposeProgram(
  { engine, facts: { home } }: Pick<ContainerFacts, 'facts' | 'engine'>,
  signal: AbortSignal,
): Promise<string> {
  if (engine.compose?.[0] === composePath(home)) return composePath(home);
  const text = await runCommand(['docker', 'info', '--format', '{{json .ClientInfo.Plugins}}'], { signal, timeoutMs: 30_000 });
  const path = pluginsSchema.parse(JSON.parse(text))?.find(({ Name }) => Name === 'compose')?.Path ?? '';
  if (path !== '' && (await stat(path).catch(() => null))?.isFile() === true) return path;
  throw new ObstacleError(
    `docker does not say where its compose is: put the program at ${composePath(home)} (below ${containersFolder(home)}), and run again`,
  );
}

/** Lines of dpkg, of all images together. */
async function listPackages(made: readonly MadeImage[], signal: AbortSignal): Promise<string> {
  const lines = new Set<string>();
  const format = '${Package}\\t${Version}\\t${Architecture}\\n';
  for (const { name, id } of made) {
    let text = '';
    await runCommand(['docker', 'run', '--rm', '--network', 'none', '--entrypoint', 'dpkg-query', id, '-W', '-f', format], {
      label: `the packages of the image ${name}`,
      signal,
      timeoutMs: LIST_TIMEOUT_MS,
      onOutput: (piece) => void (text += piece),
    });
    for (const line of text.split('\n')) if (line !== '') lines.add(line);
  }
  return [...lines].toSorted().join('\n');
}
