/**
 * The ear of the tests: which of the expected texts a piece of telephone sound is. It asks the inference server apart from
 * the call under test, so a text is "heard" only when it was really on the wire.
 */
import { openTriton } from '@centralita/control-plane/adapters/triton/triton.ts';
import { InferenceError } from '@centralita/control-plane/ports/inference-error.ts';
import { resample } from '@centralita/control-plane/audio/resample.ts';

/** An utterance of an agent is at most this long; speech-to-text takes 30 s. */
const MAX_SECONDS = 28;

/** Recognises sound. */
export type Ear = AsyncDisposable & {
  /** The text of `among` that `pcm` (8 kHz) contains, or an empty text when it is none of them. */
  recognise(pcm: Int16Array, options: { language: string; among: readonly string[] }): Promise<string>;
};

/** Opens an ear on the inference server at `url`. */
export function openEar(url: string): Ear {
  const triton = openTriton({
    speechToText: { url, deadlineMs: 20_000 },
    textToSpeech: { url, deadlineMs: 20_000 },
    languageModel: null,
  });
  return {
    async recognise(pcm, { language, among }) {
      const wide = resample(pcm.subarray(0, MAX_SECONDS * 8_000), { fromHz: 8_000, toHz: 16_000 });
      return await patiently(async () => {
        const { signal } = new AbortController();
        const transcript = await triton.models.speechToText.transcribe({ pcm: wide, language, hints: among }, { signal });
        return transcript.text;
      });
    },
    [Symbol.asyncDispose]: () => triton[Symbol.asyncDispose](),
  };
}

/** A test that stops and starts the inference server finds it away for a moment. */
async function patiently<Value>(ask: () => Promise<Value>): Promise<Value> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof InferenceError) || !error.isRetryable || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** Positions (samples) in the middle of every pause of at least `minMs` in 8 kHz sound. */
export function pausesOf(pcm: Int16Array, minMs: number): readonly number[] {
  const frame = 160;
  const pauses: number[] = [];
  let quietFrom: number | null = null;
  for (let at = 0; at + frame <= pcm.length; at += frame) {
    const isQuiet = pcm.subarray(at, at + frame).every((sample) => Math.abs(sample) < 200);
    if (isQuiet) quietFrom ??= at;
    else {
      if (quietFrom !== null && at - quietFrom >= minMs * 8) pauses.push(Math.round((quietFrom + at) / 2));
      quietFrom = null;
    }
  }
  return pauses;
}
