#!/usr/bin/env node
// The command `centralita`.
import { runProgram } from './program.ts';
import { openTerminal } from './terminal.ts';

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
// A reader such as `head` may go away early.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
process.exitCode = await runProgram(process.argv.slice(2), openTerminal(interrupted.signal));
