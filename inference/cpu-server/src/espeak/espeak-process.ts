// espeak-ng as a separate process, one per text: it is GPL, starts in about 8 ms, and killing it is a complete stop.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { WAV_HEADER_BYTES, wavSampleRateHz } from './wav-header.ts';

/** How to start espeak-ng on this machine. */
export interface EspeakCommand {
  /** Program and leading arguments; never passed through a shell. */
  readonly argv: readonly [string, ...string[]];
  /** The child's whole environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** What to say and how. `voice` is an espeak name that the catalog knows. */
export interface EspeakRequest {
  readonly text: string;
  readonly voice: string;
  readonly wordsPerMinute: number;
  /** espeak's pitch, 0 to 99; 50 is the voice's own. */
  readonly pitch?: number;
  /** True: the text is SSML, and whoever wrote it has escaped what came from others. */
  readonly isMarkup?: boolean;
}

/** Mono PCM as it leaves the process. */
export interface EspeakChunk {
  readonly samples: Int16Array;
  readonly sampleRateHz: number;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** Speaks a text; yields PCM as it is made. Leaving the loop or aborting kills the process. @throws when espeak-ng fails. */
export async function* speak(
  command: EspeakCommand,
  request: EspeakRequest,
  signal: AbortSignal,
): AsyncGenerator<EspeakChunk, void, undefined> {
  const child = start(command, espeakArguments(request));
  const kill = () => child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  try {
    signal.throwIfAborted();
    child.stdin.end(speakable(request.text));
    yield* samplesOf(child.stdout);
    // Asked first: a child that was killed because of it has a bad exit too.
    signal.throwIfAborted();
    await ended(child);
  } finally {
    signal.removeEventListener('abort', kill);
    kill();
  }
}

/** What espeak-ng prints for `args`, such as its list of voices. @throws when it cannot be run. */
export async function espeakOutput(command: EspeakCommand, args: readonly string[]): Promise<string> {
  const child = start(command, args);
  child.stdin.end();
  let text = '';
  for await (const piece of child.stdout.setEncoding('utf8')) text += String(piece);
  await ended(child);
  return text;
}

function espeakArguments({ voice, wordsPerMinute, pitch, isMarkup }: EspeakRequest): string[] {
  const how = ['-v', voice, '-s', String(Math.round(wordsPerMinute)), '-p', String(pitch ?? 50)];
  return ['--stdin', '--stdout', '-b', '1', ...how, ...(isMarkup === true ? ['-m'] : [])];
}

/** Without what espeak-ng would obey instead of saying: control characters and `[[phoneme]]` input. */
function speakable(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').replaceAll('[[', '[ [');
}

const outcomes = new WeakMap<Child, Promise<void>>();

function start(command: EspeakCommand, args: readonly string[]): Child {
  const [program, ...leading] = command.argv;
  const child = spawn(program, [...leading, ...args], { env: command.env, stdio: ['pipe', 'pipe', 'pipe'] });
  // A child that dies before it has read its text breaks the pipe; the exit tells why.
  child.stdin.on('error', () => undefined);
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (complaint = (complaint + piece).slice(-500)));
  const outcome = once(child, 'close').then(([code, killedBy]) => {
    if (code !== 0) throw new Error(`${program} ended with ${String(code ?? killedBy)}: ${complaint.trim()}`);
  });
  const described = outcome.catch((cause: unknown) => {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    throw isMissing ? new Error(`${program} is not on this machine: install espeak-ng or set ESPEAK_COMMAND`, { cause }) : cause;
  });
  // Nobody waits for the outcome of a child that was killed.
  described.catch(() => undefined);
  outcomes.set(child, described);
  return child;
}

async function ended(child: Child): Promise<void> {
  await outcomes.get(child);
}

async function* samplesOf(stdout: Readable): AsyncGenerator<EspeakChunk, void, undefined> {
  let sampleRateHz = 0;
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of stdout) {
    rest = rest.length === 0 ? (piece as Buffer) : Buffer.concat([rest, piece as Buffer]);
    if (sampleRateHz === 0) {
      if (rest.length < WAV_HEADER_BYTES) continue;
      sampleRateHz = wavSampleRateHz(rest);
      rest = rest.subarray(WAV_HEADER_BYTES);
    }
    const count = rest.length >> 1;
    if (count === 0) continue;
    const samples = new Int16Array(count);
    new Uint8Array(samples.buffer).set(rest.subarray(0, count * 2));
    rest = rest.subarray(count * 2);
    yield { samples, sampleRateHz };
  }
}
