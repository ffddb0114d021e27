/** `provision.sh --bundle`: everything that a machine without a network needs to be an appliance, in one file. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '#command.ts';
import { gatherFacts } from '#facts.ts';
import { ObstacleError } from '#place.ts';
import type { Place } from '#place.ts';
import { SUITE } from '#private-root.ts';
import type { PrivateRoot } from '#private-root.ts';
import { releasesFolder } from '#releases/release-store.ts';
import { PARTS } from './bundle-manifest.ts';
import { packRelease, packRest, parseBundleWishes, sayBundle, writeBundle } from './bundle-writing.ts';
import type { BundledRelease, MadeParts, Making } from './bundle-writing.ts';
import { fetchHostPackages } from './host-packages.ts';
import { packRoot } from './root-image.ts';
import { listDebianPackages } from './software-list.ts';

/** The release 1.2 GB, the root 0.8 GB, both packed, and the bundle itself. */
const FLOOR_BYTES = 4 * 1024 ** 3;

/** Exit codes: 0 the bundle is there, 20 it could not be begun, 1 it failed. */
export async function runBundle(place: Place, args: readonly string[], signal: AbortSignal): Promise<number> {
  const wishes = await parseBundleWishes(args);
  const facts = await gatherFacts(place);
  const { release, root } = facts;
  const { current } = release;
  if (current === null || !root)
    throw new ObstacleError('nothing is installed here: a bundle is made of an installation, run ./provision.sh first');
  const bundled = { id: current, version: release.version, releases: releasesFolder(facts.home) };
  return await writeBundle(
    { facts, repository: place.repository, wishes, floorBytes: FLOOR_BYTES, signal },
    async (making) => await makeParts(making, bundled, root),
  );
}

async function makeParts(making: Making, release: BundledRelease, root: PrivateRoot): Promise<MadeParts> {
  const { folder, signal } = making;
  const at = (name: string): string => join(folder, name);
  sayBundle('the release with its packages');
  await packRelease(making, release);
  sayBundle('the private root');
  await packRoot(root.dir, at(PARTS.root), signal);
  sayBundle('the packages that the machine itself needs');
  await fetchHostPackages(at('host'), signal);
  await runCommand(['/bin/sh', '-ec', 'cd "$1" && exec tar --create -f "$2" *.deb', 'pack', at('host/archives'), at(PARTS.packages)], {
    signal,
  });
  const rest = await packRest(making, release);
  await writeFile(at(PARTS.debianSbom), await listDebianPackages(root.dir, SUITE, signal));
  return { runtime: 'native', release, names: [PARTS.release, PARTS.root, PARTS.packages, ...rest, PARTS.debianSbom] };
}
