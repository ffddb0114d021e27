// Vectors by a sentence-transformers model from a folder of the operator's, in a thread of its own.
import { Worker } from 'node:worker_threads';
import type { TextEmbedding } from '#ports/text-embedding.ts';
import { invariant } from '#shared/invariant.ts';
import type { Log } from '#shared/log.ts';
import type { SentenceModelFolder } from './sentence-model-folder.ts';
import { readSentenceModelFolder } from './sentence-model-folder.ts';
import type { SentenceAnswer } from './sentence-worker.ts';

/** An open model. Disposing it ends its thread. */
export type SentenceEmbedding = TextEmbedding & AsyncDisposable;

/** Texts of one run: a question that comes meanwhile waits for so many, about 50 ms. */
const RUN_TEXTS = 4;
/** Runs that wait. A document is given 32 texts at a time, so that only a flood of questions gets here. */
const MAX_WAITING = 1_000;
/** Longer texts are cut by the model anyway, after some 500 tokens; the tokenizer need not see them. */
const MAX_CHARACTERS = 8_000;

type Run = PromiseWithResolvers<Float32Array> & { readonly texts: string[] };
type Thread = AsyncDisposable & { readonly dimensions: number; run(texts: string[]): Promise<Float32Array>; isAlive(): boolean };

/** Checks the folder, loads the model and tries it. Throws with what is missing or wrong. */
export async function openSentenceTransformers({ folder, log }: { folder: string; log: Log }): Promise<SentenceEmbedding> {
  const model = await readSentenceModelFolder(folder);
  let thread = openThread(model, log);
  const { dimensions } = await thread;
  const questions: Run[] = [];
  const passages: Run[] = [];
  let isRunning = false;

  async function next(): Promise<void> {
    if (isRunning) return;
    isRunning = true;
    for (let run = questions.shift() ?? passages.shift(); run; run = questions.shift() ?? passages.shift()) {
      try {
        let current = await thread;
        if (!current.isAlive()) current = await (thread = openThread(model, log));
        run.resolve(await current.run(run.texts));
      } catch (error) {
        run.reject(error);
      }
    }
    isRunning = false;
  }

  function submit(texts: string[], isQuestion: boolean): Promise<Float32Array> {
    if (questions.length + passages.length >= MAX_WAITING) throw new Error(`${MAX_WAITING} texts wait for a vector already`);
    const run: Run = { ...Promise.withResolvers<Float32Array>(), texts };
    (isQuestion ? questions : passages).push(run);
    void next();
    return run.promise;
  }

  return {
    kind: model.kind,
    dimensions,
    async embed(texts, { purpose, signal }) {
      const vectors: Float32Array[] = [];
      for (let from = 0; from < texts.length; from += RUN_TEXTS) {
        signal.throwIfAborted();
        const some = texts.slice(from, from + RUN_TEXTS).map((text) => model.prompts[purpose] + text.slice(0, MAX_CHARACTERS));
        const values = await submit(some, purpose === 'question');
        invariant(values.length === some.length * dimensions, `${some.length} texts got ${values.length} numbers`);
        for (let at = 0; at < some.length; at++) vectors.push(finite(values.slice(at * dimensions, (at + 1) * dimensions), model));
      }
      signal.throwIfAborted();
      return vectors;
    },
    [Symbol.asyncDispose]: async () => (await thread)[Symbol.asyncDispose](),
  };
}

function finite(vector: Float32Array, { kind }: SentenceModelFolder): Float32Array {
  if (!vector.every(Number.isFinite)) throw new Error(`the model ${kind} gave a vector with numbers that are none`);
  return vector;
}

async function openThread(model: SentenceModelFolder, log: Log): Promise<Thread> {
  // onnxruntime 1.30 otherwise sends usage to its maker; it reads the C environment, which this thread's `process.env` writes through to.
  // oxlint-disable-next-line no-restricted-properties -- written, not read: the library has no other switch
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  const worker = new Worker(new URL('./sentence-worker.ts', import.meta.url), { workerData: model, execArgv: [] });
  let waiting: PromiseWithResolvers<Float32Array> | null = null;
  let alive = true;
  const ready = Promise.withResolvers<number>();
  const end = (error: Error): void => {
    alive = false;
    ready.reject(error);
    waiting?.reject(error);
  };
  worker.on('message', (answer: SentenceAnswer) => {
    if (answer.kind === 'ready') ready.resolve(answer.dimensions);
    if (answer.kind === 'failed') end(new Error(`the model of ${model.path} could not be loaded: ${answer.reason}`));
    if (answer.kind === 'vectors') waiting?.resolve(answer.values);
    if (answer.kind === 'refused') waiting?.reject(new Error(`the model ${model.kind} gave no vectors: ${answer.reason}`));
  });
  worker.on('error', (error: Error) => {
    log.error({ error }, 'the embedding thread broke; the next text starts another');
    end(error);
  });
  worker.on('exit', (code) => end(new Error(`the embedding thread ended with code ${code}`)));
  try {
    const dimensions = await ready.promise;
    return {
      dimensions,
      isAlive: () => alive,
      run(texts) {
        waiting = Promise.withResolvers();
        worker.postMessage(texts);
        return waiting.promise;
      },
      [Symbol.asyncDispose]: async () => void (await worker.terminate()),
    };
  } catch (error) {
    await worker.terminate();
    throw error;
  }
}
