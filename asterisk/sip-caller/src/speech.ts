// A caller's voice for tests, benchmarks and the provisioner's test call: espeak-ng, kept on disk because the same phrases come again and again.
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesFromPcm, pcmFromBytes } from '@centralita/control-plane/audio/frame.ts';
import { resample } from '@centralita/control-plane/audio/resample.ts';
import { parseWav } from './wav.ts';

/** What to say and how. */
export type SpokenText = {
  readonly text: string;
  /** espeak-ng's name of a voice, such as `es` or `en-us`. */
  readonly voice: string;
  /** 80 to 450; espeak-ng's own default is 175. */
  readonly wordsPerMinute?: number;
  /** 0 to 99; 50 is the voice's own. */
  readonly pitch?: number;
  /** Rate of the answer; a telephone's 8 kHz by default. */
  readonly hz?: number;
  /** Where spoken phrases are kept; a folder of everybody's by default, which is good enough for tests. */
  readonly folder?: string;
};

/** An espeak-ng that hangs (seen on a machine out of memory) ends here. */
const SYNTHESIS_MS = 20_000;

/**
 * Speaks a text as mono PCM16. The program is `espeak-ng`, or the words of ESPEAK_COMMAND (separated by spaces or a JSON array),
 * with ESPEAK_DATA_PATH as its data folder. Throws with the program's own message when it cannot be run.
 */
export async function synthesize(spoken: SpokenText): Promise<Int16Array> {
  const { text, voice, wordsPerMinute = 175, pitch = 50, hz = 8_000, folder = join(tmpdir(), 'centralita-speech') } = spoken;
  const command = espeakCommand(process.env['ESPEAK_COMMAND'] || 'espeak-ng');
  const key = JSON.stringify([command, text, voice, wordsPerMinute, pitch, hz]);
  const path = join(folder, `${createHash('sha256').update(key).digest('hex')}.pcm`);
  const kept = await readFile(path).catch(() => null);
  if (kept) return pcmFromBytes(kept);
  const said = parseWav(
    await run([...command, '--stdin', '--stdout', '-b', '1', '-v', voice, '-s', `${wordsPerMinute}`, '-p', `${pitch}`], text),
  );
  const pcm = resample(said.pcm, { fromHz: said.hz, toHz: hz });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // Written aside and renamed, since several test processes may want the same phrase at once.
  const aside = `${path}.${randomUUID()}`;
  await writeFile(aside, bytesFromPcm(pcm));
  await rename(aside, path);
  return pcm;
}

function espeakCommand(words: string): string[] {
  return words.startsWith('[') ? (JSON.parse(words) as string[]) : words.trim().split(/\s+/);
}

async function run([program, ...args]: readonly string[], text: string): Promise<Buffer> {
  const child = spawn(program ?? 'espeak-ng', args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: SYNTHESIS_MS });
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.on('error', (cause) => reject(new Error(`${program} cannot be run: install espeak-ng or set ESPEAK_COMMAND`, { cause })));
  child.on('close', resolve);
  // A program that ends without reading its text breaks the pipe; its exit tells why.
  child.stdin.on('error', () => undefined);
  child.stdin.end(text);
  const heard: Buffer[] = [];
  const complaints: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => heard.push(piece));
  child.stderr.on('data', (piece: Buffer) => complaints.push(piece));
  const code = await promise;
  if (code !== 0) throw new Error(`${program} ended with ${code ?? 'a signal'}: ${Buffer.concat(complaints).toString().trim()}`);
  return Buffer.concat(heard);
}
