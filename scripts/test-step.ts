/** Runs one step of the tests as a child process, its output streamed to this terminal. */
import { spawn } from 'node:child_process';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tallyCheck, tallyVitest } from './test-tally.ts';
import type { Tally } from './test-tally.ts';

/** To this terminal, or into a file as it comes. */
export type Output = 'inherit' | number;

/** The lowest of priorities: what runs so takes what others leave. */
export const BACKGROUND_NICENESS = 19;

/** Runs a program to its end and gives its exit status; one killed by a signal counts as 1. */
export async function runProgram(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  output: Output = 'inherit',
): Promise<number> {
  const [program, ...args] = argv;
  if (program === undefined) throw new Error('runProgram: argv is empty');
  return await new Promise<number>((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['inherit', output, output], env: { ...process.env, ...env } });
    child.once('error', (cause) => reject(new Error(`could not start ${program}`, { cause })));
    child.once('close', (code) => resolve(code ?? 1));
  });
}

/** A check that passes or fails as a whole. */
export async function runCheck(argv: readonly string[]): Promise<Tally> {
  return tallyCheck(await runProgram(argv));
}

/** One vitest project at the lowest priority, beside a step that mostly waits; what it prints comes at its end, in one piece. */
export async function runTestsBeside(project: string, env: Readonly<Record<string, string>>): Promise<{ tally: Tally; text: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'centralita-tests-'));
  try {
    const path = join(folder, 'output.txt');
    await using file = await open(path, 'w');
    const tally = await runTests(project, env, { words: ['nice', '-n', String(BACKGROUND_NICENESS)], output: file.fd });
    return { tally, text: await readFile(path, 'utf8') };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One vitest project. `words` go before the command. */
export async function runTests(
  project: string,
  env: Readonly<Record<string, string>> = {},
  { words = [], output = 'inherit' }: { readonly words?: readonly string[]; readonly output?: Output } = {},
): Promise<Tally> {
  const folder = await mkdtemp(join(tmpdir(), 'centralita-tests-'));
  try {
    const file = join(folder, 'report.json');
    const argv = [...words, 'vitest', 'run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const exitCode = await runProgram(argv, env, output);
    const text = await readFile(file, 'utf8').catch(() => 'null');
    return tallyVitest(JSON.parse(text), exitCode);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
