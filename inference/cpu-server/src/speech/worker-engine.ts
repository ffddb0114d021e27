// A speech engine in its own thread: starts it, asks it, and ends it. A thread that dies fails its questions, not the server.
import { Worker } from 'node:worker_threads';
import type { SpeechEngine, TranscriptionOutcome } from './transcription.ts';
import type { WorkerMessage } from './worker-port.ts';

/** Which thread to start, and what to call it. */
export interface WorkerEngineOptions {
  readonly name: SpeechEngine['name'];
  readonly note: string;
  readonly module: URL;
  /** Must be clonable; the worker module reads it with `workerSettings`. */
  readonly settings: unknown;
}

/** Resolves when the thread has loaded what it needs. @throws when it cannot, with the thread's own reason as cause. */
export async function openWorkerEngine({ name, note, module, settings }: WorkerEngineOptions): Promise<SpeechEngine> {
  const worker = new Worker(module, { workerData: settings, env: {} });
  const open = new Map<number, (outcome: TranscriptionOutcome) => void>();
  const ready = Promise.withResolvers<void>();
  let lastId = 0;
  let death: string | null = null;
  const die = (reason: string, cause?: unknown) => {
    death ??= reason;
    ready.reject(new Error(`the ${name} engine did not start: ${death}`, { cause }));
    for (const answer of open.values()) answer({ kind: 'failed', reason: death });
    open.clear();
  };
  worker.on('message', (message: WorkerMessage) => {
    if (message.kind === 'ready') return ready.resolve();
    open.get(message.id)?.(message.outcome);
    open.delete(message.id);
  });
  worker.on('error', (cause) => die(cause instanceof Error ? cause.message : String(cause), cause));
  worker.on('exit', (code) => die(`its thread ended with code ${code}`));
  await ready.promise;

  return {
    name,
    note,
    transcribe: (request, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error);
        if (death !== null) return resolve({ kind: 'failed', reason: death });
        const id = (lastId += 1);
        const leave = () => {
          open.delete(id);
          reject(signal.reason as Error);
        };
        signal.addEventListener('abort', leave, { once: true });
        open.set(id, (outcome) => {
          signal.removeEventListener('abort', leave);
          resolve(outcome);
        });
        worker.postMessage({ id, request });
      }),
    [Symbol.asyncDispose]: async () => {
      await worker.terminate();
    },
  };
}
