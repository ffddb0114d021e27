/** The scripted models in a process of their own: started, told what to do wrong, killed, frozen and started again on the same port. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { InferenceRole } from '@centralita/control-plane/sandbox/inference-request.ts';
import type { Misbehaviour, Script } from './fault-models.ts';

/** Disposing ends the process. */
export type FaultModels = AsyncDisposable & {
  readonly url: string;
  /** The role misbehaves for its next `times` requests; for good without. */
  misbehave(role: InferenceRole, misbehaviour: Misbehaviour, times?: number): Promise<void>;
  /** From now on all of them answer as they should. */
  behave(): Promise<void>;
  kill(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** Starts it when it does not run. */
  start(): Promise<void>;
};

/** More requests than any trial makes. */
const ALWAYS = 1_000_000;

export async function openFaultModels(port: number): Promise<FaultModels> {
  let child: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    if (child !== null) return;
    child = fork(join(import.meta.dirname, 'fault-models-cli.ts'), ['--port', String(port)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const [message] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [{ kind?: string } | number];
    if (typeof message !== 'object' || message.kind !== 'open')
      throw new Error(`the scripted models did not start: ${JSON.stringify(message)}`);
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ending = child;
    child = null;
    if (ending === null || ending.exitCode !== null) return;
    const ended = once(ending, 'exit');
    ending.kill(signal);
    await ended;
  };
  const tell = async (message: Script | 'clear'): Promise<void> => {
    if (child === null) throw new Error('the scripted models do not run');
    const done = once(child, 'message');
    child.send(message);
    await done;
  };
  await start();
  return {
    url: `127.0.0.1:${port}`,
    misbehave: (role, misbehaviour, times = ALWAYS) => tell({ role, misbehaviour, times }),
    behave: () => tell('clear'),
    kill: () => end('SIGKILL'),
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    start,
    // SIGKILL: it may be frozen.
    [Symbol.asyncDispose]: () => end('SIGKILL'),
  };
}
