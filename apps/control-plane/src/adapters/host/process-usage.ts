// What a process of this machine takes of it, with its children, from /proc. Any process may be read by anybody; a container sees its own alone.
import { readFile } from 'node:fs/promises';
import type { ProcessReading } from '#ports/resource-probe.ts';

/** Clock ticks in a second: a constant of Linux on every machine that we run on (sysconf(_SC_CLK_TCK)). */
const TICKS_PER_SECOND = 100;
const BYTES_PER_PAGE = 4_096;
/** A database server has one for each connection, of which there are 100. */
const MAX_CHILDREN = 500;

type Stat = { readonly name: string; readonly parent: number; readonly ticks: number; readonly endedChildrenTicks: number };

/** A process whose name is `name` and its living children; null when there is none of that name under that number. */
export async function readProcessTree(pid: number, name: string): Promise<ProcessReading | null> {
  const root = await readStat(pid);
  if (root?.name !== name) return null;
  const children = await readChildren(pid);
  const [own, ...others] = await Promise.all([pid, ...children].map(readMemory));
  const stats = await Promise.all(children.map(readStat));
  const ticks = stats.reduce((sum, child) => sum + (child?.ticks ?? 0), root.ticks + root.endedChildrenTicks);
  // Children share their parent's memory: what each adds is not told apart, so each counts with what is its own alone.
  const memoryBytes = (own?.residentBytes ?? 0) + others.reduce((sum, child) => sum + (child?.ownBytes ?? 0), 0);
  return { cpuSeconds: ticks / TICKS_PER_SECOND, memoryBytes };
}

/** The parent of a process; null when there is no such process. */
export async function readParent(pid: number): Promise<number | null> {
  return (await readStat(pid))?.parent ?? null;
}

async function readStat(pid: number): Promise<Stat | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (text === null) return null;
  // The name, in parentheses, may hold spaces and parentheses: what follows the last of them is fields 3 and on.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const at = (field: number): number => Number(fields[field - 3]);
  return {
    name: text.slice(text.indexOf('(') + 1, text.lastIndexOf(')')),
    parent: at(4),
    ticks: at(14) + at(15),
    endedChildrenTicks: at(16) + at(17),
  };
}

async function readMemory(pid: number): Promise<{ readonly residentBytes: number; readonly ownBytes: number } | null> {
  const text = await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => null);
  if (text === null) return null;
  const [, resident = 0, shared = 0] = text.split(' ').map(Number);
  return { residentBytes: resident * BYTES_PER_PAGE, ownBytes: Math.max(0, resident - shared) * BYTES_PER_PAGE };
}

async function readChildren(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text
    .split(' ')
    .filter((child) => child !== '')
    .slice(0, MAX_CHILDREN)
    .map(Number);
}
