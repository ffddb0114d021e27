/** Kills a process together with its children, none of which gets a moment to notice that the others are gone. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** The kernel takes a killed process away within milliseconds, one that waits for its disk within seconds. */
const GONE_TIMEOUT_MS = 30_000;
const POLL_MS = 10;

/**
 * SIGKILL of the process and its children. It is halted first, so that it starts no child between the look at its children and the end; a signal to
 * its group would miss those of PostgreSQL, each of which leads a group of its own. Settles when the children are gone.
 */
export async function killFamily(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const children = text.trim().split(' ').filter(Boolean).map(Number);
  process.kill(pid, 'SIGKILL');
  for (const child of children) killIfThere(child);
  const deadline = Date.now() + GONE_TIMEOUT_MS;
  for (const child of children) {
    while (await isAlive(child)) {
      if (Date.now() > deadline) throw new Error(`process ${child} is there ${GONE_TIMEOUT_MS} ms after it was killed`);
      await delay(POLL_MS);
    }
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A zombie is dead: only its exit status waits, for a parent that may never ask. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return stat !== null && !/\) [ZX] /.test(stat);
}
