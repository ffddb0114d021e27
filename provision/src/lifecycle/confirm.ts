/** Asks a person, where one sits at a terminal. */
import { createInterface } from 'node:readline/promises';

/** Whether somebody can be asked. */
export function isInteractive(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** What was typed after the question, without the spaces around it. Asked on standard error: standard output may be read by a program. */
export async function ask(question: string, signal: AbortSignal): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(question, { signal })).trim();
  } finally {
    terminal.close();
  }
}
