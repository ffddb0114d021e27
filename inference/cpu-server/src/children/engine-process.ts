// One run of an engine in its own process. Not a thread: weights that do not load make sherpa-onnx abort the process it is in.
import { fork } from 'node:child_process';
import { RequestRefused } from '#server/role-model.ts';
import { stopped } from './child-end.ts';
import type { EngineCommand, EngineFailure, EngineMessage } from './engine-port.ts';
import { createPartQueue, type PartQueue } from './part-queue.ts';
import type { Mortal } from './restarting.ts';

/** Which program to start, and what it is told first. Settings must be clonable. */
export interface EngineProgram {
  readonly module: URL;
  readonly settings: unknown;
}

/** A process that answers. */
export interface EngineProcess<Request, Part> extends Mortal {
  /**
   * The parts of one answer as they are made. Leaving the loop or aborting takes the question back.
   * @throws RequestRefused for what the caller can change, the signal's reason on abort, an error with the engine's words otherwise.
   */
  ask(request: Request, signal: AbortSignal): AsyncGenerator<Part, void, undefined>;
}

/** Large models take this long from a cold disk. */
const START_MS = 120_000;

/** Resolves when the engine has loaded what it needs. @throws with the engine's own words when it cannot. */
export async function startEngineProcess<Request, Part>({ module, settings }: EngineProgram): Promise<EngineProcess<Request, Part>> {
  const child = fork(module, { serialization: 'advanced', stdio: ['ignore', 'inherit', 'pipe', 'ipc'], execArgv: [] });
  const questions = new Map<number, PartQueue<Part>>();
  const ready = Promise.withResolvers<void>();
  const died = Promise.withResolvers<string>();
  let death: string | null = null;
  let complaint = '';
  const die = (reason: string) => {
    death ??= complaint.trim() === '' ? reason : `${reason}: ${complaint.trim()}`;
    died.resolve(death);
    ready.reject(new Error(death));
    for (const question of questions.values()) question.fail(new Error(death));
  };
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(-500)));
  child.on('message', (message: EngineMessage) => {
    if (message.kind === 'ready') ready.resolve();
    else if (message.kind === 'not_ready') die(message.reason);
    else if (message.kind === 'part') questions.get(message.id)?.push(message.part as Part);
    else if (message.failure === null) questions.get(message.id)?.end();
    else questions.get(message.id)?.fail(failureOf(message.failure));
  });
  child.on('error', (cause) => die(cause.message));
  child.on('close', (code, signal) => die(`its process ended with ${String(code ?? signal)}`));
  const send = (command: EngineCommand) => child.send(command, (cause) => (cause === null ? undefined : die(cause.message)));

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
    died: died.promise,
    ask: asking({ questions, send, deathOf: () => death }),
    [Symbol.asyncDispose]: () => stopped(child),
  };
}

interface Line<Part> {
  readonly questions: Map<number, PartQueue<Part>>;
  readonly send: (command: EngineCommand) => void;
  readonly deathOf: () => string | null;
}

function asking<Request, Part>({ questions, send, deathOf }: Line<Part>): EngineProcess<Request, Part>['ask'] {
  let lastId = 0;
  return async function* (request, signal) {
    signal.throwIfAborted();
    const death = deathOf();
    if (death !== null) throw new Error(death);
    const id = (lastId += 1);
    const parts = createPartQueue<Part>();
    const leave = () => parts.fail(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
    questions.set(id, parts);
    try {
      send({ kind: 'question', id, request });
      yield* parts.read();
    } finally {
      signal.removeEventListener('abort', leave);
      questions.delete(id);
      if (deathOf() === null && (signal.aborted || !parts.isEnded)) send({ kind: 'cancel', id });
    }
  };
}

function failureOf({ blame, reason }: EngineFailure): Error {
  return blame === 'caller' ? new RequestRefused('invalid_argument', reason) : new Error(reason);
}
