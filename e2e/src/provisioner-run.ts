/** The provisioner as an operator runs it, in a process of its own: what the trials of an installation do everything with. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** Outcome of one run of the provisioner. */
export type ProvisionerEnd = { readonly code: number | null; readonly output: string };

export type ProvisionerTools = {
  /** Besides the test's own, such as `CENTRALITA_HOME`. */
  readonly env: Readonly<Record<string, string>>;
  readonly log: (message: string) => void;
  readonly signal: AbortSignal;
};

/** Runs the provisioner of a tree to its end, whatever that is; each of its lines is told as it comes. */
export async function endProvisioner(
  tree: string,
  words: readonly string[],
  { env, log, signal }: ProvisionerTools,
): Promise<ProvisionerEnd> {
  const child = spawn(join(tree, 'node_modules/.bin/node'), [join(tree, 'provision/src/main.ts'), ...words], {
    // The lock is one for the machine; this home is nobody else's.
    env: { ...process.env, ...env, CENTRALITA_LOCKED: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  const failed = text(child.stderr);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    output += piece;
    // What is shown to the operator holds the admin key and a password; a test's log is no place for them.
    for (const line of piece.split('\n')) if (/^ {2,4}\S/.test(line) && !/^ {2}[A-Z]/.test(line)) log(line.trimEnd());
  });
  const code = await new Promise<number | null>((done, broke) => child.once('error', broke).once('close', done));
  return { code, output: `${output}\n${(await failed).trim()}` };
}

/** What it printed. Throws with its last words where it failed. */
export function outputOf(words: readonly string[], { code, output }: ProvisionerEnd): string {
  if (code !== 0) throw new Error(`provision.sh ${words.join(' ')} ended with ${code}\n${output.slice(-3_000)}`);
  return output;
}

/** How long something took, s. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1_000;
}
