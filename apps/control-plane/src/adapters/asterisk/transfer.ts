// Rings a representative for a caller, and lets the two of them talk in the caller's bridge.
import type { AriEvent } from 'asterisk-ari-client/generated/events.ts';
import type { TransferOutcome } from '#ports/call-control.ts';
import { unansweredOutcome, UNSPECIFIED } from './hangup-cause.ts';
import { type AsteriskParts, type LegMedia, settle } from './leg-media.ts';
import { CLEAN_UP_MS } from './limits.ts';
import { startRingback } from './ringback.ts';

/** One transfer. `gone` is aborted when the caller's leg ends, `signal` by whoever asked. */
export type TransferOptions = {
  readonly callerId: string;
  /** Name for the representative's channel. */
  readonly channelId: string;
  /** What Asterisk dials, such as `PJSIP/2001-clinica`. */
  readonly endpoint: string;
  readonly ringMs: number;
  readonly media: LegMedia;
  readonly gone: AbortSignal;
  readonly signal: AbortSignal;
};

/** The representative's channel as its events tell it. */
type Party = { readonly entered: Promise<void>; readonly answered: Promise<void>; readonly ended: Promise<number> };

/** Settles as the port says; rejects only with the reason of `signal`. */
export async function transferLeg(parts: AsteriskParts, options: TransferOptions): Promise<TransferOutcome> {
  const { media, channelId } = options;
  const party = watchParty(parts, channelId);
  try {
    const unanswered = await ring(parts, options, party);
    return unanswered ?? { kind: 'bridged', talkedMs: await talk(parts, options, party) };
  } catch (error) {
    if (options.gone.aborted) return { kind: 'caller_gone' };
    options.signal.throwIfAborted();
    return { kind: 'failed', cause: error instanceof Error ? error.message : String(error) };
  } finally {
    party.watch[Symbol.dispose]();
    await settle(parts, parts.ari.call('channels.hangup', { channelId }, { timeoutMs: CLEAN_UP_MS }));
    media.socket.setAside(false);
  }
}

/** Null when answered. However it ends, what still waits of the ringing is thrown away. */
async function ring(parts: AsteriskParts, options: TransferOptions, party: Party): Promise<TransferOutcome | null> {
  const { socket } = options.media;
  socket.flush();
  socket.setAside(true);
  using _tone = startRingback((pcm) => socket.sendAside(pcm));
  try {
    return await callParty(parts, options, party);
  } finally {
    socket.flushAside();
  }
}

async function callParty({ ari }: AsteriskParts, options: TransferOptions, party: Party): Promise<TransferOutcome | null> {
  const { callerId, channelId, endpoint, ringMs } = options;
  const signal = AbortSignal.any([options.gone, options.signal]);
  const ended = party.ended.then(unansweredOutcome);
  await ari.call('channels.create', { endpoint, app: ari.application, appArgs: 'transfer', channelId, originator: callerId }, { signal });
  // `create` answers before the channel is in our application, and a channel outside it cannot be dialled (409).
  const early = await firstOf<TransferOutcome | null>(signal, [party.entered.then(() => null), ended]);
  if (early !== null) return early;
  await ari.call('channels.dial', { channelId, caller: callerId, timeout: Math.ceil(ringMs / 1_000) }, { signal });
  const rungOut = Promise.withResolvers<TransferOutcome>();
  // Asterisk counts whole seconds and an event may be lost: our own limit makes sure that nothing rings for ever.
  const timer = setTimeout(() => rungOut.resolve({ kind: 'no_answer' }), ringMs);
  try {
    return await firstOf<TransferOutcome | null>(signal, [party.answered.then(() => null), ended, rungOut.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Both in one bridge, our sound out of it; afterwards our sound is back for a caller who is still there. */
async function talk(parts: AsteriskParts, options: TransferOptions, party: Party): Promise<number> {
  const { ari } = parts;
  const { bridgeId, channelId: mediaId } = options.media;
  const startedAtMs = parts.nowMs();
  const callerGone = new Promise<null>((resolve) => options.gone.addEventListener('abort', () => resolve(null), { once: true }));
  try {
    await ari.call('bridges.addChannel', { bridgeId, channel: [options.channelId] }, { signal: options.gone });
    // Our sound is silent by now; that it cannot be taken out (its channel died) is no reason to part the two.
    await settle(parts, ari.call('bridges.removeChannel', { bridgeId, channel: [mediaId] }, { signal: options.gone }));
    await firstOf(options.signal, [party.ended, callerGone]);
    return parts.nowMs() - startedAtMs;
  } finally {
    if (!options.gone.aborted) await settle(parts, ari.call('bridges.addChannel', { bridgeId, channel: [mediaId] }));
  }
}

function watchParty({ channels, log }: AsteriskParts, channelId: string): Party & { readonly watch: Disposable } {
  const entered = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<number>();
  const follow = (event: AriEvent): void => {
    if (event.type === 'StasisStart') entered.resolve();
    if (event.type === 'ChannelStateChange' && event.channel.state === 'Up') answered.resolve();
    if (event.type === 'Dial' && event.dialstatus === 'ANSWER') answered.resolve();
    if (event.type === 'ChannelDestroyed') {
      log.info({ channelId, cause: event.cause }, 'the representative’s channel ended');
      ended.resolve(event.cause);
    }
  };
  const watch = channels.watch(channelId, follow, () => ended.resolve(UNSPECIFIED));
  return { entered: entered.promise, answered: answered.promise, ended: ended.promise, watch };
}

/** The first to settle, or the signal's reason. */
async function firstOf<T>(signal: AbortSignal, promises: readonly Promise<T>[]): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([...promises, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
