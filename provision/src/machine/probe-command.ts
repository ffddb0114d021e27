/**
 * Runs one program of the machine for a probe: looks it up in PATH, never waits past the probe's deadline, and then ends the whole process group.
 * A driver that is stuck in the kernel does not even die of SIGKILL, so the answer does not wait for the death either.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

/** Beyond this nothing that a probe reads has a meaning; `docker info` is the longest with 10 kB. */
const OUTPUT_LIMIT_BYTES = 256 * 1024;
const TRIES = 3;

export type CommandAnswer =
  | { readonly kind: 'ended'; readonly exitCode: number; readonly stdout: string; readonly stderr: string }
  /** There is no such program. */
  | { readonly kind: 'absent' }
  /** It was still at work when the deadline came. */
  | { readonly kind: 'hung' }
  /** It is there and could not be started or was killed by somebody else. */
  | { readonly kind: 'failed'; readonly reason: string };

/** Runs `argv` with `env` (whose PATH is searched) until `deadline` aborts. Never throws. */
export async function askCommand(
  argv: readonly string[],
  { env, deadline }: { readonly env: Readonly<Record<string, string | undefined>>; readonly deadline: AbortSignal },
): Promise<CommandAnswer> {
  for (let tried = 1; ; tried++) {
    const answer = await askOnce(argv, { env, deadline });
    // The package manager is just writing the program: a moment later it can be started.
    if (answer.kind !== 'failed' || !answer.reason.includes('ETXTBSY') || tried === TRIES) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function askOnce(
  argv: readonly string[],
  { env, deadline }: { readonly env: Readonly<Record<string, string | undefined>>; readonly deadline: AbortSignal },
): Promise<CommandAnswer> {
  const [file = '', ...args] = argv;
  if (deadline.aborted) return { kind: 'hung' };
  return await new Promise<CommandAnswer>((resolve) => {
    // In English, whatever the operator speaks: the answers are parsed.
    const child = spawn(file, args, { env: { ...env, LC_ALL: 'C' }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    const settle = (answer: CommandAnswer): void => {
      deadline.removeEventListener('abort', onDeadline);
      resolve(answer);
    };
    const onDeadline = (): void => {
      endGroup(child);
      settle({ kind: 'hung' });
    };
    deadline.addEventListener('abort', onDeadline, { once: true });
    child.on('error', (error: NodeJS.ErrnoException) =>
      settle(error.code === 'ENOENT' ? { kind: 'absent' } : { kind: 'failed', reason: error.message }),
    );
    child.on('close', (code, killedBy) =>
      settle(
        code === null
          ? { kind: 'failed', reason: `ended by ${killedBy ?? 'a signal'}` }
          : { kind: 'ended', exitCode: code, stdout: stdout(), stderr: stderr() },
      ),
    );
  });
}

/** Kills the group, and lets go of the pipes and of the child: a process that cannot die must not keep this one alive. */
function endGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.unref();
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let kept = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    if (kept.length < OUTPUT_LIMIT_BYTES) kept += text;
  });
  return () => kept;
}
