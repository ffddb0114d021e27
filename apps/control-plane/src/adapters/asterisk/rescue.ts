// The first thing that a new process does for the callers of a dead one: within a second they hear us again. Whose calls they are is found out later.
import type { SurvivingLeg } from '#ports/call-control.ts';
import { readApplication } from './leftovers.ts';
import type { AsteriskLeg } from './leg.ts';
import type { AsteriskParts } from './leg-media.ts';
import { APOLOGISE_AFTER_MS, RESCUE_MS } from './limits.ts';
import { findSurvivors } from './survivors.ts';
import type { Survivor } from './survivors.ts';

/** How callers of a dead process are met. */
export type RescueOptions = {
  /** Until when the process before this one lived for sure; null when nobody knows. */
  readonly lastAliveAt: Date | null;
  /** "Sorry, please go on" in the language of a leg, or null where it is not recorded. */
  readonly words: (language: string) => Int16Array | null;
};

/** The callers of a dead process. */
export type Rescue = {
  /** Finds them and gives them sound; settles when all have it, or after `RESCUE_MS`. Throws when Asterisk does not say who is there. */
  run(signal: AbortSignal): Promise<void>;
  /** Those found, once. */
  take(): readonly SurvivingLeg[];
};

type Found = { readonly survivor: Survivor; readonly leg: AsteriskLeg; gapMs: number | null; hasApologised: boolean };

/** `adopt` makes the leg of a survivor and keeps it from being taken for a new call. */
export function openRescue(parts: AsteriskParts, options: RescueOptions & { adopt(survivor: Survivor): AsteriskLeg }): Rescue {
  const { log } = parts;
  let found: Found[] = [];

  async function giveSound(each: Found): Promise<void> {
    const { survivor, leg } = each;
    if (survivor.representativeId !== null || survivor.channel.state !== 'Up') return;
    try {
      await leg.rescue(() => {
        each.gapMs = options.lastAliveAt === null ? null : Math.max(0, Date.now() - options.lastAliveAt.getTime());
        const words = each.gapMs !== null && each.gapMs > APOLOGISE_AFTER_MS ? options.words(survivor.channel.language) : null;
        each.hasApologised = words !== null;
        return words;
      });
    } catch (error) {
      log.warn({ err: error, legId: leg.legId }, 'a caller of the last process could not be given sound yet');
    }
  }

  return {
    async run(signal) {
      const state = await readApplication(parts.ari, { signal });
      found = findSurvivors(state).map((survivor) => ({ survivor, leg: options.adopt(survivor), gapMs: null, hasApologised: false }));
      if (found.length === 0) return;
      const { promise: timeUp, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, RESCUE_MS);
      await Promise.race([Promise.all(found.map(giveSound)), timeUp]);
      clearTimeout(timer);
      // Who hung up between the list and the watching of his channel was not heard.
      const still = new Set((await readApplication(parts.ari, { signal })).channels.map((channel) => channel.id));
      for (const { leg } of found) if (!still.has(leg.legId)) leg.lost();
      log.warn({ callers: found.length }, 'callers of the last process are still there');
    },
    take() {
      const taken = found.map(({ leg, survivor, gapMs, hasApologised }) => ({
        leg,
        isAnswered: survivor.channel.state === 'Up',
        gapMs,
        hasApologised,
        talk: leg.talk,
      }));
      found = [];
      return taken;
    },
  };
}
