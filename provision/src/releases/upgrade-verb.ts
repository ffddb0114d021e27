/** `provision.sh --upgrade`: the code at hand takes over from the release that runs, with a way back that is taken by itself when it must be. */
import type { Facts } from '#facts.ts';
import { parseVerbArguments } from '#lifecycle/arguments.ts';
import { EXIT, ObstacleError, UsageError } from '#place.ts';
import type { Place } from '#place.ts';
import type { RuntimeCall, Site } from '#runtime/runtime.ts';
import { refuseWhileCallsAreUp } from './live-calls.ts';
import { findReleaseFaults, findVersionFaults } from './release-check.ts';
import { enter, runChange } from './release-change-run.ts';
import { describeRelease } from './release-manifest.ts';
import type { ReleaseManifest } from './release-manifest.ts';
import type { ReleaseChange } from './release-records.ts';
import { makeRelease, readManifest, releaseFolder } from './release-store.ts';
import { requireSpaceForBackup } from './restore-point.ts';

/** Longest wait for the end of live calls: that of the setting DRAIN_SECONDS. */
const MAX_DRAIN_SECONDS = 3_600;

/** Exit codes: 0 the new release runs (or ran already), 20 refused and nothing changed, 30 it did not come up and the old one runs again. */
export async function runUpgrade({ runtime, place, args, signal }: RuntimeCall): Promise<number> {
  const { values } = parseVerbArguments(args, { 'max-drain': { type: 'string' }, yes: { type: 'boolean' } });
  const maxDrainMs = parseMaxDrain(values['max-drain']);
  const site = await runtime.open(place, signal);
  const { facts } = site;
  const run = { runtime, place, wayThere: null, maxDrainMs, signal };
  const unfinished = facts.state.releaseChange;
  if (unfinished?.kind === 'rollback')
    throw new ObstacleError('a rollback was cut short: ./provision.sh --rollback goes on with it, then upgrade');
  if (unfinished) {
    console.log(`The upgrade of ${unfinished.startedAt} was cut short; this run goes on with it.`);
    return await runChange(unfinished, run);
  }
  const { current, id } = facts.release;
  if (current === id) {
    console.log(`0 changes: ${id} runs already.`);
    return EXIT.ok;
  }
  const { from, next } = await checkUpgrade(place, site);
  await refuseWhileCallsAreUp(site, maxDrainMs);
  await requireSpaceForBackup(site);
  console.log(`Upgrade from ${from} to ${id}`);
  const { sharing } = await makeRelease({ home: place.home, repository: place.repository, manifest: next });
  console.log(`  upgrade: made the release ${id}, packages ${sharing}`);
  await runtime.prepareRelease({ home: place.home, repository: releaseFolder(place.home, id) }, signal);
  return await runChange(await enter(place.home, beginUpgrade(facts, from)), run);
}

function beginUpgrade({ release, state, digests }: Facts, from: string): ReleaseChange {
  const fromMigrations = state.migrations ?? null;
  return {
    kind: 'upgrade',
    phase: 'stopping',
    from,
    to: release.id,
    fromMigrations,
    changesDatabase: fromMigrations !== digests.migrations,
    restorePoint: null,
    startedAt: new Date().toISOString(),
  };
}

/** Throws when this code may not take over, before anything is touched. */
async function checkUpgrade(
  place: Place,
  { facts, isDatabaseUp }: Site,
): Promise<{ readonly from: string; readonly next: ReleaseManifest }> {
  const { current } = facts.release;
  const present = current === null ? null : await readManifest(releaseFolder(place.home, current));
  if (current === null || !present)
    throw new ObstacleError(`no release runs in ${place.home}, so there is nothing to upgrade: run ./provision.sh without a verb`);
  if (!isDatabaseUp)
    throw new ObstacleError(
      `PostgreSQL does not run, so no restore point can be made: run ${releaseFolder(place.home, current)}/provision.sh start first`,
    );
  const next = await describeRelease(place.repository);
  const faults = [...findVersionFaults(present, next), ...(await findReleaseFaults(place.repository, facts.settings.RELEASE_PUBLIC_KEY))];
  if (faults.length > 0) throw new ObstacleError(faults);
  return { from: current, next };
}

/** Seconds that live calls may go on, in ms; null where nobody said. */
export function parseMaxDrain(text: string | undefined): number | null {
  if (text === undefined) return null;
  const seconds = Number(text);
  if (!/^\d+$/.test(text) || seconds > MAX_DRAIN_SECONDS)
    throw new UsageError(`--max-drain ${text}: must be whole seconds, at most ${MAX_DRAIN_SECONDS}`);
  return seconds * 1_000;
}
