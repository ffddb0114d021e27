/** Makes the spoken prompts of the dialplan's safety net with espeak-ng: 8 kHz samples that Asterisk plays as they are. */
import { readdirSync, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import { espeakCommand } from './espeak.ts';
import { instancePaths } from './instance.ts';
import type { Instance } from './instance.ts';
import { replaceFile } from './rendered-files.ts';

const TEXT_FOLDER = new URL('../../asterisk/sounds/', import.meta.url);
const TELEPHONE_RATE_HZ = 8000;
/** Words per minute; espeak-ng's own 175 is hurried for somebody who did not expect a machine. */
const SPEED = '150';

type Prompt = { readonly name: string; readonly voice: string; readonly text: string };

/** Prompt files are `<name>-<language>.txt`; the language is espeak-ng's voice. */
function listPrompts(): readonly Prompt[] {
  return readdirSync(TEXT_FOLDER)
    .filter((file) => file.endsWith('.txt'))
    .sort()
    .map((file) => {
      const name = file.slice(0, -'.txt'.length);
      return { name, voice: name.split('-').at(-1) ?? '', text: readFileSync(new URL(file, TEXT_FOLDER), 'utf8').trim() };
    });
}

/** Fingerprint of all prompt texts: the sounds are remade when it changes. */
export function promptsDigest(): string {
  return createHash('sha256')
    .update(JSON.stringify([SPEED, listPrompts()]))
    .digest('hex');
}

/** Makes the prompts that are missing or, with `force`, all of them. Returns the names of those made. */
export async function makePrompts(instance: Instance, options: { readonly force?: boolean } = {}): Promise<readonly string[]> {
  const made: string[] = [];
  const folder = instancePaths(instance).sounds;
  const espeak = espeakCommand(instance.root);
  for (const prompt of listPrompts()) {
    const target = join(folder, `${prompt.name}.sln`);
    const existing = options.force === true ? null : await stat(target).catch(() => null);
    if (existing && existing.size > 0) continue;
    const wavPath = `${target}.wav`;
    await runCommand([...espeak.argv, '-v', prompt.voice, '-s', SPEED, '-w', wavPath, prompt.text], { env: espeak.env, timeoutMs: 30_000 });
    const samples = toTelephoneRate(readWav(new Uint8Array(readFileSync(wavPath)), wavPath));
    await replaceFile(target, samples, { uid: 0, gid: instance.root.users.asterisk.gid, mode: 0o640 });
    await runCommand(['rm', '-f', wavPath]);
    made.push(prompt.name);
  }
  return made;
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
/** Highest frequency kept: a telephone carries up to 3400 Hz. */
const CUTOFF_HZ = 3400;

/** Resamples to 8 kHz behind a windowed-sinc low-pass; the result is little-endian 16-bit samples. */
export function toTelephoneRate({ rateHz, samples }: Wav): Uint8Array {
  const half = (FILTER_TAPS - 1) / 2;
  const cutoff = (2 * CUTOFF_HZ) / rateHz;
  const length = Math.floor((samples.length * TELEPHONE_RATE_HZ) / rateHz);
  const output = new DataView(new ArrayBuffer(length * 2));
  for (let index = 0; index < length; index += 1) {
    const centre = (index * rateHz) / TELEPHONE_RATE_HZ;
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
