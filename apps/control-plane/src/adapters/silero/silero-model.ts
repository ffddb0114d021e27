// The network itself: Silero v5 or v6 at 8 kHz, many streams in one run. Runs in the voice activity thread only.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { BATCH_MAX, MODEL_HZ, WINDOW_SAMPLES } from './silero-memory.ts';

/** The model hears the last 32 samples again before each window. Without them recall falls from 94 % to 38 % on clean speech and from 91 % to 1 % at 0 dB noise. */
export const CONTEXT_SAMPLES = 32;
const STATE_SIZE = 128;
/** The model takes samples from -1 to 1. */
const PCM_SCALE = 1 / 32_768;

/** One window of one stream within a batch. */
export type SileroEntry = { readonly stream: number; readonly slot: number; readonly fresh: boolean };

/** A loaded model with the memory of all its streams. */
export type SileroModel = {
  /** Probabilities of the entries, in order. A slot counts windows in `windows`. Each stream may appear once; `fresh` starts its memory at zero. */
  run(windows: Int16Array, entries: readonly SileroEntry[]): Promise<Float32Array>;
};

/** Loads the model; `contextSamples` is for the test that shows why they are needed. Throws when the file cannot be read or is not a Silero v5 or v6 with 8 kHz. */
export async function openSileroModel(options: { modelPath: string; places: number; contextSamples?: number }): Promise<SileroModel> {
  // One thread: the pools of the default spin between runs and made a 0.4 ms run take 4 ms on a busy machine.
  const session = await InferenceSession.create(options.modelPath, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
  });
  await checkModel(session, options.modelPath);
  const contextSamples = options.contextSamples ?? CONTEXT_SAMPLES;
  const inputSamples = contextSamples + WINDOW_SAMPLES;
  const contexts = new Float32Array(options.places * contextSamples);
  const states = new Float32Array(2 * options.places * STATE_SIZE);
  const input = new Float32Array(BATCH_MAX * inputSamples);
  const state = new Float32Array(2 * BATCH_MAX * STATE_SIZE);
  const rate = new Tensor('int64', BigInt64Array.of(BigInt(MODEL_HZ)), []);
  /** The model keeps its two layers apart: first layer of all streams, then the second. */
  const stateAt = (layer: number, stream: number) => (layer * options.places + stream) * STATE_SIZE;

  function gather(windows: Int16Array, entry: SileroEntry, place: { row: number; count: number }): void {
    const { stream, slot, fresh } = entry;
    const contextAt = stream * contextSamples;
    if (fresh) contexts.fill(0, contextAt, contextAt + contextSamples);
    const at = place.row * inputSamples;
    input.set(contexts.subarray(contextAt, contextAt + contextSamples), at);
    for (let i = 0, from = slot * WINDOW_SAMPLES, to = at + contextSamples; i < WINDOW_SAMPLES; i++) {
      input[to + i] = (windows[from + i] as number) * PCM_SCALE;
    }
    contexts.set(input.subarray(at + WINDOW_SAMPLES, at + inputSamples), contextAt);
    for (let layer = 0; layer < 2; layer++) {
      const from = stateAt(layer, stream);
      if (fresh) states.fill(0, from, from + STATE_SIZE);
      state.set(states.subarray(from, from + STATE_SIZE), (layer * place.count + place.row) * STATE_SIZE);
    }
  }

  function scatter(after: Float32Array, entries: readonly SileroEntry[]): void {
    for (const [row, { stream }] of entries.entries()) {
      for (let layer = 0; layer < 2; layer++) {
        const from = (layer * entries.length + row) * STATE_SIZE;
        states.set(after.subarray(from, from + STATE_SIZE), stateAt(layer, stream));
      }
    }
  }

  return {
    async run(windows, entries) {
      const count = entries.length;
      for (const [row, entry] of entries.entries()) gather(windows, entry, { row, count });
      const result = await session.run({
        input: new Tensor('float32', input.subarray(0, count * inputSamples), [count, inputSamples]),
        state: new Tensor('float32', state.subarray(0, 2 * count * STATE_SIZE), [2, count, STATE_SIZE]),
        sr: rate,
      });
      scatter(result['stateN']?.data as Float32Array, entries);
      return result['output']?.data as Float32Array;
    },
  };
}

const OTHER_FILE = 'use silero_vad.onnx of v5 or v6, or leave the model out';

/**
 * Throws unless the model is a Silero with an 8 kHz branch. The `*_16k_*` files of v6 take `sr` and ignore it, and would answer nonsense without
 * an error: the same sound must come out differently at 8 and at 16 kHz.
 */
async function checkModel(session: InferenceSession, modelPath: string): Promise<void> {
  for (const name of ['input', 'state', 'sr']) {
    if (!session.inputNames.includes(name))
      throw new Error(`${modelPath} has no input "${name}": it is no Silero v5 or v6, or one of 16 kHz only; ${OTHER_FILE}`);
  }
  const samples = CONTEXT_SAMPLES + WINDOW_SAMPLES;
  const tone = new Tensor(
    'float32',
    Float32Array.from({ length: samples }, (_, i) => 0.3 * Math.sin(0.4 * i)),
    [1, samples],
  );
  const state = new Tensor('float32', new Float32Array(2 * STATE_SIZE), [2, 1, STATE_SIZE]);
  const probabilityAt = async (hz: number): Promise<unknown> => {
    const sr = new Tensor('int64', BigInt64Array.of(BigInt(hz)), []);
    return (await session.run({ input: tone, state, sr }))['output']?.data[0];
  };
  if ((await probabilityAt(MODEL_HZ)) === (await probabilityAt(2 * MODEL_HZ)))
    throw new Error(`${modelPath} hears the same at 8 and at 16 kHz: it is a Silero of 16 kHz only; ${OTHER_FILE}`);
}
