// Options that several commands share, and how their values are checked.
import { InvalidArgumentError, Option } from 'commander';
import { usageFailure } from './command-failure.ts';
import type { Terminal } from './terminal.ts';

/** An option whose value is a whole number. */
export function numberOption(flags: string, description: string, range: { readonly from: number; readonly to: number }): Option {
  const expected = `must be a whole number from ${range.from} to ${range.to}`;
  return new Option(flags, description).argParser((text: string) => {
    const value = Number(text);
    if (!/^[0-9]{1,16}$/.test(text) || value < range.from || value > range.to) throw new InvalidArgumentError(expected);
    return value;
  });
}

/** An option that may be given several times; its values are collected. */
export function repeatedOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string, earlier: readonly string[] | undefined) => [...(earlier ?? []), text]);
}

export function textOption(flags: string, description: string): Option {
  return new Option(flags, description);
}

export function requiredOption(flags: string, description: string): Option {
  return new Option(flags, description).makeOptionMandatory();
}

/** Of every list. */
export const limitOption = numberOption('--limit <rows>', 'stop after so many rows', { from: 1, to: 100_000 });
export const organizationFilter = textOption('--org <organization>', 'only of this organization: its id or slug');
export const organizationOption = requiredOption('--org <organization>', 'id or slug of the organization');

/** The options of these names that were given. */
export function pick(options: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]));
}

/** The option's text, or undefined. */
export function textOf(options: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** The option's number, or undefined. */
export function numberOf(options: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = options[name];
  return typeof value === 'number' ? value : undefined;
}

/** JSON from a file, or from standard input when the file is `-`. */
export async function readJson(terminal: Terminal, file: string): Promise<unknown> {
  const text = file === '-' ? await terminal.readInput() : await terminal.readFile(file);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw usageFailure(`${file === '-' ? 'standard input' : file} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A secret that is typed unseen, or comes on standard input where nobody types. */
export async function readSecret(terminal: Terminal, question: string): Promise<string> {
  const text = terminal.isInteractive ? await terminal.ask(question, { hidden: true }) : await terminal.readInput();
  return text.trim();
}
