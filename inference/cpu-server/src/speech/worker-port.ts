// A worker thread's end of the conversation with the speech engine that started it.
import { parentPort, workerData } from 'node:worker_threads';
import type { TranscriptionOutcome, TranscriptionRequest } from './transcription.ts';

/** One question to the thread. */
export interface WorkerQuestion {
  readonly id: number;
  readonly request: TranscriptionRequest;
}

/** What the thread says: once that it is ready, then one answer per question. */
export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answer'; readonly id: number; readonly outcome: TranscriptionOutcome };

/** What the thread was started with; the engine that starts it passes exactly this type. */
export function workerSettings<Settings>(): Settings {
  return workerData as Settings;
}

/** Answers questions until the thread is ended. */
export function serveTranscriptions(transcribe: (request: TranscriptionRequest) => Promise<TranscriptionOutcome>): void {
  const port = parentPort;
  if (port === null) throw new Error('this module runs in a worker thread only');
  const say = (message: WorkerMessage) => port.postMessage(message);
  port.on('message', ({ id, request }: WorkerQuestion) => {
    transcribe(request).then(
      (outcome) => say({ kind: 'answer', id, outcome }),
      (cause: unknown) =>
        say({ kind: 'answer', id, outcome: { kind: 'failed', reason: cause instanceof Error ? cause.message : String(cause) } }),
    );
  });
  say({ kind: 'ready' });
}
