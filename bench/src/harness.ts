/** Runs one bench, or one proof, which is a bench whose figures count what must not happen: reads its options, tells what it does as it goes, and prints its figures as the last line. */
import { availableParallelism, loadavg } from 'node:os';
import { seededRandom } from '@centralita/control-plane/test/seeded-random.ts';
import { parseBenchArguments } from './bench-arguments.ts';
import type { BenchDefaults, BenchOptions } from './bench-arguments.ts';
import { exitStatusOf, judgeFigures } from './bench-report.ts';
import type { BenchReport, Reaches } from './bench-report.ts';

/** The seed that every bench starts from unless told otherwise. */
const DEFAULT_SEED = 7;

/** What a bench's `run` gets. */
export type BenchRun<Defaults extends BenchDefaults> = {
  readonly options: BenchOptions<Defaults>;
  readonly seed: number;
  /** Numbers in [0, 1) that depend on the seed alone. */
  readonly random: () => number;
  /** One line of progress, on standard output. */
  readonly log: (message: string) => void;
  /** Aborted by SIGINT and SIGTERM, so that what the bench started can be ended. */
  readonly signal: AbortSignal;
};

/** One bench. */
export type Bench<Defaults extends BenchDefaults> = {
  readonly name: string;
  readonly defaults: Defaults;
  /** Key of each figure -> what it must reach, such as `"<= 4"`. */
  readonly reaches: Reaches;
  /** What is not the real thing in this bench, in words; printed first. */
  readonly standIns: readonly string[];
  /** Measures. `n` is how many things were measured; throws when it cannot. */
  readonly run: (run: BenchRun<Defaults>) => Promise<{ readonly n: number; readonly figures: Readonly<Record<string, number>> }>;
};

/** Measures and reports; throws when the bench could not run. */
export async function measure<Defaults extends BenchDefaults>(
  bench: Bench<Defaults>,
  argv: readonly string[],
  log: (message: string) => void,
): Promise<BenchReport> {
  const options = parseBenchArguments(argv, { ...bench.defaults, seed: DEFAULT_SEED });
  const seed = options.seed as number;
  const load = loadavg()[0] ?? 0;
  log(`bench ${bench.name}: ${JSON.stringify(options)}, load ${load.toFixed(2)}`);
  for (const standIn of bench.standIns) log(`stand-in: ${standIn}`);
  const at = new Date().toISOString();
  const controller = new AbortController();
  const stop = (): void => controller.abort(new Error('the bench was stopped'));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    const run: BenchRun<Defaults> = {
      options,
      seed,
      random: seededRandom(seed),
      log,
      signal: controller.signal,
    };
    const { n, figures } = await bench.run(run);
    const host = { cores: availableParallelism(), load: Number(load.toFixed(2)) };
    return { name: bench.name, at, seed, n, host, figures: judgeFigures(bench.reaches, figures) };
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

/** The whole life of a bench program: exit 0 when every figure is reached, 3 when one falls short, 1 when it could not run. */
export async function runBench<Defaults extends BenchDefaults>(bench: Bench<Defaults>): Promise<void> {
  try {
    const report = await measure(bench, process.argv.slice(2), (message) => console.log(message));
    for (const [key, { value, reach, ok }] of Object.entries(report.figures))
      console.log(`${ok ? 'ok   ' : 'SHORT'} ${key} ${value} (reach ${reach})`);
    console.log(JSON.stringify(report));
    process.exitCode = exitStatusOf(report);
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  }
}
