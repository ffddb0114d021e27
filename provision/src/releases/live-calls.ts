/** Ends the control plane for a change of release without cutting a call: refused while calls are up, or after they ended. */
import { ObstacleError } from '#place.ts';
import type { Site } from '#runtime/runtime.ts';

/** What an orderly end without calls may take. */
const ORDERLY_END_MS = 10_000;
/** Between the end of our wait and that of the control plane's. */
const CUT_MARGIN_MS = 2_000;

/** Channels that are up in the telephone system, whatever the control plane knows of them; 0 while it does not run. */
export async function countLiveChannels({ askChannels }: Pick<Site, 'askChannels'>): Promise<number> {
  const answer = await askChannels();
  return answer === null ? 0 : parseChannels(answer);
}

/** Reads Asterisk's answer. Throws when it is none: calls may be up. */
export function parseChannels(answer: string): number {
  const count = /^(\d+) active channels?/m.exec(answer)?.[1];
  if (count === undefined) throw new Error(`Asterisk does not say how many calls are up: ${answer.trim().slice(0, 200) || 'no answer'}`);
  return Number(count);
}

/** Throws while calls are up and nobody said how long to wait for their end. */
export async function refuseWhileCallsAreUp(site: Pick<Site, 'askChannels'>, maxDrainMs: number | null): Promise<void> {
  const channels = await countLiveChannels(site);
  if (channels === 0 || maxDrainMs !== null) return;
  throw new ObstacleError([
    {
      name: 'live calls',
      reason: `calls are up (${channels} channels)`,
      fix: 'run again when there are none, or with --max-drain SECONDS: new calls are refused from then on, those that are up may end',
    },
  ]);
}

/**
 * Stops the control plane; it lets live calls go on for `DRAIN_SECONDS` or `maxDrainMs`, whichever is less. Where calls are still up then, it is
 * started again, takes them back (Asterisk kept them), and this throws: nothing was changed, no call was lost.
 */
export async function stopForChange(site: Site, maxDrainMs: number | null): Promise<void> {
  // At the end of its own wait the control plane ends the calls that are left: it must not come to that.
  const ownLimitMs = Math.max(ORDERLY_END_MS, site.facts.settings.DRAIN_SECONDS * 1_000 - CUT_MARGIN_MS);
  await site.stopControlPlane(Math.min(maxDrainMs ?? ownLimitMs, ownLimitMs));
  const channels = await countLiveChannels(site);
  if (channels === 0) return;
  await site.startControlPlane();
  throw new ObstacleError([
    {
      name: 'live calls',
      reason: `calls are still up after the wait (${channels} channels); the control plane takes them back, nothing was changed`,
      fix: 'run again later, or with a longer --max-drain (DRAIN_SECONDS in .env limits it as well)',
    },
  ]);
}
