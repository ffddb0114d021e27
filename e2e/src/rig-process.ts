/** Starts one of the rig's processes with its output in a file, and stops it whatever state it is in. */
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** How a process is started. */
export type RigProcessOptions = {
  readonly name: string;
  readonly argv: readonly string[];
  /** Added to the rig's own PATH; nothing else of the environment is handed down. */
  readonly env?: Readonly<Record<string, string>>;
  readonly logFile: string;
};

/** A process of the rig. Disposing it ends it. */
export type RigProcess = AsyncDisposable & {
  readonly name: string;
  readonly pid: number;
  readonly isRunning: () => boolean;
  /** Sends `signal` and settles once the process is gone; SIGKILL follows after `graceMs`. */
  stop(signal: NodeJS.Signals, graceMs: number): Promise<void>;
  /** The end of its output, for an error message. */
  logTail(): Promise<string>;
};

/** Starts the process. It never outlives the rig: a group of its own is killed with it. */
export function startProcess(options: RigProcessOptions): RigProcess {
  const [command, ...rest] = options.argv;
  if (command === undefined) throw new Error(`${options.name}: argv is empty`);
  const log = createWriteStream(options.logFile, { flags: 'a' });
  const child = spawn(command, rest, {
    env: { PATH: process.env['PATH'] ?? '', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', (error) => {
      log.write(`${options.name}: ${error.message}\n`);
      resolve();
    });
  });
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null && child.pid !== undefined;
  const stop = async (signal: NodeJS.Signals, graceMs: number): Promise<void> => {
    if (!isRunning()) return;
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await gone;
    clearTimeout(timer);
  };
  return {
    name: options.name,
    pid: child.pid ?? -1,
    isRunning,
    stop,
    async logTail() {
      const text = await readFile(options.logFile, 'utf8').catch(() => '');
      return text.split('\n').slice(-40).join('\n');
    },
    [Symbol.asyncDispose]: async () => {
      await stop('SIGTERM', 5_000);
      log.end();
    },
  };
}

/** Asks `isReady` until it answers true. Throws with the process's last output when it ends or the time is over. */
export async function waitUntilReady(process: RigProcess, isReady: () => Promise<boolean>, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    if (await isReady().catch(() => false)) return;
    if (!process.isRunning()) throw new Error(`${process.name} ended while it was started:\n${await process.logTail()}`);
    if (Date.now() > deadline) throw new Error(`${process.name} was not ready within ${timeoutMs} ms:\n${await process.logTail()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
