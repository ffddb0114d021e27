// The voice activity of live calls keeps the contract of its port, with its thread and its model.
import { FRAME_MS } from '#audio/frame.ts';
import type { VoiceActivity } from '#ports/voice-activity.ts';
import { describeVoiceActivity } from '#ports/testing/voice-activity.contract.ts';
import { silentLog } from '#shared/log.ts';
import { openSilero } from './silero.ts';
import { recordedSpeech } from './testing/speech.ts';

const WINDOW_MS = 32;

/** Counts what each open stream was given and told, so that a test can wait until nothing is on its way. */
function counted(voiceActivity: VoiceActivity) {
  const open = new Set<{ givenMs: number; told: number }>();
  const counting: VoiceActivity = {
    openStream(listener) {
      const count = { givenMs: 0, told: 0 };
      open.add(count);
      const stream = voiceActivity.openStream((voice) => {
        count.told += 1;
        listener(voice);
      });
      return {
        push(frame, atMs) {
          count.givenMs += FRAME_MS;
          stream.push(frame, atMs);
        },
        close() {
          open.delete(count);
          stream.close();
        },
      };
    },
  };
  const isSettled = () => [...open].every((count) => count.told === Math.floor(count.givenMs / WINDOW_MS));
  return { counting, isSettled, isIdle: () => open.size === 0 };
}

describeVoiceActivity('silero', async () => {
  const silero = await openSilero({ log: silentLog });
  const { counting, isSettled, isIdle } = counted(silero);
  return {
    voiceActivity: counting,
    speech: recordedSpeech().subarray(0, 48_000),
    async settled() {
      // A stream that was closed is never told again, so what it may still have with the thread is waited for behind a stream of our own.
      if (isIdle()) {
        const { promise, resolve } = Promise.withResolvers<void>();
        const last = silero.openStream(() => resolve());
        last.push(new Int16Array(640), 0);
        await promise;
        last.close();
      }
      while (!isSettled()) await new Promise((resolve) => setImmediate(resolve));
    },
    [Symbol.asyncDispose]: () => silero[Symbol.asyncDispose](),
  };
});
