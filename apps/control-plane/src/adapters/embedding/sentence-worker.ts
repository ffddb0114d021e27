// The program of the embedding thread: a run of the model blocks its thread for milliseconds, which live calls do not have.
import { parentPort, workerData } from 'node:worker_threads';
import { env, pipeline } from '@huggingface/transformers';
import type { SentenceModelFolder } from './sentence-model-folder.ts';

/** What the thread says. Vectors lie one behind the other. */
export type SentenceAnswer =
  | { readonly kind: 'ready'; readonly dimensions: number }
  | { readonly kind: 'vectors'; readonly values: Float32Array }
  /** These texts could not be done; the next ones may. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };

const model = workerData as SentenceModelFolder;

function say(message: SentenceAnswer): void {
  parentPort?.postMessage(message);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function open() {
  // Nothing is fetched: the weights are the operator's.
  env.allowRemoteModels = false;
  // An absolute path is taken as it is: no name of a model looks like one.
  return pipeline('feature-extraction', model.path, {
    local_files_only: true,
    device: 'cpu',
    dtype: model.dtype,
    // One thread: the pools of the default spin between runs, and made a text of 0.4 ms take 4 ms on a busy machine.
    session_options: { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential', logSeverityLevel: 3 },
  });
}

try {
  const extract = await open();
  const vectorsOf = async (texts: string[]) => {
    const tensor = await extract(texts, { pooling: model.pooling, normalize: true });
    return { values: Float32Array.from(tensor.data as Float32Array), dimensions: tensor.dims.at(-1) ?? 0 };
  };
  const { dimensions } = await vectorsOf(['a']);
  parentPort?.on('message', (texts: string[]) => {
    vectorsOf(texts).then(
      ({ values }) => say({ kind: 'vectors', values }),
      (error: unknown) => say({ kind: 'refused', reason: reasonOf(error) }),
    );
  });
  say({ kind: 'ready', dimensions });
} catch (error) {
  say({ kind: 'failed', reason: reasonOf(error) });
}
