/** What a bundle of containers brings to a machine with an engine: compose where it has none, the images, models and the release. No registry is asked. */
import { chmod, copyFile, mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { composePath, findEngine } from '#containers/engine.ts';
import { readRecipes } from '#containers/container-facts.ts';
import { BUNDLED_IMAGES, loadImages } from '#containers/image-archive.ts';
import { ObstacleError } from '#place.ts';
import { releaseFolder } from '#releases/release-store.ts';
import { PARTS } from './bundle-manifest.ts';
import { bringModels, bringRelease } from './offline-parts.ts';
import type { Opened } from './offline-parts.ts';

/** Throws where there is no engine that will do, before anything is brought: the one thing that a bundle has not. */
export async function requireEngine({ home, signal }: Pick<Opened, 'home' | 'signal'>): Promise<void> {
  const found = await findEngine(home, signal);
  if (found.kind === 'found') return;
  throw new ObstacleError([
    {
      name: 'engine',
      reason: found.reason,
      fix: `${found.fix}; a bundle does not bring the engine: its packages come from the system's own disc or mirror`,
    },
  ]);
}

/** Brings everything. Throws `ObstacleError` when what is loaded is not what the release is made of: nothing runs from it then. */
export async function bringContainers(opened: Opened): Promise<void> {
  await bringCompose(opened);
  await bringModels(opened);
  await bringRelease(opened);
  await bringImages(opened);
}

/** The one program that compose is, where the next run looks for it. */
async function bringCompose({ home, folder, say, signal }: Opened): Promise<void> {
  const found = await findEngine(home, signal);
  if (found.kind === 'found' && found.engine.compose !== null) return;
  const target = composePath(home);
  say('  offline: compose, which this machine has not');
  await mkdir(dirname(target), { recursive: true, mode: 0o755 });
  await copyFile(join(folder, PARTS.compose), `${target}.new`);
  await chmod(`${target}.new`, 0o755);
  await rename(`${target}.new`, target);
}

/** Found by their recipes when the release takes them up. */
async function bringImages({ home, folder, manifest, say, signal }: Opened): Promise<void> {
  const seals = manifest.images ?? {};
  const recipes = await readRecipes(releaseFolder(home, manifest.release));
  const foreign = BUNDLED_IMAGES.filter((name) => seals[name]?.recipe !== recipes[name]);
  if (foreign.length > 0)
    throw new ObstacleError(`the bundle's images of ${foreign.join(', ')} are not of its release ${manifest.release}: take another bundle`);
  const { isLoaded } = await loadImages(seals, { archive: join(folder, PARTS.images), signal });
  say(isLoaded ? `  offline: loaded ${BUNDLED_IMAGES.length} images` : '  offline: the images are here already');
}
