// What every voice activity must do.
import { expect, it } from 'vitest';
import { framesOf } from '#audio/frame.ts';
import type { VoiceActivity, VoiceProbability } from '#ports/voice-activity.ts';

/** A voice activity under test. */
export type VoiceActivityUnderTest = AsyncDisposable & {
  readonly voiceActivity: VoiceActivity;
  /** A second or more of speech, 16 kHz. */
  readonly speech: Int16Array;
  /** Settles when everything pushed has been answered. */
  settled(): Promise<void>;
};

const WINDOW_SAMPLES = 512;

/** Runs the contract against the voice activity that `open` opens. */
export function describeVoiceActivity(name: string, open: () => Promise<VoiceActivityUnderTest>): void {
  /** Hears all sounds at once, frame by frame, with arrival times 20 ms apart. */
  async function hear(under: VoiceActivityUnderTest, sounds: readonly Int16Array[]): Promise<VoiceProbability[][]> {
    const heard: VoiceProbability[][] = sounds.map(() => []);
    const streams = sounds.map((_, i) => under.voiceActivity.openStream((voice) => heard[i]?.push(voice)));
    const lists = sounds.map((sound) => [...framesOf(sound)]);
    for (let at = 0; at < Math.max(...lists.map((list) => list.length)); at++) {
      for (const [i, stream] of streams.entries()) {
        const frame = lists[i]?.[at];
        if (frame !== undefined) stream.push(frame, (at + 1) * 20);
      }
      await under.settled();
    }
    for (const stream of streams) stream.close();
    return heard;
  }

  it(`${name}: tells speech from silence, one answer per window, in order`, async () => {
    await using under = await open();
    const [spoken = [], silent = []] = await hear(under, [under.speech, new Int16Array(under.speech.length)]);
    const whole = under.speech.length - (under.speech.length % 320);
    expect(spoken).toHaveLength(Math.floor(whole / WINDOW_SAMPLES));
    expect(spoken.filter((voice) => voice.probability >= 0.5).length).toBeGreaterThan(spoken.length / 3);
    expect(silent.every((voice) => voice.probability < 0.35)).toBe(true);
    for (const { probability } of [...spoken, ...silent]) {
      expect(probability).toBeGreaterThanOrEqual(0);
      expect(probability).toBeLessThanOrEqual(1);
    }
    const times = spoken.map((voice) => voice.atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it(`${name}: copies what it is given, and never answers inside push`, async () => {
    await using under = await open();
    let isPushing = false;
    const heard: number[] = [];
    const stream = under.voiceActivity.openStream(({ probability }) => {
      expect(isPushing).toBe(false);
      heard.push(probability);
    });
    const frame = new Int16Array(320);
    for (const part of framesOf(under.speech.subarray(0, 16_000))) {
      frame.set(part);
      isPushing = true;
      stream.push(frame, 0);
      isPushing = false;
      frame.fill(0);
      await under.settled();
    }
    stream.close();
    expect(Math.max(...heard)).toBeGreaterThanOrEqual(0.5);
  });

  it(`${name}: a closed stream is silent, and closing twice is harmless`, async () => {
    await using under = await open();
    let answers = 0;
    const stream = under.voiceActivity.openStream(() => (answers += 1));
    for (let i = 0; i < 4; i++) stream.push(new Int16Array(320), i * 20);
    stream.close();
    stream.close();
    stream.push(new Int16Array(320), 100);
    await under.settled();
    expect(answers).toBe(0);
  });
}
