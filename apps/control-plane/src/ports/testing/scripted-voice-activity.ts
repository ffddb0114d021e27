// Voice activity by loudness: enough where the caller's sound is either a tone or silence.
import { rmsDbfs } from '#audio/frame.ts';
import type { VoiceActivity, VoiceActivityStream, VoiceProbability } from '#ports/voice-activity.ts';

/** Samples of a window: 32 ms, as the real one. */
export const WINDOW_SAMPLES = 512;
/** Louder than this counts as speech. */
const SPEECH_DBFS = -40;

/** The scripted voice activity. */
export type ScriptedVoiceActivity = VoiceActivity & {
  /** Streams that are open now. */
  open(): number;
};

/** Opens it. `probabilityOf` answers for one window; by default 0.95 for loud and 0.02 for quiet ones. */
export function openScriptedVoiceActivity(
  probabilityOf: (window: Int16Array) => number = (window) => (rmsDbfs(window) > SPEECH_DBFS ? 0.95 : 0.02),
): ScriptedVoiceActivity {
  let open = 0;
  return {
    open: () => open,
    openStream(listener) {
      open += 1;
      return openStream({ listener, probabilityOf, onClose: () => (open -= 1) });
    },
  };
}

type StreamOptions = {
  readonly listener: (voice: VoiceProbability) => void;
  readonly probabilityOf: (window: Int16Array) => number;
  readonly onClose: () => void;
};

function openStream({ listener, probabilityOf, onClose }: StreamOptions): VoiceActivityStream {
  const window = new Int16Array(WINDOW_SAMPLES);
  let filled = 0;
  let isOpen = true;
  const tell = (voice: VoiceProbability): void => {
    queueMicrotask(() => isOpen && listener(voice));
  };
  return {
    push(frame, atMs) {
      for (let at = 0; isOpen && at < frame.length;) {
        const part = frame.subarray(at, at + WINDOW_SAMPLES - filled);
        window.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled < WINDOW_SAMPLES) return;
        filled = 0;
        tell({ probability: probabilityOf(window), atMs });
      }
    },
    close() {
      if (isOpen) onClose();
      isOpen = false;
    },
  };
}
