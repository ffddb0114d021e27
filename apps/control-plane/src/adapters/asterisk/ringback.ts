// What a caller hears while a representative's telephone rings. Made here, not by Asterisk: a tone of Asterisk's would silence the media channel.
import { FRAME_HZ, FRAME_MS, FRAME_SAMPLES } from '#audio/frame.ts';

/** European ringing tone (ETSI EN 300 001): 425 Hz, 1.5 s on and 3 s off in Spain. */
const TONE_HZ = 425;
const ON_MS = 1_500;
const OFF_MS = 3_000;

/** The agent's last word and the first ring are two things: run together, neither is understood. */
const FIRST_PAUSE_MS = 1_500;

/** -16 dBFS: as loud as speech, not louder. */
const AMPLITUDE = 5_200;

/** Sound is given in pieces of this length, this far ahead of the ear. */
const PIECE_FRAMES = 10;
const PIECE_MS = 200;

/** Frames `from` to `from + PIECE_FRAMES` of the endless tone. */
export function ringbackPiece(fromFrame: number): Int16Array {
  const pcm = new Int16Array(PIECE_FRAMES * FRAME_SAMPLES);
  for (let i = 0; i < pcm.length; i += 1) {
    const sample = fromFrame * FRAME_SAMPLES + i;
    const atMs = ((sample * 1_000) / FRAME_HZ) % (ON_MS + OFF_MS);
    pcm[i] = atMs < ON_MS ? AMPLITUDE * Math.sin((2 * Math.PI * TONE_HZ * sample) / FRAME_HZ) : 0;
  }
  return pcm;
}

/** Two short tones for whoever must press a key and cannot be told so, because no voice was to be had. */
export function attentionTone(): Int16Array {
  const tone = ringbackPiece(0);
  const pcm = new Int16Array(tone.length * 3);
  pcm.set(tone);
  pcm.set(tone, tone.length * 2);
  return pcm;
}

/** Plays the tone through `send`, after a pause, until disposed; silence pieces between the rings keep the sound on the wire alive. */
export function startRingback(send: (pcm: Int16Array) => void): Disposable {
  let frame = (ON_MS + OFF_MS - FIRST_PAUSE_MS) / FRAME_MS;
  const play = (): void => {
    send(ringbackPiece(frame));
    frame += PIECE_FRAMES;
  };
  play();
  play();
  const timer = setInterval(play, PIECE_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
