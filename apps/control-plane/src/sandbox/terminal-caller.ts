/** A caller whose mouth and ears are text: paces frames as a telephone does, says typed lines through the modem, reads what is heard. */
import { framesOf, FRAME_MS, silentFrames } from '#audio/frame.ts';
import type { StandInLeg } from './asterisk-stand-in-leg.ts';
import { BYTE_MS, encodeText, openModemReader } from './text-modem.ts';

/** The product understands at most 29 s at once; half a second of it is kept for the pauses around. */
const MAX_SPOKEN_MS = 28_500;
/** The longest line that can be said, in bytes of UTF-8. */
export const MAX_LINE_BYTES = Math.floor(MAX_SPOKEN_MS / BYTE_MS);
/** Sound with a pause this long behind it is over: sentences of one reply follow each other closer. */
const QUIET_MS = 600;

/** What the caller hears. */
export type HeardEvent =
  /** Text, as soon as its sound has been played. */
  | { readonly kind: 'heard'; readonly text: string }
  /** Nothing was heard for a while after something was. */
  | { readonly kind: 'quiet' };

/** The caller's side of one call. */
export type TerminalCaller = Disposable & {
  /** Says a line after what is being said already. Over {@link MAX_LINE_BYTES} it is refused: false. */
  say(line: string): boolean;
  /** True while something typed is still being said. */
  isSpeaking(): boolean;
};

/** Gives `leg` a mouth and ears, until disposed. */
export function openTerminalCaller(leg: StandInLeg, listener: (event: HeardEvent) => void): TerminalCaller {
  const reader = openModemReader();
  const waiting: Int16Array[] = [];
  const silence = silentFrames(1);
  let heardAtMs: number | null = null;
  let sentFrames = 0;
  const startedAtMs = performance.now();

  leg.onFrame((pcm) => {
    const text = reader.push(pcm);
    if (text === '') return;
    heardAtMs = performance.now();
    listener({ kind: 'heard', text });
  });
  // The clock decides how many frames are due, so a late timer does not slow speech down.
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const dueFrames = Math.floor((nowMs - startedAtMs) / FRAME_MS);
    for (; sentFrames < dueFrames; sentFrames++) leg.sendFrame(waiting.shift() ?? silence);
    if (heardAtMs === null || nowMs - heardAtMs < QUIET_MS) return;
    heardAtMs = null;
    listener({ kind: 'quiet' });
  }, FRAME_MS);

  return {
    say(line) {
      if (Buffer.byteLength(line) > MAX_LINE_BYTES) return false;
      waiting.push(...framesOf(encodeText(line)));
      return true;
    },
    isSpeaking: () => waiting.length > 0,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
