import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { FRAME_HZ, FRAME_SAMPLES, framesOf } from '#audio/frame.ts';
import { resample } from '#audio/resample.ts';
import type { VoiceActivity, VoiceProbability } from '#ports/voice-activity.ts';
import { silentLog } from '#shared/log.ts';
import { bundledModelPath, openSilero } from './silero.ts';
import { MODEL_HZ } from './silero-memory.ts';
import { CONTEXT_SAMPLES, openSileroModel } from './silero-model.ts';
import { dtmfFive, energyLabels, overTelephone, recordedSpeech, whiteNoise } from './testing/speech.ts';

/** Hears all streams at the pace of the model: each frame goes to every stream, then the answers of all are awaited. */
async function hearAll(silero: VoiceActivity, sounds: readonly Int16Array[]): Promise<VoiceProbability[][]> {
  const heard: VoiceProbability[][] = sounds.map(() => []);
  const streams = sounds.map((_, i) => silero.openStream((voice) => heard[i]?.push(voice)));
  const frames = sounds.map((sound) => [...framesOf(sound)]);
  const longest = Math.max(...frames.map((list) => list.length));
  for (let at = 0; at < longest; at++) {
    for (const [i, stream] of streams.entries()) {
      const frame = frames[i]?.[at];
      if (frame) stream.push(frame, at * 20);
    }
    const complete = (i: number) => Math.floor((Math.min(at + 1, frames[i]?.length ?? 0) * FRAME_SAMPLES) / 512);
    while (heard.some((list, i) => list.length < complete(i))) await new Promise((resolve) => setImmediate(resolve));
    // An open stream that says nothing more would make each batch wait for it.
    for (const [i, stream] of streams.entries()) if (at + 1 >= (frames[i]?.length ?? 0)) stream.close();
  }
  return heard;
}

function recallPercent(heard: readonly VoiceProbability[], labels: readonly boolean[]): number {
  const speech = heard.filter((_, i) => labels[i]);
  return (100 * speech.filter((voice) => voice.probability >= 0.5).length) / speech.length;
}

const speech = recordedSpeech();
const seconds = (n: number) => Math.round(n * 16_000);

it('finds speech, also over a telephone line, and nothing in silence, noise or DTMF', async () => {
  await using silero = await openSilero({ log: silentLog });
  const sounds = [speech, overTelephone(speech), new Int16Array(seconds(3)), whiteNoise(seconds(3), -30), dtmfFive(seconds(3))];
  const [wide, narrow, ...nothing] = await hearAll(silero, sounds);
  const labels = energyLabels(speech);
  expect(recallPercent(wide ?? [], labels)).toBeGreaterThan(85);
  expect(recallPercent(narrow ?? [], labels)).toBeGreaterThan(85);
  for (const heard of nothing) expect(Math.max(...heard.map((voice) => voice.probability))).toBeLessThan(0.35);
});

it('tells each window with the arrival time of the frame that ended it, in order', async () => {
  await using silero = await openSilero({ log: silentLog });
  const [heard] = await hearAll(silero, [speech.subarray(0, seconds(1))]);
  const expected = Array.from({ length: 31 }, (_, window) => 20 * (Math.ceil(((window + 1) * 512) / FRAME_SAMPLES) - 1));
  expect(heard?.map((voice) => voice.atMs)).toEqual(expected);
});

it('hears the same in a batch as alone, and streams do not mix', async () => {
  await using silero = await openSilero({ log: silentLog });
  const sounds = [
    speech.subarray(0, seconds(2)),
    whiteNoise(seconds(2), -30),
    speech.subarray(seconds(2), seconds(4)),
    new Int16Array(seconds(2)),
  ];
  const together = await hearAll(silero, sounds);
  for (const [i, sound] of sounds.entries()) {
    const [alone] = await hearAll(silero, [sound]);
    expect(together[i]).toHaveLength(62);
    for (const [window, voice] of (alone ?? []).entries()) expect(together[i]?.[window]?.probability).toBeCloseTo(voice.probability, 4);
  }
});

it('starts a stream that reuses the place of a closed one from nothing', async () => {
  await using silero = await openSilero({ log: silentLog, maxStreams: 1 });
  const [first] = await hearAll(silero, [speech.subarray(0, seconds(2))]);
  const [second] = await hearAll(silero, [speech.subarray(0, seconds(2))]);
  expect(second).toEqual(first);
});

it('needs the context: without it the same windows lose speech in noise', async () => {
  const noise = whiteNoise(speech.length, -22);
  const noisy = resample(
    speech.map((sample, i) => sample + (noise[i] as number)),
    { fromHz: FRAME_HZ, toHz: MODEL_HZ },
  );
  const labels = energyLabels(speech);
  const withContext = await openSileroModel({ modelPath: bundledModelPath(), places: 1 });
  const without = await openSileroModel({ modelPath: bundledModelPath(), places: 1, contextSamples: 0 });
  const recall = async (model: typeof without) => {
    const heard: VoiceProbability[] = [];
    for (let window = 0; window < labels.length; window++) {
      const [probability = 0] = await model.run(noisy, [{ stream: 0, slot: window, fresh: window === 0 }]);
      heard.push({ probability, atMs: 0 });
    }
    return recallPercent(heard, labels);
  };
  expect(CONTEXT_SAMPLES).toBe(32);
  expect((await recall(withContext)) - (await recall(without))).toBeGreaterThan(30);
});

it('calls no listener after close and refuses more streams than its limit', async () => {
  await using silero = await openSilero({ log: silentLog, maxStreams: 1 });
  let calls = 0;
  const stream = silero.openStream(() => calls++);
  expect(() => silero.openStream(() => undefined)).toThrow(/limit of 1 streams/);
  stream.push(new Int16Array(1_024), 0);
  stream.close();
  stream.close();
  await hearAll(silero, [new Int16Array(3_200)]);
  expect(calls).toBe(0);
});

it('names a model file that is not there, and one that is no model', async () => {
  await expect(openSilero({ log: silentLog, modelPath: '/nowhere/vad.onnx' })).rejects.toThrow(/\/nowhere\/vad.onnx cannot be read/);
  await expect(openSilero({ log: silentLog, modelPath: import.meta.filename })).rejects.toThrow(/could not be loaded/);
});

it('names a model file that hears at 16 kHz only', async () => {
  // 215 bytes with the tensors of Silero whose answer is the mean of the samples whatever `sr` says, like the `*_16k_*` files of v6.
  const modelPath = fileURLToPath(new URL('./testing/rate-blind.onnx', import.meta.url));
  await expect(openSilero({ log: silentLog, modelPath })).rejects.toThrow(/rate-blind.onnx .* 16 kHz only; use silero_vad.onnx/);
});
