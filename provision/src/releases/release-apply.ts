/** Makes the installation run one of its releases: the release's own provisioner does it, so that each brings the configuration that it knows. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runOnTerminal } from '#command.ts';
import { openBackup } from '#backup/backup-archive.ts';
import type { OpenBackup } from '#backup/backup-archive.ts';
import { DUMP_FILE } from '#backup/backup-manifest.ts';
import { replaceDatabase } from '#backup/database-copy.ts';
import { compareTables } from '#backup/table-digests.ts';
import { replaceFile } from '#rendered-files.ts';
import type { Site } from '#runtime/runtime.ts';
import { updateState } from '#state.ts';
import { releaseFolder, switchCurrent } from './release-store.ts';

/** Switches the link and lets the release put everything right. Throws when it cannot, with the exit code; what it said is on the terminal. */
export async function applyRelease(home: string, id: string, signal: AbortSignal): Promise<void> {
  await switchCurrent(home, id);
  const code = await runReleaseProvisioner(home, id, { words: ['--yes'], isAskable: false, signal });
  if (code !== 0) throw new Error(`release ${id} did not come up: its provisioner ended with exit code ${code}`);
}

/** Above the longest drain of live calls that the settings allow: it is not this end that cuts them. */
const STOP_LIMIT_MS = 3_700_000;

/** Runs the release's own provisioner on the operator's terminal. Resolves with its exit code, null when a signal ended it. */
export async function runReleaseProvisioner(
  home: string,
  id: string,
  { words, ...options }: { readonly words: readonly string[]; readonly isAskable: boolean; readonly signal: AbortSignal },
): Promise<number | null> {
  const tree = releaseFolder(home, id);
  const program = [join(tree, 'node_modules/.bin/node'), join(tree, 'provision/src/main.ts'), ...words];
  // It dies with this process: two that provision at once would undo each other.
  const argv = ['setpriv', '--pdeathsig', 'KILL', ...program];
  return await runOnTerminal(argv, { ...options, env: { CENTRALITA_HOME: home, CENTRALITA_REPOSITORY: tree, CENTRALITA_LOCKED: '1' } });
}

/** What a release is brought back with. */
export type WayBack = {
  readonly id: string;
  /** A backup of the time when it ran; null where nothing of it is wanted. */
  readonly backup: string | null;
  /** Whether the database is put back, and not only `.env`. */
  readonly restoresDatabase: boolean;
  /** Digest of the migrations of that database. */
  readonly migrations: string | null;
};

/** Puts an earlier release back: its database and its settings from the backup, then the release itself. May be cut short and run again. */
export async function bringBack(site: Site, way: WayBack, signal: AbortSignal): Promise<void> {
  const { home } = site.facts;
  await site.stopControlPlane(STOP_LIMIT_MS);
  if (way.backup !== null) await restoreFrom(site, { ...way, path: way.backup }, signal);
  await applyRelease(home, way.id, signal);
}

async function restoreFrom(site: Site, way: WayBack & { readonly path: string }, signal: AbortSignal): Promise<void> {
  const { path } = way;
  const { facts } = site;
  const key = facts.secrets?.backupKey;
  if (key === undefined) throw new Error(`${facts.home}/secrets.json has no backupKey: ${path} cannot be opened`);
  if (!site.isDatabaseUp) await site.startDatabase(signal);
  await using backup = await openBackup(facts.home, { path, key, signal });
  if (way.restoresDatabase) await restoreDatabase(site, { ...way, backup }, signal);
  const owner = await site.settingsOwner();
  await replaceFile(join(facts.home, '.env'), await readFile(join(backup.folder, '.env'), 'utf8'), { ...owner, mode: 0o600 });
}

async function restoreDatabase(
  site: Site,
  way: { readonly path: string; readonly backup: OpenBackup; readonly migrations: string | null },
  signal: AbortSignal,
): Promise<void> {
  const { tables } = way.backup.manifest;
  const { path, backup } = way;
  await replaceDatabase(site.database(), {
    dump: join(backup.folder, DUMP_FILE),
    signal,
    check: (found) => {
      const differences = compareTables(tables, found);
      if (differences.length > 0)
        throw new Error(`${path}: the restored database is not the one that was saved: ${differences.join('; ')}`);
    },
  });
  // Events of calls that the restored database does not know.
  await rm(await site.journalFolder(), { recursive: true, force: true });
  const { migrations } = way;
  await updateState(site.facts.home, () => (migrations === null ? {} : { migrations }));
}
