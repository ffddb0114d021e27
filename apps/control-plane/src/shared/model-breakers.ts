// The circuit breakers of this process: one for each model, and one for each model and organization, so that an organization whose own
// voice or prompt breaks rests alone.
import type { Breaker, BreakerLimits } from './breaker.ts';
import { bothBreakers, openBreaker } from './breaker.ts';
import type { Clock } from './clock.ts';

/** What has a breaker. */
export const guardedComponents = ['speech_to_text', 'text_to_speech', 'language_model'] as const;
export type GuardedComponent = (typeof guardedComponents)[number];

/** A breaker opened, or closed again. What happens between, one trial after the other, is no news. */
export type BreakerChange = {
  readonly component: GuardedComponent;
  /** Null: the whole process's. */
  readonly organizationId: string | null;
  readonly kind: 'opened' | 'closed';
  /** How long it was open; null when it opened. */
  readonly openMs: number | null;
};

/** The breakers of one process. */
export type ModelBreakers = {
  /** The whole process's. */
  whole(component: GuardedComponent): Breaker;
  /** An organization's alone. */
  own(component: GuardedComponent, organizationId: string): Breaker;
  /** An organization's and the whole process's together. */
  of(component: GuardedComponent, organizationId: string): Breaker;
  /** Sets who is told of changes; one listener, the last one wins. */
  listen(listener: (change: BreakerChange) => void): void;
};

/**
 * An organization's own breaker opens first, and its trials (one every `restMs`) are too few to open the whole process's. A language model
 * rests longer: its flow answers meanwhile, while without hearing or voice there is nothing but the apology.
 */
const SPEECH_LIMITS = {
  own: { windowMs: 30_000, failures: 5, restMs: 5_000 },
  whole: { windowMs: 30_000, failures: 12, restMs: 2_000 },
} as const;
const MODEL_LIMITS = {
  own: { windowMs: 30_000, failures: 5, restMs: 10_000 },
  /** At 50 calls and a turn every 9 s, a model that fails for a fifth of them is found in about 7 s. */
  whole: { windowMs: 30_000, failures: 8, restMs: 10_000 },
} as const;
const LIMITS: Readonly<Record<GuardedComponent, { readonly own: BreakerLimits; readonly whole: BreakerLimits }>> = {
  speech_to_text: SPEECH_LIMITS,
  text_to_speech: SPEECH_LIMITS,
  language_model: MODEL_LIMITS,
};

/** Organizations that are remembered; at the limit the one that was seen first goes, which closes its breaker. */
const MAX_OWN = 3_000;

/** Opens them, all closed. */
export function openModelBreakers({ clock }: { readonly clock: Clock }): ModelBreakers {
  let tell: (change: BreakerChange) => void = () => {};
  const open = (component: GuardedComponent, organizationId: string | null): Breaker => {
    let openedAtMs: number | null = null;
    return openBreaker({
      clock,
      limits: LIMITS[component][organizationId === null ? 'whole' : 'own'],
      onChange(_from, to) {
        if (to === 'open' && openedAtMs === null) {
          openedAtMs = clock.nowMs();
          tell({ component, organizationId, kind: 'opened', openMs: null });
        }
        if (to === 'closed' && openedAtMs !== null) {
          tell({ component, organizationId, kind: 'closed', openMs: Math.round(clock.nowMs() - openedAtMs) });
          openedAtMs = null;
        }
      },
    });
  };
  const wholes: Readonly<Record<GuardedComponent, Breaker>> = {
    speech_to_text: open('speech_to_text', null),
    text_to_speech: open('text_to_speech', null),
    language_model: open('language_model', null),
  };
  const owns = new Map<string, Breaker>();
  const whole = (component: GuardedComponent): Breaker => wholes[component];
  const own = (component: GuardedComponent, organizationId: string): Breaker => {
    const key = `${component} ${organizationId}`;
    const known = owns.get(key);
    if (known !== undefined) return known;
    const opened = open(component, organizationId);
    owns.set(key, opened);
    const [oldest] = owns.keys();
    if (owns.size > MAX_OWN && oldest !== undefined) owns.delete(oldest);
    return opened;
  };
  return {
    whole,
    own,
    of: (component, organizationId) => bothBreakers(whole(component), own(component, organizationId)),
    listen: (listener) => void (tell = listener),
  };
}
