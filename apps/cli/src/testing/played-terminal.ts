// A terminal that a test plays: what it holds is given, what is printed is kept.
import { runProgram } from '#cli/program.ts';
import type { Terminal } from '#cli/terminal.ts';

/** What a test says of the machine; nothing is there unless it says so. */
export type PlayedTerminal = {
  readonly env?: Readonly<Record<string, string>>;
  /** What a person answers, in order; none: nobody is there. */
  readonly answers?: readonly string[];
  readonly input?: string;
  readonly files?: Readonly<Record<string, string>>;
  /** Exit code of programs that are started. */
  readonly exitCode?: number;
};

export type Played = {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
  /** What was asked. */
  readonly questions: readonly string[];
  /** Programs that were started. */
  readonly started: readonly (readonly string[])[];
};

function fileOf({ files }: PlayedTerminal, path: string): string {
  const text = files?.[path];
  if (text === undefined) throw new Error(`the test gave no file ${path}`);
  return text;
}

/** Runs one command to its end. */
export async function play(words: readonly string[], played: PlayedTerminal = {}): Promise<Played> {
  const answers = [...(played.answers ?? [])];
  const kept = { out: '', err: '', questions: [] as string[], started: [] as (readonly string[])[] };
  const terminal: Terminal = {
    env: { HOME: '/nonexistent', ...played.env },
    isInteractive: played.answers !== undefined,
    signal: new AbortController().signal,
    out: (text) => void (kept.out += text),
    err: (text) => void (kept.err += text),
    ask: async (question) => {
      kept.questions.push(question);
      return answers.shift() ?? '';
    },
    readInput: async () => played.input ?? '',
    readFile: async (path) => fileOf(played, path),
    readBytes: async (path) => Buffer.from(fileOf(played, path)),
    run: async (argv) => {
      kept.started.push(argv);
      return played.exitCode ?? 0;
    },
  };
  const exitCode = await runProgram(words, terminal);
  return { ...kept, exitCode };
}
