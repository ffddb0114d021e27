/** Runs every bench and proof with its defaults, one after another, and rewrites their rows of `bench/RESULTS.md`. Arguments choose them by name. */
import { spawn } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exitStatusOf, readReport } from './bench-report.ts';
import { renderResults } from './results-page.ts';
import type { BenchOutcome } from './results-page.ts';

/** The longest bench raises the load of three slow models call by call, a quarter of an hour each; one that takes an hour and a quarter hangs. */
const BENCH_TIMEOUT_MS = 4_500_000;
/** A file whose name ends so is one bench, or one proof. */
const PROGRAM = /^(.+)-(?:bench|proof)\.ts$/;
const page = join(import.meta.dirname, '..', 'RESULTS.md');

async function runOne(name: string, file: string): Promise<BenchOutcome> {
  const child = spawn(process.execPath, [join(import.meta.dirname, file)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), BENCH_TIMEOUT_MS);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    process.stdout.write(text);
  });
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  const report = readReport(output);
  if (report === null || (exitCode !== 0 && exitCode !== 3)) return { name, failure: `exit status ${exitCode ?? 'none, killed'}` };
  return { name, report };
}

const programs = (await readdir(import.meta.dirname)).toSorted().flatMap((file) => {
  const name = PROGRAM.exec(file)?.[1];
  return name === undefined ? [] : [{ name, file }];
});
const chosen = process.argv.slice(2);
const unknown = chosen.filter((wanted) => !programs.some(({ name }) => name === wanted));
if (unknown.length > 0)
  throw new Error(`no such bench or proof: ${unknown.join(', ')}; there are ${programs.map(({ name }) => name).join(', ')}`);
const outcomes: BenchOutcome[] = [];
for (const { name, file } of programs) if (chosen.length === 0 || chosen.includes(name)) outcomes.push(await runOne(name, file));
await writeFile(page, renderResults(outcomes, await readFile(page, 'utf8').catch(() => '')));
const statuses = outcomes.map((outcome) => ('failure' in outcome ? 1 : exitStatusOf(outcome.report)));
process.exitCode = statuses.includes(1) ? 1 : statuses.includes(3) ? 3 : 0;
