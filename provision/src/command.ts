/** Runs one command of the operating system to its end, with a limit, and tells everything when it fails. */
import { spawn } from 'node:child_process';

/** Longest time a command may take unless its caller says otherwise: a package download on a slow line. */
const DEFAULT_TIMEOUT_MS = 600_000;
/** Output kept for an error message; the whole of it goes to `onOutput`. */
const OUTPUT_LIMIT_BYTES = 64 * 1024;

export type CommandOptions = {
  /** What error messages call the command; its argv when left out. */
  readonly label?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Every piece of output as it comes, for a log. */
  readonly onOutput?: (text: string) => void;
};

export type CommandResult = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

/** Runs `argv` and resolves with its exit code, whatever it is. Throws when it cannot start or runs past `timeoutMs`. */
export async function tryCommand(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [file, ...args] = argv;
  if (file === undefined) throw new Error('no command given');
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const label = options.label ?? argv.join(' ');
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  return await new Promise<CommandResult>((resolve, reject) => {
    const child = spawn(file, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      signal,
      killSignal: 'SIGKILL',
    });
    const stdout = collect(child.stdout, options.onOutput);
    const stderr = collect(child.stderr, options.onOutput);
    // A command that does not read its input closes the pipe; its exit code says what happened.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.on('error', (cause) => {
      const why = timeout.aborted ? `took longer than ${timeoutMs} ms` : 'could not run';
      reject(new Error(`${label}: ${why}`, { cause }));
    });
    child.on('close', (code, killedBy) => {
      if (code === null) reject(new Error(`${label}: ended by ${killedBy ?? 'a signal'}\n${stderr()}`));
      else resolve({ exitCode: code, stdout: stdout(), stderr: stderr() });
    });
  });
}

export type TerminalOptions = {
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it may ask the operator. */
  readonly isAskable?: boolean;
  readonly signal?: AbortSignal;
};

/**
 * Runs `argv` on the operator's terminal, with no limit of time: he sees it and ends it. Resolves with its exit code, null when a signal
 * ended it; throws when it cannot start.
 */
export async function runOnTerminal(argv: readonly string[], options: TerminalOptions = {}): Promise<number | null> {
  const [file, ...args] = argv;
  if (file === undefined) throw new Error('no command given');
  const child = spawn(file, args, {
    stdio: [(options.isAskable ?? true) ? 'inherit' : 'ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...options.env },
    ...(options.signal ? { signal: options.signal } : {}),
  });
  return await new Promise<number | null>((resolve, reject) => {
    child.once('error', (cause) => reject(new Error(`${file}: could not run`, { cause })));
    child.once('close', resolve);
  });
}

/** Runs `argv`; throws with its last output when the exit code is not 0. Returns standard output. */
export async function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await tryCommand(argv, options);
  if (result.exitCode !== 0) {
    const output = (result.stderr || result.stdout).trim().split('\n').slice(-15).join('\n');
    throw new Error(`${options.label ?? argv.join(' ')}: exit code ${result.exitCode}\n${output}`);
  }
  return result.stdout;
}

function collect(stream: NodeJS.ReadableStream, onOutput?: (text: string) => void): () => string {
  let kept = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    kept = (kept + text).slice(-OUTPUT_LIMIT_BYTES);
    onOutput?.(text);
  });
  return () => kept;
}

/**
 * Wraps `argv` so that it and everything it starts lives in process and mount namespaces of its own and dies with this
 * process, even when that is killed: nothing goes on writing into a folder that the next run clears, no mount stays.
 */
export function confinedCommand(argv: readonly string[]): readonly string[] {
  const namespaces = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '--mount-proc'];
  // A process that takes another user's rights forgets that it was to die with its parent: the shell stays root, is the namespace's
  // first process, and takes everything in it along.
  const first = ['/bin/sh', '-c', '"$@"; exit $?', 'centralita'];
  return ['setpriv', '--pdeathsig', 'KILL', 'unshare', ...namespaces, ...first, ...argv];
}
