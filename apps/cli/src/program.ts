// The whole command line: parses, runs one command, says how it ended.
import { Command, CommanderError } from 'commander';
import { agentCommands } from './agent-commands.ts';
import { addApplianceCommands } from './appliance-commands.ts';
import { auditCommands } from './audit-commands.ts';
import { bookingCommands } from './booking-commands.ts';
import { contactCommands, messageCommands, outcomeCommands } from './caller-commands.ts';
import { capacityCommands } from './capacity-commands.ts';
import { chatCommand } from './chat-command.ts';
import { CommandFailure } from './command-failure.ts';
import type { CommandGroup } from './command-group.ts';
import { addCommand } from './command-group.ts';
import { flowCommands } from './flow-commands.ts';
import { jobCommands } from './job-commands.ts';
import { adminKeyCommands, loginCommand } from './key-commands.ts';
import { globalStopCommands } from './global-stop-commands.ts';
import { healthCommands } from './health-commands.ts';
import { knowledgeCommands } from './knowledge-commands.ts';
import { numberCommands } from './number-commands.ts';
import { orgCommands } from './org-commands.ts';
import { phoneCommands } from './phone-commands.ts';
import { planCommands } from './plan-commands.ts';
import { registryCommands } from './registry-commands.ts';
import { printable } from './table.ts';
import { telephonyCommands } from './telephony-commands.ts';
import type { Terminal } from './terminal.ts';
import { testCommand } from './test-command.ts';
import { tokenCommands } from './token-commands.ts';
import { trunkCommands } from './trunk-commands.ts';

/** In the order in which the help shows them. */
export const commandGroups: readonly CommandGroup[] = [
  orgCommands,
  planCommands,
  tokenCommands,
  agentCommands,
  knowledgeCommands,
  flowCommands,
  bookingCommands,
  messageCommands,
  outcomeCommands,
  contactCommands,
  numberCommands,
  phoneCommands,
  trunkCommands,
  telephonyCommands,
  capacityCommands,
  globalStopCommands,
  registryCommands,
  healthCommands,
  jobCommands,
  auditCommands,
  adminKeyCommands,
];

const EXIT_CODES = `
Exit codes: 0 done, 1 the API refused or a check found problems, 2 called wrongly, 3 the API cannot be reached, 4 the audit log is damaged, 5 a scenario failed.
Of doctor, models, calibrate, backup, restore, upgrade and support-bundle: 0 done, 10 with warnings, 20 something must be put right first, 30 failed and put back.
The admin key comes from CENTRALITA_ADMIN_KEY or from what \`centralita login\` stored, never from an argument.
chat, test, knowledge, booking, message, outcome and contact act for an organization, with its token from CENTRALITA_TOKEN.`;

/** Runs the words after `centralita` and returns the exit code. A fault of the program itself is thrown. */
export async function runProgram(words: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode = 0;
  const program = createProgram(terminal);
  addApplianceCommands(program, terminal, (code) => (exitCode = code));
  try {
    await program.parseAsync(words, { from: 'user' });
    return exitCode;
  } catch (error) {
    // The parser has said already what is wrong; asked for help, it ends without an error.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof CommandFailure)) throw error;
    terminal.err(`${error.message.split('\n').map(printable).join('\n')}\n`);
    return error.exitCode;
  }
}

function createProgram(terminal: Terminal): Command {
  const program = configure(new Command('centralita'), terminal)
    .description('Runs the appliance from a terminal, over its admin API.')
    .addHelpText('after', EXIT_CODES);
  for (const group of commandGroups) {
    const command = configure(program.command(group.name), terminal).summary(group.summary).description(group.summary);
    for (const spec of group.commands) addCommand(command, spec, terminal);
  }
  for (const command of [chatCommand, testCommand, loginCommand]) addCommand(program, command, terminal);
  return program;
}

/** Subcommands inherit this from where they are made. */
function configure(command: Command, terminal: Terminal): Command {
  return command
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) })
    .helpCommand(false);
}
