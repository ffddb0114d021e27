// What a caller hears who waits for a place: Asterisk's music, and now and then a sound of ours in between, which needs a bridge for as long as it lasts.
import { durationMs, FRAME_MS, FRAME_SAMPLES } from '#audio/frame.ts';
import { untilAborted } from '#shared/waiting.ts';
import { type AsteriskParts, type LegMedia, type LegMediaNames, openLegMedia, removeMedia, settle } from './leg-media.ts';
import { CLEAN_UP_MS, ON_HOLD_SLACK_MS, ON_HOLD_TAIL_MS } from './limits.ts';
import { playSound, SOUND_END } from './sound-player.ts';
import { firstWithin } from './transfer-party.ts';

/** The music of one answered channel. */
export type Hold = {
  /** Begins the music. Rejects as Asterisk does. */
  begin(): Promise<void>;
  /** As the port's `playOnHold`; waits for the music first. */
  play(pcm: Int16Array, signal: AbortSignal): Promise<boolean>;
  /** Ends the music and what is played in its place. Never throws. */
  end(): Promise<void>;
  /** Settles when it ended or the channel is gone. */
  readonly over: Promise<void>;
};

/** `nextNames` gives other names for each sound; `gone` aborts when the channel is over. */
export type HoldOptions = { readonly callerId: string; readonly nextNames: () => LegMediaNames; readonly gone: AbortSignal };

export function openHold(parts: AsteriskParts, { callerId, nextNames, gone }: HoldOptions): Hold {
  const { ari } = parts;
  const ended = new AbortController();
  const over = AbortSignal.any([gone, ended.signal]);
  const isOver = untilAborted(over);
  const begun = Promise.withResolvers<void>();
  let playing: Promise<boolean> | null = null;

  const stopMusic = (): Promise<void> => settle(parts, ari.call('channels.stopMoh', { channelId: callerId }, { timeoutMs: CLEAN_UP_MS }));
  const startMusic = async (): Promise<void> => {
    if (!over.aborted) await settle(parts, ari.call('channels.startMoh', { channelId: callerId }, { timeoutMs: CLEAN_UP_MS }));
  };
  /** The music would go on under the words: it is stopped while the caller is in the bridge. */
  const playInstead = async (pcm: Int16Array, signal: AbortSignal): Promise<boolean> => {
    await stopMusic();
    const wasHeard = await playInBridge(parts, { names: nextNames(), pcm, signal });
    await startMusic();
    return wasHeard;
  };
  return {
    over: isOver,
    async begin() {
      await ari.call('channels.startMoh', { channelId: callerId }, { signal: over });
      begun.resolve();
    },
    async play(pcm, by) {
      const signal = AbortSignal.any([over, by]);
      await Promise.race([begun.promise, untilAborted(signal)]);
      if (signal.aborted || playing !== null) return false;
      playing = playInstead(pcm, signal);
      try {
        return await playing;
      } finally {
        playing = null;
      }
    },
    async end() {
      const wasGone = gone.aborted;
      ended.abort(new Error('the hold is over'));
      await playing;
      // Before the caller comes into a bridge: music would go on under the agent's voice.
      if (!wasGone) await stopMusic();
    },
  };
}

type Words = { readonly names: LegMediaNames; readonly pcm: Int16Array; readonly signal: AbortSignal };

/** Whether it was played to its end; the bridge is gone then. Never rejects. */
async function playInBridge(parts: AsteriskParts, { names, pcm, signal }: Words): Promise<boolean> {
  const heard = Promise.withResolvers<boolean>();
  const listener: Parameters<typeof openLegMedia>[2]['listener'] = (event) => {
    if (event.kind === 'closed') heard.resolve(false);
    if (event.kind === 'mark_heard' && event.markId === SOUND_END) heard.resolve(true);
  };
  let media: LegMedia | null = null;
  try {
    media = await openLegMedia(parts, { ...names, join: false }, { listener, signal });
    const sound = withTail(pcm);
    using _playing = playSound(media.socket, sound, parts.nowMs);
    // A mark that never comes back must not keep the music away.
    return await firstWithin(signal, [heard.promise], { ms: durationMs(sound) + ON_HOLD_SLACK_MS, late: false });
  } catch (error) {
    if (!signal.aborted) parts.log.warn({ err: error }, 'a sound could not be played to a caller on hold');
    return false;
  } finally {
    if (media !== null) {
      media.socket.legEnded();
      await removeMedia(parts, names);
    }
  }
}

/** A breath between the last word and the music. */
function withTail(pcm: Int16Array): Int16Array {
  const sound = new Int16Array(pcm.length + (ON_HOLD_TAIL_MS / FRAME_MS) * FRAME_SAMPLES);
  sound.set(pcm);
  return sound;
}
