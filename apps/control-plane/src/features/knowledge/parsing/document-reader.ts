// Reads documents in processes of their own, with limits that the kernel keeps: a file that was made to break a reader breaks that process alone.
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Chunk } from './chunker.ts';
import type { DocumentFormat } from './document-format.ts';
import type { NetworkIsolation } from './network-isolation.ts';
import { findNetworkIsolation } from './network-isolation.ts';
import { parsingLimits } from './parsing-limits.ts';
import type { ReaderLine } from './reader-line.ts';
import { readerLineSchema } from './reader-line.ts';

export type ReadingOutcome =
  | { readonly kind: 'read'; readonly chunks: readonly Chunk[] }
  /** The reason is a sentence for whoever uploaded the document, without a full stop. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Its time ran out on a machine that had none to give: nothing is said of the document. */
  | { readonly kind: 'busy' };

export type DocumentToRead = { readonly format: DocumentFormat; readonly bytes: Uint8Array };

export type DocumentReader = {
  /** Whether reading processes are without a network; found out once, and false where this machine does not permit it. */
  isIsolated(): Promise<boolean>;
  /** Reads one document. Throws when the signal aborts, and when no process can be started. */
  read(document: DocumentToRead, options: { signal: AbortSignal }): Promise<ReadingOutcome>;
};

export type DocumentReaderOptions = {
  /** Default: `parsingLimits.timeMs`. */
  readonly timeMs?: number;
};

type Child = ChildProcessByStdio<Writable, Readable, Readable>;
/** How it ended, and what it said on standard error, which is V8's last words. */
type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

const READER = fileURLToPath(import.meta.resolve('./document-reader-cli.ts'));
/** Live calls and the API come first. */
const NICENESS = 10;
/** A process that got less of its time than this was kept waiting by others. */
const FAIR_SHARE = 0.4;
/** Linux counts a process's time in hundredths of a second. */
const MS_PER_TICK = 10;
const LIMITED = 'ulimit -t "$1" && ulimit -c 0 && ulimit -d "$2" || exit 125; shift 2; exec "$@"';
const NO_LIMITS = 125;

export function createDocumentReader({ timeMs = parsingLimits.timeMs }: DocumentReaderOptions = {}): DocumentReader {
  let found: Promise<NetworkIsolation> | null = null;
  const findIsolation = () => (found ??= findNetworkIsolation());
  return {
    isIsolated: async () => (await findIsolation()).length > 0,
    async read(document, { signal }) {
      const isolation = await findIsolation();
      signal.throwIfAborted();
      const child = startReader(document.format, isolation);
      const exited = exitOf(child);
      const { promise: stopped, reject } = Promise.withResolvers<never>();
      const expire = setTimeout(() => reject(new ReadingTimeout()), timeMs);
      const abort = () => reject(signal.reason as Error);
      signal.addEventListener('abort', abort);
      try {
        // What it does not read any more is no failure: how it ended says why.
        child.stdin.on('error', () => {}).end(document.bytes);
        return await Promise.race([collect(child, exited), stopped]);
      } catch (error) {
        if (!(error instanceof ReadingTimeout)) throw error;
        const hadTime = (await cpuMsOf(child.pid ?? 0)) >= timeMs * FAIR_SHARE;
        return hadTime ? refused(`it takes more than ${timeMs / 1_000} s to read`) : { kind: 'busy' };
      } finally {
        clearTimeout(expire);
        signal.removeEventListener('abort', abort);
        endGroup(child);
        await exited.catch(() => {});
      }
    },
  };
}

class ReadingTimeout extends Error {}

/** With no environment, no network where that is permitted, no right to write or start anything, and below the priority of everything else. */
function startReader(format: DocumentFormat, isolation: NetworkIsolation): Child {
  const node = [process.execPath, `--max-old-space-size=${parsingLimits.heapMiB}`, '--permission', '--allow-fs-read=*', '--no-warnings'];
  const limits = [String(parsingLimits.cpuSeconds), String(parsingLimits.dataMiB * 1_024)];
  const child = spawn('/bin/sh', ['-c', LIMITED, 'sh', ...limits, ...isolation, ...node, READER, format], {
    env: {},
    // A group of its own: what it may have started ends with it.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) lowerPriority(child.pid);
  return child;
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, NICENESS);
  } catch {
    // It has ended already; how is said by its exit.
  }
}

/** CPU that a process has used; 0 when it has ended. */
async function cpuMsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  // The second field is the program's name in parentheses; user and system time are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * MS_PER_TICK;
}

function exitOf(child: Child): Promise<Exit> {
  const { promise, resolve, reject } = Promise.withResolvers<Exit>();
  child.on('error', (cause) => reject(new Error('no process could be started to read a document', { cause })));
  child.on('close', (code, signal) => resolve({ code, signal }));
  child.stderr.resume();
  return promise;
}

async function collect(child: Child, exited: Promise<Exit>): Promise<ReadingOutcome> {
  const chunks: Chunk[] = [];
  let outcome: ReadingOutcome | null = null;
  for await (const text of createInterface({ input: child.stdout, crlfDelay: Infinity })) {
    const line = readerLineSchema.parse(JSON.parse(text) as unknown) satisfies ReaderLine;
    if (line.kind === 'chunks') chunks.push(...line.chunks);
    else outcome = line.kind === 'done' ? { kind: 'read', chunks } : { kind: 'refused', reason: line.reason };
    if (chunks.length > parsingLimits.chunks) throw new Error(`a reading process wrote more than ${parsingLimits.chunks} chunks`);
  }
  const exit = await exited;
  return outcome ?? broken(exit);
}

/** V8 aborts itself when the heap is full, the kernel kills for the rest. */
function broken({ code, signal }: Exit): ReadingOutcome {
  if (code === NO_LIMITS) throw new Error('the shell cannot limit the memory of a process (ulimit -t -c -d)');
  if (signal === 'SIGXCPU') return refused(`it takes more than ${parsingLimits.cpuSeconds} s of CPU to read`);
  if (signal === 'SIGABRT' || signal === 'SIGTRAP' || signal === 'SIGKILL' || signal === 'SIGILL' || (code !== null && code > 128)) {
    return refused(`it needs more than ${parsingLimits.heapMiB} MiB of memory to read`);
  }
  return refused('the program that reads it fails on it');
}

function endGroup({ pid }: Child): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has ended.
  }
}

function refused(reason: string): ReadingOutcome {
  return { kind: 'refused', reason };
}
