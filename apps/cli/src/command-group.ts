// Commands as data, and how they become the parser's.
import type { Command } from 'commander';
import { Option } from 'commander';
import type { ApiOwner, CommonOptions, Invocation } from './invocation.ts';
import { createInvocation } from './invocation.ts';
import type { Terminal } from './terminal.ts';

/** What a command was given: its arguments by name, its options by name. Both were checked by the parser. */
export type Given = { readonly args: Readonly<Record<string, string>>; readonly options: Readonly<Record<string, unknown>> };

export type CommandSpec = {
  /** Its name. */
  readonly name: string;
  /** Names of its arguments, all of which must be given. */
  readonly args?: readonly string[];
  readonly options?: readonly Option[];
  readonly summary: string;
  /** What follows `centralita` in the example of its help. */
  readonly example: string;
  /** Whether it asks before it acts, so that it takes `--yes`. */
  readonly isDestructive?: boolean;
  /** Whose API it asks; default: the admin's. */
  readonly asks?: ApiOwner;
  readonly run: (invocation: Invocation, given: Given) => Promise<void>;
};

/** Commands about one kind of thing. */
export type CommandGroup = { readonly name: string; readonly summary: string; readonly commands: readonly CommandSpec[] };

/** Adds a command to its group, or to the program itself. */
export function addCommand(parent: Command, spec: CommandSpec, terminal: Terminal): void {
  const names = spec.args ?? [];
  const command = parent
    .command([spec.name, ...names.map((name) => `<${name}>`)].join(' '))
    .summary(spec.summary)
    .description(spec.summary)
    .addHelpText('after', `\nExample:\n  centralita ${spec.example}`);
  for (const option of spec.options ?? []) command.addOption(option);
  if (spec.isDestructive) command.option('-y, --yes', 'do not ask');
  command.addOption(new Option('--url <address>', 'of the API (CENTRALITA_URL, else that of the last login)'));
  command.addOption(new Option('--json', 'print the JSON of the API'));
  command.action(async () => {
    const args = Object.fromEntries(names.map((name, index) => [name, command.args[index] ?? '']));
    const options = command.optsWithGlobals<CommonOptions & Record<string, unknown>>();
    await spec.run(createInvocation(terminal, options, spec.asks), { args, options });
  });
}

/** A path of the API with an argument in its place. */
export function pathOf(...parts: readonly string[]): string {
  return parts.map((part) => (part.startsWith('/') ? part : `/${encodeURIComponent(part)}`)).join('');
}
