/** `provision.sh --rollback`: goes back to the release before the present one, with its database where the two differ in it. */
import { access } from 'node:fs/promises';
import { openBackup } from '#backup/backup-archive.ts';
import { readTables } from '#backup/database-copy.ts';
import { listLosses } from '#backup/table-digests.ts';
import type { Facts } from '#facts.ts';
import { parseVerbArguments } from '#lifecycle/arguments.ts';
import { ask, isInteractive } from '#lifecycle/confirm.ts';
import { ObstacleError } from '#place.ts';
import type { RuntimeCall, Site } from '#runtime/runtime.ts';
import { refuseWhileCallsAreUp } from './live-calls.ts';
import { enter, runChange } from './release-change-run.ts';
import type { PreviousRelease, ReleaseChange } from './release-records.ts';
import { listReleases } from './release-store.ts';
import { requireSpaceForBackup } from './restore-point.ts';
import { parseMaxDrain } from './upgrade-verb.ts';

/** Exit codes: 0 the release before runs, 20 refused and nothing changed, 30 it did not come up and the present one runs again. */
export async function runRollback({ runtime, place, args, signal }: RuntimeCall): Promise<number> {
  const { values } = parseVerbArguments(args, { 'max-drain': { type: 'string' }, yes: { type: 'boolean' } });
  const maxDrainMs = parseMaxDrain(values['max-drain']);
  const site = await runtime.open(place, signal);
  const { facts } = site;
  const unfinished = facts.state.releaseChange;
  if (unfinished?.kind === 'upgrade')
    throw new ObstacleError('an upgrade was cut short: ./provision.sh --upgrade goes on with it; then roll back');
  const previous = facts.state.releases?.previous;
  if (!previous || !(await listReleases(place.home)).includes(previous.id))
    throw new ObstacleError('there is no release to go back to: only the one before the present one is kept, and there was none');
  const restoresDatabase = previous.migrations !== (unfinished?.fromMigrations ?? facts.state.migrations ?? null);
  if (restoresDatabase && previous.restorePoint === null)
    throw new ObstacleError(
      `${previous.id} needs another database than the present one, and it was left without --upgrade, so there is no restore point: --restore a backup of that time`,
    );
  const wayThere = {
    id: previous.id,
    backup: restoresDatabase ? previous.restorePoint : null,
    restoresDatabase,
    migrations: previous.migrations,
  };
  const run = { runtime, place, wayThere, maxDrainMs, signal };
  if (unfinished) {
    console.log(`The rollback of ${unfinished.startedAt} was cut short; this run goes on with it.`);
    return await runChange(unfinished, run);
  }
  await refuseWhileCallsAreUp(site, maxDrainMs);
  await requireSpaceForBackup(site);
  await agree(site, { previous, restoresDatabase, isAgreed: values.yes === true, signal });
  return await runChange(await enter(place.home, beginRollback(facts, { previous, restoresDatabase })), run);
}

function beginRollback(
  { release, state }: Facts,
  { previous, restoresDatabase }: { readonly previous: PreviousRelease; readonly restoresDatabase: boolean },
): ReleaseChange {
  return {
    kind: 'rollback',
    phase: 'stopping',
    from: release.current ?? release.id,
    to: previous.id,
    fromMigrations: state.migrations ?? null,
    changesDatabase: restoresDatabase,
    restorePoint: null,
    startedAt: new Date().toISOString(),
  };
}

type Question = {
  readonly previous: PreviousRelease;
  readonly restoresDatabase: boolean;
  readonly isAgreed: boolean;
  readonly signal: AbortSignal;
};

/** Says what is lost and asks; throws when nobody agrees. */
async function agree(site: Site, { previous, restoresDatabase, isAgreed, signal }: Question): Promise<void> {
  console.log(`Rollback from ${site.facts.release.current ?? ''} to ${previous.id}`);
  if (!restoresDatabase) console.log('  Both work on the same database: nothing is lost.');
  else if (previous.restorePoint !== null) {
    const losses = await readLosses(site, previous.restorePoint, signal);
    console.log(
      `  The database goes back to ${previous.restorePoint}. What came since is lost for the product (a backup of it is kept beside):`,
    );
    for (const loss of losses) console.log(`    ${loss}`);
    if (losses.length === 0) console.log('    nothing');
  }
  if (isAgreed) return;
  if (!isInteractive()) throw new ObstacleError('not agreed to: say --yes');
  if ((await ask('Go back? (yes/no) ', signal)) !== 'yes') throw new ObstacleError('not agreed to: nothing was changed');
}

async function readLosses(site: Site, path: string, signal: AbortSignal): Promise<readonly string[]> {
  const { facts } = site;
  const key = facts.secrets?.backupKey;
  if (key === undefined) throw new ObstacleError(`${facts.home}/secrets.json has no backupKey: ${path} cannot be opened`);
  await access(path).catch((cause: unknown) => {
    throw new ObstacleError(`${path}, the restore point, is missing: --restore a backup of that time`, { cause });
  });
  await using backup = await openBackup(facts.home, { path, key, signal });
  return listLosses(backup.manifest.tables, await readTables(site.database()));
}
