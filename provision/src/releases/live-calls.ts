/** Ends the control plane for a change of release without cutting a call: refused while calls are up, or after they ended. */
import { requireAppliance } from '#appliance.ts';
import { asteriskControlCommand } from '#asterisk-process.ts';
import { tryCommand } from '#command.ts';
import type { Facts } from '#facts.ts';
import { ObstacleError } from '#place.ts';
import { restartService, stopServiceWithin } from '#supervisor.ts';

const ASK_TIMEOUT_MS = 15_000;
/** What an orderly end without calls may take. */
const ORDERLY_END_MS = 10_000;
/** Between the end of our wait and that of the control plane's. */
const CUT_MARGIN_MS = 2_000;

/** Channels that are up in the telephone system, whatever the control plane knows of them; 0 while it does not run. */
export async function countLiveChannels(facts: Facts): Promise<number> {
  if (facts.services.asterisk !== 'RUNNING') return 0;
  const { instance } = requireAppliance(facts);
  const { stdout } = await tryCommand(asteriskControlCommand(instance, 'core show channels count'), { timeoutMs: ASK_TIMEOUT_MS });
  return parseChannels(stdout);
}

/** Reads Asterisk's answer. Throws when it is none: calls may be up. */
export function parseChannels(answer: string): number {
  const count = /^(\d+) active channels?/m.exec(answer)?.[1];
  if (count === undefined) throw new Error(`Asterisk does not say how many calls are up: ${answer.trim().slice(0, 200) || 'no answer'}`);
  return Number(count);
}

/** Throws while calls are up and nobody said how long to wait for their end. */
export async function refuseWhileCallsAreUp(facts: Facts, maxDrainMs: number | null): Promise<void> {
  const channels = await countLiveChannels(facts);
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
export async function stopForChange(facts: Facts, maxDrainMs: number | null): Promise<void> {
  // At the end of its own wait the control plane ends the calls that are left: it must not come to that.
  const ownLimitMs = Math.max(ORDERLY_END_MS, facts.settings.DRAIN_SECONDS * 1_000 - CUT_MARGIN_MS);
  await stopServiceWithin(facts.home, 'control-plane', Math.min(maxDrainMs ?? ownLimitMs, ownLimitMs));
  const channels = await countLiveChannels(facts);
  if (channels === 0) return;
  await restartService(facts.home, 'control-plane');
  throw new ObstacleError([
    {
      name: 'live calls',
      reason: `calls are still up after the wait (${channels} channels); the control plane takes them back, nothing was changed`,
      fix: 'run again later, or with a longer --max-drain (DRAIN_SECONDS in .env limits it as well)',
    },
  ]);
}
