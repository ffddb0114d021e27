// Rings a representative for a caller, tells them who calls, and lets the two of them talk in the caller's bridge.
import type { LegQuality, TransferOutcome, TransferRequest } from '#ports/call-control.ts';
import { orAborted, pause } from '#shared/waiting.ts';
import { unansweredOutcome } from './hangup-cause.ts';
import { type AsteriskParts, type LegMedia, settle } from './leg-media.ts';
import { CLEAN_UP_MS, MEDIA_SETUP_MS } from './limits.ts';
import { startRingback } from './ringback.ts';
import { briefParty } from './transfer-brief.ts';
import { firstWithin, type Party, watchParty } from './transfer-party.ts';

/** One transfer. `gone` is aborted when the caller's leg ends, the request's `signal` by whoever asked. */
export type TransferOptions = TransferRequest & {
  readonly callerId: string;
  /** Name for the representative's channel; what is built for the brief has names that begin with it. */
  readonly channelId: string;
  /** What Asterisk dials, such as `PJSIP/2001-clinica`. */
  readonly endpoint: string;
  readonly media: LegMedia;
  readonly gone: AbortSignal;
  /** Told at the end how well the representative's channel was carried, if it was answered. */
  readonly onQuality: (quality: LegQuality) => void;
};

/** Settles as the port says; rejects only with the reason of `signal`. */
export async function transferLeg(parts: AsteriskParts, options: TransferOptions): Promise<TransferOutcome> {
  const { media, channelId } = options;
  using party = watchParty(parts, channelId);
  try {
    const unconnected = await reach(parts, options, party);
    if (unconnected === null) return { kind: 'bridged', talkedMs: await talk(parts, options, party) };
    await pause(QUIET_AFTER_RINGING_MS, AbortSignal.any([options.gone, options.signal]));
    options.signal.throwIfAborted();
    return options.gone.aborted ? { kind: 'caller_gone' } : unconnected;
  } catch (error) {
    if (options.gone.aborted) return { kind: 'caller_gone' };
    options.signal.throwIfAborted();
    return { kind: 'failed', cause: error instanceof Error ? error.message : String(error) };
  } finally {
    await party.quality()?.askLast();
    await settle(parts, parts.ari.call('channels.hangup', { channelId }, { timeoutMs: CLEAN_UP_MS }));
    media.socket.setAside(false);
    const quality = party.quality()?.latest() ?? null;
    if (quality !== null) options.onQuality(quality);
  }
}

/** Rings and briefs, while the caller hears ringing. Null when the two are to be connected. However it ends, what still waits of the ringing is thrown away. */
async function reach(parts: AsteriskParts, options: TransferOptions, party: Party): Promise<TransferOutcome | null> {
  const { channelId, brief, requiresKey, onProgress } = options;
  const { socket } = options.media;
  const signal = AbortSignal.any([options.gone, options.signal]);
  socket.flush();
  socket.setAside(true);
  using _tone = startRingback((pcm) => socket.sendAside(pcm));
  try {
    const unanswered = await ring(parts, { ...options, signal }, party);
    if (unanswered !== null) return unanswered;
    onProgress({ kind: 'answered' });
    const names = { callerId: channelId, bridgeId: `${channelId}-bridge`, channelId: `${channelId}-media` };
    const end = await briefParty(parts, { brief, requiresKey, names, party, signal });
    if (!end.goesOn) return { kind: 'declined', by: end.by };
    onProgress({ kind: 'briefed', by: end.by, heardMs: end.heardMs });
    return null;
  } finally {
    socket.flushAside();
  }
}

/** Before the agent speaks again to a caller who heard ringing: words right behind a tone are not understood. */
const QUIET_AFTER_RINGING_MS = 800;

/** Null when answered. */
async function ring({ ari }: AsteriskParts, options: TransferOptions, party: Party): Promise<TransferOutcome | null> {
  const { callerId, channelId, endpoint, ringMs, signal } = options;
  const ended = party.ended.then(unansweredOutcome);
  await ari.call('channels.create', { endpoint, app: ari.application, appArgs: 'transfer', channelId, originator: callerId }, { signal });
  // `create` answers before the channel is in our application, and a channel outside it cannot be dialled (409).
  const early = await firstWithin<TransferOutcome | null, TransferOutcome>(signal, [party.entered.then(() => null), ended], {
    ms: MEDIA_SETUP_MS,
    late: { kind: 'failed', cause: 'the channel of the representative did not come into the application' },
  });
  if (early !== null) return early;
  await ari.call('channels.dial', { channelId, caller: callerId, timeout: Math.ceil(ringMs / 1_000) }, { signal });
  // Asterisk counts whole seconds and an event may be lost: our own limit makes sure that nothing rings for ever.
  const rungOut: TransferOutcome = { kind: 'no_answer' };
  return await firstWithin<TransferOutcome | null, TransferOutcome>(signal, [party.answered.then(() => null), ended], {
    ms: ringMs,
    late: rungOut,
  });
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
    await orAborted(Promise.race([party.ended, callerGone]), options.signal);
    return parts.nowMs() - startedAtMs;
  } finally {
    if (!options.gone.aborted) await settle(parts, ari.call('bridges.addChannel', { bridgeId, channel: [mediaId] }));
  }
}
