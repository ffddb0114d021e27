// What every voice must do.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { concatPcm, durationMs } from '#audio/frame.ts';
import { InferenceError } from '#ports/inference-error.ts';
import type { Speech, TextToSpeech } from '#ports/text-to-speech.ts';
import { collected } from './collected.ts';

/** A voice under test. */
export type TextToSpeechUnderTest = AsyncDisposable & {
  readonly textToSpeech: TextToSpeech;
  /** From now on the model behind it fails. */
  breakModel(): void | Promise<void>;
};

const HELLO: Speech = { text: 'Good morning, how can I help you?', language: 'en', voice: '', speed: 1 };

/** Runs the contract against the voice that `open` opens. */
export function describeTextToSpeech(name: string, open: () => Promise<TextToSpeechUnderTest>): void {
  const signal = new AbortController().signal;
  const say = async (voice: TextToSpeech, speech: Speech): Promise<Int16Array> =>
    concatPcm(await collected(voice.synthesize(speech, { signal })));

  it(`${name}: speaks a text, a longer one for longer, a faster one for less long`, async () => {
    await using under = await open();
    const hello = durationMs(await say(under.textToSpeech, HELLO));
    expect(hello).toBeGreaterThan(500);
    expect(hello).toBeLessThan(10_000);
    expect(durationMs(await say(under.textToSpeech, { ...HELLO, text: HELLO.text.repeat(2) }))).toBeGreaterThan(hello);
    expect(durationMs(await say(under.textToSpeech, { ...HELLO, speed: 1.5 }))).toBeLessThan(hello);
  });

  it(`${name}: two texts at once do not mix`, async () => {
    await using under = await open();
    const goodbye = { ...HELLO, text: 'Goodbye.' };
    const alone = durationMs(await say(under.textToSpeech, goodbye));
    const [, together] = await Promise.all([say(under.textToSpeech, HELLO), say(under.textToSpeech, goodbye)]);
    // Not sample by sample: a generative voice says the same words differently each time. A piece of the other text would double it.
    expect(durationMs(together)).toBeGreaterThan(alone / 2);
    expect(durationMs(together)).toBeLessThan(alone * 1.5);
  });

  it(`${name}: stops when nobody listens any more, and speaks the next text`, async () => {
    await using under = await open();
    for await (const pcm of under.textToSpeech.synthesize(HELLO, { signal })) {
      expect(pcm).toBeInstanceOf(Int16Array);
      break;
    }
    expect((await say(under.textToSpeech, HELLO)).length).toBeGreaterThan(0);
  });

  it(`${name}: an abort ends the speech with an error and without another piece, also when all of it may have been made`, async () => {
    await using under = await open();
    for (const listenedMs of [0, 100]) {
      const aborter = new AbortController();
      const pieces: Int16Array[] = [];
      const listening = (async () => {
        for await (const pcm of under.textToSpeech.synthesize({ ...HELLO, text: HELLO.text.repeat(20) }, { signal: aborter.signal })) {
          pieces.push(pcm);
          if (listenedMs > 0) await sleep(listenedMs);
          aborter.abort();
        }
      })();
      await expect(listening).rejects.toBeInstanceOf(Error);
      expect(pieces).toHaveLength(1);
    }
    await expect(collected(under.textToSpeech.synthesize(HELLO, { signal: AbortSignal.abort() }))).rejects.toBeInstanceOf(Error);
  });

  it(`${name}: a model that fails is an InferenceError of its role`, async () => {
    await using under = await open();
    await under.breakModel();
    const failure = await say(under.textToSpeech, HELLO).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(InferenceError);
    expect(failure).toMatchObject({ role: 'text_to_speech' });
  });
}
