/** Runs one step of the tests as a child process, its output streamed to this terminal. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tallyCheck, tallyVitest } from './test-tally.ts';
import type { Tally } from './test-tally.ts';

/** Runs a program to its end and gives its exit status; one killed by a signal counts as 1. */
export async function runProgram(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number> {
  const [program, ...args] = argv;
  if (program === undefined) throw new Error('runProgram: argv is empty');
  return await new Promise<number>((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...env } });
    child.once('error', (cause) => reject(new Error(`could not start ${program}`, { cause })));
    child.once('close', (code) => resolve(code ?? 1));
  });
}

/** A check that passes or fails as a whole. */
export async function runCheck(argv: readonly string[]): Promise<Tally> {
  return tallyCheck(await runProgram(argv));
}

/** One vitest project. */
export async function runTests(project: string, env: Readonly<Record<string, string>> = {}): Promise<Tally> {
  const folder = await mkdtemp(join(tmpdir(), 'centralita-tests-'));
  try {
    const file = join(folder, 'report.json');
    const argv = ['vitest', 'run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const exitCode = await runProgram(argv, env);
    const text = await readFile(file, 'utf8').catch(() => 'null');
    return tallyVitest(JSON.parse(text), exitCode);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
