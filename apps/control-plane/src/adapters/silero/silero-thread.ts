// The life of the voice activity thread: start, one restart after a crash, end.
import { Worker } from 'node:worker_threads';
import type { Log } from '#shared/log.ts';
import type { SileroThreadMessage, SileroThreadStart } from './silero-memory.ts';

/** A crash is repaired once; a second one within this time means that a restart does not help. */
const RESTART_QUIET_MS = 60_000;

export type SileroThreadOptions = {
  readonly start: SileroThreadStart;
  readonly log: Log;
  /** The thread's program. */
  readonly url?: URL;
  /** The batch that was out has its probabilities in the shared memory. */
  readonly onAnswered: (count: number) => void;
  /** A new thread runs, with the state of every stream lost. */
  readonly onRestarted: () => void;
  /** The thread is gone for good. */
  readonly onFailed: (error: Error) => void;
};

/** The running thread. */
export type SileroThread = AsyncDisposable & {
  /** Sends the batch that lies in the shared memory. Ignored while a crashed thread is being replaced: `onRestarted` follows. */
  run(count: number): void;
};

/** Starts the thread and waits until its model is loaded. Throws when it cannot be. */
export async function openSileroThread(options: SileroThreadOptions): Promise<SileroThread> {
  let closed = false;
  let crashedAt = -RESTART_QUIET_MS;
  let worker: Worker | null = null;

  async function spawn(): Promise<void> {
    const spawned = await startWorker(options);
    if (closed) return void (await spawned.terminate());
    let reason: Error | null = null;
    spawned.on('error', (error: Error) => (reason = error));
    spawned.on('exit', (code) => {
      worker = null;
      if (!closed) void crashed(reason ?? new Error(`voice activity thread ended with code ${code}`));
    });
    worker = spawned;
  }

  async function crashed(cause: Error): Promise<void> {
    const again = performance.now() - crashedAt < RESTART_QUIET_MS;
    crashedAt = performance.now();
    options.log.error({ error: cause, restarting: !again }, 'voice activity thread broke');
    if (again) return options.onFailed(new Error('voice activity thread broke again within a minute of its restart', { cause }));
    try {
      await spawn();
      if (!closed) options.onRestarted();
    } catch (error) {
      options.onFailed(new Error('voice activity thread could not be restarted', { cause: error }));
    }
  }

  await spawn();
  return {
    run: (count) => worker?.postMessage(count),
    async [Symbol.asyncDispose]() {
      closed = true;
      await worker?.terminate();
    },
  };
}

async function startWorker(options: SileroThreadOptions): Promise<Worker> {
  // onnxruntime 1.30 otherwise writes a device id into the home folder and sends usage to its maker: nothing may leave the building.
  // It reads the C environment, which this thread's `process.env` writes through to; a worker's is a copy.
  // oxlint-disable-next-line no-restricted-properties -- written, not read: the library has no other switch
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  // No flags of the parent: a debugger's or a test runner's would break the start of the thread.
  const worker = new Worker(options.url ?? new URL('./silero-worker.ts', import.meta.url), { workerData: options.start, execArgv: [] });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  worker.on('message', (message: SileroThreadMessage) => {
    switch (message.kind) {
      case 'ready':
        return resolve();
      case 'failed':
        return reject(new Error(`voice activity model could not be loaded: ${message.reason}`));
      case 'answered':
        return options.onAnswered(message.count);
    }
  });
  worker.once('error', reject);
  worker.once('exit', (code) => reject(new Error(`voice activity thread ended with code ${code} before it was ready`)));
  try {
    await promise;
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  return worker;
}
