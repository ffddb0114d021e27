// A caller and a representative whom a crash of ours left talking: nothing is touched before one of them hangs up.
import type { AriEvent } from 'asterisk-ari-client/generated/events.ts';
import type { LegQuality } from '#ports/call-control.ts';
import { settle } from './leg-media.ts';
import type { AsteriskParts } from './leg-media.ts';
import { isChannelAlive } from './leftovers.ts';
import { watchQuality } from './leg-quality.ts';
import { CLEAN_UP_MS, TALK_LOOK_EVERY_MS } from './limits.ts';

type SurvivedTalk = {
  readonly representativeId: string;
  readonly gone: AbortSignal;
  readonly signal: AbortSignal;
  /** Told at the end how well the representative's channel was carried over its whole life. */
  readonly onQuality: (quality: LegQuality) => void;
};

/** Settles when one of the two hung up; the representative is not left alone then. Rejects only with the reason of `signal`. */
export async function watchTalk(parts: AsteriskParts, { representativeId, gone, signal, onQuality }: SurvivedTalk): Promise<void> {
  const { promise: over, resolve, reject } = Promise.withResolvers<void>();
  const onGone = (): void => resolve();
  const onAbort = (): void => reject(signal.reason);
  using quality = watchQuality(parts, representativeId);
  const follow = (event: AriEvent): void => {
    // It comes with the final counters.
    if (event.type === 'StasisEnd') quality.ended(event.channel.channelvars);
    if (event.type === 'ChannelDestroyed' || event.type === 'StasisEnd') resolve();
  };
  using _watch = parts.channels.watch(representativeId, follow, onGone);
  // Of a channel that another process made, its end is not told to this one (seen with 22.10): it is looked for.
  const looker = setInterval(() => {
    isChannelAlive(parts.ari, representativeId).then(
      (isAlive) => isAlive || resolve(),
      () => undefined,
    );
  }, TALK_LOOK_EVERY_MS);
  gone.addEventListener('abort', onGone, { once: true });
  signal.addEventListener('abort', onAbort, { once: true });
  if (gone.aborted) onGone();
  if (signal.aborted) onAbort();
  try {
    await over;
  } finally {
    clearInterval(looker);
    gone.removeEventListener('abort', onGone);
    signal.removeEventListener('abort', onAbort);
    await quality.askLast();
    await settle(parts, parts.ari.call('channels.hangup', { channelId: representativeId }, { timeoutMs: CLEAN_UP_MS }));
    const latest = quality.latest();
    if (latest !== null) onQuality(latest);
  }
}
