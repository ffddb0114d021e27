/** A change of release from its first irreversible moment to its end, whichever way it ends: the same for an upgrade and a rollback. */
import { EXIT, listCauses } from '#place.ts';
import type { Place } from '#place.ts';
import type { Runtime } from '#runtime/runtime.ts';
import { updateState } from '#state.ts';
import { stopForChange } from './live-calls.ts';
import { applyRelease, bringBack } from './release-apply.ts';
import type { WayBack } from './release-apply.ts';
import type { ReleaseChange } from './release-records.ts';
import { releaseFolder } from './release-store.ts';
import { makeRestorePoint, pruneRestorePoints } from './restore-point.ts';

/** From the first answer of the new release on: how long its test call may take. */
const TEST_CALL_LIMIT_MS = 60_000;

export type ChangeRun = {
  readonly runtime: Runtime;
  readonly place: Place;
  /** How the other release is brought up when it ran before; null for one that is new here. */
  readonly wayThere: WayBack | null;
  readonly maxDrainMs: number | null;
  readonly signal: AbortSignal;
};

/**
 * Goes on with the change from its phase. Every phase may be cut short anywhere and taken again: the state's file says which one is due.
 * Returns the exit code: 0, or 30 when the other release did not come up and the old one was put back.
 */
export async function runChange(change: ReleaseChange, run: ChangeRun): Promise<number> {
  switch (change.phase) {
    case 'stopping':
      return await runChange(await stopAndSave(change, run), run);
    case 'starting':
      return await bringUp(change, run);
    case 'returning':
      return await putBack(change, run);
  }
}

/** Records the phase that is due next. */
export async function enter(home: string, change: ReleaseChange): Promise<ReleaseChange> {
  await updateState(home, () => ({ releaseChange: change }));
  return change;
}

async function stopAndSave(change: ReleaseChange, { runtime, place, maxDrainMs, signal }: ChangeRun): Promise<ReleaseChange> {
  const { home } = place;
  console.log(`  ${change.kind}: stopping the control plane of ${change.from}`);
  try {
    await stopForChange(await runtime.open(place, signal), maxDrainMs);
    console.log(`  ${change.kind}: saving the database and the settings`);
    const restorePoint = await makeRestorePoint(await runtime.open(place, signal), `${change.from}-before-${change.kind}`, signal);
    return await enter(home, { ...change, phase: 'starting', restorePoint });
  } catch (error) {
    if (signal.aborted) throw error;
    // Nothing is changed yet: the release that stood still goes on.
    await enter(home, { ...change, phase: 'returning' });
    await applyRelease(home, change.from, signal);
    await updateState(home, () => ({ releaseChange: null }));
    throw error;
  }
}

async function bringUp(change: ReleaseChange, run: ChangeRun): Promise<number> {
  const { runtime, place, wayThere, signal } = run;
  const { home } = place;
  console.log(`  ${change.kind}: bringing up ${change.to}`);
  try {
    if (wayThere) await bringBack(await runtime.open(place, signal), wayThere, signal);
    else await applyRelease(home, change.to, signal);
    await requireTestCall(change, run);
  } catch (error) {
    if (signal.aborted) throw error;
    console.error(`  ${change.kind}: ${change.to} is not fit to stay: ${listCauses(error).join(': ')}`);
    return await putBack(await enter(home, { ...change, phase: 'returning' }), run);
  }
  await updateState(home, () => ({
    releaseChange: null,
    releases: { previous: { id: change.from, migrations: change.fromMigrations, restorePoint: change.restorePoint } },
  }));
  await runtime.pruneReleases(home, [change.to, change.from]);
  await pruneRestorePoints(home, [change.restorePoint]);
  console.log(`${change.to} runs; ./provision.sh --rollback goes back to ${change.from}.`);
  return EXIT.ok;
}

/** The provisioner calls by itself where what a call goes through has changed; here a call is wanted in every case. */
async function requireTestCall(change: ReleaseChange, { runtime, place, signal }: ChangeRun): Promise<void> {
  const site = await runtime.open({ home: place.home, repository: releaseFolder(place.home, change.to) }, signal);
  const { state } = site.facts;
  if (state.testCall !== undefined && state.testCall.at > change.startedAt) return;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TEST_CALL_LIMIT_MS)]);
  await site.placeTestCall({ log: (message) => console.log(`    ${message}`), signal: limit });
}

async function putBack(change: ReleaseChange, { runtime, place, signal }: ChangeRun): Promise<number> {
  const { home } = place;
  console.log(`  ${change.kind}: going back to ${change.from}`);
  const way = { id: change.from, backup: change.restorePoint, restoresDatabase: change.changesDatabase, migrations: change.fromMigrations };
  await bringBack(await runtime.open(place, signal), way, signal);
  await updateState(home, () => ({ releaseChange: null }));
  console.log(`${change.from} runs as before; ${change.to} was taken back.`);
  return EXIT.putBack;
}
