/** The parts of an opened bundle that are brought in the same way in every runtime: models and the release. */
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '#command.ts';
import { ObstacleError } from '#place.ts';
import { findReleaseFaults } from '#releases/release-check.ts';
import { listReleases, releaseFolder, releasesFolder } from '#releases/release-store.ts';
import { PARTS } from './bundle-manifest.ts';
import type { BundleManifest } from './bundle-manifest.ts';

const TIMEOUT_MS = 1_800_000;

export type Opened = {
  readonly home: string;
  readonly folder: string;
  readonly manifest: BundleManifest;
  readonly publicKey: string;
  /** With `--json` standard output is the release's own one object: progress goes to standard error. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
};

/** Models that are there stay: a file of the same name is the operator's choice. */
export async function bringModels({ home, folder, manifest, say, signal }: Opened): Promise<void> {
  if (!manifest.parts[PARTS.models]) return;
  say('  offline: unpacking the models');
  await runCommand(['tar', '--extract', '--skip-old-files', '-f', join(folder, PARTS.models), '-C', home], {
    signal,
    timeoutMs: TIMEOUT_MS,
  });
}

/** Unpacks the release beside its place and checks it there. Throws `ObstacleError` naming what is wrong with it. */
export async function bringRelease({ home, folder, manifest, publicKey, say, signal }: Opened): Promise<void> {
  if ((await listReleases(home)).includes(manifest.release)) return;
  say(`  offline: unpacking the release ${manifest.release}`);
  const unpacked = join(folder, 'unpacked');
  await mkdir(unpacked);
  await runCommand(['tar', '--extract', '-z', '--no-same-owner', '-f', join(folder, PARTS.release), '-C', unpacked], {
    signal,
    timeoutMs: TIMEOUT_MS,
  });
  const faults = await findReleaseFaults(join(unpacked, manifest.release), publicKey);
  if (faults.length > 0) throw new ObstacleError(faults);
  await mkdir(releasesFolder(home), { recursive: true, mode: 0o755 });
  await rename(join(unpacked, manifest.release), releaseFolder(home, manifest.release));
}
