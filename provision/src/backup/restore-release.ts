/** Which code may restore a backup: a restore brings data back and is no way to another release that nobody asked for. */
import type { Facts } from '#facts.ts';
import { ObstacleError } from '#place.ts';
import type { Finding } from '#place.ts';
import { findReleaseFaults, findVersionFaults } from '#releases/release-check.ts';
import { compareVersions, describeRelease } from '#releases/release-manifest.ts';
import { listReleases, releaseFolder } from '#releases/release-store.ts';
import type { BackupManifest } from './backup-manifest.ts';

type Backup = Pick<BackupManifest, 'release' | 'version'>;
type Restoring = {
  readonly facts: Pick<Facts, 'home' | 'repository' | 'release' | 'settings'>;
  readonly backup: Backup;
  /** Whether the operator said that the code at hand is to run from now on. */
  readonly takesOver: boolean;
};

/**
 * Throws `ObstacleError` unless the code at hand is that of the backup, or that which runs here, or the operator wants it to take over; then it must be one that
 * an upgrade would take. Returns what is to be said of it before anything is changed.
 */
export async function requireRelease({ facts, backup, takesOver }: Restoring): Promise<readonly string[]> {
  const { home, release, settings } = facts;
  if (compareVersions(backup.version, release.version) > 0)
    throw new ObstacleError(
      `the backup is of release ${backup.version} and this is ${release.version}: its database may be another. Restore with that release`,
    );
  if (release.id === backup.release) return [];
  const isRunning = release.id === release.current;
  if (!isRunning && !takesOver) throw new ObstacleError([describeTakeOver(facts, backup, await listReleases(home))]);
  const next = await describeRelease(facts.repository);
  const faults = [
    ...findVersionFaults(backup, next),
    ...(isRunning ? [] : await findReleaseFaults(facts.repository, settings.RELEASE_PUBLIC_KEY)),
  ];
  if (faults.length > 0) throw new ObstacleError(faults);
  const schema = `The backup is of release ${backup.release}: its database is brought to the schema of ${release.id}`;
  if (isRunning) return [`${schema}, which runs here.`];
  return [`${schema}, which takes over${release.current === null ? '' : ` from ${release.current}`}: it was said with --take-over.`];
}

function describeTakeOver({ home, release }: Restoring['facts'], backup: Backup, kept: readonly string[]): Finding {
  const reason =
    release.current === null
      ? `the backup is of release ${backup.release} and this code is ${release.id}, which would run from now on`
      : `this code is release ${release.id}: it would take over from ${release.current}, which runs here, without a restore point and a way back (the backup is of ${backup.release})`;
  const fitting = [backup.release, release.current].find((id): id is string => id !== null && kept.includes(id));
  const other =
    fitting === undefined
      ? `restore with ${backup.release}, and --upgrade afterwards`
      : `restore with ${releaseFolder(home, fitting)}/provision.sh, and --upgrade afterwards`;
  return { name: 'release', reason, fix: `${other}; or say --take-over` };
}
