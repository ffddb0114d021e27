/**
 * Voice activity by loudness: enough where the only sounds are the modem's and digital silence. It is the sandbox's alone, because
 * the real model rightly does not take the modem's tones for speech.
 */
import { concatPcm, rmsDbfs } from '#audio/frame.ts';
import type { VoiceActivity } from '#ports/voice-activity.ts';

/** The window of the real model, so that the engine sees answers as often as on a real call: 32 ms. */
const WINDOW_SAMPLES = 512;
/** Halfway between the modem at -13 dBFS and the quietest sound that a person would not call silence. */
const THRESHOLD_DBFS = -45;
/** Each 3 dB above the threshold multiplies the odds by e. */
const DB_PER_NAT = 3;

/** Voice activity that needs no model. */
export function createEnergyVoiceActivity(): VoiceActivity {
  return {
    openStream(listener) {
      let rest = new Int16Array(0);
      let isClosed = false;
      return {
        push(frame, atMs) {
          rest = concatPcm([rest, frame]);
          while (rest.length >= WINDOW_SAMPLES) {
            const probability = 1 / (1 + Math.exp((THRESHOLD_DBFS - rmsDbfs(rest.subarray(0, WINDOW_SAMPLES))) / DB_PER_NAT));
            rest = rest.slice(WINDOW_SAMPLES);
            // The port promises that no listener runs inside push.
            queueMicrotask(() => {
              if (!isClosed) listener({ probability, atMs });
            });
          }
        },
        close() {
          isClosed = true;
        },
      };
    },
  };
}
