// The machine as a command sees it: what it prints to, asks, reads and starts. Tests play one.
import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CommandFailure, usageFailure } from './command-failure.ts';

export type Terminal = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether a person can be asked. */
  readonly isInteractive: boolean;
  /** Aborts when the person interrupts. */
  readonly signal: AbortSignal;
  out(text: string): void;
  err(text: string): void;
  /** Asks for one line; hidden: what is typed is not shown. */
  ask(question: string, options?: { readonly hidden?: boolean }): Promise<string>;
  /** Everything on standard input. Throws above `INPUT_LIMIT_BYTES`. */
  readInput(): Promise<string>;
  /** A file's text. Throws a usage failure naming it. */
  readFile(path: string): Promise<string>;
  /** A file as it is, such as a PDF. Throws a usage failure naming it, also above `DOCUMENT_LIMIT_BYTES`. */
  readBytes(path: string): Promise<Uint8Array>;
  /** Runs a program on this terminal and returns its exit code. */
  run(argv: readonly [string, ...string[]]): Promise<number>;
};

/** The API itself takes no body above 1 MiB; what is larger is the wrong file. */
const INPUT_LIMIT_BYTES = 4 * 1024 ** 2;
/** A document of an agent; the API takes no larger one. */
const DOCUMENT_LIMIT_BYTES = 25 * 1024 ** 2;

/** This process's terminal. */
export function openTerminal(signal: AbortSignal): Terminal {
  return {
    env: process.env,
    isInteractive: process.stdin.isTTY && process.stderr.isTTY,
    signal,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    ask: (question, { hidden = false } = {}) => ask(question, hidden, signal),
    readInput,
    readFile: (path) => readWhole(path, INPUT_LIMIT_BYTES).then((bytes) => bytes.toString()),
    readBytes: (path) => readWhole(path, DOCUMENT_LIMIT_BYTES),
    run: (argv) => run(argv),
  };
}

async function ask(question: string, hidden: boolean, signal: AbortSignal): Promise<string> {
  process.stderr.write(question);
  // Readline echoes to its output: one that swallows everything hides what is typed.
  const output = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : process.stderr;
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  // A terminal in raw mode hands the interruption to whoever reads it.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    return await lines.question('', { signal });
  } catch (error) {
    if (signal.aborted) throw new CommandFailure(1, 'interrupted');
    throw error;
  } finally {
    lines.close();
    if (hidden) process.stderr.write('\n');
  }
}

async function readInput(): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of process.stdin as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > INPUT_LIMIT_BYTES) throw usageFailure(`standard input holds more than ${INPUT_LIMIT_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

async function readWhole(path: string, limitBytes: number): Promise<Buffer> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    if (size > limitBytes) throw usageFailure(`${path} has ${size} bytes, at most ${limitBytes} are taken`);
    return await file.readFile();
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw usageFailure(`${path} cannot be read: ${error.message}`);
    throw error;
  }
}

async function run([program, ...words]: readonly [string, ...string[]]): Promise<number> {
  const child = spawn(program, words, { stdio: 'inherit' });
  return await new Promise((resolve, reject) => child.on('error', reject).on('close', (code) => resolve(code ?? 1)));
}
