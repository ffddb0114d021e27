// What is done to the machine rather than over the API: handed to the installation's own program, which lies beside this one in the checkout or release.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Terminal } from './terminal.ts';

/** One command, and the word that provision's program knows it by. */
type ApplianceCommand = { readonly name: string; readonly verb: string; readonly summary: string; readonly example: string };

export const applianceCommands: readonly ApplianceCommand[] = [
  {
    name: 'doctor',
    verb: 'doctor',
    summary: 'check machine and installation, with a test call; say what to put right',
    example: 'doctor --json',
  },
  { name: 'models', verb: 'models', summary: 'list, fetch, verify and import the models', example: 'models list' },
  { name: 'calibrate', verb: 'calibrate', summary: 'measure how many calls this machine carries', example: 'calibrate' },
  { name: 'backup', verb: '--backup', summary: 'write an encrypted backup', example: 'backup' },
  { name: 'restore', verb: '--restore', summary: 'bring a backup back', example: 'restore /mnt/backups/centralita.age' },
  { name: 'upgrade', verb: '--upgrade', summary: 'go to another release, and back by itself where it does not work', example: 'upgrade' },
  {
    name: 'support-bundle',
    verb: '--support-bundle',
    summary: 'write what somebody needs who looks for a fault, without secrets',
    example: 'support-bundle',
  },
];

const PROGRAM = resolve(import.meta.dirname, '..', '..', '..', 'provision', 'src', 'main.ts');

/** Adds the commands. `onExit` gets what provision's program ended with: its codes are passed on as they are. */
export function addApplianceCommands(program: Command, terminal: Terminal, onExit: (exitCode: number) => void): void {
  for (const { name, verb, summary, example } of applianceCommands) {
    program
      .command(name)
      .summary(summary)
      .description(
        `${summary}. Needs root. Its words and options are those of \`./provision.sh ${verb}\`; ./provision.sh --help lists them.`,
      )
      .addHelpText('after', `\nExample:\n  centralita ${example}`)
      .usage('[words and options]')
      .allowUnknownOption()
      .allowExcessArguments()
      .action(async (_options: unknown, command: Command) => {
        onExit(await terminal.run([process.execPath, PROGRAM, verb, ...command.args]));
      });
  }
}
