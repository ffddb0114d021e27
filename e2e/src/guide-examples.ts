/** The examples of a Markdown page as programs: per language, its fenced blocks in the order of the page, each with the line it stands on. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Languages of examples, by the name after the fence, with the program that runs a file of them. */
const RUNNERS = {
  sh: { file: 'example.sh', prelude: 'set -euo pipefail\n', argv: ['bash'] },
  python: { file: 'example.py', prelude: '', argv: ['python3'] },
  ts: { file: 'example.mts', prelude: '', argv: [process.execPath] },
} as const;
export type ExampleLanguage = keyof typeof RUNNERS;

/** A page's examples talk to a server on the same machine. */
const RUN_LIMIT_MS = 60_000;

/** What an example printed and how it ended. */
export type ExampleRun = { readonly exitCode: number | null; readonly output: string };

/** The blocks of one language, joined: a later one uses what an earlier one defined. Blocks keep their line numbers by a comment. */
export function examplesOf(page: string, language: ExampleLanguage): { readonly blocks: number; readonly text: string } {
  const comment = language === 'ts' ? '//' : '#';
  const found = [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))];
  const texts = found.map((match) => `${comment} line ${page.slice(0, match.index).split('\n').length}\n${match[1]}`);
  return { blocks: found.length, text: RUNNERS[language].prelude + texts.join('\n') };
}

/** Runs a program text in a folder of its own, with nothing of this process's environment but the path. */
export async function runExamples(language: ExampleLanguage, text: string, env: Readonly<Record<string, string>>): Promise<ExampleRun> {
  const { file, argv } = RUNNERS[language];
  const folder = await mkdtemp(join(tmpdir(), 'guide-'));
  try {
    await writeFile(join(folder, file), text);
    const [program, ...rest] = argv;
    const child = spawn(program, [...rest, file], {
      cwd: folder,
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: RUN_LIMIT_MS,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (piece: string) => (output += piece));
    const exitCode = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
    return { exitCode, output };
  } finally {
    await rm(folder, { recursive: true });
  }
}
