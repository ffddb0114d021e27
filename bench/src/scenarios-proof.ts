/** The shipped scenarios, played by `centralita test` as anybody plays them: over HTTP and then by telephone, each file against the agent that it is written for. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import { runBench } from './harness.ts';
import { percentile } from './percentile.ts';
import { openScenariosRig, scenarioStandIns } from './scenarios-rig.ts';
import type { Staged } from './scenarios-rig.ts';

const program = join(import.meta.dirname, '..', '..', 'apps', 'cli', 'src', 'main.ts');
/** A scenario on a call takes half a minute, at the most a minute and a half. */
const TEST_TIMEOUT_MS = 400_000;

const resultsSchema = z.object({
  scenarios: z.int(),
  failed: z.int(),
  results: z.array(
    z.object({ name: z.string(), steps: z.int(), failedStep: z.int().nullable(), problems: z.array(z.string()), slowestMs: z.number() }),
  ),
});
type Results = z.infer<typeof resultsSchema>;

type PlayOptions = { readonly env: Readonly<Record<string, string>>; readonly signal: AbortSignal };

/** Runs the command line and reads what it prints. Throws when it could not play. */
async function play(words: readonly string[], { env, signal }: PlayOptions): Promise<Results> {
  const child = spawn(process.execPath, [program, 'test', ...words, '--json'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TEST_TIMEOUT_MS,
    signal,
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const exitCode = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (exitCode !== 0 && exitCode !== 5) throw new Error(`centralita test ended with ${exitCode ?? 'a signal'}: ${err}`);
  return resultsSchema.parse(JSON.parse(out));
}

/** How many of a file's scenarios are played at once, so that all files are done at about the same time. */
function atOnce({ scenarios }: Staged, perCall: number): string {
  return String(Math.ceil(scenarios / perCall));
}

await runBench({
  name: 'scenarios',
  defaults: { per_call: 4 },
  reaches: { scenarios: '>= 25', failed: '= 0', scenarios_on_calls: '>= 25', failed_on_calls: '= 0' },
  standIns: scenarioStandIns,
  async run({ log, options, signal }) {
    await using rig = await openScenariosRig();
    const { env } = rig;
    const tell = ({ name }: Staged, how: string, played: Results): Results => {
      const slowestMs = Math.max(...played.results.map((result) => result.slowestMs));
      log(`${name}, ${how}: ${played.scenarios} scenarios, ${played.failed} failed, slowest reply ${slowestMs} ms`);
      for (const result of played.results)
        for (const problem of result.problems) log(`  ${result.name}, step ${String(result.failedStep)}: ${problem}`);
      return played;
    };
    const written: Results[] = [];
    for (const file of rig.staged) written.push(tell(file, 'as text', await play([file.agentId, file.path], { env, signal })));
    const startedMs = performance.now();
    const spoken = await Promise.all(
      rig.staged.map(async (file) => {
        const words = [file.agentId, file.path, '--call', file.number, '--at-once', atOnce(file, options.per_call)];
        return tell(file, `on calls to ${file.number}`, await play(words, { env, signal }));
      }),
    );
    const slowest = spoken.flatMap(({ results }) => results.map(({ slowestMs }) => slowestMs));
    const seconds = Math.round((performance.now() - startedMs) / 1_000);
    log(
      `calls took ${seconds} s; the longest silence before a reply of each: p50 ${percentile(slowest, 50)} ms, p95 ${percentile(slowest, 95)} ms`,
    );
    const figures = {
      scenarios: sum(written, 'scenarios'),
      failed: sum(written, 'failed'),
      scenarios_on_calls: sum(spoken, 'scenarios'),
      failed_on_calls: sum(spoken, 'failed'),
    };
    return { n: figures.scenarios + figures.scenarios_on_calls, figures };
  },
});

function sum(results: readonly Results[], field: 'scenarios' | 'failed'): number {
  return results.reduce((total, result) => total + result[field], 0);
}
