// Tells whoever answered who calls, in a bridge without the caller, and lets them take the call or send it back.
import { durationMs } from '#audio/frame.ts';
import {
  BRIEF_WAIT_MS,
  DECLINE_KEY,
  KEY_WAIT_MS,
  type TransferProgress,
  type TransferRefusal,
  type TransferRequest,
} from '#ports/call-control.ts';
import { type AsteriskParts, type LegMedia, type LegMediaNames, openLegMedia, removeMedia } from './leg-media.ts';
import { BRIEF_SLACK_MS, END_WAIT_MS } from './limits.ts';
import { playSound, SOUND_END } from './sound-player.ts';
import { attentionTone } from './ringback.ts';
import { firstWithin, type Party } from './transfer-party.ts';

/** One briefing. `signal` ends it. */
export type BriefOptions = Pick<TransferRequest, 'brief' | 'requiresKey'> & {
  /** `callerId` is the representative's channel; bridge and media are its own, apart from the caller's. */
  readonly names: LegMediaNames;
  readonly party: Party;
  readonly signal: AbortSignal;
};

/** What whoever answered decided, by a key or by letting it happen. */
export type BriefEnd =
  | (Extract<TransferProgress, { kind: 'briefed' }> & { readonly goesOn: true })
  | { readonly goesOn: false; readonly by: TransferRefusal };

type Decision = 'take' | Exclude<TransferRefusal, 'refused'>;

/** Settles when it is decided; the bridge is gone then and the channel is in none. Rejects only with the reason of `signal`. */
export async function briefParty(parts: AsteriskParts, options: BriefOptions): Promise<BriefEnd> {
  const { party, brief, requiresKey, signal } = options;
  const decided = firstDecision(party);
  const made = await firstWithin<Int16Array | null | Decision, null>(signal, [brief, decided], { ms: BRIEF_WAIT_MS, late: null });
  if (typeof made === 'string') return endOf(made, 0);
  const pcm = made ?? (requiresKey ? attentionTone() : null);
  if (pcm === null || pcm.length === 0) return { goesOn: true, kind: 'briefed', by: 'nothing', heardMs: 0 };
  return await tell(parts, { ...options, pcm, decided });
}

function firstDecision({ ended, keyed }: Party): Promise<Decision> {
  return Promise.race([ended.then((): Decision => 'hung_up'), keyed.then((digit): Decision => (digit === DECLINE_KEY ? 'key' : 'take'))]);
}

function endOf(decision: Decision, heardMs: number): BriefEnd {
  return decision === 'take' ? { goesOn: true, kind: 'briefed', by: 'key', heardMs } : { goesOn: false, by: decision };
}

type Telling = BriefOptions & { readonly pcm: Int16Array; readonly decided: Promise<Decision> };

async function tell(parts: AsteriskParts, options: Telling): Promise<BriefEnd> {
  const { names, pcm, decided, requiresKey, signal } = options;
  const soundOver = Promise.withResolvers<'over'>();
  const media = await openBriefMedia(parts, options, () => soundOver.resolve('over'));
  if (media === null) {
    // Asterisk refuses what is asked of a channel that is gone, and tells of its end just after.
    const decision = await firstWithin(signal, [decided], { ms: requiresKey ? KEY_WAIT_MS : END_WAIT_MS, late: 'over' as const });
    if (decision !== 'over') return endOf(decision, 0);
    return requiresKey ? endOf('no_key', 0) : { goesOn: true, kind: 'briefed', by: 'nothing', heardMs: 0 };
  }
  try {
    using sound = playSound(media.socket, pcm, parts.nowMs);
    // A mark that never comes back must not hold the caller for ever.
    const limit = { ms: durationMs(pcm) + BRIEF_SLACK_MS, late: 'over' as const };
    const end = await firstWithin(signal, [decided, soundOver.promise], limit);
    if (end !== 'over') return endOf(end, sound.playedMs());
    if (!requiresKey) return { goesOn: true, kind: 'briefed', by: 'end', heardMs: sound.playedMs() };
    return endOf(await firstWithin(signal, [decided], { ms: KEY_WAIT_MS, late: 'no_key' as const }), sound.playedMs());
  } finally {
    media.socket.legEnded();
    await removeMedia(parts, names);
  }
}

/** Null when it could not be built: the two are then connected as if there were nothing to tell. */
async function openBriefMedia(parts: AsteriskParts, { names, signal }: Telling, onOver: () => void): Promise<LegMedia | null> {
  const listener: Parameters<typeof openLegMedia>[2]['listener'] = (event) => {
    if (event.kind === 'closed' || (event.kind === 'mark_heard' && event.markId === SOUND_END)) onOver();
  };
  try {
    return await openLegMedia(parts, { ...names, join: false }, { listener, signal });
  } catch (error) {
    signal.throwIfAborted();
    parts.log.warn({ err: error, channelId: names.callerId }, 'the sound of a brief could not be built');
    return null;
  }
}
