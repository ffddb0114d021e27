/** Command line of a bench: `--calls 1,10,50 --seconds 60 --seed 7`. */
import { parseArgs } from 'node:util';

/** Options of a bench with their defaults; a list is given as numbers with commas between them. */
export type BenchDefaults = Readonly<Record<string, number | readonly number[]>>;

/** The options as the bench sees them: a list where the default is a list. */
export type BenchOptions<Defaults extends BenchDefaults> = {
  readonly [Key in keyof Defaults]: Defaults[Key] extends readonly number[] ? readonly number[] : number;
};

/** A wrong command line; the message names the option and what it takes. */
export class BenchArgumentError extends Error {
  override readonly name = 'BenchArgumentError';
}

/** Parses `argv` (without program and script). Throws {@link BenchArgumentError}. */
export function parseBenchArguments<Defaults extends BenchDefaults>(argv: readonly string[], defaults: Defaults): BenchOptions<Defaults> {
  const names = Object.keys(defaults);
  const values = readOptions(argv, names);
  const parsed: Record<string, number | readonly number[]> = {};
  for (const [name, fallback] of Object.entries(defaults)) {
    const text = values[name];
    if (text === undefined) parsed[name] = fallback;
    else parsed[name] = typeof fallback === 'number' ? toNumber(name, text) : text.split(',').map((part) => toNumber(name, part));
  }
  return parsed as BenchOptions<Defaults>;
}

function readOptions(argv: readonly string[], names: readonly string[]): Record<string, string | undefined> {
  try {
    const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
    return parseArgs({ args: [...argv], options, strict: true }).values;
  } catch (cause) {
    throw new BenchArgumentError(`options are ${names.map((name) => `--${name}`).join(', ')}`, { cause });
  }
}

function toNumber(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
    throw new BenchArgumentError(`--${name} ${text}: a number of 0 or more, or several with commas`);
  }
  return value;
}
