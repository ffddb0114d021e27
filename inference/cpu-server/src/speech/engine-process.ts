// One run of an engine in its own process. Not a thread: weights that do not load make sherpa-onnx abort the process it is in.
import { fork, type ChildProcess } from 'node:child_process';
import type { EngineCommand, EngineMessage } from './engine-port.ts';
import type { TranscriptionOutcome, TranscriptionRequest } from './transcription.ts';

/** Which program to start, and what it is told first. Settings must be clonable. */
export interface EngineProgram {
  readonly module: URL;
  readonly settings: unknown;
}

/** A process that answers; `death` is why it no longer does. */
export interface EngineProcess extends AsyncDisposable {
  readonly death: string | null;
  /** @throws the signal's reason on abort; the process finishes the work all the same. */
  ask(request: TranscriptionRequest, signal: AbortSignal): Promise<TranscriptionOutcome>;
}

/** Large models take this long from a cold disk. */
const START_MS = 120_000;

/** Resolves when the engine has loaded what it needs. @throws with the engine's own words when it cannot. */
export async function startEngineProcess({ module, settings }: EngineProgram): Promise<EngineProcess> {
  const child = fork(module, { serialization: 'advanced', stdio: ['ignore', 'inherit', 'pipe', 'ipc'], execArgv: [] });
  const questions = new Map<number, (outcome: TranscriptionOutcome) => void>();
  const ready = Promise.withResolvers<void>();
  let lastId = 0;
  let death: string | null = null;
  let complaint = '';
  const die = (reason: string) => {
    death ??= complaint.trim() === '' ? reason : `${reason}: ${complaint.trim()}`;
    ready.reject(new Error(death));
    for (const answer of questions.values()) answer({ kind: 'failed', reason: death });
    questions.clear();
  };
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(-500)));
  child.on('message', (message: EngineMessage) => {
    if (message.kind === 'ready') return ready.resolve();
    if (message.kind === 'not_ready') return die(message.reason);
    questions.get(message.id)?.(message.outcome);
    questions.delete(message.id);
  });
  child.on('error', (cause) => die(cause.message));
  child.on('close', (code, signal) => die(`its process ended with ${String(code ?? signal)}`));
  const send = (command: EngineCommand<unknown>) => child.send(command, (cause) => (cause === null ? undefined : die(cause.message)));

  const timer = setTimeout(() => die(`not ready after ${START_MS / 1000} s`), START_MS);
  try {
    send({ kind: 'start', settings });
    await ready.promise;
  } catch (cause) {
    child.kill('SIGKILL');
    throw cause;
  } finally {
    clearTimeout(timer);
  }

  return {
    get death() {
      return death;
    },
    ask: (request, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error);
        if (death !== null) return resolve({ kind: 'failed', reason: death });
        const id = (lastId += 1);
        const leave = () => {
          questions.delete(id);
          reject(signal.reason as Error);
        };
        signal.addEventListener('abort', leave, { once: true });
        questions.set(id, (outcome) => {
          signal.removeEventListener('abort', leave);
          resolve(outcome);
        });
        send({ kind: 'question', id, request });
      }),
    [Symbol.asyncDispose]: () => stopped(child),
  };
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.kill('SIGKILL');
  await closed;
}
