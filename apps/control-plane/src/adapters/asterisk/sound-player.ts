// Plays one prepared sound into a media socket at the pace of the ear: Asterisk's queue holds 18 s, and a brief may be longer.
import { FRAME_MS, FRAME_SAMPLES, FRAME_HZ, silentFrames } from '#audio/frame.ts';
import type { AudioTransport } from '#ports/audio-transport.ts';

/** The mark behind the last sample. */
export const SOUND_END = 'sound-end';

/** Silence before the sound: a handset is on its way to the ear, and the first RTP packets of an answered call are lost more often than others. */
const LEAD_IN_MS = 300;
/** Sound is given in pieces of this length, this far ahead of the ear. */
const PIECE_FRAMES = 10;
const PIECE_MS = PIECE_FRAMES * FRAME_MS;
const AHEAD_MS = 400;

/** A sound that plays. */
export type PlayingSound = Disposable & {
  /** How much of it was played until now, ms; a little more than was heard. */
  playedMs(): number;
};

/** Plays `pcm`, then the mark `SOUND_END`, then silence until disposed. */
export function playSound(socket: Pick<AudioTransport, 'send' | 'mark'>, pcm: Int16Array, nowMs: () => number): PlayingSound {
  const lead = silentFrames(LEAD_IN_MS / FRAME_MS);
  const frames = Math.ceil((lead.length + pcm.length) / FRAME_SAMPLES);
  const sound = silentFrames(frames);
  sound.set(pcm, lead.length);
  const startedAtMs = nowMs();
  let sentMs = 0;
  let isMarked = false;
  const send = (): void => {
    // The clock decides how much is due, so a late timer leaves no gap.
    while (sentMs < nowMs() - startedAtMs + AHEAD_MS) {
      const from = (sentMs * FRAME_HZ) / 1_000;
      const piece = silentFrames(PIECE_FRAMES);
      piece.set(sound.subarray(from, from + piece.length));
      socket.send(piece);
      sentMs += PIECE_MS;
      if (isMarked || from + piece.length < sound.length) continue;
      socket.mark(SOUND_END);
      isMarked = true;
    }
  };
  send();
  const timer = setInterval(send, PIECE_MS);
  return {
    playedMs: () => Math.round(Math.min(Math.max(0, nowMs() - startedAtMs - LEAD_IN_MS), (pcm.length * 1_000) / FRAME_HZ)),
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
