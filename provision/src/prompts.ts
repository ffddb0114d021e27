/** Speaks the apologies with espeak-ng: for the dialplan's safety net and for a control plane whose models are gone. */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import { espeakCommand } from './espeak.ts';
import { instancePaths } from './instance.ts';
import type { Instance } from './instance.ts';
import { replaceFile } from './rendered-files.ts';

const TEXT_FOLDER = new URL('../../asterisk/sounds/', import.meta.url);
/** Words per minute; espeak-ng's own 175 is hurried for somebody who did not expect a machine. */
const SPEED = '150';

type Prompt = { readonly name: string; readonly language: string; readonly text: string };

/** Prompt files are `<name>-<language>.txt`; the language is espeak-ng's voice. */
function listPrompts(): readonly Prompt[] {
  return readdirSync(TEXT_FOLDER)
    .filter((file) => file.endsWith('.txt'))
    .sort()
    .map((file) => {
      const [name = '', language = ''] = file.slice(0, -'.txt'.length).split('-');
      return { name, language, text: readFileSync(new URL(file, TEXT_FOLDER), 'utf8').trim() };
    });
}

/** Fingerprint of all prompt texts: the sounds are remade when it changes. */
export function promptsDigest(): string {
  return createHash('sha256')
    .update(JSON.stringify([SPEED, listPrompts()]))
    .digest('hex');
}

/** Makes the prompts that are missing or, with `force`, all of them. Returns the files made. */
export async function makePrompts(
  instance: Pick<Instance, 'dir' | 'root'>,
  options: { readonly force?: boolean } = {},
): Promise<readonly string[]> {
  const made: string[] = [];
  for (const prompt of listPrompts()) {
    const files = listFiles(instance, prompt);
    const sizes = await Promise.all(files.map(async ({ path }) => (await stat(path).catch(() => null))?.size ?? 0));
    if (options.force !== true && sizes.every((size) => size > 0)) continue;
    const wav = await speak(instance, prompt);
    for (const { path, hz } of files) {
      await replaceFile(path, resample(wav, hz), { uid: 0, gid: 0, mode: 0o644 });
      made.push(path);
    }
  }
  return made;
}

/** Each prompt once for Asterisk's dialplan and once for the control plane, which sends frames of 16 kHz. */
function listFiles(instance: Pick<Instance, 'dir'>, { name, language }: Prompt) {
  const paths = instancePaths(instance);
  return [
    { path: join(paths.sounds, `${name}-${language}.sln`), hz: 8000 },
    { path: join(paths.sounds, `${name}.${language}.s16le`), hz: 16_000 },
  ];
}

async function speak(instance: Pick<Instance, 'root'>, { name, language, text }: Prompt): Promise<Wav> {
  const espeak = espeakCommand(instance.root);
  const folder = await mkdtemp(join(tmpdir(), 'centralita-'));
  try {
    const path = join(folder, 'spoken.wav');
    await runCommand([...espeak.argv, '-v', language, '-s', SPEED, '-w', path, text], { env: espeak.env, timeoutMs: 30_000 });
    return readWav(await readFile(path), `${name}-${language}`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

type Wav = { readonly rateHz: number; readonly samples: Int16Array };

/** Reads a mono 16-bit PCM wav. Throws naming the file for anything else. */
export function readWav(bytes: Uint8Array, name: string): Wav {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = (at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (bytes.length < 44 || tag(0) !== 'RIFF' || tag(8) !== 'WAVE') throw new Error(`${name}: not a wav file`);
  let rateHz = 0;
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = view.getUint32(at + 4, true);
    if (tag(at) === 'fmt ') {
      if (view.getUint16(at + 8, true) !== 1 || view.getUint16(at + 10, true) !== 1 || view.getUint16(at + 22, true) !== 16) {
        throw new Error(`${name}: expected mono 16-bit PCM`);
      }
      rateHz = view.getUint32(at + 12, true);
    }
    if (tag(at) === 'data') {
      const count = Math.floor(Math.min(size, bytes.length - at - 8) / 2);
      const samples = Int16Array.from({ length: count }, (_, index) => view.getInt16(at + 8 + index * 2, true));
      return { rateHz, samples };
    }
    at += 8 + size + (size % 2);
  }
  throw new Error(`${name}: no data chunk`);
}

/** Taps of the low-pass filter; 63 put what would fold back more than 40 dB down. */
const FILTER_TAPS = 63;
/** Part of the new rate that is kept: at 8 kHz the 3400 Hz that a telephone carries. */
const KEPT_BAND = 0.425;

/** Resamples downwards behind a windowed-sinc low-pass; the result is little-endian 16-bit samples. */
export function resample({ rateHz, samples }: Wav, toHz: number): Uint8Array {
  const half = (FILTER_TAPS - 1) / 2;
  const cutoff = (2 * KEPT_BAND * toHz) / rateHz;
  const length = Math.floor((samples.length * toHz) / rateHz);
  const output = new DataView(new ArrayBuffer(length * 2));
  for (let index = 0; index < length; index += 1) {
    const centre = (index * rateHz) / toHz;
    let sum = 0;
    let weightSum = 0;
    for (let at = Math.ceil(centre - half); at <= centre + half; at += 1) {
      const distance = at - centre;
      const angle = Math.PI * cutoff * distance;
      const weight = (distance === 0 ? 1 : Math.sin(angle) / angle) * (0.5 + 0.5 * Math.cos((Math.PI * distance) / (half + 1)));
      weightSum += weight;
      sum += weight * (samples[at] ?? 0);
    }
    output.setInt16(index * 2, Math.max(-32_768, Math.min(32_767, Math.round(sum / weightSum))), true);
  }
  return new Uint8Array(output.buffer);
}
