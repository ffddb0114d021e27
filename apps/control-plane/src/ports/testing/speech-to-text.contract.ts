// What every speech-to-text engine must do.
import { expect, it } from 'vitest';
import { InferenceError } from '#ports/inference-error.ts';
import type { SpeechToText, Utterance } from '#ports/speech-to-text.ts';

/** An engine under test. */
export type SpeechToTextUnderTest = AsyncDisposable & {
  readonly speechToText: SpeechToText;
  /** An utterance that it understands, and a word of its text. */
  readonly spoken: { readonly utterance: Utterance; readonly word: string };
  /** From now on the model behind it fails. */
  breakModel(): void | Promise<void>;
};

/** Runs the contract against the engine that `open` opens. */
export function describeSpeechToText(name: string, open: () => Promise<SpeechToTextUnderTest>): void {
  const signal = new AbortController().signal;

  it(`${name}: understands, and says how sure it is`, async () => {
    await using engine = await open();
    const transcript = await engine.speechToText.transcribe(engine.spoken.utterance, { signal });
    expect(transcript.text.toLowerCase()).toContain(engine.spoken.word);
    for (const share of [transcript.confidence, transcript.noSpeechProbability]) {
      expect(share).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThanOrEqual(1);
    }
  });

  it(`${name}: an aborted request rejects, before and while it runs, and the next one is answered`, async () => {
    await using engine = await open();
    const { utterance } = engine.spoken;
    await expect(engine.speechToText.transcribe(utterance, { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(Error);
    const aborter = new AbortController();
    const running = engine.speechToText.transcribe(utterance, { signal: aborter.signal });
    aborter.abort();
    await expect(running).rejects.toBeInstanceOf(Error);
    expect((await engine.speechToText.transcribe(utterance, { signal })).text).not.toBe('');
  });

  it(`${name}: a model that fails is an InferenceError of its role`, async () => {
    await using engine = await open();
    await engine.breakModel();
    const failure = await engine.speechToText.transcribe(engine.spoken.utterance, { signal }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(InferenceError);
    expect(failure).toMatchObject({ role: 'speech_to_text' });
  });
}
