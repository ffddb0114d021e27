// The representative's channel as its events tell it.
import type { AriEvent } from 'asterisk-ari-client/generated/events.ts';
import { orAborted, within } from '#shared/waiting.ts';
import { UNSPECIFIED } from './hangup-cause.ts';
import type { AsteriskParts } from './leg-media.ts';
import { type QualityWatch, watchQuality } from './leg-quality.ts';

/** What happened to the channel: promises that settle once, or never. */
export type Party = {
  /** It is in our application and can be dialled. */
  readonly entered: Promise<void>;
  readonly answered: Promise<void>;
  /** The first key that was pressed. */
  readonly keyed: Promise<string>;
  /** Settles with the Q.850 cause. */
  readonly ended: Promise<number>;
  /** How well it is carried; null as long as it was not answered. */
  quality(): QualityWatch | null;
};

/** Watches the channel, which may not be there yet, until disposed. */
export function watchParty(parts: Pick<AsteriskParts, 'ari' | 'channels' | 'log'>, channelId: string): Party & Disposable {
  const { channels, log } = parts;
  const entered = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  const keyed = Promise.withResolvers<string>();
  const ended = Promise.withResolvers<number>();
  let quality: QualityWatch | null = null;
  const onAnswered = (): void => {
    quality ??= watchQuality(parts, channelId);
    answered.resolve();
  };
  const follow = (event: AriEvent): void => {
    if (event.type === 'StasisStart') entered.resolve();
    if (event.type === 'ChannelStateChange' && event.channel.state === 'Up') onAnswered();
    if (event.type === 'Dial' && event.dialstatus === 'ANSWER') onAnswered();
    if (event.type === 'ChannelDtmfReceived') keyed.resolve(event.digit);
    // It comes with the final counters, and before the channel is destroyed.
    if (event.type === 'StasisEnd') quality?.ended(event.channel.channelvars);
    if (event.type === 'ChannelDestroyed') {
      log.info({ channelId, cause: event.cause }, 'the representative’s channel ended');
      ended.resolve(event.cause);
    }
  };
  const onLost = (): void => {
    quality?.ended(undefined);
    ended.resolve(UNSPECIFIED);
  };
  const watch = channels.watch(channelId, follow, onLost);
  return {
    entered: entered.promise,
    answered: answered.promise,
    keyed: keyed.promise,
    ended: ended.promise,
    quality: () => quality,
    [Symbol.dispose]() {
      watch[Symbol.dispose]();
      quality?.[Symbol.dispose]();
    },
  };
}

/** The first to settle, `late` after `ms`, or the signal's reason. */
export async function firstWithin<T, L>(
  signal: AbortSignal,
  promises: readonly Promise<T>[],
  { ms, late }: { readonly ms: number; readonly late: L },
): Promise<T | L> {
  const first = await within(orAborted(Promise.race(promises), signal), ms);
  return first === 'late' ? late : first.value;
}
