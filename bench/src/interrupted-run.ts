/** One run of the installation that is killed in a step: started inside its machine, watched through its journal, ended without a warning. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseJournal } from '@centralita/provision/lifecycle/journal.ts';
import type { JournalEntry } from '@centralita/provision/lifecycle/journal.ts';
import { CHECKOUT, HOME } from './empty-debian.ts';
import type { EmptyDebian } from './empty-debian.ts';

/** Short beside the shortest step, so that most kills come before its end. */
const LOOK_MS = 3;
const RUN_LIMIT_MS = 900_000;

export type RunEnd = {
  /** Null: it ended by itself. */
  readonly killedIn: string | null;
  readonly exitCode: number | null;
  readonly output: string;
};

/** Journal of the installation in there. */
export async function readEntries(debian: EmptyDebian): Promise<readonly JournalEntry[]> {
  return parseJournal(await readFile(join(debian.dir, HOME, 'journal.jsonl'), 'utf8').catch(() => ''));
}

/** Where a run is: the step that its journal says it began, and the phase that a change of release is in. */
async function listMoments(debian: EmptyDebian, known: number): Promise<readonly string[]> {
  const state = await readFile(join(debian.dir, HOME, 'state.json'), 'utf8').catch(() => '{}');
  const phase = /"phase": "(\w+)"/.exec(state)?.[1];
  const begun = (await readEntries(debian)).slice(known).flatMap(({ state: at, step }) => (at === 'started' ? [step] : []));
  return [...begun, ...(phase === undefined ? [] : [`upgrade: ${phase}`])];
}

/** Runs `words` after provision.sh; kills it `delayMs(moment)` after it came to the first moment that `isWanted`. */
export async function runUntil(
  debian: EmptyDebian,
  {
    words,
    isWanted,
    delayMs,
  }: {
    readonly words: readonly string[];
    readonly isWanted: (moment: string) => boolean;
    readonly delayMs: (moment: string) => number;
  },
): Promise<RunEnd> {
  const known = (await readEntries(debian)).length;
  // The lock is this proof's own: with it in between there would be a process that outlives the killed one.
  const program = [`${CHECKOUT}/node_modules/.bin/node`, `${CHECKOUT}/provision/src/main.ts`, ...words];
  const argv = debian.enter(program, { CENTRALITA_LOCKED: 'proof' });
  const child = spawn(argv[0] ?? '', argv.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const closed = once(child, 'close').then(([code]) => ({ code: code as number | null }));
  const deadlineMs = Date.now() + RUN_LIMIT_MS;
  for (;;) {
    const ended = await Promise.race([closed, sleep(LOOK_MS).then(() => null)]);
    if (ended) return { killedIn: null, exitCode: ended.code, output };
    if (Date.now() > deadlineMs) throw new Error(`a run took longer than ${RUN_LIMIT_MS} ms:\n${output}`);
    const moment = (await listMoments(debian, known)).find(isWanted);
    if (moment === undefined) continue;
    const before = await Promise.race([closed, sleep(delayMs(moment)).then(() => null)]);
    if (before) return { killedIn: null, exitCode: before.code, output };
    await killInside(child.pid ?? 0);
    await closed;
    return { killedIn: moment, exitCode: null, output };
  }
}

/** nsenter waits for the program that it started; that one is killed, as a machine's out-of-memory killer would. */
async function killInside(nsenter: number): Promise<void> {
  const children = await readFile(`/proc/${nsenter}/task/${nsenter}/children`, 'utf8').catch(() => '');
  for (const pid of children.trim().split(' ').filter(Boolean)) process.kill(Number(pid), 'SIGKILL');
}
