/**
 * One run at a time brings a model: two that added to one half-downloaded file would each hash what it received, find it right, and put a file in place that is
 * neither's. The lock names its holder, so that one that a killed run left is nobody's.
 */
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from './model-failure.ts';
import { modelsFolder } from './models-folder.ts';

const TRIES = 3;

/** Holds the model until disposed. Throws `ModelError` naming the process that has it. */
export async function openModelLock(home: string, name: string): Promise<AsyncDisposable> {
  const folder = modelsFolder(home);
  const path = join(folder, `.${name}.lock`);
  const own = `${path}.${process.pid}`;
  await mkdir(folder, { recursive: true });
  await writeFile(own, `${process.pid} ${(await startOf(process.pid)) ?? ''}`);
  try {
    for (let tried = 1; ; tried++) {
      // A link is there with its whole text or not at all.
      if (await isLinked(own, path)) return { [Symbol.asyncDispose]: async () => await rm(path, { force: true }) };
      const holder = await findHolder(path);
      if (holder !== null || tried === TRIES)
        throw new ModelError('obstacle', `another run is bringing ${name}${holder === null ? '' : ` (process ${holder})`}`, {
          fix: 'wait for it, or end it and run this again: it goes on where that one was',
        });
      await rm(path, { force: true });
    }
  } finally {
    await rm(own, { force: true });
  }
}

async function isLinked(from: string, to: string): Promise<boolean> {
  return await link(from, to).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      throw error;
    },
  );
}

/** Number of the process that holds the lock; null when it is gone, whoever has its number now. */
async function findHolder(path: string): Promise<number | null> {
  const [id, startedAt] = (await readFile(path, 'utf8').catch(() => '')).split(' ');
  const holder = Number(id);
  return Number.isInteger(holder) && holder > 0 && (await startOf(holder)) === startedAt ? holder : null;
}

/** When a process was started, in the kernel's ticks: field 22 of its `stat`, whose second field may hold anything in its parentheses. */
async function startOf(id: number): Promise<string | null> {
  const stat = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => null);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}
