/** Which release the code at hand is, whether it is made, and which one the installation runs. Reading changes nothing. */
import { realpath } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { describeRelease, releaseId } from './release-manifest.ts';
import { findCurrent, listReleases, readManifest, releaseFolder, releasesFolder } from './release-store.ts';

export type ReleaseFacts = {
  /** Of the code that is at work now. */
  readonly id: string;
  readonly version: string;
  /** Where it is, or will be, once it is made. */
  readonly dir: string;
  readonly isMade: boolean;
  /** What the installation's link points to; null before the first run. */
  readonly current: string | null;
};

/** Looks at the tree that is at work and at the home. */
export async function findReleaseFacts({
  home,
  repository,
}: {
  readonly home: string;
  readonly repository: string;
}): Promise<ReleaseFacts> {
  const current = await findCurrent(home);
  // Code that runs from a release is that release: its folder is not hashed again.
  const isOwn = (await realpath(dirname(repository)).catch(() => '')) === (await realpath(releasesFolder(home)).catch(() => null));
  const own = isOwn ? await readManifest(repository) : null;
  if (own) return { id: basename(repository), version: own.version, dir: repository, isMade: true, current };
  const manifest = await describeRelease(repository);
  const id = releaseId(manifest);
  return { id, version: manifest.version, dir: releaseFolder(home, id), isMade: (await listReleases(home)).includes(id), current };
}

/** The tree that the installation runs from; the code at work where no release runs yet. */
export function currentTree({
  home,
  repository,
  release,
}: {
  readonly home: string;
  readonly repository: string;
  readonly release: ReleaseFacts;
}): string {
  return release.current === null ? repository : releaseFolder(home, release.current);
}

/**
 * The same installation seen by the release that it runs: a checkout that has moved on since is none of the business of whoever starts a service or asks how it is.
 * The place as it was where no release runs yet.
 */
export async function atCurrentRelease<Place extends { readonly home: string; readonly repository: string }>(place: Place): Promise<Place> {
  const current = await findCurrent(place.home);
  return current === null ? place : { ...place, repository: releaseFolder(place.home, current) };
}
