// The end of a child process, waited for.
import type { ChildProcess } from 'node:child_process';

/** Kills a process and waits until it is gone. One that is gone already is no error. */
export async function stopped(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.kill('SIGKILL');
  await closed;
}
